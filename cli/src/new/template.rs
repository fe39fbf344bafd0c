//! The embedded templates, and their placeholders. `templates/README.md` describes them.

use super::events::Spelt;
use super::name::Name;
use super::sdk::Sdk;
use super::{Language, URL, format};
use annals_compose::kind::Kind;
use annals_compose::problem::{Code, Problem};
use include_dir::{Dir, DirEntry, include_dir};
use std::path::{Path, PathBuf};
use toml_edit::{DocumentMut, Table};

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");
static WIT: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../wit");

macro_rules! sdk {
    ($folder:literal: $($name:literal),*) => { &[$((
        $name,
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../", $folder, "/", $name)),
    )),*] };
}

/// The files of the SDK for JavaScript that an application has in `annals-js/`.
const SDK_JS: &[(&str, &str)] = sdk!["sdk-js": "annals.js", "annals.d.ts", "build.mjs"];

/// The files of the SDK for Python that an application has in `annals-py/`.
const SDK_PYTHON: &[(&str, &str)] = sdk!["sdk-py":
    "annals.py",
    "build.py",
    "decider/app.py",
    "decider/deciders.py",
    "projector/app.py"
];

/// Describes how a handler's files are used; see `templates/README.md`.
const ABOUT: &str = "template.toml";

/// The values of placeholders.
pub struct Values(Vec<(&'static str, String)>);

impl Values {
    /// For a handler, or the first one of an application.
    #[must_use]
    pub fn new(app: &str, name: &Name, sdk: &Sdk) -> Self {
        Self(vec![
            ("app", app.into()),
            ("name", name.kebab().into()),
            ("Name", name.pascal()),
            ("snake", name.snake()),
            ("NAME", name.shouty()),
            ("annals", sdk.dependency()),
            ("outside", sdk.outside()),
            ("version", env!("CARGO_PKG_VERSION").into()),
            ("url", URL.into()),
        ])
    }

    /// Sets the event that a reaction reacts to.
    pub fn event(&mut self, event: Option<Spelt>) {
        if let Some(event) = event {
            self.0.push(("EventType", event.typed));
            self.0.push(("Event", event.name));
            self.0.push(("event", event.quoted));
        }
    }

    /// Sets the commands to try.
    pub fn tries(&mut self, commands: &[String]) {
        self.0.push(("try", commands.join("\n")));
    }

    fn fill(&self, text: &str) -> Result<String, String> {
        let mut filled = text.to_owned();
        for (name, value) in &self.0 {
            filled = filled.replace(&format!("{{{{{name}}}}}"), value);
        }
        match unknown(&filled) {
            Some(name) => Err(name.into()),
            None => Ok(filled),
        }
    }
}

/// Finds a placeholder without a value.
fn unknown(text: &str) -> Option<&str> {
    text.split("{{").skip(1).find_map(|rest| {
        let (name, _) = rest.split_once("}}")?;
        let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphabetic());
        is_name.then_some(name)
    })
}

/// A handler's files, by their paths in its folder, with its manifest entry.
pub struct Handler {
    /// Its files.
    pub files: Vec<(PathBuf, String)>,
    /// Its table in the manifest.
    pub entry: Table,
    /// Commands to try.
    pub commands: Vec<String>,
}

/// Makes a handler from its template.
///
/// # Errors
///
/// If there is no template for that kind and language.
pub fn handler(language: Language, kind: Kind, values: &Values) -> Result<Handler, Problem> {
    let folder = format!("{language}/{}", kind.name());
    let Some(template) = TEMPLATES.get_dir(&folder) else {
        let known: Vec<String> = Kind::ALL
            .into_iter()
            .filter(|kind| {
                TEMPLATES
                    .get_dir(format!("{language}/{}", kind.name()))
                    .is_some()
            })
            .map(|kind| format!("--kind {}", kind.name()))
            .collect();
        return Err(Problem::new(
            Code::NoTemplate,
            "annals new",
            format!("there is no template of a {kind} for --lang {language}"),
            if known.is_empty() {
                "choose --lang rust".to_owned()
            } else {
                format!("choose {}, or --lang rust", known.join(" or "))
            },
        ));
    };
    let mut files = rendered(template, values)?;
    let about = files.iter().position(|(path, _)| path == Path::new(ABOUT));
    let about = about
        .map(|index| files.swap_remove(index).1)
        .unwrap_or_default();
    let about: DocumentMut = about
        .parse()
        .map_err(|error| broken(&folder, &format!("{ABOUT}: {error}")))?;
    let mut entry = about["handler"].as_table().cloned().unwrap_or_default();
    let comment = comment(&entry);
    entry.decor_mut().set_prefix(comment);
    if about
        .get("copy")
        .and_then(|copy| copy.get("wit"))
        .and_then(toml_edit::Item::as_bool)
        == Some(true)
    {
        for (path, text) in texts(&WIT)? {
            if path.extension().is_some_and(|extension| extension == "wit") {
                files.push((Path::new("wit").join(path), text.into()));
            }
        }
    }
    let commands = about.get("try").and_then(|tried| tried.get("commands"));
    let commands = commands
        .and_then(toml_edit::Item::as_array)
        .into_iter()
        .flatten();
    let commands = commands
        .filter_map(|command| command.as_str().map(ToOwned::to_owned))
        .collect();
    files.sort();
    Ok(Handler {
        files,
        entry,
        commands,
    })
}

/// The comment above a template's table, with a blank line before it.
fn comment(entry: &Table) -> String {
    let prefix = entry.decor().prefix().and_then(|prefix| prefix.as_str());
    format!("\n{}", prefix.unwrap_or_default().trim_start())
}

/// The files of every application.
///
/// # Errors
///
/// Never: tests check all templates.
pub fn app_files(values: &Values) -> Result<Vec<(PathBuf, String)>, Problem> {
    files("app", values)
}

/// One file of every application.
///
/// # Errors
///
/// If there is no such file.
pub fn app_file(name: &str, values: &Values) -> Result<String, Problem> {
    let file = TEMPLATES.get_file(format!("app/{name}.in"));
    let text = file.and_then(include_dir::File::contents_utf8);
    let text = text.ok_or_else(|| broken("app", &format!("{name} is missing")))?;
    values.fill(text).map_err(|name| broken("app", &name))
}

/// The files that a language needs once for each application.
///
/// # Errors
///
/// Never: tests check all templates.
pub fn language_files(
    language: Language,
    values: &Values,
) -> Result<Vec<(PathBuf, String)>, Problem> {
    let mut files = files(&format!("{language}/app"), values)?;
    let (folder, sdk) = match language {
        Language::Rust => return Ok(files),
        Language::Js => ("annals-js", SDK_JS),
        Language::Python => ("annals-py", SDK_PYTHON),
    };
    let copies = sdk
        .iter()
        .map(|(name, text)| (Path::new(folder).join(name), (*text).to_owned()));
    files.extend(copies);
    Ok(files)
}

/// The events that every language's decider emits, beginning with the creation.
#[must_use]
pub fn emitted(decider: &Name) -> [String; 2] {
    ["Created", "Renamed"].map(|word| format!("{}{word}", decider.pascal()))
}

fn files(folder: &str, values: &Values) -> Result<Vec<(PathBuf, String)>, Problem> {
    match TEMPLATES.get_dir(folder) {
        Some(template) => rendered(template, values),
        None => Ok(Vec::new()),
    }
}

/// All files of a template, by their paths in it, with placeholders replaced.
fn rendered(template: &Dir<'_>, values: &Values) -> Result<Vec<(PathBuf, String)>, Problem> {
    let place = template.path().display().to_string();
    let fill = |text: &str| {
        values
            .fill(text)
            .map_err(|name| broken(&place, &format!("{{{{{name}}}}} has no value")))
    };
    let mut files = Vec::new();
    for (path, text) in texts(template)? {
        let path = fill(&path.to_string_lossy())?;
        let path = path.strip_suffix(".in").unwrap_or(&path);
        let path = PathBuf::from(path);
        let text = fill(text)?;
        let is_rust = path.extension().is_some_and(|extension| extension == "rs");
        files.push((path, if is_rust { format::rust(text) } else { text }));
    }
    Ok(files)
}

/// All files below a folder, by their paths in it.
fn texts<'a>(folder: &'a Dir<'a>) -> Result<Vec<(PathBuf, &'a str)>, Problem> {
    fn walk<'a>(dir: &'a Dir<'a>, found: &mut Vec<&'a include_dir::File<'a>>) {
        for entry in dir.entries() {
            match entry {
                DirEntry::Dir(dir) => walk(dir, found),
                DirEntry::File(file) => found.push(file),
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, &mut found);
    let place = folder.path().display().to_string();
    let files = found.into_iter().map(|file| {
        let path = file
            .path()
            .strip_prefix(folder.path())
            .unwrap_or(file.path());
        let text = file
            .contents_utf8()
            .ok_or_else(|| broken(&place, &format!("{} is not text", path.display())))?;
        Ok((path.to_path_buf(), text))
    });
    files.collect()
}

fn broken(template: &str, what: &str) -> Problem {
    Problem::new(
        Code::NoTemplate,
        format!("template {template}"),
        what,
        "this is a fault of annals: please report it",
    )
}

#[cfg(test)]
mod tests {
    use super::super::events::spelt;
    use super::*;
    use clap::ValueEnum as _;

    fn values() -> Values {
        of("AccountOpened", Language::Rust)
    }

    fn of(event: &str, language: Language) -> Values {
        let name = Name::new("bank-two").expect("legal");
        let mut values = Values::new("bank", &name, &Sdk::Registry);
        values.event(Some(spelt(event, language, &name)));
        values
    }

    #[test]
    fn every_template_can_be_filled() {
        let mut filled = 0;
        for language in Language::value_variants() {
            for kind in Kind::ALL {
                let Ok(handler) = handler(*language, kind, &values()) else {
                    assert!(
                        TEMPLATES
                            .get_dir(format!("{language}/{}", kind.name()))
                            .is_none()
                    );
                    continue;
                };
                filled += 1;
                assert!(
                    !handler.entry.is_empty(),
                    "{language} {kind}: nothing for the manifest"
                );
                assert!(
                    !handler.commands.is_empty(),
                    "{language} {kind}: nothing to try"
                );
                for (path, _) in &handler.files {
                    assert!(
                        !path.to_string_lossy().ends_with(".in"),
                        "{}",
                        path.display()
                    );
                    assert_ne!(path, Path::new(ABOUT));
                }
            }
            assert!(language_files(*language, &values()).is_ok());
        }
        assert!(filled >= 4, "every kind in Rust at least");
        let mut values = values();
        values.tries(&["curl".into()]);
        assert!(app_files(&values).is_ok());
    }

    #[test]
    fn a_placeholder_that_stands_for_nothing_is_found() {
        assert_eq!(values().fill("{{name}} {{nmae}}"), Err("nmae".into()));
        assert_eq!(
            values().fill("{{{Name}}, {{ x }} {{}}"),
            Ok("{BankTwo, {{ x }} {{}}".into())
        );
    }

    #[test]
    fn every_decider_emits_the_event_that_reactions_of_a_new_application_react_to() {
        let name = Name::new("bank-two").expect("legal");
        for language in Language::value_variants() {
            let Ok(handler) = handler(*language, Kind::Decider, &values()) else {
                continue;
            };
            for event in emitted(&name) {
                assert!(
                    handler.files.iter().any(|(_, text)| text.contains(&event)),
                    "{language}: no {event}"
                );
            }
        }
    }

    /// The template knows only the type of the event.
    #[test]
    fn a_reaction_reads_no_fields_of_its_event_and_its_cases_have_the_events_type() {
        for language in Language::value_variants() {
            for kind in Kind::ALL.into_iter().filter(|kind| kind.is_reaction()) {
                let Ok(made) = handler(*language, kind, &of("a.\"b\"", *language)) else {
                    continue;
                };
                for (path, text) in &made.files {
                    let path = path.display().to_string();
                    if path.starts_with("wit") {
                        continue;
                    }
                    assert!(!text.contains("First"), "{language} {kind}: {path}");
                    if path.ends_with(".json") {
                        let cases: serde_json::Value = serde_json::from_str(text).expect(&path);
                        let event = cases["cases"][0]["given"][0]["type"].as_str();
                        let of_decider = kind == Kind::ProcessManager;
                        assert!(of_decider || event == Some("a.\"b\""), "{text}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_there_is_no_template_of_is_told_with_what_there_is() {
        for language in Language::value_variants() {
            for kind in Kind::ALL {
                if let Err(problem) = handler(*language, kind, &values()) {
                    assert!(problem.remedy.contains("--lang rust"), "{problem}");
                }
            }
        }
    }

    fn text(file: &str) -> String {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    }

    /// An application has a copy of the package, and requires the same tool version as the package.
    #[test]
    fn an_application_has_the_package_for_javascript() {
        let json = |text: &str| -> serde_json::Value { serde_json::from_str(text).expect("JSON") };
        let package = json(&text("../sdk-js/package.json"));
        let copied: Vec<&str> = SDK_JS.iter().map(|(name, _)| *name).collect();
        assert_eq!(package["files"], serde_json::json!(copied));
        assert_eq!(package["version"], env!("CARGO_PKG_VERSION"));
        let app = json(&text("templates/js/app/package.json.in"));
        assert_eq!(app["devDependencies"], package["dependencies"]);
    }

    #[test]
    fn an_application_has_the_package_for_python() {
        let package: toml::Table = text("../sdk-py/pyproject.toml").parse().expect("TOML");
        let project = &package["project"];
        assert_eq!(project["version"].as_str(), Some(env!("CARGO_PKG_VERSION")));
        let tool = project["optional-dependencies"]["build"][0].as_str();
        let asked = text("templates/python/app/requirements.txt");
        assert_eq!(tool, Some(asked.trim()));
    }
}
