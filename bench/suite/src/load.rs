//! The load generator, the same for all peers.
//!
//! It has one thread and keep-alive connections, and checks only the status of an answer. It shares the machine with
//! the server, so it also measures its own processor time.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use bytes::Bytes;
use hdrhistogram::Histogram;
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper::{Method, Request as HttpRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::{JoinSet, LocalSet};

use crate::process;

/// Time after the end of a load until a run that hangs is given up.
const PATIENCE: Duration = Duration::from_secs(60);
/// Maximum number of requests in one load.
pub const MOST: u64 = 2_000_000;
/// Pause before a command that met a conflict is sent again.
const AFTER_CONFLICT: Duration = Duration::from_millis(1);

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    /// `POST` if there is a body, `GET` if there is none.
    pub body: Option<Bytes>,
    /// The path with the query.
    pub path: String,
    /// The idempotency key: the command id.
    pub key: Option<String>,
}

impl Request {
    /// A command.
    pub fn command(command_type: &str, body: String) -> Self {
        Self {
            body: Some(body.into()),
            path: format!("/commands/{command_type}"),
            key: None,
        }
    }

    /// A read.
    pub fn get(path: String) -> Self {
        Self {
            body: None,
            path,
            key: None,
        }
    }
}

/// The source of the requests of all connections.
pub trait Source {
    /// The next request of a connection, or `None` at the end.
    fn next(&mut self, connection: usize) -> Option<Request>;

    /// The connection's request was answered with 200.
    fn accepted(&mut self, _connection: usize) {}

    /// Streams and their expected versions. If there are many, a part of them suffices.
    fn ends(&self) -> Vec<(String, u64)> {
        Vec::new()
    }
}

/// The size of a load.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Number of connections, each with one request at a time.
    pub clients: usize,
    /// The time during which connections send requests.
    pub time: Duration,
    /// Maximum number of requests.
    pub most: u64,
}

/// The result of a load.
pub struct Measured {
    /// Requests answered with 200.
    pub accepted: u64,
    /// Answers 409. The client sends the same request again.
    pub conflicts: u64,
    /// Seconds from the first request to the last answer.
    pub seconds: f64,
    /// Latencies of accepted requests in microseconds. Each includes all conflicts of its request.
    pub latencies: Histogram<u64>,
    /// Processor seconds of the generator itself.
    pub generator_seconds: f64,
}

#[derive(Debug)]
struct Counts {
    sent: u64,
    accepted: u64,
    conflicts: u64,
    latencies: Histogram<u64>,
}

/// A histogram of latencies from a microsecond to a minute, with three significant digits.
///
/// # Errors
///
/// Never.
pub fn latencies() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 60_000_000, 3)?)
}

/// A duration in microseconds, as the histogram records it; at least 1.
pub fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1)
}

/// The source of the requests, shared by all connections of this thread.
pub type SharedSource = Rc<RefCell<dyn Source>>;

/// Runs a closed loop, on a runtime of its own on this thread. The clients are distributed evenly among the servers.
///
/// # Errors
///
/// If an answer is missing, or neither 200 nor 409.
pub fn run(
    servers: &[SocketAddr],
    path: Option<&'static str>,
    load: Load,
    source: &SharedSource,
) -> Result<Measured> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let counts = Rc::new(RefCell::new(Counts {
        sent: 0,
        accepted: 0,
        conflicts: 0,
        latencies: latencies()?,
    }));
    let local = LocalSet::new();
    let cpu = process::this_thread()?;
    let seconds = local.block_on(&runtime, async {
        let mut connections = Vec::new();
        for address in servers.iter().cycle().take(load.clients) {
            connections.push(connect(*address).await?);
        }
        let start = Instant::now();
        let mut clients = JoinSet::new();
        for (number, connection) in connections.into_iter().enumerate() {
            let client = Client {
                number,
                connection,
                path,
                load,
                source: source.clone(),
                counts: counts.clone(),
            };
            clients.spawn_local(client.run(start));
        }
        let all = async {
            while let Some(done) = clients.join_next().await {
                done??;
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(load.time + PATIENCE, all)
            .await
            .map_err(|_| anyhow!("some answers never came"))??;
        anyhow::Ok(start.elapsed().as_secs_f64())
    })?;
    let generator_seconds = process::this_thread()? - cpu;
    let counts = counts.borrow();
    Ok(Measured {
        accepted: counts.accepted,
        conflicts: counts.conflicts,
        seconds,
        latencies: counts.latencies.clone(),
        generator_seconds,
    })
}

struct Client {
    number: usize,
    connection: Connection,
    /// The path of all requests, in place of their own.
    path: Option<&'static str>,
    load: Load,
    source: SharedSource,
    counts: Rc<RefCell<Counts>>,
}

impl Client {
    async fn run(mut self, start: Instant) -> Result<()> {
        while start.elapsed() < self.load.time {
            {
                let mut counts = self.counts.borrow_mut();
                if counts.sent >= self.load.most {
                    return Ok(());
                }
                counts.sent += 1;
            }
            let next = self.source.borrow_mut().next(self.number);
            let Some(mut request) = next else {
                return Ok(());
            };
            if let Some(path) = self.path {
                request.path = path.into();
            }
            self.until_accepted(&request, start).await?;
        }
        Ok(())
    }

    async fn until_accepted(&mut self, request: &Request, start: Instant) -> Result<()> {
        let sent = Instant::now();
        loop {
            let (status, body) = self.connection.send(request).await?;
            match status {
                200 => break,
                409 => {
                    self.counts.borrow_mut().conflicts += 1;
                    if start.elapsed() > self.load.time {
                        return Ok(());
                    }
                    tokio::time::sleep(AFTER_CONFLICT).await;
                }
                status => bail!(
                    "{} was answered {status}: {}",
                    request.path,
                    String::from_utf8_lossy(&body)
                ),
            }
        }
        let mut counts = self.counts.borrow_mut();
        counts.accepted += 1;
        counts.latencies.saturating_record(micros(sent.elapsed()));
        self.source.borrow_mut().accepted(self.number);
        Ok(())
    }
}

/// A keep-alive connection.
pub struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: String,
}

/// Connects to a server. Needs a [`LocalSet`].
///
/// # Errors
///
/// If no server listens.
pub async fn connect(address: SocketAddr) -> Result<Connection> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    // Ignore the result: the requests of the connection report its errors.
    tokio::task::spawn_local(async move { drop(connection.await) });
    Ok(Connection {
        sender,
        host: address.to_string(),
    })
}

impl Connection {
    /// Sends a request. Returns the status and the whole body.
    ///
    /// # Errors
    ///
    /// If the answer is missing or incomplete.
    pub async fn send(&mut self, request: &Request) -> Result<(u16, Bytes)> {
        let mut head = HttpRequest::builder()
            .uri(&request.path)
            .header(HOST, &self.host)
            .method(match request.body {
                Some(_) => Method::POST,
                None => Method::GET,
            });
        if request.body.is_some() {
            head = head.header(CONTENT_TYPE, "application/json");
        }
        if let Some(key) = &request.key {
            head = head.header("idempotency-key", key);
        }
        let body = Full::new(request.body.clone().unwrap_or_default());
        self.sender.ready().await?;
        let answer = self.sender.send_request(head.body(body)?).await?;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await;
        Ok((status, body.context("the answer broke off")?.to_bytes()))
    }
}
