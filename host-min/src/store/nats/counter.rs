//! Counters: keys whose value is a number in decimal.
//!
//! A draw replaces the number on the condition that the counter's last message is the one that this
//! host knows. While no other host draws, the host knows its own last message, so a draw takes one
//! round trip. Many draws that wait are one addition.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::client::{self, Client};
use super::read::{Found, Reader};
use super::record::Change;
use super::write::{Put, Writer, Written};
use crate::store::KvError;

/// Longest random pause after a conflict with another host.
const MAX_PAUSE: Duration = Duration::from_millis(4);
/// Counters whose last number is remembered.
const MAX_KNOWN: usize = 1024;

/// A counter's number, and the sequence of its message: 0 if there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Known {
    number: i128,
    sequence: u64,
    change: Change,
    /// This host's own step wrote it, although a former leader said that there was a conflict.
    own: bool,
}

/// Adds to counters.
pub struct Counters {
    client: Arc<Client>,
    reader: Arc<Reader>,
    writer: Arc<Writer>,
    timeout: Duration,
    /// By subject. The lock of a counter is held during an addition: two additions of one host would
    /// only disturb each other.
    known: Mutex<HashMap<String, Arc<tokio::sync::Mutex<Option<Known>>>>>,
}

impl Counters {
    /// Counters of a stream.
    pub fn new(client: Arc<Client>, reader: Arc<Reader>, writer: Arc<Writer>) -> Self {
        Self {
            timeout: client.options.timeout,
            client,
            reader,
            writer,
            known: Mutex::default(),
        }
    }

    /// Replaces the number by another, and returns the new one.
    ///
    /// # Errors
    /// The errors of `change`, [`KvError::NotACounter`], [`KvError::Unavailable`].
    pub async fn add(
        &self,
        subject: &str,
        by: Instant,
        change: impl Fn(i128) -> Result<i128, KvError>,
    ) -> Result<i128, KvError> {
        let counter = self.counter(subject);
        let locking = tokio::time::timeout_at(by, counter.lock());
        let mut known = locking.await.map_err(|_| client::late(self.timeout))?;
        let mut proved = false;
        let step = self.client.step();
        loop {
            let before = match known.take() {
                Some(before) => before,
                None => match parse(self.reader.guess(subject, by).await?, &step) {
                    Ok(before) => before,
                    Err(_) => self.prove(subject, &step, by).await?,
                },
            };
            if before.own {
                *known = Some(Known {
                    own: false,
                    ..before
                });
                return Ok(before.number);
            }
            let sum = match change(before.number) {
                Ok(sum) => sum,
                Err(error) if proved => return Err(error),
                // The number may be an old one.
                Err(_) => {
                    proved = true;
                    *known = Some(self.prove(subject, &step, by).await?);
                    continue;
                }
            };
            let put = Put {
                subject: subject.to_owned(),
                change: before.change,
                value: sum.to_string().into_bytes(),
                expected: Some(before.sequence),
            };
            match self.writer.write(&[put], &step, by).await? {
                Written::At(sequence) => {
                    *known = Some(Known {
                        number: sum,
                        sequence,
                        change: Change::Replaced,
                        own: false,
                    });
                    return Ok(sum);
                }
                Written::Conflict(newer) => {
                    *known = self.catch_up(subject, newer, &step, by).await?;
                    proved = false;
                }
            }
        }
    }

    /// After a conflict: the number as soon as some server has the message that caused it.
    async fn catch_up(
        &self,
        subject: &str,
        newer: Option<u64>,
        step: &str,
        by: Instant,
    ) -> Result<Option<Known>, KvError> {
        loop {
            tokio::time::sleep(MAX_PAUSE.mul_f32(fraction())).await;
            if Instant::now() > by {
                return Err(client::late(self.timeout));
            }
            let known = parse(self.reader.guess(subject, by).await?, step);
            match (known, newer) {
                (Ok(known), Some(newer)) if known.sequence < newer => {}
                (known, _) => return Ok(known.ok()),
            }
        }
    }

    async fn prove(&self, subject: &str, step: &str, by: Instant) -> Result<Known, KvError> {
        let subjects = [subject.to_owned()];
        let mut found = self.reader.read(&subjects, by).await?;
        parse(found.remove(subject), step)
    }

    fn counter(&self, subject: &str) -> Arc<tokio::sync::Mutex<Option<Known>>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_KNOWN && !known.contains_key(subject) {
            // Additions that are under way keep theirs, and at worst disturb another one.
            known.clear();
        }
        known.entry(subject.to_owned()).or_default().clone()
    }
}

fn parse(found: Option<Found>, step: &str) -> Result<Known, KvError> {
    let Some(found) = found else {
        return Ok(Known {
            number: 0,
            sequence: 0,
            change: Change::Created,
            own: false,
        });
    };
    let deleted = found.change == Change::Deleted;
    let text = match deleted {
        true => "0",
        false => std::str::from_utf8(&found.value).map_err(|_| KvError::NotACounter)?,
    };
    // `parse` takes a sign, which no counter has but the one of a negative number.
    let number = match text.starts_with('+') {
        true => Err(KvError::NotACounter),
        false => text.parse().map_err(|_| KvError::NotACounter),
    };
    Ok(Known {
        number: number?,
        sequence: found.sequence,
        own: found.step == step,
        change: match deleted {
            true => Change::Revived,
            false => Change::Replaced,
        },
    })
}

/// A number between 0 and 1 that differs between hosts.
fn fraction() -> f32 {
    use std::hash::{BuildHasher, RandomState};
    let bits = u16::try_from(RandomState::new().hash_one(0) & 0xffff).unwrap_or_default();
    f32::from(bits) / f32::from(u16::MAX)
}
