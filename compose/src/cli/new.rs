//! `annals new`

use annals_compose::kind::Kind;
use annals_compose::manifest::Manifest;
use annals_compose::new::name::Name;
use annals_compose::new::sdk::Sdk;
use annals_compose::new::{self, Language, Made, Request};
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
  annals new balances --kind projector             # in bank/: a view of what its decider emits
  annals new mailer --kind notifier --on BankCreated
  annals new greeter --lang js")]
pub struct Args {
    /// Name in kebab-case, such as `open-account`.
    name: String,
    /// What it is written in.
    #[arg(long, value_enum, default_value_t = Language::Rust)]
    lang: Language,
    /// What the handler is. An application that begins with a reaction gets a decider beside it.
    #[arg(long, value_enum, default_value_t = KindName::Decider)]
    kind: KindName,
    /// The event that a reaction reacts to; otherwise the first one of the application's first decider, which is
    /// built for that.
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
    let mut request = Request {
        name: Name::new(&args.name).map_err(Problems::from)?,
        language: args.lang,
        kind: args.kind.into(),
        event: args
            .on
            .map(event_name)
            .transpose()
            .map_err(Problems::from)?,
        sdk,
    };
    let Some(file) = new::enclosing(&here) else {
        let made = new::application(&here, &request).map_err(Problems::from)?;
        tell_application(&made, &here);
        return Ok(());
    };
    let manifest = Manifest::read(&file)?;
    if request.kind.is_reaction() && request.event.is_none() {
        request.event = Some(first_event(&manifest, &request.name)?);
    }
    let made = new::handler(&file, &manifest.app.name, &request).map_err(Problems::from)?;
    tell_handler(&made, &here, &manifest);
    Ok(())
}

/// An event's type must be something that languages can name.
fn event_name(event: String) -> Result<String, Problem> {
    let legal = event.starts_with(|c: char| c.is_ascii_uppercase())
        && event.chars().all(|c| c.is_ascii_alphanumeric());
    if legal {
        return Ok(event);
    }
    Err(Problem::new(
        Code::IllegalName,
        "annals new",
        format!("`--on {event}` names no event"),
        "give a type such as AccountOpened; `annals graph` shows those that there are",
    ))
}

/// An event that the application's deciders emit, best of one whose name this name begins with.
fn first_event(manifest: &Manifest, name: &Name) -> Result<String> {
    let application = pipeline::check(manifest, None)?;
    let deciders = application
        .handlers
        .iter()
        .flat_map(|checked| &checked.deciders);
    let nearest = |decider: &&_| {
        let decider: &annals_compose::probe::DeciderDescriptor = decider;
        !name
            .kebab()
            .starts_with(decider.name.split('.').next().unwrap_or_default())
    };
    let mut deciders: Vec<_> = deciders
        .filter(|decider| !decider.emits.is_empty())
        .collect();
    deciders.sort_by_key(nearest);
    match deciders.first().and_then(|decider| decider.emits.first()) {
        Some(event) => Ok(event_name(event.clone()).map_err(Problems::from)?),
        None => Err(Problems::from(Problem::new(
            Code::UnknownEvent,
            manifest.file.display().to_string(),
            "has no decider that emits an event to react to",
            "name the event: --on AccountOpened",
        ))
        .into()),
    }
}

fn tell_application(made: &Made, here: &Path) {
    let folder = made.app.strip_prefix(here).unwrap_or(&made.app).display();
    println!(
        "made the application {folder}/ with {}",
        list(&made.handlers)
    );
    println!("\n  cd {folder}\n  annals run\n");
    tell_commands("in another terminal", made);
}

fn tell_handler(made: &Made, here: &Path, manifest: &Manifest) {
    let folder = made.app.strip_prefix(here).unwrap_or(&made.app);
    let names: Vec<String> = made
        .handlers
        .iter()
        .map(|name| folder.join(name).display().to_string())
        .collect();
    println!(
        "made {} of the application {}: {}/",
        list(&made.handlers),
        manifest.app.name,
        names.join("/, ")
    );
    tell_commands("when it is served by `annals run`", made);
}

fn list(handlers: &[String]) -> String {
    match handlers {
        [one] => format!("the handler {one}"),
        many => format!("the handlers {}", many.join(" and ")),
    }
}

fn tell_commands(when: &str, made: &Made) {
    println!("{when}:\n");
    for command in &made.commands {
        println!("  {command}");
    }
}
