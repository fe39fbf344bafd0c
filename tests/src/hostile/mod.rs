//! Hostile clients, for the tests that play each attack once and for the benchmark that measures beside attacks.
//!
//! # Layout
//!
//! - this file: the single requests of a hostile client.
//! - [`plain`]: plain commands, which the host must answer during an attack.
//! - [`lasting`]: attacks that last until they are ended.

pub mod lasting;
pub mod plain;

use crate::client::{Answer, Client};
use crate::server::{Kind, Place};
use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Command;
use std::time::Duration;

/// Time until a write to a host that reads no more is given up.
const WRITE_LIMIT: Duration = Duration::from_secs(1);
/// A request for a page of the maximum length.
const LONG_PAGE: &[u8] = b"GET /events?limit=1000 HTTP/1.1\r\nHost: x\r\n\r\n";
/// The head of a body of 8 MB.
const LONG_BODY: &str =
    "POST /commands/OpenAccount HTTP/1.1\r\nHost: x\r\nContent-Length: 8000000\r\n\r\n";
/// The number of bytes of that body that are sent. The rest is never sent.
const SENT_OF_BODY: usize = 2 << 20;

/// The body of the bank's command that opens an account.
#[must_use]
pub fn opening(account: &str) -> String {
    json!({"account": account, "owner": "Ada", "deposit": 1}).to_string()
}

/// Opens an account of the bank, and waits for its reactions with this `Prefer` header.
///
/// # Errors
///
/// If there is no answer.
pub fn open_and_wait(client: &Client, account: &str, preference: &str) -> Result<Answer> {
    let headers = [("Prefer", preference)];
    client.post(
        "/commands/OpenAccount",
        &headers,
        opening(account).as_bytes(),
    )
}

/// The same request as bytes, for a client that never reads the answer.
#[must_use]
pub fn opening_with_wait(account: &str, preference: &str) -> Vec<u8> {
    let body = opening(account);
    let head = format!(
        "POST /commands/OpenAccount HTTP/1.1\r\nHost: x\r\nPrefer: {preference}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    (head + &body).into_bytes()
}

/// Opens an account of the bank whose event has `bytes` bytes.
///
/// # Errors
///
/// If the command is not accepted.
pub fn open_long(client: &Client, number: usize, bytes: usize) -> Result<()> {
    let body = json!({"account": format!("l{number}"), "owner": "x".repeat(bytes), "deposit": 1});
    let answer = client.post("/commands/OpenAccount", &[], body.to_string().as_bytes())?;
    ensure!(answer.status == 200, "{}: {}", answer.status, answer.text);
    Ok(())
}

/// Opens a connection, sends bytes, and reads nothing.
///
/// # Errors
///
/// If no server listens.
pub fn sent(url: &str, bytes: &[u8]) -> Result<TcpStream> {
    let address = url.strip_prefix("http://").context("a URL")?;
    let mut stream = TcpStream::connect(address)?;
    stream.set_write_timeout(Some(WRITE_LIMIT))?;
    // The host may have answered and closed the connection before it has read all bytes.
    let _ = stream.write_all(bytes);
    Ok(stream)
}

/// A client that requests `pages` long pages at once and reads none of them.
///
/// # Errors
///
/// If no server listens.
pub fn page_that_is_not_read(url: &str, pages: usize) -> Result<TcpStream> {
    sent(url, &LONG_PAGE.repeat(pages))
}

/// A client that sends a quarter of a long body.
///
/// # Errors
///
/// If no server listens.
pub fn body_without_end(url: &str) -> Result<TcpStream> {
    sent(
        url,
        &[LONG_BODY.as_bytes(), &vec![b' '; SENT_OF_BODY]].concat(),
    )
}

/// The command that starts annals-host with at most `files` file descriptors.
///
/// # Errors
///
/// If the host is not built.
pub fn few_files(place: &Place<'_>, files: u32) -> Result<Command> {
    let host = Kind::Annals.serve(place, &[])?;
    let mut command = Command::new("sh");
    command
        .args(["-c", &format!("ulimit -n {files}; exec \"$0\" \"$@\"")])
        .arg(host.get_program())
        .args(host.get_args());
    Ok(command)
}

/// A mail service that accepts the connections of the bank's notifier and never answers, until it is dropped.
pub struct SilentMailer {
    listener: TcpListener,
}

impl SilentMailer {
    /// Listens on a free port.
    ///
    /// # Errors
    ///
    /// If no port is free.
    pub fn open() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        Ok(Self { listener })
    }

    /// The component's environment variable with the address of this service.
    ///
    /// # Errors
    ///
    /// If the system does not return the address.
    pub fn variable(&self) -> Result<String> {
        let address = self.listener.local_addr()?;
        Ok(format!("MAILER_URL=http://{address}/notices"))
    }
}
