//! Plain commands: each opens an account of the bank.

use super::opening;
use crate::client::Client;
use anyhow::{Result, ensure};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Maximum number of failure messages to keep.
const MESSAGES: usize = 5;

/// The results of many plain commands.
#[derive(Debug, Default)]
pub struct Answered {
    /// The duration of each accepted command, in ascending order.
    pub times: Vec<Duration>,
    /// Commands that were not accepted.
    pub failed: usize,
    /// The first messages of failures.
    pub failures: Vec<String>,
    /// From the first request to the last answer.
    pub time: Duration,
}

impl Answered {
    /// The time within which `share` of 100 accepted commands were answered.
    #[must_use]
    pub fn percentile(&self, share: usize) -> Duration {
        let last = self.times.len().saturating_sub(1);
        let place = (self.times.len() * share / 100).min(last);
        self.times.get(place).copied().unwrap_or_default()
    }
}

/// Sends one command on a new stream.
///
/// # Errors
///
/// If the command is not accepted.
pub fn command(client: &Client) -> Result<()> {
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let body = opening(&format!("plain-{number}"));
    let answer = client.post("/commands/OpenAccount", &[], body.as_bytes())?;
    ensure!(answer.status == 200, "{}: {}", answer.status, answer.text);
    Ok(())
}

/// Sends commands with `clients` clients for `time`, at most `limit` of each client.
#[must_use]
pub fn commands(url: &str, clients: usize, time: Duration, limit: usize) -> Answered {
    let begun = Instant::now();
    let client = || {
        let client = Client::new(url.to_owned());
        let mut answered = Answered::default();
        for _ in 0..limit {
            if begun.elapsed() >= time {
                break;
            }
            let start = Instant::now();
            match command(&client) {
                Ok(()) => answered.times.push(start.elapsed()),
                Err(error) => {
                    answered.failed += 1;
                    answered.failures.push(format!("{error:#}"));
                }
            }
        }
        answered
    };
    let mut all = Answered::default();
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..clients).map(|_| scope.spawn(client)).collect();
        for client in clients {
            let Ok(answered) = client.join() else {
                all.failures.push("a client panicked".into());
                all.failed += 1;
                continue;
            };
            all.times.extend(answered.times);
            all.failed += answered.failed;
            all.failures.extend(answered.failures);
        }
    });
    all.time = begun.elapsed();
    all.times.sort_unstable();
    all.failures.truncate(MESSAGES);
    all
}
