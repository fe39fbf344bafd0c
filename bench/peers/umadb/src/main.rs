//! UmaDB as its crates come: the server, and clients that append on a condition.
//!
//! Each append opens an account: it has one event with the account as its tag, and fails if the store has an event
//! with that tag. That is the check of an event-sourced `OpenAccount`, without the decider, HTTP and JSON of a whole
//! application.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use clap::{Parser, Subcommand};
use tokio::sync::oneshot;
use umadb_client::{AsyncUmaDbClient, UmaDbClient};
use umadb_dcb::{
    DcbAppendCondition, DcbError, DcbEvent, DcbEventStoreAsync, DcbQuery, DcbQueryItem,
};
use umadb_server::{ServerOptions, StorageOptions};

/// UmaDB, and clients that append to it.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Serves a store with the settings that UmaDB has by default: an answer follows the sync of the disk.
    Serve {
        /// The folder of the store.
        #[arg(long)]
        store: PathBuf,
        /// The loopback address to listen on.
        #[arg(long)]
        listen: String,
    },
    /// Appends with a number of clients, and prints JSON.
    Append {
        /// The server's address.
        #[arg(long)]
        to: String,
        /// Clients, each with a connection of its own and one append at a time.
        #[arg(long, default_value_t = 64)]
        clients: usize,
        /// Seconds that are measured.
        #[arg(long)]
        seconds: f64,
        /// Seconds before, that are not.
        #[arg(long)]
        warm_up: f64,
    },
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let runtime = |threads| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .enable_all()
            .build()
    };
    match cli.task {
        Task::Serve { store, listen } => runtime(2)?.block_on(serve(store, &listen)),
        // One thread, like the suite's own load generator.
        Task::Append {
            to,
            clients,
            seconds,
            warm_up,
        } => runtime(1)?.block_on(append(&to, clients, seconds, warm_up)),
    }
}

async fn serve(store: PathBuf, listen: &str) -> Result<()> {
    // UmaDB ends when the sender of this channel is dropped, so it is kept.
    let (_end, ended) = oneshot::channel();
    let options = ServerOptions {
        listen_addr: listen.into(),
        tls: None,
        api_key: None,
        storage: StorageOptions::default().db_path(store),
    };
    let served = umadb_server::start_server_with_options(options, ended).await;
    served.map_err(|error| anyhow::anyhow!("{error}"))
}

fn condition(account: &str) -> DcbAppendCondition {
    DcbAppendCondition::new(DcbQuery::new().item(DcbQueryItem::new().tags([tag(account)])))
}

fn tag(account: &str) -> String {
    format!("account:{account}")
}

fn opened(account: &str) -> DcbEvent {
    let data = format!("{{\"account\":\"{account}\",\"owner\":\"Ada\",\"deposit\":100}}");
    DcbEvent::default()
        .event_type("AccountOpened")
        .tags([tag(account)])
        .data(data.into_bytes())
}

/// Latencies of the measured appends of a client, and the number of all its appends.
struct Appended {
    latencies: Vec<Duration>,
    all: u64,
}

async fn client(
    store: AsyncUmaDbClient,
    name: usize,
    start: Instant,
    end: Instant,
) -> Result<Appended> {
    let mut appended = Appended {
        latencies: Vec::new(),
        all: 0,
    };
    while Instant::now() < end {
        let account = format!("n{name}-{}", appended.all);
        let sent = Instant::now();
        store
            .append(vec![opened(&account)], Some(condition(&account)), None)
            .await?;
        appended.all += 1;
        let done = Instant::now();
        if done >= start && done < end {
            appended.latencies.push(done - sent);
        }
    }
    Ok(appended)
}

async fn append(to: &str, clients: usize, seconds: f64, warm_up: f64) -> Result<()> {
    let mut stores = Vec::new();
    for _ in 0..clients {
        let connected = UmaDbClient::new(format!("http://{to}"))
            .connect_async()
            .await;
        stores.push(connected?);
    }
    let start = Instant::now() + Duration::from_secs_f64(warm_up);
    let end = start + Duration::from_secs_f64(seconds);
    let tasks: Vec<_> = stores
        .into_iter()
        .enumerate()
        .map(|(name, store)| tokio::spawn(client(store, name, start, end)))
        .collect();
    let mut latencies = Vec::new();
    let mut all = 0;
    for task in tasks {
        let appended = task.await??;
        latencies.extend(appended.latencies);
        all += appended.all;
    }
    latencies.sort_unstable();
    check(to, all).await?;
    let at = |quantile: f64| {
        let index = (latencies.len() as f64 * quantile) as usize;
        let latency = latencies.get(index.min(latencies.len().saturating_sub(1)));
        latency.map(|latency| latency.as_secs_f64() * 1e3)
    };
    println!(
        "{}",
        serde_json::json!({
            "measured": latencies.len(),
            "seconds": seconds,
            "p50_ms": at(0.5),
            "p99_ms": at(0.99),
        })
    );
    Ok(())
}

/// Checks that the store has exactly the acknowledged events, and that the condition holds: a second account of a name
/// is refused.
async fn check(to: &str, all: u64) -> Result<()> {
    let store = UmaDbClient::new(format!("http://{to}"))
        .connect_async()
        .await?;
    let head = store.head().await?.context("the store is empty")?;
    ensure!(
        head == all,
        "{all} appends, but the last position is {head}"
    );
    let again = store
        .append(vec![opened("n0-0")], Some(condition("n0-0")), None)
        .await;
    ensure!(
        matches!(again, Err(DcbError::IntegrityError(_))),
        "an account was opened twice: {again:?}"
    );
    Ok(())
}
