//! The bank by hand: axum, the embedded store of `annals-host` with its group commit, and the domain.
//! No WebAssembly, no log of all events, no idempotency, no reactions: what is left is what any
//! durable service of this kind must do.

mod bank;

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
use bank::{Bank, No};
use clap::{Parser, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};

/// The bank by hand over the host's embedded store.
#[derive(Parser)]
struct Cli {
    /// Where the store is.
    #[arg(long)]
    store: PathBuf,
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Serves it.
    Serve {
        /// Address of loopback.
        #[arg(long)]
        listen: SocketAddr,
        /// Keeps states in memory.
        #[arg(long)]
        cache: bool,
    },
    /// Writes streams, each `NAME=LENGTH`.
    Fill {
        /// The account and how many events it has.
        streams: Vec<String>,
    },
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        match cli.task {
            Task::Serve { listen, cache } => serve(listen, Bank::open(&cli.store, cache)?).await,
            Task::Fill { streams } => Bank::open(&cli.store, false)?.fill(&streams).await,
        }
    })
}

async fn serve(listen: SocketAddr, bank: Bank) -> Result<()> {
    let app = axum::Router::new()
        .route("/commands/{type}", post(command))
        .route("/streams/{stream}", get(stream))
        .route(
            "/hello",
            get(|| async { "hello world" }).post(|| async { "hello world" }),
        )
        .layer(DefaultBodyLimit::max(8 << 20))
        .with_state(Arc::new(bank));
    let listener = tokio::net::TcpListener::bind(listen).await?;
    Ok(axum::serve(listener, app).await?)
}

async fn command(
    State(bank): State<Arc<Bank>>,
    Path(command_type): Path<String>,
    body: Bytes,
) -> (StatusCode, Json<Value>) {
    let command = match Command::parse(&command_type, &body) {
        Ok(command) => command,
        Err(Malformed::Unknown) => return (StatusCode::NOT_FOUND, Json(json!({}))),
        Err(Malformed::Payload(why)) => {
            return (
                StatusCode::BAD_REQUEST,
                Json(json!({"detail": why.to_string()})),
            );
        }
    };
    let stream = format!("account-{}", command.account());
    match bank.execute(&stream, command).await {
        Ok((version, event)) => (
            StatusCode::OK,
            Json(json!({"stream": stream, "version": version,
                "events": [{"type": event, "version": version}]})),
        ),
        Err(No::Rejected(code)) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            Json(json!({"code": code.0})),
        ),
        Err(No::Conflict) => (StatusCode::CONFLICT, Json(json!({}))),
        Err(No::Store(why)) => (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(json!({"detail": why})),
        ),
    }
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    after: u64,
    limit: Option<u64>,
}

async fn stream(
    State(bank): State<Arc<Bank>>,
    Path(stream): Path<String>,
    Query(page): Query<Page>,
) -> (StatusCode, Json<Value>) {
    match bank.read(&stream, page.after, page.limit.unwrap_or(100)) {
        Ok(events) => (StatusCode::OK, Json(json!({"events": events}))),
        Err(why) => (
            StatusCode::SERVICE_UNAVAILABLE,
            Json(json!({"detail": why})),
        ),
    }
}
