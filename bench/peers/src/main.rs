//! The bank behind axum, cqrs-es and sqlite-es: WAL, `synchronous=FULL`, with or without snapshots.

mod bank;
mod micro;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use annals_bench_domain::{Command, Malformed};
use anyhow::Result;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use clap::{Parser, Subcommand};
use cqrs_es::{AggregateError, CqrsFramework, EventStore};
use serde::Deserialize;
use serde_json::{Value, json};

/// The bank behind axum, cqrs-es and sqlite-es.
#[derive(Parser)]
struct Cli {
    /// The folder of the database.
    #[arg(long)]
    store: PathBuf,
    /// Number of events between two snapshots; 0: no snapshots.
    #[arg(long, default_value_t = 0)]
    snapshots: usize,
    /// Connections of the pool. The default of sqlite-es is 10.
    #[arg(long, default_value_t = 10)]
    connections: u32,
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Serves the bank.
    Serve {
        /// The loopback address to listen on.
        #[arg(long)]
        listen: SocketAddr,
    },
    /// Writes streams, each given as `NAME=LENGTH`.
    Fill {
        /// An account and its number of events.
        streams: Vec<String>,
    },
    /// Measures commands inside this process, and prints JSON.
    Micro {
        /// Seconds for each measurement.
        #[arg(long, default_value_t = 2.0)]
        seconds: f64,
    },
}

struct Bank {
    framework: CqrsFramework<bank::Bank, bank::Store>,
    /// The store that reads use.
    store: bank::Store,
}

#[tokio::main]
async fn main() -> Result<()> {
    let cli = Cli::parse();
    std::fs::create_dir_all(&cli.store)?;
    match cli.task {
        Task::Fill { streams } => bank::fill(&cli.store, &streams).await,
        Task::Micro { seconds } => micro::measure(&cli.store, seconds).await,
        Task::Serve { listen } => {
            let pool = bank::open(&cli.store, cli.connections).await?;
            let store = || bank::store(pool.clone(), cli.snapshots);
            let bank = Bank {
                framework: CqrsFramework::new(store(), vec![], ()),
                store: store(),
            };
            let app = axum::Router::new()
                .route("/commands/{type}", post(command))
                .route("/streams/{stream}", get(stream))
                .layer(DefaultBodyLimit::max(8 << 20))
                .with_state(Arc::new(bank));
            let listener = tokio::net::TcpListener::bind(listen).await?;
            Ok(axum::serve(listener, app).await?)
        }
    }
}

type Answer = (StatusCode, Json<Value>);

async fn command(
    State(bank): State<Arc<Bank>>,
    Path(command_type): Path<String>,
    body: Bytes,
) -> Answer {
    let command = match Command::parse(&command_type, &body) {
        Ok(command) => command,
        Err(Malformed::Unknown) => return (StatusCode::NOT_FOUND, Json(json!({}))),
        Err(Malformed::Payload(why)) => {
            let detail = why.to_string();
            return (StatusCode::BAD_REQUEST, Json(json!({"detail": detail})));
        }
    };
    let account = command.account().to_string();
    match bank.framework.execute(&account, command).await {
        Ok(()) => {
            let stream = format!("account-{account}");
            (StatusCode::OK, Json(json!({"stream": stream})))
        }
        Err(AggregateError::UserError(code)) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            Json(json!({"code": code.0})),
        ),
        Err(AggregateError::AggregateConflict) => (StatusCode::CONFLICT, Json(json!({}))),
        Err(error) => failed(&error),
    }
}

fn failed(error: &dyn std::error::Error) -> Answer {
    let detail = error.to_string();
    (
        StatusCode::SERVICE_UNAVAILABLE,
        Json(json!({"detail": detail})),
    )
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    after: usize,
    limit: Option<usize>,
}

async fn stream(
    State(bank): State<Arc<Bank>>,
    Path(stream): Path<String>,
    Query(page): Query<Page>,
) -> Answer {
    let account = stream.strip_prefix("account-").unwrap_or(&stream);
    match bank.store.load_events(account).await {
        Ok(events) => {
            let events: Vec<Value> = events
                .iter()
                .skip_while(|event| event.sequence <= page.after)
                .take(page.limit.unwrap_or(100))
                .map(|event| json!({"type": event.payload.0.name(), "streamversion": event.sequence}))
                .collect();
            (StatusCode::OK, Json(json!({"events": events})))
        }
        Err(error) => failed(&error),
    }
}
