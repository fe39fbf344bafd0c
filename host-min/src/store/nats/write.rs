//! Writes: single messages, and atomic batches of them.
//!
//! Every step that replaces a message also replaces the message of the barrier, in one batch. See
//! `read` for the reason. A stream with one replica has no copy that could lag, so there the barrier
//! is left out: on a single server a batch costs ten times as much as a message.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::client::{self, Client};
use super::connection::{Connection, Request};
use super::names;
use super::record::{self, Change};
use super::stream;
use super::wire::{self, Message};
use crate::store::KvError;

/// Maximum number of steps of this host under way. The server allows 50 open batches a stream, and
/// a batch is open only while its messages arrive.
const MAX_UNDER_WAY: usize = 64;
/// Time after which a barrier without an answer is sent again.
const BARRIER_LIMIT: Duration = Duration::from_secs(1);
/// Pause after the server did nothing, at most.
const BUSY_PAUSE: Duration = Duration::from_millis(50);
/// Maximum size of a message's headers and of its subject in protocols between servers.
const OVERHEAD: usize = 4096;

/// The last message of the subject is another one, or another step on the subject is under way.
const CONFLICTS: [u64; 2] = [10071, 10164];
/// The server did nothing, because of something that passes: too many batches, or a batch whose
/// first message came while there were too many.
const BUSY: [u64; 3] = [10176, 10210, 10211];

/// Status of an answer: nobody listens to the subject.
const NO_RESPONDERS: u16 = 503;

/// The header of our own that names the step.
pub const STEP: &str = "Annals-Step";
const EXPECTED: &str = "Nats-Expected-Last-Subject-Sequence";

/// What a step does to one key.
#[derive(Debug, Clone)]
pub struct Put {
    pub subject: String,
    pub change: Change,
    pub value: Vec<u8>,
    /// The sequence that the last message of the subject must have, 0 for no message. `None`: any.
    pub expected: Option<u64>,
}

/// The outcome of a step that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// The sequence of the first message.
    At(u64),
    /// An expectation is not met, or may not be met. The sequence that the server found, if it tells.
    /// While the leader changes, the old one may say so although the new one has written the step:
    /// look for the step's name.
    Conflict(Option<u64>),
}

/// Writes steps.
pub struct Writer {
    client: Arc<Client>,
    barrier: String,
    /// The stream has several replicas.
    replicated: bool,
    under_way: Semaphore,
}

impl Writer {
    /// A writer on the stream of the client's options.
    pub fn new(client: Arc<Client>, replicated: bool) -> Self {
        Self {
            replicated,
            barrier: names::barrier(&client.options.stream),
            client,
            under_way: Semaphore::new(MAX_UNDER_WAY),
        }
    }

    /// True if steps that replace a message come with the barrier.
    pub fn is_replicated(&self) -> bool {
        self.replicated
    }

    /// Changes all of these keys or none. `step` is its name, from [`Client::step`], which another
    /// attempt of the same step may have, too.
    ///
    /// # Errors
    /// [`KvError::Unavailable`]: the step may or may not have taken effect, or may do so later.
    /// [`KvError::ValueTooLong`]: nothing was written.
    pub async fn write(&self, puts: &[Put], step: &str, by: Instant) -> Result<Written, KvError> {
        let closed = |_| KvError::Unavailable("the store is closed".into());
        let entering = tokio::time::timeout_at(by, self.under_way.acquire());
        let entered = entering.await.map_err(|_| self.late())?;
        let _under_way = entered.map_err(closed)?;
        let mut pause = Duration::from_millis(1);
        loop {
            let connection = self.client.connection(by).await?;
            check_sizes(puts, &connection)?;
            let replaces = puts.iter().any(|put| put.change != Change::Created);
            let replaces = replaces && self.replicated;
            let (mut request, count) = self.send(&connection, puts, step, replaces);
            let answer = client::next(&mut request, by, self.client.options.timeout).await?;
            match outcome(&answer, &self.client.options.stream)? {
                Answer::Written(last) => return Ok(Written::At(last + 1 - count)),
                Answer::Conflict(found) => return Ok(Written::Conflict(found)),
                Answer::Busy(reason) if Instant::now() + pause > by => {
                    return Err(KvError::Unavailable(reason));
                }
                Answer::Busy(_) => tokio::time::sleep(pause).await,
            }
            pause = (pause * 2).min(BUSY_PAUSE);
        }
    }

    /// Replaces the message of the barrier, and returns its sequence.
    ///
    /// # Errors
    /// [`KvError::Unavailable`].
    pub async fn barrier(&self, by: Instant) -> Result<u64, KvError> {
        loop {
            let mut request = self.client.send(&self.barrier, &[], by).await?;
            // A message to a leader that is frozen is lost. Another one harms nobody.
            let limit = by.min(Instant::now() + BARRIER_LIMIT);
            let answer = match client::next(&mut request, limit, self.client.options.timeout).await
            {
                Err(_) if Instant::now() < by && request.connection().is_open() => continue,
                answer => answer?,
            };
            match outcome(&answer, &self.client.options.stream)? {
                Answer::Written(sequence) => return Ok(sequence),
                Answer::Busy(reason) if Instant::now() + BUSY_PAUSE > by => {
                    return Err(KvError::Unavailable(reason));
                }
                // The barrier has no condition that could conflict.
                Answer::Conflict(_) | Answer::Busy(_) => tokio::time::sleep(BUSY_PAUSE).await,
            }
        }
    }

    fn late(&self) -> KvError {
        client::late(self.client.options.timeout)
    }

    /// Sends a step, and returns the number of its messages.
    fn send(
        &self,
        connection: &Arc<Connection>,
        puts: &[Put],
        step: &str,
        replaces: bool,
    ) -> (Request, u64) {
        let request = connection.request();
        let mut bytes = Vec::new();
        let count = puts.len() + usize::from(replaces);
        let batch = connection.unique();
        for at in 0..count {
            let put = puts.get(at);
            let mut headers = Vec::with_capacity(5);
            if put.is_some() {
                headers.push((STEP, step));
            }
            let expected = put.and_then(|put| put.expected).map(|at| at.to_string());
            if let Some(expected) = &expected {
                headers.push((EXPECTED, expected.as_str()));
            }
            let position = (at + 1).to_string();
            if count > 1 {
                headers.push(("Nats-Batch-Id", batch.as_str()));
                headers.push(("Nats-Batch-Sequence", position.as_str()));
            }
            let last = at + 1 == count;
            if last && count > 1 {
                headers.push(("Nats-Batch-Commit", "1"));
            }
            let reply = if last { request.reply.as_str() } else { "" };
            match put {
                Some(put) => {
                    let payload = record::encode(put.change, &put.value);
                    wire::publish(&mut bytes, &put.subject, reply, &headers, &payload);
                }
                None => wire::publish(&mut bytes, &self.barrier, reply, &headers, &[]),
            }
        }
        connection.send(bytes);
        (request, count as u64)
    }
}

fn check_sizes(puts: &[Put], connection: &Connection) -> Result<(), KvError> {
    let limit = connection.info.max_payload.saturating_sub(OVERHEAD);
    match puts.iter().find(|put| put.value.len() > limit) {
        Some(put) => Err(KvError::ValueTooLong {
            bytes: put.value.len(),
            limit,
        }),
        None => Ok(()),
    }
}

/// What the server answered to a step.
enum Answer {
    /// The sequence of the last message.
    Written(u64),
    Conflict(Option<u64>),
    /// The server wrote nothing, for this reason.
    Busy(String),
}

fn outcome(answer: &Message, stream: &str) -> Result<Answer, KvError> {
    if answer.status == Some(NO_RESPONDERS) {
        return Ok(Answer::Busy("the stream has no leader".into()));
    }
    let unreadable = |error| KvError::Unavailable(format!("JetStream answers {error}"));
    let answer: Value = serde_json::from_slice(&answer.payload).map_err(unreadable)?;
    if let Some((code, description)) = stream::error(&answer) {
        return match code {
            code if CONFLICTS.contains(&code) => Ok(Answer::Conflict(found(&answer))),
            code if BUSY.contains(&code) => Ok(Answer::Busy(description)),
            _ => Err(KvError::Unavailable(description)),
        };
    }
    match answer["seq"].as_u64() {
        Some(last) if answer["stream"] == stream => Ok(Answer::Written(last)),
        _ => Err(KvError::Unavailable(format!(
            "another stream took the message: {answer}"
        ))),
    }
}

/// The sequence at the end of the description, as in "wrong last sequence: 7".
fn found(answer: &Value) -> Option<u64> {
    let description = answer["error"]["description"].as_str()?;
    description.rsplit_once(": ")?.1.parse().ok()
}
