//! Serves an application over HTTP like a host that is not available here. Everything except the store is
//! annals-host's. It drives no deliveries, because those hosts do not either.

use std::future;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use annals_host::app::{App, Limits};
use annals_host::engine::{self, EngineOptions};
use annals_host::gate::Gate;
use annals_host::host::Host;
use annals_host::pool::Recycling;
use annals_host::precompiled::CompileCache;
use annals_host::server::Server;
use annals_host::state::Grants;
use annals_host::store::Embedded;
use annals_host::streams::Streams;
use annals_host_doubles::stand_in::{Like, StandIn};
use anyhow::Result;
use clap::Parser;

/// Serves an application like another host.
#[derive(Parser)]
struct Cli {
    /// The host to imitate.
    #[arg(long)]
    like: Like,
    /// The address to listen on.
    #[arg(long)]
    listen: String,
    /// The folder of the store.
    #[arg(long)]
    store: PathBuf,
    /// The component.
    app: PathBuf,
}

/// Maximum number of concurrent requests, and of concurrent streams.
const PLACES: u32 = 16;

fn main() -> ExitCode {
    match serve(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("stand-in: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn serve(cli: &Cli) -> Result<()> {
    let max_memory = 128 << 20;
    let engine = engine::start(&EngineOptions {
        instances: 2 * PLACES,
        max_memory,
        perf_map: false,
    })?;
    let store = Arc::new(StandIn::new(cli.like, Embedded::open(&cli.store)?));
    let limits = Limits {
        timeout: Duration::from_secs(10),
        max_memory,
        max_body: 8 << 20,
    };
    let app = App::load(
        &engine,
        &cli.app,
        &CompileCache::User,
        store,
        Grants::default(),
        limits,
    )?;
    // The imitated hosts make a new instance for each request.
    let recycling = Recycling {
        warm: 0,
        ..Recycling::default()
    };
    let host = Host::new(app, recycling, Gate::new(PLACES, 256), Streams::new(PLACES));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let server = Server::bind(&cli.listen, host).await?;
        Ok(server.run(future::pending(), false).await?)
    })
}
