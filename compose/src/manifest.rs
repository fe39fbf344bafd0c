//! Reads `annals.toml`.

use crate::problem::{Problem, Problems, nearest};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// The manifest, as the user wrote it, with defaults filled in.
#[derive(Debug, Deserialize)]
pub struct Manifest {
    /// The application.
    pub app: App,
    /// Where events are kept.
    #[serde(default)]
    pub store: Store,
    /// The handlers by name.
    #[serde(default)]
    pub handlers: BTreeMap<String, Spanned<Handler>>,
    /// Where the manifest is; paths in it start from its folder.
    #[serde(skip)]
    pub file: PathBuf,
    #[serde(skip)]
    text: String,
}

/// `[app]`
#[derive(Debug, Deserialize)]
pub struct App {
    /// Name of the application.
    pub name: String,
    /// Version of the application, for people.
    #[serde(default = "default_version")]
    pub version: String,
}

/// `[store]`
#[derive(Debug, Deserialize)]
#[serde(default)]
pub struct Store {
    /// Goes before every key.
    pub prefix: String,
    /// Number of logs.
    pub partitions: u32,
    /// Keyvalue hosts: the bucket.
    pub bucket: String,
    /// Filesystem hosts: the directory, as the guest sees it.
    pub path: String,
}

impl Default for Store {
    fn default() -> Self {
        Self {
            prefix: String::new(),
            partitions: 1,
            bucket: "default".into(),
            path: "/data".into(),
        }
    }
}

/// `[handlers.<name>]`
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Handler {
    /// A crate's folder, built with its own tool.
    pub path: Option<PathBuf>,
    /// A built component.
    pub component: Option<PathBuf>,
    /// A command that builds the component, run in the manifest's folder.
    pub build: Option<String>,
    /// Overrides the decider's own cadence.
    pub snapshot_every: Option<u32>,
    /// Host imports granted.
    #[serde(default)]
    pub allow: Vec<String>,
}

fn default_version() -> String {
    "0.0.0".into()
}

const TOP: &[&str] = &["app", "store", "handlers"];
const APP: &[&str] = &["name", "version"];
/// The store's own limit: whoever reads the log's end looks at one slot of each.
const MAX_PARTITIONS: u32 = 64;
const STORE: &[&str] = &["prefix", "partitions", "bucket", "path"];
const HANDLER: &[&str] = &["path", "component", "build", "snapshot-every", "allow"];

impl Manifest {
    /// Reads and checks a manifest.
    ///
    /// # Errors
    ///
    /// Every problem of the file itself; see [`crate::check`] for those of the handlers.
    pub fn read(file: &Path) -> Result<Self, Problems> {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|error| {
            Problem::new(
                &name,
                format!("cannot be read: {error}"),
                "run in the folder that holds annals.toml, or name the file with -m",
            )
        })?;
        Self::parse(file, text)
    }

    /// The same, of a text; `file` is where it came from.
    ///
    /// # Errors
    ///
    /// Every problem of the text.
    pub fn parse(file: &Path, text: String) -> Result<Self, Problems> {
        let name = file.display().to_string();
        let syntax = |error: toml::de::Error| {
            let problem = Problem::new(
                &name,
                error.message().replace('\n', ", "),
                "see docs/guide.md for the manifest's keys",
            );
            match error.span() {
                Some(span) => problem.at_line(line_of(&text, span.start)),
                None => problem,
            }
        };
        let table: toml::Table = toml::from_str(&text).map_err(syntax)?;
        let mut problems = unknown_keys(&name, &text, &table);
        if !problems.is_empty() {
            return Err(Problems(problems));
        }
        let mut manifest: Self = toml::from_str(&text).map_err(syntax)?;
        manifest.file = file.to_path_buf();
        manifest.text = text;
        manifest.values(&mut problems);
        if problems.is_empty() {
            Ok(manifest)
        } else {
            Err(Problems(problems))
        }
    }

    /// The folder that paths in the manifest start from.
    #[must_use]
    pub fn folder(&self) -> &Path {
        match self.file.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        }
    }

    /// A problem of one handler, at its place in the manifest.
    #[must_use]
    pub fn problem(
        &self,
        handler: &str,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Problem {
        let problem = Problem::new(self.file.display().to_string(), what, remedy).of(handler);
        match self.handlers.get(handler) {
            Some(entry) => problem.at_line(line_of(&self.text, entry.span().start)),
            None => problem,
        }
    }

    fn values(&self, problems: &mut Vec<Problem>) {
        let file = self.file.display().to_string();
        if !(1..=MAX_PARTITIONS).contains(&self.store.partitions) {
            problems.push(Problem::new(
                &file,
                format!(
                    "`store.partitions = {}` is not possible",
                    self.store.partitions
                ),
                format!("leave it out, or set it to 1 to {MAX_PARTITIONS}"),
            ));
        }
        if !self.store.path.starts_with('/') {
            problems.push(Problem::new(
                &file,
                format!("`store.path = \"{}\"` is not absolute", self.store.path),
                "give the path as the guest sees it, such as \"/data\"",
            ));
        }
        if self.handlers.is_empty() {
            problems.push(Problem::new(
                &file,
                "has no handlers",
                "add a table such as [handlers.open-account] with `path` or `component`",
            ));
        }
        for (name, handler) in &self.handlers {
            let handler = handler.get_ref();
            let legal = !name.is_empty()
                && name.len() <= 64
                && name
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
            if !legal {
                problems.push(self.problem(
                    name,
                    "is not a legal name",
                    "use lower-case letters, digits and `-`, at most 64",
                ));
            }
            match (&handler.path, &handler.component) {
                (None, None) => problems.push(self.problem(
                    name,
                    "has neither `path` nor `component`",
                    "set `path` to a crate's folder, or `component` to a built component",
                )),
                (Some(_), Some(_)) => problems.push(self.problem(
                    name,
                    "has both `path` and `component`",
                    "keep one of them",
                )),
                (Some(_), None) if handler.build.is_some() => problems.push(self.problem(
                    name,
                    "has `build` beside `path`",
                    "a crate is built with its own tool: remove `build`, or set `component` instead of `path`",
                )),
                _ => {}
            }
        }
    }
}

fn unknown_keys(file: &str, text: &str, table: &toml::Table) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut look = |table: &toml::Table, known: &[&str], place: &str| {
        for key in table.keys().filter(|key| !known.contains(&key.as_str())) {
            let remedy = match nearest(key, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known keys are {}", known.join(", ")),
            };
            let problem = Problem::new(file, format!("unknown key `{key}` in {place}"), remedy);
            problems.push(match line_of_key(text, key) {
                Some(line) => problem.at_line(line),
                None => problem,
            });
        }
    };
    look(table, TOP, "the manifest");
    for (name, known) in [("app", APP), ("store", STORE)] {
        if let Some(toml::Value::Table(inner)) = table.get(name) {
            look(inner, known, &format!("[{name}]"));
        }
    }
    if let Some(toml::Value::Table(handlers)) = table.get("handlers") {
        for (name, handler) in handlers {
            if let toml::Value::Table(inner) = handler {
                look(inner, HANDLER, &format!("[handlers.{name}]"));
            }
        }
    }
    problems
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|b| *b == b'\n').count()
}

/// The first line that sets a key or opens a table of that name.
fn line_of_key(text: &str, key: &str) -> Option<usize> {
    text.lines()
        .position(|line| {
            let line = line
                .trim_start()
                .trim_start_matches('[')
                .trim_start_matches("handlers.");
            line.trim_start_matches('"').starts_with(key)
        })
        .map(|index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> String {
        match Manifest::parse(Path::new("annals.toml"), text.into()) {
            Ok(_) => String::new(),
            Err(problems) => problems.to_string(),
        }
    }

    const GOOD: &str = "[app]\nname = \"bank\"\n[handlers.a]\npath = \"a\"\n";

    #[test]
    fn defaults_fill_what_is_left_out() {
        let manifest = Manifest::parse(Path::new("annals.toml"), GOOD.into()).expect("legal");
        assert_eq!(manifest.store.bucket, "default");
        assert_eq!(manifest.store.path, "/data");
        assert_eq!(manifest.store.partitions, 1);
    }

    #[test]
    fn an_unknown_key_names_the_nearest_and_its_line() {
        let text = format!("{GOOD}snapshot-evry = 3\n");
        assert_eq!(
            problems(&text),
            "annals.toml:5: unknown key `snapshot-evry` in [handlers.a]; did you mean `snapshot-every`?"
        );
    }

    #[test]
    fn every_problem_is_told_at_once() {
        let told = problems(
            "[app]\nname = \"x\"\n[handlers.A]\n[handlers.b]\npath = \"b\"\ncomponent = \"c\"\n",
        );
        assert_eq!(told.lines().count(), 3, "{told}");
    }

    #[test]
    fn broken_syntax_names_its_line() {
        assert!(problems("[app]\nname = ").starts_with("annals.toml:2"));
    }
}
