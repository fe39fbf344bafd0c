//! Turns commands into events: reads the stream, decides, creates the next version and waits for the flush.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use annals_bench_domain::{Account, Command, Event, Rejection, prepared};
use annals_host::store::{Embedded, Kv, KvError, Swap};
use anyhow::{Context as _, Result};
use serde_json::{Value, json};

const BUCKET: &str = "native";
/// Maximum number of attempts, equal to the event sourcer's.
pub const ATTEMPTS: usize = 16;

/// The reason why a command has no event.
pub enum No {
    /// The domain rejected the command.
    Rejected(Rejection),
    /// Write conflict: retries exhausted.
    Conflict,
    /// The store failed.
    Store(String),
}

impl From<KvError> for No {
    fn from(error: KvError) -> Self {
        Self::Store(error.to_string())
    }
}

/// The bank.
pub struct Bank {
    store: Embedded,
    /// The states with their versions. `None`: the bank keeps no states.
    cache: Option<Mutex<HashMap<String, (u64, Account)>>>,
}

impl Bank {
    /// Opens the bank over the store in a folder.
    pub fn open(folder: &Path, cache: bool) -> Result<Self> {
        Ok(Self {
            store: Embedded::open(folder)?,
            cache: cache.then(Mutex::default),
        })
    }

    /// Executes a command. Returns the version and the type of its event, once the event is durable.
    pub async fn execute(&self, stream: &str, command: Command) -> Result<(u64, &'static str), No> {
        let done = self.decide(stream, &command);
        // A rejection may also depend on an event that is not durable yet.
        self.store.barrier().wait().await?;
        done
    }

    fn decide(&self, stream: &str, command: &Command) -> Result<(u64, &'static str), No> {
        let (mut version, mut account) = self.remembered(stream);
        for _ in 0..ATTEMPTS {
            while let Some(bytes) = self.store.get(BUCKET, &key(stream, version + 1))? {
                let event: Event =
                    serde_json::from_slice(&bytes).map_err(|e| No::Store(e.to_string()))?;
                account.apply(&event);
                version += 1;
            }
            let event = account.decide(command.clone()).map_err(No::Rejected)?;
            let bytes = serde_json::to_vec(&event).map_err(|e| No::Store(e.to_string()))?;
            let swap =
                self.store
                    .compare_and_set(BUCKET, &key(stream, version + 1), None, &bytes)?;
            if swap == Swap::Done {
                account.apply(&event);
                self.remember(stream, version + 1, account);
                return Ok((version + 1, event.name()));
            }
        }
        Err(No::Conflict)
    }

    fn remembered(&self, stream: &str) -> (u64, Account) {
        let known = self.cache.as_ref().and_then(|cache| {
            let states = cache.lock().unwrap_or_else(PoisonError::into_inner);
            states.get(stream).copied()
        });
        known.unwrap_or_default()
    }

    fn remember(&self, stream: &str, version: u64, account: Account) {
        if let Some(cache) = &self.cache {
            let mut states = cache.lock().unwrap_or_else(PoisonError::into_inner);
            match states.get_mut(stream) {
                Some(known) if known.0 >= version => {}
                Some(known) => *known = (version, account),
                None => {
                    states.insert(stream.to_string(), (version, account));
                }
            }
        }
    }

    /// Reads events of a stream, in the form that the suite checks.
    pub fn read(&self, stream: &str, after: u64, limit: u64) -> Result<Vec<Value>, String> {
        let mut events = Vec::new();
        for version in after + 1..=after + limit {
            match self.store.get(BUCKET, &key(stream, version)) {
                Ok(Some(bytes)) => {
                    let event: Event = serde_json::from_slice(&bytes).map_err(|e| e.to_string())?;
                    events.push(json!({"type": event.name(), "streamversion": version}));
                }
                Ok(None) => break,
                Err(error) => return Err(error.to_string()),
            }
        }
        Ok(events)
    }

    /// Writes the streams that measurements start from.
    pub async fn fill(&self, streams: &[String]) -> Result<()> {
        for stream in streams {
            let (account, length) = stream.split_once('=').context("NAME=LENGTH")?;
            for version in 1..=length.parse()? {
                let bytes = serde_json::to_vec(&prepared(account, version))?;
                let key = key(&format!("account-{account}"), version);
                self.store.set(BUCKET, &key, &bytes)?;
            }
        }
        Ok(self.store.barrier().wait().await?)
    }
}

fn key(stream: &str, version: u64) -> String {
    format!("{stream}/{version:010}")
}
