//! The command line. Each subcommand has a file with its options and its implementation.

mod check;
mod completions;
mod compose;
mod graph;
mod host;
mod message;
mod new;
mod run;
mod test;
mod wit;

use annals_compose::output;
use annals_compose::problem::{Code, Problem, Problems};
use anyhow::Result;
use clap::{CommandFactory as _, Parser, Subcommand};
use message::MessageFormat;
use std::fmt;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

/// Event sourcing made of WebAssembly components.
///
/// Composes your handlers and the framework's components into one component that runs on any WASI
/// 0.2 host.
///
/// Exit status: 0 done, 1 your input is at fault, 2 usage, 3 our fault.
#[derive(Parser)]
#[command(
    name = "annals",
    version,
    about,
    after_help = "First steps:
  annals new bank && cd bank && annals run"
)]
struct Cli {
    /// The format of problems with your input.
    #[arg(long, global = true, value_enum, default_value_t = MessageFormat::Auto)]
    message_format: MessageFormat,
    /// Logs what was built and probed, and how long each step took.
    #[arg(long, global = true)]
    timings: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    New(new::Args),
    Run(run::Args),
    Test(test::Args),
    Check(check::Args),
    Compose(compose::Args),
    Graph(graph::Args),
    Completions(completions::Args),
    Wit(wit::Args),
}

/// Runs the command line.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    if cli.timings {
        let plain = tracing_subscriber::fmt()
            .without_time()
            .with_level(false)
            .with_target(false);
        plain.with_ansi(false).with_writer(std::io::stderr).init();
    }
    let done = match cli.command {
        Command::New(args) => new::run(args).map(|()| ExitCode::SUCCESS),
        Command::Run(args) => run::run(args),
        Command::Test(args) => test::run(args, cli.message_format),
        Command::Check(args) => check::run(args).map(|()| ExitCode::SUCCESS),
        Command::Compose(args) => compose::run(args).map(|()| ExitCode::SUCCESS),
        Command::Graph(args) => graph::run(args).map(|()| ExitCode::SUCCESS),
        Command::Completions(args) => {
            completions::run(&args, &mut Cli::command()).map(|()| ExitCode::SUCCESS)
        }
        Command::Wit(args) => wit::run(args).map(|()| ExitCode::SUCCESS),
    };
    match done {
        Ok(code) => code,
        Err(error) => match error.downcast_ref::<Problems>() {
            Some(problems) => {
                cli.message_format.report(problems);
                ExitCode::from(1)
            }
            None => {
                eprintln!("annals: {error:#}");
                eprintln!("this is a fault of annals, not of your input: please report it");
                ExitCode::from(3)
            }
        },
    }
}

/// Writes to stdout. A closed stdout, as with `
/// head`, is not an error.
fn print(text: impl fmt::Display) -> Result<()> {
    let mut out = std::io::stdout().lock();
    match write!(out, "{text}").and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Problems::from(Problem::new(
                Code::UnwritableOutput,
                "stdout",
                format!("cannot be written: {error}"),
                "write to another place",
            ))
            .into())
        }
        _ => Ok(()),
    }
}

/// A count with its noun.
fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

/// Writes a file atomically.
fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    output::write(path, bytes).map_err(|error| unwritable(path, &error))
}

/// The problem of a file that cannot be written.
fn unwritable(path: &Path, error: &std::io::Error) -> anyhow::Error {
    Problems::from(Problem::new(
        Code::UnwritableOutput,
        path.display().to_string(),
        format!("cannot be written: {error}"),
        "choose another place with -o, or make the folder",
    ))
    .into()
}
