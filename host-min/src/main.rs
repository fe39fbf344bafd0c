//! `annals-host` serves a composed component over HTTP, and maintains its store.

mod cli;

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use annals_host::app::{App, Limits};
use annals_host::delivery;
use annals_host::descriptors::Shares;
use annals_host::engine::{self, EngineOptions};
use annals_host::error::HostError;
use annals_host::gate::Gate;
use annals_host::host::{self, Bounds, Host};
use annals_host::server::Server;
use annals_host::start;
use annals_host::state::Grants;
use annals_host::store::remote::Opening;
use annals_host::store::{Buckets, Embedded, Memory, Nats, Postgres};
use annals_host::streams::Streams;
use annals_host::tools::{self, ToolError, place};
use anyhow::Context;
use clap::{CommandFactory, Parser};
use cli::{Cli, Command, Completions, Serve, StoreChoice};
use tokio::runtime::Handle;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// A request makes about a hundred small allocations, on any thread.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const USERS_FAULT: u8 = 1;
const OUR_FAULT: u8 = 3;

fn main() -> ExitCode {
    // clap exits with 0 for `--help`, and with 2 for arguments that it does not understand.
    let command = Cli::parse().command;
    log_to_stderr();
    let done = match &command {
        Command::Serve(options) => serve(options).map(|()| true),
        Command::Verify(options) => tools::verify::run(options).map_err(Into::into),
        Command::Export(options) => tools::export::run(options)
            .map(|()| true)
            .map_err(Into::into),
        Command::Import(options) => tools::import::run(options)
            .map(|()| true)
            .map_err(Into::into),
        Command::Completions(options) => completions(options).map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(USERS_FAULT),
        Err(error) => {
            eprintln!("annals-host: {error:#}");
            let users = error.downcast_ref().is_some_and(HostError::is_users)
                || error.downcast_ref().is_some_and(ToolError::is_users);
            ExitCode::from(if users { USERS_FAULT } else { OUR_FAULT })
        }
    }
}

fn log_to_stderr() {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into()))
        .with_ansi(!no_color && std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .init();
}

fn serve(options: &Serve) -> anyhow::Result<()> {
    let workers = if options.no_delivery {
        0
    } else {
        delivery::WORKERS
    };
    let shares = Shares::claim();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the async runtime cannot start")?;
    // Open the store on another thread while the engine starts.
    let opening = std::thread::spawn({
        let choice = match options.compile_only {
            true => StoreChoice::Memory,
            false => options.store.clone(),
        };
        let runtime = runtime.handle().clone();
        let opening = Opening {
            make: true,
            patience: options
                .wait_for_store
                .map(|seconds| Duration::from_secs(seconds.into())),
            ..options.remote.opening()
        };
        move || open(&choice, shares, &runtime, &opening)
    });
    let engine = engine::start(&EngineOptions {
        instances: options.concurrency + options.max_streams + workers + host::ASIDE,
        max_memory: options.max_memory.0,
        perf_map: options.perf_map,
    })?;
    let store = opening
        .join()
        .map_err(|_| anyhow::anyhow!("opening the store panicked"))??;
    let limits = Limits {
        timeout: options.timeout.0,
        max_memory: options.max_memory.0,
        max_body: options.max_body.0,
    };
    let grants = Grants {
        directories: options.dir.iter().map(|dir| dir.0.clone()).collect(),
        environment: options
            .env
            .iter()
            .map(|variable| variable.0.clone())
            .collect(),
    };
    let app = App::load(
        &engine,
        &options.component,
        &options.compile_cache(),
        store,
        grants,
        limits,
    )?;
    if options.compile_only {
        return Ok(());
    }
    let gate = Gate::new(options.concurrency, options.queue_length());
    // Give streams the room that commands and deliveries leave over: streams must not take
    // instances that a command needs.
    let room = app
        .room()
        .saturating_sub(options.concurrency + workers + host::ASIDE);
    if room < options.max_streams {
        tracing::warn!(
            "the application is large: the engine has room for {room} event streams at a time"
        );
    }
    // Streams must not take all connections either.
    let most = u32::try_from(shares.connections / 2).unwrap_or(u32::MAX);
    if most < options.max_streams {
        tracing::warn!(
            "the host accepts {most} event streams at a time: raise the limit of open files (ulimit -n) for more"
        );
    }
    let streams = Streams::new(options.max_streams.min(room).min(most));
    let bounds = Bounds {
        connections: shares.connections,
        buffered: options.max_buffered.0,
    };
    let host = Host::bounded(app, options.recycling(), gate, streams, bounds);
    let result = runtime.block_on(async {
        start::compare(&host, &options.accept).await?;
        listen(&options.listen, host, !options.no_delivery).await
    });
    // Every guest that still runs has had its full time: do not wait for it.
    runtime.shutdown_background();
    result
}

fn open(
    store: &StoreChoice,
    shares: Shares,
    runtime: &Handle,
    opening: &Opening,
) -> Result<Arc<dyn Buckets>, HostError> {
    Ok(match store {
        StoreChoice::Memory => Arc::new(Memory::default()),
        StoreChoice::Directory(path) => {
            place::refuse_others(path)?;
            Arc::new(Embedded::open_within(path, shares.tables)?)
        }
        StoreChoice::Postgres(url) => Arc::new(runtime.block_on(Postgres::open(url, opening))?),
        StoreChoice::Nats(url) => Arc::new(runtime.block_on(Nats::open(url, opening))?),
    })
}

/// SIGXFSZ: a write would exceed the process's file size limit. The write itself also fails, and
/// its caller handles the error.
const FILE_TOO_LARGE: i32 = 25;

async fn listen(address: &str, host: Arc<Host>, deliver: bool) -> anyhow::Result<()> {
    // Without a handler the signal would end the host before it could log the reason.
    let _too_large = signal(SignalKind::from_raw(FILE_TOO_LARGE)).map_err(HostError::System)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(HostError::System)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(HostError::System)?;
    let server = Server::bind(address, host).await?;
    announce(&server)?;
    let stop = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    };
    Ok(server.run(stop, deliver).await?)
}

fn completions(options: &Completions) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(
        options.shell,
        &mut Cli::command(),
        "annals-host",
        &mut script,
    );
    std::io::stdout()
        .write_all(&script)
        .context("cannot write to stdout")
}

/// Prints the only line on stdout. Scripts wait for it and read the port from it.
fn announce(server: &Server) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    writeln!(
        stdout,
        "annals-host: listening on http://{}",
        server.address()?
    )
    .and_then(|()| stdout.flush())
    .context("cannot write the address to stdout")
}
