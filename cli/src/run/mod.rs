//! Builds, composes and serves an application on annals-host, and does so again when it changes: `annals run`.
//!
//! # Layout
//!
//! - [`host`]: finds annals-host, starts it, and stops it cleanly.
//! - [`postgres`]: a PostgreSQL server for the time of the run.
//! - [`watch`]: detects changes of files.
//! - [`greeting`]: the text when the application is served.

pub mod greeting;
pub mod host;
pub mod postgres;
pub mod watch;

use annals_compose::host::Host as Target;
use annals_compose::manifest::Manifest;
use annals_compose::output;
use annals_compose::pipeline::{self, Composed};
use annals_compose::problem::{Code, Problem, Problems};
use anyhow::Result;
use host::{Ended, Host, Serve};
use postgres::Postgres;
use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use watch::Watch;

/// Interval at which signals, the host and files are checked.
const POLL_INTERVAL: Duration = Duration::from_millis(100);

/// The application to serve, and the options of the host.
#[derive(Debug, Clone)]
pub struct Options {
    /// The manifest.
    pub manifest: PathBuf,
    /// True to build, compose and serve again after changes.
    pub watch: bool,
    /// The address to listen on; `None` for annals-host's default.
    pub listen: Option<String>,
    /// Where events are stored; `None` for `data` beside the manifest, [`postgres::STORE`] for a server that
    /// lives as long as the run.
    pub store: Option<OsString>,
    /// Further arguments of annals-host.
    pub extra: Vec<OsString>,
}

/// Serves until a signal comes or the host ends. Returns how the host ended, if it did so by
/// itself.
///
/// # Errors
///
/// [`Problems`] of the user's input, or an internal error. With `watch`, only errors of the start.
pub fn run(options: &Options) -> Result<Option<Ended>> {
    let binary = host::find()?;
    let manifest = Manifest::read(&options.manifest)?;
    let store = options
        .store
        .clone()
        .unwrap_or_else(|| manifest.folder().join("data").into());
    let mut watch = Watch::besides(&store);
    watch.look(&manifest);
    let composed = compose(&manifest)?;
    let stop = stop_flag()?;
    // Dropped after the host, which is stopped below.
    let server = (store == postgres::STORE)
        .then(Postgres::start)
        .transpose()?;
    if server.is_some() {
        eprintln!("annals: PostgreSQL runs for as long as this command; its data is removed then");
    }
    let store = server.as_ref().map_or(store, Postgres::store);
    let file = place(&manifest)?;
    let mut serve = Serve {
        binary,
        app: file,
        listen: options.listen.clone(),
        store,
        extra: options.extra.clone(),
    };
    write(&serve.app, &composed.bytes)?;
    let mut host = match Host::start(&serve, &stop)? {
        Ok(host) => host,
        Err(ended) => return Ok(Some(ended)),
    };
    // A restarted host keeps the port that the system chose.
    serve.listen = Some(host.address.clone());
    let folder = manifest.folder();
    let greeting = greeting::text(
        &composed.report,
        &host.url(),
        folder,
        &serve.store,
        options.watch,
    );
    // Ignore the error: the application is served even if stdout is closed.
    let _ = std::io::stdout().write_all(greeting.as_bytes());
    let mut served = composed.bytes;
    while !stop.load(Ordering::Relaxed) {
        std::thread::sleep(POLL_INTERVAL);
        if let Some(ended) = host.ended()? {
            return Ok((!stop.load(Ordering::Relaxed)).then_some(ended));
        }
        if !options.watch || !watch.changed() {
            continue;
        }
        let Some(composed) = compose_again(options, &mut watch) else {
            continue;
        };
        watch.built();
        if stop.load(Ordering::Relaxed) {
            break;
        }
        if composed.bytes == served {
            eprintln!("annals: the change does not affect the composed application");
            continue;
        }
        // The old version serves while the new one is compiled.
        let next = Serve {
            app: serve.app.with_file_name("next.wasm"),
            ..serve.clone()
        };
        write(&next.app, &composed.bytes)?;
        if !host::compile(&next)? {
            eprintln!(
                "annals: annals-host rejects the new version; the previous one is still served"
            );
            continue;
        }
        host.stop()?;
        write(&serve.app, &composed.bytes)?;
        host = match Host::start(&serve, &stop)? {
            Ok(started) => {
                served = composed.bytes;
                eprintln!("annals: the new version is served at {}", started.url());
                started
            }
            Err(ended) if stop.load(Ordering::Relaxed) => return Ok(Some(ended)),
            Err(_) => {
                eprintln!(
                    "annals: annals-host rejects the new version; the previous one is served again"
                );
                write(&serve.app, &served)?;
                match Host::start(&serve, &stop)? {
                    Ok(started) => started,
                    Err(ended) => return Ok(Some(ended)),
                }
            }
        };
    }
    host.stop()?;
    Ok(None)
}

/// Composes after a change. Problems are reported, and the old version stays served.
fn compose_again(options: &Options, watch: &mut Watch) -> Option<Composed> {
    let read = Manifest::read(&options.manifest).map_err(Into::into);
    let composed = read.and_then(|manifest| {
        // Look before the build, so that a change during the build counts as a new one.
        watch.look(&manifest);
        compose(&manifest)
    });
    match composed {
        Ok(composed) => Some(composed),
        Err(error) => {
            match error.downcast_ref::<Problems>() {
                Some(problems) => eprintln!("{problems}"),
                None => eprintln!("annals: {error:#}"),
            }
            eprintln!("annals: the previous version is still served; waiting for changes");
            None
        }
    }
}

fn compose(manifest: &Manifest) -> Result<Composed> {
    let application = pipeline::check(manifest, Some(Target::Annals))?;
    application.print_notes();
    pipeline::compose(manifest, &application, Target::Annals)
}

/// The path of the composed application, below `target` and ignored by version control.
fn place(manifest: &Manifest) -> Result<PathBuf> {
    let folder = manifest.folder().join("target").join("annals");
    let ignore = folder.join(".gitignore");
    std::fs::create_dir_all(&folder)
        .and_then(|()| {
            if ignore.exists() {
                Ok(())
            } else {
                std::fs::write(&ignore, "*\n")
            }
        })
        .map_err(|error| unwritable(&folder, &error))?;
    Ok(folder.join("app.wasm"))
}

fn write(file: &Path, bytes: &[u8]) -> Result<()> {
    output::write(file, bytes).map_err(|error| unwritable(file, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> anyhow::Error {
    Problems::from(Problem::new(
        Code::UnwritableOutput,
        path.display().to_string(),
        format!("cannot be written: {error}"),
        "make the manifest's folder writable",
    ))
    .into()
}

/// The first Ctrl-C or SIGTERM sets the flag; a second signal ends the process at once.
fn stop_flag() -> Result<Arc<AtomicBool>> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, stop.clone())?;
        signal_hook::flag::register(signal, stop.clone())?;
    }
    Ok(stop)
}
