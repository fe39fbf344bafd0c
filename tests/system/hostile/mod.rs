//! Clients that harm, and what it does to the others: a plain command is answered while the attack
//! lasts, nothing is poisoned, and what is refused is told.
//!
//! Each attack is played small; with `ANNALS_HOSTILE=long` at the size that it was first seen at.

mod connections;
mod operators;
mod waits;

use annals_tests::client::Client;
use serde_json::json;
use std::io::Write as _;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The size of an attack: small, or as it was first seen.
fn size<T>(small: T, long: T) -> T {
    match std::env::var("ANNALS_HOSTILE").as_deref() {
        Ok("long") => long,
        _ => small,
    }
}

/// One plain command of the bank on a new stream, which is answered like any other.
fn plain_command(client: &Client) {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let body = json!({"account": format!("plain-{number}"), "owner": "Ada", "deposit": 1});
    let answer = client.post("/commands/OpenAccount", &[], body.to_string().as_bytes());
    let answer = answer.expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// A connection on which something was sent, and nothing is read.
fn sent(url: &str, bytes: &[u8]) -> TcpStream {
    let address = url.strip_prefix("http://").expect("a URL");
    let mut stream = TcpStream::connect(address).expect("a connection");
    // The host may have answered, and closed, before it has read all of it.
    let _ = stream.write_all(bytes);
    stream
}
