//! `annals run`

use crate::run::{self, Options};
use anyhow::Result;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// Builds, composes and serves the application on annals-host.
///
/// Each handler is built by its own tool, which skips what has not changed. The composed
/// application is written to target/annals beside the manifest.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  annals run --watch
  annals run --listen 127.0.0.1:0 --store memory:
  annals run --store postgres
  annals run -- --env MAILER_URL=http://localhost:9000 --timeout 2s

Exit status: 0 ended by a signal, 1 your input is at fault, 2 usage, 3 our fault.")]
pub struct Args {
    /// The manifest.
    #[arg(short, long, default_value = "annals.toml")]
    manifest: PathBuf,
    /// Builds, composes and serves again after each change; if a build fails, the old version stays
    /// served
    #[arg(long)]
    watch: bool,
    /// Address to listen on [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Where events are stored: a folder, `memory:`, the URL of a PostgreSQL or NATS server, or
    /// `postgres` for a PostgreSQL server that is started for this run, and whose data is removed
    /// afterwards [default: data beside the manifest]
    #[arg(long, value_name = "FOLDER|memory:|URL|postgres")]
    store: Option<OsString>,
    /// More arguments of `annals-host serve`.
    #[arg(last = true, value_name = "ARGUMENT")]
    extra: Vec<OsString>,
}

pub fn run(args: Args) -> Result<ExitCode> {
    let ended = run::run(&Options {
        manifest: args.manifest,
        watch: args.watch,
        listen: args.listen,
        store: args.store,
        extra: args.extra,
    })?;
    // Exit with the host's own status.
    let code = ended.map_or(Some(0), |ended| ended.0.code());
    Ok(code
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::from(3), ExitCode::from))
}
