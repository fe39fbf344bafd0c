//! Creates applications and handlers from templates: `annals new`.
//!
//! # Layout
//!
//! - [`name`]: legal names, and their spellings in code.
//! - [`template`]: the embedded templates, and their placeholders.
//! - [`format`]: formats Rust with rustfmt.
//! - [`sdk`]: where handlers in Rust get the SDK.
//! - [`events`]: the event that a reaction reacts to: whether it is emitted, and how it is spelt in
//!   code.
//! - [`manifest`], [`workspace`]: add to the user's files and keep their layout.
//! - [`change`]: writes all changes or none.

pub mod change;
pub mod events;
pub mod format;
pub mod manifest;
pub mod name;
pub mod sdk;
pub mod template;
pub mod workspace;

use annals_compose::kind::Kind;
use annals_compose::problem::{Code, Problem};
use change::Changes;
use clap::ValueEnum;
use name::Name;
use std::fmt;
use std::path::{Path, PathBuf};
use template::Values;

/// The URL of a served application in READMEs and on the terminal.
pub const URL: &str = "http://localhost:8080";

/// The languages with templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// A crate, built by plain cargo.
    Rust,
    /// JavaScript, built by componentize-js.
    Js,
    /// Python, built by componentize-py.
    Python,
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rust => "rust",
            Self::Js => "js",
            Self::Python => "python",
        })
    }
}

/// A handler to create.
#[derive(Debug, Clone)]
pub struct Request {
    /// Name of the handler.
    pub name: Name,
    /// The language of the handler.
    pub language: Language,
    /// The kind of the handler.
    pub kind: Kind,
    /// The event that a reaction reacts to.
    pub event: Option<String>,
    /// The source of the SDK, for handlers in Rust.
    pub sdk: sdk::Sdk,
}

/// The result of a creation.
#[derive(Debug)]
pub struct Made {
    /// The application's folder.
    pub app: PathBuf,
    /// The created handlers.
    pub handlers: Vec<String>,
    /// Commands to try.
    pub commands: Vec<String>,
}

/// The names of a new application.
#[derive(Debug, Clone)]
pub struct Application {
    /// Its name.
    pub name: Name,
    /// The name of the decider that is created in addition to a reaction.
    pub decider: Name,
}

/// Creates an application, in a new folder below `place`.
///
/// A reaction alone would never receive an event. The application therefore also gets a decider, to
/// whose events the reaction reacts.
///
/// # Errors
///
/// A problem with a remedy; nothing is written.
pub fn application(place: &Path, app: &Application, request: &Request) -> Result<Made, Problem> {
    let folder = place.join(app.name.kebab());
    if folder.exists() {
        return Err(exists(&folder));
    }
    let mut handlers = vec![(request.name.clone(), request.kind, None)];
    if request.kind.is_reaction() {
        if request.name == app.decider {
            return Err(Problem::new(
                Code::AlreadyThere,
                "annals new",
                format!("two handlers would have the name `{}`", app.decider.kebab()),
                "name the decider with --decider, and the other one with --handler",
            ));
        }
        let emitted = template::emitted(&app.decider);
        let event = match &request.event {
            None => emitted[0].clone(),
            Some(event) if emitted.contains(event) => event.clone(),
            Some(event) => return Err(events::unknown(event, &emitted.into(), "annals new")),
        };
        events::not_its_own(&event, request.kind, &request.name)?;
        handlers[0].2 = Some(event);
        handlers.insert(0, (app.decider.clone(), Kind::Decider, None));
    }
    let mut changes = Changes::new_folder(&folder);
    let mut made = Made {
        app: folder.clone(),
        handlers: Vec::new(),
        commands: Vec::new(),
    };
    let (first, ..) = &handlers[0];
    let mut values = Values::new(app.name.kebab(), first, &request.sdk);
    let mut manifest = template::app_file("annals.toml", &values)?;
    let mut entries = Vec::new();
    for (name, kind, event) in &handlers {
        let mut values = Values::new(app.name.kebab(), name, &request.sdk);
        let spelt = |event: &String| events::spelt(event, request.language, name);
        values.event(event.as_ref().map(spelt));
        let handler = template::handler(request.language, *kind, &values)?;
        for (path, text) in handler.files {
            changes.create(Path::new(name.kebab()).join(path), text);
        }
        entries.push((name.kebab().to_owned(), handler.entry));
        made.handlers.push(name.kebab().into());
        made.commands.extend(handler.commands);
    }
    for (name, entry) in entries {
        manifest = manifest::add_handler(Path::new("annals.toml"), &manifest, &name, &entry)?;
    }
    changes.create("annals.toml", manifest);
    values.tries(&made.commands);
    for (path, text) in template::app_files(&values)? {
        if path != Path::new("annals.toml") {
            changes.create(path, text);
        }
    }
    for (path, text) in template::language_files(request.language, &values)? {
        let text = if path == Path::new("Cargo.toml") {
            let members = made.handlers.iter().map(String::as_str);
            workspace::add_members(&path, &text, members)?
        } else {
            text
        };
        changes.create(path, text);
    }
    changes.apply()?;
    Ok(made)
}

/// Creates a handler in the application of this manifest, beside it.
///
/// # Errors
///
/// A problem with a remedy; nothing is written.
pub fn handler(manifest: &Path, app: &str, request: &Request) -> Result<Made, Problem> {
    let root = match manifest.parent() {
        Some(parent) if parent != Path::new("") => parent.to_path_buf(),
        _ => PathBuf::from("."),
    };
    let name = request.name.kebab();
    let folder = root.join(name);
    if folder.exists() {
        return Err(exists(&folder));
    }
    let mut values = Values::new(app, &request.name, &request.sdk);
    if let Some(event) = &request.event {
        events::not_its_own(event, request.kind, &request.name)?;
        values.event(Some(events::spelt(event, request.language, &request.name)));
    }
    let handler = template::handler(request.language, request.kind, &values)?;
    let mut changes = Changes::new(&root);
    for (path, text) in handler.files {
        changes.create(Path::new(name).join(path), text);
    }
    let text = read(manifest)?;
    let added = manifest::add_handler(manifest, &text, name, &handler.entry)?;
    changes.replace(manifest, text, added);
    if request.language == Language::Rust
        && let Some(cargo_toml) = workspace::root_above(&root)
    {
        let text = read(&cargo_toml)?;
        let member = workspace::member(&cargo_toml, &folder);
        let added = workspace::add_members(&cargo_toml, &text, [member.as_str()])?;
        changes.replace(&cargo_toml, text, added);
    } else {
        for (path, text) in template::language_files(request.language, &values)? {
            if root.join(&path).exists() {
                continue;
            }
            let text = if path == Path::new("Cargo.toml") {
                workspace::add_members(&path, &text, [name])?
            } else {
                text
            };
            changes.create(path, text);
        }
    }
    changes.apply()?;
    Ok(Made {
        app: root,
        handlers: vec![name.into()],
        commands: handler.commands,
    })
}

/// The manifest in this folder or above, if it is inside of an application.
#[must_use]
pub fn enclosing(place: &Path) -> Option<PathBuf> {
    let mut folders = place.ancestors();
    folders
        .find(|folder| folder.join("annals.toml").is_file())
        .map(|folder| folder.join("annals.toml"))
}

/// The suffix that makes the name of a new application's reaction from the application's name.
#[must_use]
pub fn suffix(kind: Kind) -> &'static str {
    match kind {
        Kind::Decider => "",
        Kind::Projector => "-view",
        Kind::ProcessManager => "-process",
        Kind::Notifier => "-notices",
    }
}

fn exists(path: &Path) -> Problem {
    Problem::new(
        Code::AlreadyThere,
        path.display().to_string(),
        "already exists, and no file is overwritten",
        "choose another name, or move it away",
    )
}

fn read(file: &Path) -> Result<String, Problem> {
    std::fs::read_to_string(file).map_err(|error| {
        Problem::new(
            Code::UnwritableOutput,
            file.display().to_string(),
            format!("cannot be read: {error}"),
            "make it a readable text file",
        )
    })
}
