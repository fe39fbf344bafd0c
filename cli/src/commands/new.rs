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

/// Makes an application, or a handler in one: something that builds, passes its tests and is served as it is.
///
/// Outside of an application, that is a folder of that name with one; in a folder with an annals.toml, or below one,
/// it is a handler of that application. Nothing is ever overwritten.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  annals new bank && cd bank && annals run
  annals new shop --handler basket                 # the application's first handler has a name of its own
  annals new balances --kind projector             # in bank/: a view of what its decider emits
  annals new mailer --kind notifier --on BankCreated
  annals new greeter --lang js")]
pub struct Args {
    /// Name of the application or the handler, in kebab-case, such as `open-account`.
    name: String,
    /// Name of a new application's first handler, which is of --kind; otherwise that of the application.
    #[arg(long, value_name = "NAME")]
    handler: Option<String>,
    /// Name of the decider that a new application gets beside a reaction; otherwise that of the application.
    #[arg(long, value_name = "NAME")]
    decider: Option<String>,
    /// What it is written in.
    #[arg(long, value_enum, default_value_t = Language::Rust)]
    lang: Language,
    /// What the handler is. An application that begins with a reaction gets a decider beside it.
    #[arg(long, value_enum, default_value_t = KindName::Decider)]
    kind: KindName,
    /// The event that a reaction reacts to, one that a decider emits; otherwise the first one of the application's first
    /// decider, which is built for that.
    #[arg(long, value_name = "EVENT")]
    on: Option<String>,
    /// The folder of the crate `annals`, for handlers in Rust; otherwise that of the checkout that this binary was
    /// built in, or the registry's.
    #[arg(long, value_name = "FOLDER")]
    sdk: Option<PathBuf>,
}

/// Kinds of handlers, as they are named on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum KindName {
    /// Commands to events.
    Decider,
    /// Events to rows of a view.
    Projector,
    /// Events to commands.
    ProcessManager,
    /// Events to the world outside.
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
    let here = env::current_dir().context("the current folder is not known")?;
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
                "the decider is what is made: --handler names it",
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
        return tell_application(&made, &here);
    };
    for (option, given) in [("--handler", &args.handler), ("--decider", &args.decider)] {
        if given.is_some() {
            return Err(meaningless(
                option,
                &format!(
                    "{} is an application already, and gets a handler",
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
    tell_handler(&made, &here, &manifest)
}

/// An option that means nothing for what is made.
fn meaningless(option: &str, why: &str) -> anyhow::Error {
    let what = format!("`{option}` means nothing here: {why}");
    Problems::from(Problem::new(
        Code::MeaninglessOption,
        "annals new",
        what,
        "leave it out",
    ))
    .into()
}

/// The manifest of an application that need not have handlers yet.
fn beginning(file: &Path) -> Result<Manifest, Problems> {
    let mut manifest = Manifest::read_all(file)?;
    let wrong = |problem: &Problem| problem.code != Code::NoHandlers;
    manifest.problems.retain(wrong);
    match manifest.problems.is_empty() {
        true => Ok(manifest),
        false => Err(Problems(manifest.problems)),
    }
}

/// An event that the application's deciders emit, best of one whose name this name begins with.
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
            "add its first decider: `annals new <name>`; or name an event that is to come: --on AccountOpened",
        ))
        .into()),
    }
}

fn tell_application(made: &Made, here: &Path) -> Result<()> {
    let folder = made.app.strip_prefix(here).unwrap_or(&made.app).display();
    super::print(format_args!(
        "made the application {folder}/ with {}\n\n  cd {folder}\n  annals run\n\n{}",
        list(&made.handlers),
        commands("in another terminal", made)
    ))
}

fn tell_handler(made: &Made, here: &Path, manifest: &Manifest) -> Result<()> {
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
        commands("when it is served by `annals run`", made)
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
