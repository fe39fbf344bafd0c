//! One connection to a server: how it is made, what it asks for, and when it is given up.
//!
//! When a connection ends, every request on it fails at once. Nothing is kept for another
//! connection: a message that is sent later would be a write that its caller has given up.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::BytesMut;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

use super::login::Login;
use super::wire::{self, Frame, Message};
use crate::store::remote::ConnectError;

/// The oldest server that has atomic batches.
const MIN_VERSION: (u64, u64) = (2, 12);
/// Time without anything from the server after which it is asked whether it is there.
const IDLE: Duration = Duration::from_secs(2);
/// Time to answer that.
const SILENCE: Duration = Duration::from_secs(3);
/// Interval at which the two are checked.
const TICK: Duration = Duration::from_millis(500);

/// What a server is.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Info {
    pub version: String,
    /// The largest message.
    pub max_payload: usize,
    /// The cluster's name. `None`: the server is alone.
    pub cluster: Option<String>,
    jetstream: bool,
    headers: bool,
    tls_required: bool,
    tls_available: bool,
    nonce: String,
}

/// How to connect to a server.
#[derive(Clone)]
pub struct Access {
    pub login: Login,
    pub tls: Option<Arc<ClientConfig>>,
}

/// A connection to a server that has been checked.
pub struct Connection {
    pub info: Info,
    /// Unique in the cluster.
    name: String,
    next: AtomicU64,
    outgoing: mpsc::UnboundedSender<Vec<u8>>,
    waiting: Mutex<HashMap<String, mpsc::UnboundedSender<Message>>>,
    closed: AtomicBool,
    closing: Notify,
    reason: Mutex<String>,
}

/// A request whose answers are awaited. Dropping it ends that.
pub struct Request {
    connection: Arc<Connection>,
    /// The subject for answers.
    pub reply: String,
    answers: mpsc::UnboundedReceiver<Message>,
}

trait Stream: AsyncRead + AsyncWrite + Send {}
impl<S: AsyncRead + AsyncWrite + Send> Stream for S {}
type Socket = Pin<Box<dyn Stream>>;

fn unreachable(error: impl std::fmt::Display) -> ConnectError {
    ConnectError::Unreachable(error.to_string())
}

/// Connects to a server, and checks it.
///
/// # Errors
/// See [`ConnectError`].
pub async fn connect(
    host: &str,
    port: u16,
    access: &Access,
) -> Result<Arc<Connection>, ConnectError> {
    let socket = TcpStream::connect((host, port))
        .await
        .map_err(unreachable)?;
    socket.set_nodelay(true).map_err(unreachable)?;
    let mut socket: Socket = Box::pin(socket);
    let mut received = BytesMut::new();
    let Frame::Info(text) = receive(&mut socket, &mut received).await? else {
        return Err(unreachable("the server sends no NATS protocol"));
    };
    let info: Info = serde_json::from_str(&text).map_err(unreachable)?;
    check(&info)?;
    match &access.tls {
        Some(config) => {
            if !info.tls_required && !info.tls_available {
                return Err(ConnectError::Refused(
                    "the server does not support TLS; configure it, or give tls=disable".into(),
                ));
            }
            socket = encrypt(socket, host, config).await?;
        }
        None if info.tls_required => {
            return Err(ConnectError::Refused(
                "the server requires TLS; give tls=require, and tlsca= for an authority of your own".into(),
            ));
        }
        None => {}
    }
    let name = unique()?;
    greet(&mut socket, &mut received, &info, access, &name).await?;
    Ok(run(socket, received, info, name))
}

fn check(info: &Info) -> Result<(), ConnectError> {
    let mut numbers = info.version.split('.').map(|number| number.parse().ok());
    let version = (numbers.next().flatten(), numbers.next().flatten());
    let fits = matches!(version, (Some(major), Some(minor)) if (major, minor) >= MIN_VERSION);
    let (major, minor) = MIN_VERSION;
    if !fits {
        return Err(ConnectError::Refused(format!(
            "the server has version {}, and at least version {major}.{minor} is needed",
            info.version
        )));
    }
    match info.jetstream && info.headers {
        true => Ok(()),
        false => Err(ConnectError::Refused(
            "the server runs without JetStream; start it with -js or with a jetstream block".into(),
        )),
    }
}

async fn encrypt(
    socket: Socket,
    host: &str,
    config: &Arc<ClientConfig>,
) -> Result<Socket, ConnectError> {
    let name = ServerName::try_from(host.to_owned()).map_err(unreachable)?;
    let connector = TlsConnector::from(config.clone());
    let encrypted = connector.connect(name, socket).await;
    // A certificate that is not trusted does not become so by waiting.
    let refused = |error: std::io::Error| match error.get_ref() {
        Some(cause) if cause.is::<rustls::Error>() => ConnectError::Refused(error.to_string()),
        _ => unreachable(error),
    };
    Ok(Box::pin(encrypted.map_err(refused)?))
}

/// A name that nobody guesses.
fn unique() -> Result<String, ConnectError> {
    let mut bytes = [0; 8];
    let random = rustls::crypto::ring::default_provider().secure_random;
    let filled = random.fill(&mut bytes);
    filled.map_err(|_| unreachable("the system has no random numbers"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

async fn greet(
    socket: &mut Socket,
    received: &mut BytesMut,
    info: &Info,
    access: &Access,
    name: &str,
) -> Result<(), ConnectError> {
    let mut connect = json!({
        "verbose": false, "pedantic": false, "lang": "rust", "name": "annals-host",
        "version": env!("CARGO_PKG_VERSION"), "protocol": 1, "headers": true, "no_responders": true,
        "tls_required": access.tls.is_some(),
    });
    let proved = access.login.prove(&mut connect, &info.nonce);
    proved.map_err(ConnectError::Refused)?;
    let text = format!("CONNECT {connect}\r\nSUB _INBOX.{name}.* 1\r\nPING\r\n");
    socket
        .write_all(text.as_bytes())
        .await
        .map_err(unreachable)?;
    loop {
        match receive(socket, received).await? {
            Frame::Pong => return Ok(()),
            Frame::Error(reason) => return Err(ConnectError::Refused(reason)),
            Frame::Ping => socket.write_all(b"PONG\r\n").await.map_err(unreachable)?,
            Frame::Info(_) | Frame::Message(_) => {}
        }
    }
}

async fn receive(socket: &mut Socket, received: &mut BytesMut) -> Result<Frame, ConnectError> {
    loop {
        if let Some(frame) = wire::parse(received).map_err(unreachable)? {
            return Ok(frame);
        }
        if socket.read_buf(received).await.map_err(unreachable)? == 0 {
            return Err(unreachable("the server closed the connection"));
        }
    }
}

/// Begins to send and to receive.
fn run(socket: Socket, received: BytesMut, info: Info, name: String) -> Arc<Connection> {
    let (outgoing, messages) = mpsc::unbounded_channel();
    let connection = Arc::new(Connection {
        info,
        name,
        next: AtomicU64::new(0),
        outgoing,
        waiting: Mutex::default(),
        closed: AtomicBool::new(false),
        closing: Notify::new(),
        reason: Mutex::default(),
    });
    let (reader, writer) = tokio::io::split(socket);
    tokio::spawn(write(connection.clone(), writer, messages));
    tokio::spawn(read(connection.clone(), reader, received));
    connection
}

async fn write(
    connection: Arc<Connection>,
    mut writer: impl AsyncWrite + Unpin,
    mut messages: mpsc::UnboundedReceiver<Vec<u8>>,
) {
    let sending = async {
        while let Some(mut bytes) = messages.recv().await {
            while let Ok(more) = messages.try_recv() {
                bytes.extend_from_slice(&more);
            }
            writer.write_all(&bytes).await?;
            writer.flush().await?;
        }
        Ok::<(), std::io::Error>(())
    };
    tokio::select! {
        sent = sending => if let Err(error) = sent {
            connection.close(&error.to_string());
        },
        () = connection.closing.notified() => {}
    }
    // Best effort: the connection is given up.
    let _ = writer.shutdown().await;
}

async fn read(
    connection: Arc<Connection>,
    mut reader: impl AsyncRead + Unpin,
    mut received: BytesMut,
) {
    let mut heard = Instant::now();
    let mut asked: Option<Instant> = None;
    while !connection.closed.load(Ordering::SeqCst) {
        match tokio::time::timeout(TICK, reader.read_buf(&mut received)).await {
            Ok(Ok(0)) => return connection.close("the server closed the connection"),
            Ok(Err(error)) => return connection.close(&error.to_string()),
            Ok(Ok(_)) => {
                heard = Instant::now();
                asked = None;
                if let Err(reason) = connection.take(&mut received) {
                    return connection.close(&reason);
                }
            }
            Err(_) => match asked {
                Some(since) if since.elapsed() > SILENCE => {
                    return connection.close("the server does not answer");
                }
                Some(_) => {}
                None if heard.elapsed() > IDLE => {
                    asked = Some(Instant::now());
                    connection.send(b"PING\r\n".to_vec());
                }
                None => {}
            },
        }
    }
}

impl Connection {
    /// True if requests can be sent.
    pub fn is_open(&self) -> bool {
        !self.closed.load(Ordering::SeqCst)
    }

    /// Why the connection has ended.
    pub fn reason(&self) -> String {
        let reason = self.reason.lock().unwrap_or_else(PoisonError::into_inner);
        reason.clone()
    }

    /// A name that no other request in the cluster has.
    pub fn unique(&self) -> String {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        format!("{}-{number:x}", self.name)
    }

    /// A subject for answers. Answers that arrive are kept until they are taken.
    pub fn request(self: &Arc<Self>) -> Request {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let reply = format!("_INBOX.{}.{number:x}", self.name);
        let (sender, answers) = mpsc::unbounded_channel();
        self.waiting().insert(reply.clone(), sender);
        // A connection that ended before this line has told nobody about this request.
        if !self.is_open() {
            self.waiting().clear();
        }
        Request {
            connection: self.clone(),
            reply,
            answers,
        }
    }

    /// Sends whole messages.
    pub fn send(&self, messages: Vec<u8>) {
        // If the connection has ended, whoever waits for an answer is told so.
        let _ = self.outgoing.send(messages);
    }

    /// Gives the connection up. Every request on it ends.
    pub fn close(&self, reason: &str) {
        if self.closed.swap(true, Ordering::SeqCst) {
            return;
        }
        tracing::debug!(reason, "a connection to the store ended");
        let mut kept = self.reason.lock().unwrap_or_else(PoisonError::into_inner);
        reason.clone_into(&mut kept);
        drop(kept);
        self.waiting().clear();
        self.closing.notify_one();
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<String, mpsc::UnboundedSender<Message>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, received: &mut BytesMut) -> Result<(), String> {
        while let Some(frame) = wire::parse(received)? {
            match frame {
                Frame::Message(message) => {
                    if let Some(sender) = self.waiting().get(&message.subject) {
                        // The send fails if the caller has given up, which is harmless.
                        let _ = sender.send(message);
                    }
                }
                Frame::Ping => self.send(b"PONG\r\n".to_vec()),
                Frame::Error(reason) => return Err(reason),
                Frame::Pong | Frame::Info(_) => {}
            }
        }
        Ok(())
    }
}

impl Request {
    /// Waits for the next answer. `None`: the connection has ended.
    pub async fn next(&mut self) -> Option<Message> {
        self.answers.recv().await
    }

    /// The connection on which the request was sent.
    pub fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        self.connection.waiting().remove(&self.reply);
    }
}
