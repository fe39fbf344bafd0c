//! A real HTTP server on loopback that keeps every posted request. The test sets its answers.

use anyhow::Result;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// A posted request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The request's path.
    pub path: String,
    /// The request's body.
    pub body: String,
}

/// A server that listens until it is dropped.
pub struct Mailbox {
    port: u16,
    letters: Arc<Mutex<Vec<Letter>>>,
    status: Arc<AtomicU16>,
    /// Milliseconds before each answer.
    delay: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl Mailbox {
    /// Listens on a free port.
    ///
    /// # Errors
    ///
    /// If no port is free.
    pub fn open() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let mailbox = Self {
            port: listener.local_addr()?.port(),
            letters: Arc::default(),
            status: Arc::new(AtomicU16::new(204)),
            delay: Arc::default(),
            over: Arc::default(),
        };
        let (letters, status) = (mailbox.letters.clone(), mailbox.status.clone());
        let (delay, over) = (mailbox.delay.clone(), mailbox.over.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let (letters, status) = (letters.clone(), status.clone());
                let delay = delay.clone();
                if let Ok(stream) = stream {
                    std::thread::spawn(move || serve(&stream, &letters, &status, &delay));
                }
            }
        });
        Ok(mailbox)
    }

    /// The URL to post to.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/notices", self.port)
    }

    /// Sets the status of all later answers.
    pub fn answer(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }

    /// Sets the delay of all later answers.
    pub fn delay(&self, time: Duration) {
        let millis = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.delay.store(millis, Ordering::Relaxed);
    }

    /// The requests that were answered with a status of success, in order.
    #[must_use]
    pub fn letters(&self) -> Vec<Letter> {
        let letters = self.letters.lock();
        letters.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        // Connect once, so that the listener's `accept` returns.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
    }
}

/// Serves one connection, request after request.
fn serve(stream: &TcpStream, letters: &Mutex<Vec<Letter>>, status: &AtomicU16, delay: &AtomicU64) {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(30)));
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    while let Some(letter) = read(&mut reader) {
        std::thread::sleep(Duration::from_millis(delay.load(Ordering::Relaxed)));
        let status = status.load(Ordering::Relaxed);
        if (200..300).contains(&status) {
            let mut letters = letters.lock().unwrap_or_else(PoisonError::into_inner);
            letters.push(letter);
        }
        let answer = format!("HTTP/1.1 {status} Told\r\ncontent-length: 0\r\n\r\n");
        if writer.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn read(reader: &mut BufReader<&TcpStream>) -> Option<Letter> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let (mut length, mut chunked) = (0, false);
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let header = line.trim().to_ascii_lowercase();
        match header.split_once(':') {
            None => break,
            Some(("content-length", value)) => length = value.trim().parse().ok()?,
            Some(("transfer-encoding", value)) => chunked = value.trim() == "chunked",
            Some(_) => {}
        }
    }
    let mut body = Vec::new();
    if !chunked {
        body.resize(length, 0);
        reader.read_exact(&mut body).ok()?;
    }
    while chunked {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let size = usize::from_str_radix(line.trim(), 16).ok()?;
        let from = body.len();
        body.resize(from + size + 2, 0);
        reader.read_exact(&mut body[from..]).ok()?;
        body.truncate(from + size);
        chunked = size > 0;
    }
    Some(Letter {
        path,
        body: String::from_utf8(body).ok()?,
    })
}
