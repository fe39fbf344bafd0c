//! Keeps a connection to one of the servers, and asks JetStream's interface.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::connection::{Access, Connection, Request, connect};
use super::options::{Options, address};
use super::wire::{self, Message};
use crate::store::KvError;
use crate::store::remote::{ConnectError, Outage};

/// Maximum time to connect to one server.
const CONNECT_LIMIT: Duration = Duration::from_secs(3);

/// Makes connections, and makes them again.
pub struct Client {
    pub options: Options,
    access: Access,
    current: Mutex<Option<Arc<Connection>>>,
    /// Held while a connection is made.
    connecting: tokio::sync::Mutex<()>,
    /// The server to try first.
    first: AtomicUsize,
    outage: Outage,
    /// A random number that tells this client from others.
    name: u64,
    steps: AtomicU64,
}

impl Client {
    /// A client without a connection.
    pub fn new(options: Options, access: Access) -> Self {
        Self {
            options,
            access,
            current: Mutex::new(None),
            connecting: tokio::sync::Mutex::new(()),
            first: AtomicUsize::new(0),
            outage: Outage::default(),
            name: RandomState::new().hash_one(std::process::id()),
            steps: AtomicU64::new(0),
        }
    }

    /// Tries the servers in turn, beginning with the one after the last that was connected.
    ///
    /// # Errors
    /// Why there is no connection to any of them.
    pub async fn connect(&self) -> Result<Arc<Connection>, ConnectError> {
        let servers = &self.options.servers;
        let first = self.first.load(Ordering::Relaxed);
        let mut refused = None;
        let mut reasons = Vec::new();
        for step in 0..servers.len() {
            let at = (first + step) % servers.len();
            let (host, port) = &servers[at];
            let connecting = connect(host, *port, &self.access);
            let connected = tokio::time::timeout(CONNECT_LIMIT, connecting).await;
            let late = || {
                let seconds = CONNECT_LIMIT.as_secs();
                ConnectError::Unreachable(format!("no connection within {seconds} s"))
            };
            match connected.unwrap_or_else(|_| Err(late())) {
                Ok(connection) => {
                    self.first.store(at + 1, Ordering::Relaxed);
                    *self.current() = Some(connection.clone());
                    return Ok(connection);
                }
                Err(ConnectError::Refused(reason)) => refused = Some(reason),
                Err(ConnectError::Unreachable(reason)) => {
                    reasons.push(format!("{}: {reason}", address(host, *port)));
                }
            }
        }
        Err(match refused {
            Some(reason) => ConnectError::Refused(reason),
            None => ConnectError::Unreachable(reasons.join("; ")),
        })
    }

    /// The connection, or a new one.
    ///
    /// # Errors
    /// [`KvError::Unavailable`].
    pub async fn connection(self: &Arc<Self>, by: Instant) -> Result<Arc<Connection>, KvError> {
        if let Some(open) = self.open() {
            return Ok(open);
        }
        self.outage.check()?;
        // The attempt goes on for others if the time of this operation is up.
        let client = self.clone();
        let connecting = tokio::spawn(async move { client.connect_again().await });
        match tokio::time::timeout_at(by, connecting).await {
            Ok(Ok(connected)) => connected,
            Ok(Err(_)) => Err(KvError::Unavailable("the host is stopping".into())),
            Err(_) => Err(late(self.options.timeout)),
        }
    }

    async fn connect_again(&self) -> Result<Arc<Connection>, KvError> {
        let _connecting = self.connecting.lock().await;
        // Somebody else may have tried meanwhile.
        if let Some(open) = self.open() {
            return Ok(open);
        }
        self.outage.check()?;
        match self.connect().await {
            Ok(connection) => {
                self.outage.end();
                Ok(connection)
            }
            Err(error) => Err(self.outage.record(error.reason())),
        }
    }

    /// Sends a request on a connection to the server.
    ///
    /// # Errors
    /// [`KvError::Unavailable`]: nothing was sent.
    pub async fn send(
        self: &Arc<Self>,
        subject: &str,
        payload: &[u8],
        by: Instant,
    ) -> Result<Request, KvError> {
        let connection = self.connection(by).await?;
        let request = connection.request();
        let mut bytes = Vec::with_capacity(payload.len() + 256);
        wire::publish(&mut bytes, subject, &request.reply, &[], payload);
        connection.send(bytes);
        Ok(request)
    }

    /// Asks JetStream's interface, whose answers are JSON.
    ///
    /// # Errors
    /// [`KvError::Unavailable`].
    pub async fn ask(
        self: &Arc<Self>,
        method: &str,
        body: &Value,
        by: Instant,
    ) -> Result<Value, KvError> {
        let subject = format!("$JS.API.{method}");
        let mut request = self.send(&subject, body.to_string().as_bytes(), by).await?;
        let answer = next(&mut request, by, self.options.timeout).await?;
        if answer.status == Some(503) {
            let reason = "no server answers for JetStream, or this account may not use it";
            return Err(KvError::Unavailable(reason.into()));
        }
        let unreadable = |error| KvError::Unavailable(format!("JetStream answers {error}"));
        serde_json::from_slice(&answer.payload).map_err(unreadable)
    }

    /// A name that no other step of any host has.
    pub fn step(&self) -> String {
        let number = self.steps.fetch_add(1, Ordering::Relaxed);
        format!("{:016x}-{number:x}", self.name)
    }

    /// True if there is a connection.
    pub fn is_connected(&self) -> bool {
        self.open().is_some()
    }

    /// Closes the connection.
    pub fn close(&self) {
        if let Some(connection) = self.current().take() {
            connection.close("the store is closed");
        }
    }

    fn current(&self) -> std::sync::MutexGuard<'_, Option<Arc<Connection>>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> Option<Arc<Connection>> {
        self.current()
            .clone()
            .filter(|connection| connection.is_open())
    }
}

/// Waits for the next answer to a request.
///
/// # Errors
/// [`KvError::Unavailable`] if the connection ends or the time is up.
pub async fn next(request: &mut Request, by: Instant, limit: Duration) -> Result<Message, KvError> {
    match tokio::time::timeout_at(by, request.next()).await {
        Ok(Some(message)) => Ok(message),
        Ok(None) => Err(KvError::Unavailable(request.connection().reason())),
        Err(_) => Err(late(limit)),
    }
}

/// The time of an operation is up.
pub fn late(limit: Duration) -> KvError {
    let millis = limit.as_millis();
    KvError::Unavailable(format!("no answer within {millis} ms (timeout)"))
}
