//! `annals new`

use crate::new::name::Name;
use crate::new::sdk::Sdk;
use crate::new::{self, Application, Language, Made, Request, events};
use annals_compose::kind::Kind;
use annals_compose::manifest::Manifest;
use annals_compose::pipeline;
use annals_compose::problem::{Code, Problem, Problems};
use anyhow::{Context as _, Result};
use clap::ValueEnum;
use std::env;
use std::path::{Path, PathBuf};

/// Creates an application, or a handler in one. The result builds, passes its tests and can be
/// served.
///
/// In a folder outside of any application this creates a folder with a new application. In a folder
/// with an annals.toml, or below one, it creates a handler of that application. No file is ever
/// overwritten.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  annals new bank && cd bank && annals run
  annals new shop --handler basket                 # the application's first handler has a name of its own
  annals new balances --kind projector             # in bank/: a view of what its decider emits
  annals new mailer --kind notifier --on BankCreated
  annals new greeter --lang js")]
pub struct Args {
    /// Name of the application or the handler, in kebab-case, such as `open-account`
    name: String,
    /// Name of a new application's first handler, whose kind is --kind [default: the application's
    /// name]
    #[arg(long, value_name = "NAME")]
    handler: Option<String>,
    /// Name of the decider that a new application gets in addition to a reaction [default: the
    /// application's name]
    #[arg(long, value_name = "NAME")]
    decider: Option<String>,
    /// The language of the handler
    #[arg(long, value_enum, default_value_t = Language::Rust)]
    lang: Language,
    /// The kind of the handler. A new application whose first handler is a reaction also gets a
    /// decider.
    #[arg(long, value_enum, default_value_t = KindName::Decider)]
    kind: KindName,
    /// The event to react to, one that a decider emits [default: the first event of the
    /// application's first decider, which is built to find it]
    #[arg(long, value_name = "EVENT")]
    on: Option<String>,
    /// The folder of the crate `annals`, for handlers in Rust [default: that of the checkout in
    /// which this binary was built, or else the registry]
    #[arg(long, value_name = "FOLDER")]
    sdk: Option<PathBuf>,
}

/// The names of kinds of handlers on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum KindName {
    /// Handles commands and emits events.
    Decider,
    /// Folds events into rows of a view.
    Projector,
    /// Turns events into commands.
    ProcessManager,
    /// Turns events into side effects.
    Notifier,
}

impl From<KindName> for Kind {
    fn from(kind: KindName) -> Self {
        match kind {
            KindName::Decider => Self::Decider,
            KindName::Projector => Self::Projector,
            KindName::ProcessManager => Self::ProcessManager,
            KindName::Notifier => Self::Notifier,
        }
    }
}

pub fn run(args: Args) -> Result<()> {
    let here = env::current_dir().context("the current folder cannot be determined")?;
    let sdk = match &args.sdk {
        Some(folder) => Sdk::at(folder).map_err(Problems::from)?,
        None => Sdk::beside(&env::current_exe().unwrap_or_default()),
    };
    let named = |name: &str| Name::new(name).map_err(Problems::from);
    let mut request = Request {
        name: named(&args.name)?,
        language: args.lang,
        kind: args.kind.into(),
        event: args.on,
        sdk,
    };
    if !request.kind.is_reaction() && request.event.is_some() {
        return Err(meaningless("--on", "a decider reacts to no event"));
    }
    let Some(file) = new::enclosing(&here) else {
        if !request.kind.is_reaction() && args.decider.is_some() {
            return Err(meaningless(
                "--decider",
                "the new handler is the decider itself: name it with --handler",
            ));
        }
        let name = request.name;
        request.name = match &args.handler {
            Some(handler) => named(handler)?,
            None => name
                .with_suffix(new::suffix(request.kind))
                .map_err(Problems::from)?,
        };
        let decider = args.decider.as_deref().map(named).transpose()?;
        let decider = decider.unwrap_or_else(|| name.clone());
        let app = Application { name, decider };
        let made = new::application(&here, &app, &request).map_err(Problems::from)?;
        return report_application(&made, &here);
    };
    for (option, given) in [("--handler", &args.handler), ("--decider", &args.decider)] {
        if given.is_some() {
            return Err(meaningless(
                option,
                &format!(
                    "{} is already an application: this command adds a handler to it",
                    file.display()
                ),
            ));
        }
    }
    let manifest = beginning(&file)?;
    let mut note = None;
    if request.kind.is_reaction() {
        let event = match request.event.take() {
            Some(event) => {
                let known = events::known(&manifest)?;
                let judged = known.judge(&event, &manifest.file.display().to_string());
                note = judged.map_err(Problems::from)?;
                event
            }
            None => first_event(&manifest, &request.name)?,
        };
        request.event = Some(event);
    }
    let made = new::handler(&file, &manifest.app.name, &request).map_err(Problems::from)?;
    if let Some(note) = note {
        eprintln!("note: {note}");
    }
    report_handler(&made, &here, &manifest)
}

/// The problem of an option that does not apply.
fn meaningless(option: &str, why: &str) -> anyhow::Error {
    let what = format!("`{option}` does not apply here: {why}");
    Problems::from(Problem::new(
        Code::MeaninglessOption,
        "annals new",
        what,
        "leave it out",
    ))
    .into()
}

/// A manifest that may have no handlers yet.
fn beginning(file: &Path) -> Result<Manifest, Problems> {
    let mut manifest = Manifest::read_all(file)?;
    let wrong = |problem: &Problem| problem.code != Code::NoHandlers;
    manifest.problems.retain(wrong);
    match manifest.problems.is_empty() {
        true => Ok(manifest),
        false => Err(Problems(manifest.problems)),
    }
}

/// An event that the application's deciders emit, preferably one of a decider whose name begins
/// `name`.
fn first_event(manifest: &Manifest, name: &Name) -> Result<String> {
    let handlers = match manifest.handlers.is_empty() {
        true => Vec::new(),
        false => pipeline::check(manifest, None)?.handlers,
    };
    let deciders = handlers.iter().flat_map(|checked| &checked.deciders);
    let nearest = |decider: &&_| {
        let decider: &annals_compose::descriptors::DeciderDescriptor = decider;
        !name
            .kebab()
            .starts_with(decider.name.split('.').next().unwrap_or_default())
    };
    let mut deciders: Vec<_> = deciders
        .filter(|decider| !decider.emits.is_empty())
        .collect();
    deciders.sort_by_key(nearest);
    match deciders.first().and_then(|decider| decider.emits.first()) {
        Some(event) => Ok(event.clone()),
        None => Err(Problems::from(Problem::new(
            Code::UnknownEvent,
            manifest.file.display().to_string(),
            "has no decider that emits an event to react to",
            "add its first decider: `annals new <name>`; or name a future event: --on AccountOpened",
        ))
        .into()),
    }
}

fn report_application(made: &Made, here: &Path) -> Result<()> {
    let folder = made.app.strip_prefix(here).unwrap_or(&made.app).display();
    super::print(format_args!(
        "made the application {folder}/ with {}\n\n  cd {folder}\n  annals run\n\n{}",
        list(&made.handlers),
        commands("in another terminal", made)
    ))
}

fn report_handler(made: &Made, here: &Path, manifest: &Manifest) -> Result<()> {
    let folder = made.app.strip_prefix(here).unwrap_or(&made.app);
    let names: Vec<String> = made
        .handlers
        .iter()
        .map(|name| folder.join(name).display().to_string())
        .collect();
    super::print(format_args!(
        "made {} of the application {}: {}/\n{}",
        list(&made.handlers),
        manifest.app.name,
        names.join("/, "),
        commands("while `annals run` serves it", made)
    ))
}

fn list(handlers: &[String]) -> String {
    match handlers {
        [one] => format!("the handler {one}"),
        many => format!("the handlers {}", many.join(" and ")),
    }
}

fn commands(when: &str, made: &Made) -> String {
    format!("{when}:\n\n  {}\n", made.commands.join("\n  "))
}
