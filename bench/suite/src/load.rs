//! The load generator: one for all peers.
//!
//! One thread, keep-alive connections, and nothing done with an answer but to check its status. It
//! shares the machine with the server, so what it takes itself is measured, too.

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

/// A run that hangs is given up so long after its time.
const PATIENCE: Duration = Duration::from_secs(60);
/// Requests of one load, at most.
pub const MOST: u64 = 2_000_000;
/// Pause before a command that met a conflict is sent again.
const AFTER_CONFLICT: Duration = Duration::from_millis(1);

/// What is sent.
#[derive(Debug, Clone)]
pub struct Request {
    /// `POST` if there is a body, `GET` if there is none.
    pub body: Option<Bytes>,
    /// With the query.
    pub path: String,
    /// The command id.
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

/// Where the requests of all connections come from.
pub trait Source {
    /// The next one of a connection, or none any more.
    fn next(&mut self, connection: usize) -> Option<Request>;

    /// The connection's request was answered with 200.
    fn accepted(&mut self, _connection: usize) {}

    /// Streams and the versions that they must have come to. Many: some of them will do.
    fn ends(&self) -> Vec<(String, u64)> {
        Vec::new()
    }
}

/// How much load.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Connections, each with one request at a time.
    pub clients: usize,
    /// How long requests are sent.
    pub time: Duration,
    /// How many are sent at most.
    pub most: u64,
}

/// What was measured.
pub struct Measured {
    /// Requests answered with 200.
    pub accepted: u64,
    /// Answers 409; the same request was sent again.
    pub conflicts: u64,
    /// From the first request to the last answer.
    pub seconds: f64,
    /// Of accepted requests in microseconds, each with all its conflicts.
    pub latencies: Histogram<u64>,
    /// What the generator took itself.
    pub generator_seconds: f64,
}

#[derive(Debug)]
struct Counts {
    sent: u64,
    accepted: u64,
    conflicts: u64,
    latencies: Histogram<u64>,
}

/// Latencies from a microsecond to a minute, three digits of each.
///
/// # Errors
///
/// Never.
pub fn latencies() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 60_000_000, 3)?)
}

/// A duration as the histogram has it.
pub fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1)
}

/// Where the requests come from, shared by all connections of this thread.
pub type SharedSource = Rc<RefCell<dyn Source>>;

/// Runs a closed loop, on a runtime of its own on this thread.
///
/// # Errors
///
/// If an answer is missing, or neither 200 nor 409.
pub fn run(
    address: SocketAddr,
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
        for _ in 0..load.clients {
            connections.push(connect(address).await?);
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
    /// Instead of the requests' own.
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

/// Connects. Needs a [`LocalSet`].
///
/// # Errors
///
/// If nobody listens.
pub async fn connect(address: SocketAddr) -> Result<Connection> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    // How it ends, its requests tell.
    tokio::task::spawn_local(async move { drop(connection.await) });
    Ok(Connection {
        sender,
        host: address.to_string(),
    })
}

impl Connection {
    /// Sends a request, and answers the status and the whole body.
    ///
    /// # Errors
    ///
    /// If there is no whole answer.
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
