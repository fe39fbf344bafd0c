//! The bank as a native program, without WebAssembly: hyper, the domain, and one of two stores.
//!
//! - [`bank`]: the embedded store of `annals-host` with its group commit. This variant has no log of all events, no
//!   idempotency and no reactions. It does only the work that every durable service of this kind must do.
//! - [`files`]: the log protocol of Annals over files, as a composed application keeps them on `wasmtime serve`.

mod bank;
mod files;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use annals_bench_domain::{Command, Malformed};
use anyhow::Result;
use bank::{Bank, No};
use bytes::Bytes;
use clap::{Parser, Subcommand};
use files::FileBank;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Maximum length of a payload, in bytes.
const MAX_BODY: usize = 8 << 20;

/// The bank as a native program over the embedded store of annals-host.
#[derive(Parser)]
struct Cli {
    /// The folder of the store.
    #[arg(long)]
    store: PathBuf,
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
        /// Keeps states in memory.
        #[arg(long, conflicts_with = "files")]
        cache: bool,
        /// Keeps events in files, by the log protocol of Annals.
        #[arg(long)]
        files: bool,
    },
    /// Writes streams, each given as `NAME=LENGTH`.
    Fill {
        /// An account and its number of events.
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
            Task::Serve {
                listen,
                cache,
                files,
            } => {
                let bank = match files {
                    true => Served::Files(FileBank::open(&cli.store)),
                    false => Served::Embedded(Bank::open(&cli.store, cache)?),
                };
                serve(listen, bank).await
            }
            Task::Fill { streams } => Bank::open(&cli.store, false)?.fill(&streams).await,
        }
    })
}

/// The bank over one of the stores.
enum Served {
    Embedded(Bank),
    Files(FileBank),
}

impl Served {
    async fn execute(&self, stream: &str, command: Command) -> Result<(u64, &'static str), No> {
        match self {
            Self::Embedded(bank) => bank.execute(stream, command).await,
            Self::Files(bank) => bank.execute(stream, command).await,
        }
    }

    async fn read(&self, stream: &str, after: u64, limit: u64) -> Result<Vec<Value>, String> {
        match self {
            Self::Embedded(bank) => bank.read(stream, after, limit),
            Self::Files(bank) => bank.read(stream, after, limit).await,
        }
    }
}

async fn serve(listen: SocketAddr, bank: Served) -> Result<()> {
    let bank = Arc::new(bank);
    let listener = TcpListener::bind(listen).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let bank = bank.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| {
                let bank = bank.clone();
                async move { Ok::<_, Infallible>(answer(&bank, request).await) }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service);
            // The client observes how the connection ends.
            drop(connection.await);
        });
    }
}

async fn answer(bank: &Served, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let path = request.uri().path().to_string();
    if path == "/hello" {
        return Response::new(Full::new("hello world".into()));
    }
    if let Some(stream) = path.strip_prefix("/streams/") {
        return read(bank, stream, request.uri().query().unwrap_or_default()).await;
    }
    let Some(command_type) = path.strip_prefix("/commands/") else {
        return json(StatusCode::NOT_FOUND, &json!({}));
    };
    if request.method() != Method::POST {
        return json(StatusCode::METHOD_NOT_ALLOWED, &json!({}));
    }
    let body = Limited::new(request.into_body(), MAX_BODY).collect().await;
    match body {
        Ok(body) => execute(bank, command_type, &body.to_bytes()).await,
        Err(why) => refused(StatusCode::BAD_REQUEST, &why.to_string()),
    }
}

async fn execute(bank: &Served, command_type: &str, payload: &[u8]) -> Response<Full<Bytes>> {
    let command = match Command::parse(command_type, payload) {
        Ok(command) => command,
        Err(Malformed::Unknown) => return refused(StatusCode::NOT_FOUND, command_type),
        Err(Malformed::Payload(why)) => return refused(StatusCode::BAD_REQUEST, &why.to_string()),
    };
    let stream = format!("account-{}", command.account());
    match bank.execute(&stream, command).await {
        Ok((version, event)) => json(
            StatusCode::OK,
            &json!({"stream": stream, "version": version,
                "events": [{"type": event, "version": version}]}),
        ),
        Err(No::Rejected(code)) => json(StatusCode::UNPROCESSABLE_ENTITY, &json!({"code": code.0})),
        Err(No::Conflict) => refused(StatusCode::CONFLICT, &stream),
        Err(No::Store(why)) => refused(StatusCode::SERVICE_UNAVAILABLE, &why),
    }
}

async fn read(bank: &Served, stream: &str, query: &str) -> Response<Full<Bytes>> {
    let number = |name: &str| {
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let (_, value) = pairs.find(|(key, _)| *key == name)?;
        value.parse().ok()
    };
    let (after, limit) = (number("after"), number("limit"));
    match bank
        .read(stream, after.unwrap_or(0), limit.unwrap_or(100))
        .await
    {
        Ok(events) => json(StatusCode::OK, &json!({"events": events})),
        Err(why) => refused(StatusCode::SERVICE_UNAVAILABLE, &why),
    }
}

fn refused(status: StatusCode, detail: &str) -> Response<Full<Bytes>> {
    json(status, &json!({"detail": detail}))
}

fn json(status: StatusCode, body: &Value) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.to_string().into()));
    *response.status_mut() = status;
    let json = hyper::header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
