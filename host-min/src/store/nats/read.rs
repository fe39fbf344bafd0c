//! Reads that are exact, although any server of the cluster may answer them.
//!
//! A server that lags behind, or that was the leader and does not know that it is no longer, has
//! old values and lacks keys that exist. A *proven read* therefore takes two steps:
//!
//! 1. Replace the message of the stream's barrier. The answer tells its sequence `b`. The cluster
//!    agreed on it, so every write that was acknowledged before has a lower sequence.
//! 2. Ask any server for the last messages of the keys and of the barrier, in one request. The server
//!    answers from one state of its copy. If the barrier's message has the sequence `b` or a higher
//!    one `b'`, that copy contains all writes up to `b'`.
//!
//! Otherwise the second step is repeated. Many reads share a barrier: all that were asked for before
//! it was sent.
//!
//! # A copy that is catching up
//!
//! A copy that has fallen far behind first removes all messages that were replaced meanwhile, and
//! then receives the missing ones in the order of their sequences. In between, a key whose message
//! was replaced looks absent. Hence the rule that every step that replaces a message also replaces
//! the barrier's message, after it. While such a copy lacks the newer message of some key, it has
//! removed the older message of the barrier too, and its newer one comes later than that of the key.
//! So a barrier that is there proves that no message up to it is missing.
//!
//! Such a copy may also have a part of a step only. Therefore keys that were created after `b` count
//! as absent, as they were at `b`. A key that was created anew after a deletion leaves no trace of
//! that, so such a read begins again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;
use tokio::time::Instant;

use super::client::{self, Client};
use super::connection::Request;
use super::names;
use super::record::{self, Change};
use super::write::{STEP, Writer};
use crate::store::KvError;

/// Maximum number of keys in one request.
const MAX_KEYS: usize = 255;
/// Maximum size of an answer, after which the server leaves the rest out.
const MAX_BYTES: usize = 8 << 20;
/// Time to answer one request.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);
/// A server whose copy lags for this long is left for another one.
const MAX_LAG: Duration = Duration::from_secs(2);
/// Pause before a lagging server is asked again: at first, and at most.
const MIN_PAUSE: Duration = Duration::from_millis(1);
const MAX_PAUSE: Duration = Duration::from_millis(50);

/// The last message of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its sequence.
    pub sequence: u64,
    /// How it changed the key.
    pub change: Change,
    pub value: Bytes,
    /// The step that wrote it.
    pub step: String,
}

impl Found {
    /// The key's value, unless it was deleted.
    pub fn value(&self) -> Option<&Bytes> {
        (self.change != Change::Deleted).then_some(&self.value)
    }
}

/// Last messages by subject. Subjects without one are absent.
pub type Messages = HashMap<String, Found>;

/// Reads keys.
pub struct Reader {
    client: Arc<Client>,
    writer: Arc<Writer>,
    barrier: String,
}

/// One answer of one server.
enum Answer {
    /// The server's state at the barrier with this sequence.
    At(u64, Messages),
    /// The server has no barrier, or could not answer.
    Again,
    /// More than one answer may contain.
    TooMuch,
}

impl Reader {
    /// A reader on the stream of the client's options.
    pub fn new(client: Arc<Client>, writer: Arc<Writer>) -> Self {
        Self {
            barrier: names::barrier(&client.options.stream),
            client,
            writer,
        }
    }

    /// The last messages of these subjects, as they were at some moment during the call.
    ///
    /// # Errors
    /// [`KvError::Unavailable`].
    pub async fn read(&self, subjects: &[String], by: Instant) -> Result<Messages, KvError> {
        loop {
            let barrier = self.writer.barrier(by).await?;
            let mut found = Messages::new();
            let mut parts: Vec<&[String]> = subjects.chunks(MAX_KEYS).collect();
            while let Some(part) = parts.pop() {
                match self.part(part, barrier, by).await? {
                    Some(messages) => found.extend(messages),
                    // The answer would be too large.
                    None if part.len() > 1 => {
                        let (first, second) = part.split_at(part.len() / 2);
                        parts.extend([first, second]);
                    }
                    None => {
                        let reason = "the server's answer to a read of one key is incomplete";
                        return Err(KvError::Unavailable(reason.into()));
                    }
                }
            }
            if !as_of(&mut found, barrier) {
                continue;
            }
            return Ok(found);
        }
    }

    /// Asks until a server proves that it has everything up to the barrier. `None`: the answer would
    /// be too large.
    async fn part(
        &self,
        subjects: &[String],
        barrier: u64,
        by: Instant,
    ) -> Result<Option<Messages>, KvError> {
        let replicated = self.writer.is_replicated();
        let mut pause = MIN_PAUSE;
        let began = Instant::now();
        loop {
            let mut request = self.ask(subjects, by).await?;
            match self.answer(&mut request, by).await? {
                Answer::At(at, messages)
                    if at >= barrier && (!replicated || is_whole(&messages, at)) =>
                {
                    return Ok(Some(messages));
                }
                Answer::TooMuch => return Ok(None),
                Answer::At(..) | Answer::Again => {}
            }
            if began.elapsed() > MAX_LAG {
                let reason = "the server's copy of the stream is behind";
                request.connection().close(reason);
                return Err(KvError::Unavailable(reason.into()));
            }
            if Instant::now() + pause > by {
                return Err(client::late(self.client.options.timeout));
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(MAX_PAUSE);
        }
    }

    async fn ask(&self, subjects: &[String], by: Instant) -> Result<Request, KvError> {
        let subject = format!("$JS.API.DIRECT.GET.{}", self.client.options.stream);
        let wanted = subjects.iter().map(String::as_str);
        let wanted: Vec<&str> = wanted.chain([self.barrier.as_str()]).collect();
        let body = json!({ "multi_last": wanted, "max_bytes": MAX_BYTES });
        self.client
            .send(&subject, body.to_string().as_bytes(), by)
            .await
    }

    /// Collects the messages of one answer, until the server marks its end.
    async fn answer(&self, request: &mut Request, by: Instant) -> Result<Answer, KvError> {
        let limit = by.min(Instant::now() + ANSWER_LIMIT);
        let mut messages = Messages::new();
        let mut at = None;
        loop {
            let message = match tokio::time::timeout_at(limit, request.next()).await {
                Ok(Some(message)) => message,
                Ok(None) => return Err(KvError::Unavailable(request.connection().reason())),
                Err(_) => return Ok(Answer::Again),
            };
            match message.status {
                None => {}
                Some(204) => {
                    let left_out = message.number("Nats-Num-Pending") != Some(0);
                    return Ok(match at {
                        _ if left_out => Answer::TooMuch,
                        Some(at) => Answer::At(at, messages),
                        None => Answer::Again,
                    });
                }
                Some(413) => return Ok(Answer::TooMuch),
                // No message at all, no server, or one that is stopping.
                Some(_) => return Ok(Answer::Again),
            }
            let sequence = message.number("Nats-Sequence");
            let (Some(subject), Some(sequence)) = (message.header("Nats-Subject"), sequence) else {
                return Err(KvError::Unavailable("a message without its subject".into()));
            };
            if subject == self.barrier {
                at = Some(sequence);
                continue;
            }
            let subject = subject.to_owned();
            let step = message.header(STEP).unwrap_or_default().to_owned();
            let (change, value) = record::decode(message.payload)?;
            messages.insert(
                subject,
                Found {
                    sequence,
                    change,
                    value,
                    step,
                },
            );
        }
    }

    /// The last message of a subject, as some server has it. It may be an old one.
    ///
    /// # Errors
    /// [`KvError::Unavailable`].
    pub async fn guess(&self, subject: &str, by: Instant) -> Result<Option<Found>, KvError> {
        let get = format!(
            "$JS.API.DIRECT.GET.{}.{subject}",
            self.client.options.stream
        );
        let mut request = self.client.send(&get, &[], by).await?;
        let by = by.min(Instant::now() + ANSWER_LIMIT);
        let message = client::next(&mut request, by, ANSWER_LIMIT).await?;
        match (message.status, message.number("Nats-Sequence")) {
            (None, Some(sequence)) => {
                let step = message.header(STEP).unwrap_or_default().to_owned();
                let (change, value) = record::decode(message.payload)?;
                Ok(Some(Found {
                    sequence,
                    change,
                    value,
                    step,
                }))
            }
            (Some(404), _) => Ok(None),
            _ => Err(KvError::Unavailable(
                "no server has a copy of the stream".into(),
            )),
        }
    }
}

/// True if a copy with this barrier and these messages is not in the middle of catching up: what
/// replaced something came before its barrier.
fn is_whole(messages: &Messages, barrier: u64) -> bool {
    let mut messages = messages.values();
    messages.all(|found| found.sequence < barrier || found.change == Change::Created)
}

/// Removes keys that were created after the barrier. `false`: what they were at the barrier is not
/// known.
fn as_of(found: &mut Messages, barrier: u64) -> bool {
    found.retain(|_, found| found.sequence <= barrier || found.change != Change::Created);
    let mut rest = found.values();
    rest.all(|found| found.sequence <= barrier || found.change != Change::Revived)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(list: &[(&str, u64, Change)]) -> Messages {
        let found = |(key, sequence, change): &(&str, u64, Change)| {
            let found = Found {
                sequence: *sequence,
                change: *change,
                value: Bytes::new(),
                step: String::new(),
            };
            ((*key).to_owned(), found)
        };
        list.iter().map(found).collect()
    }

    /// A copy that catches up has the newer message of a key, and not yet the barrier behind it.
    #[test]
    fn a_replacement_without_its_barrier_is_of_a_copy_that_catches_up() {
        for change in [Change::Replaced, Change::Revived, Change::Deleted] {
            assert!(is_whole(&messages(&[("a", 4, change)]), 5), "{change:?}");
            assert!(!is_whole(&messages(&[("a", 6, change)]), 5), "{change:?}");
        }
        assert!(is_whole(&messages(&[("a", 6, Change::Created)]), 5));
    }

    #[test]
    fn keys_that_were_created_after_the_barrier_are_absent() {
        let mut found = messages(&[
            ("before", 4, Change::Created),
            ("after", 6, Change::Created),
            ("replaced", 7, Change::Replaced),
            ("deleted", 8, Change::Deleted),
        ]);
        assert!(as_of(&mut found, 5));
        let mut keys: Vec<_> = found.into_keys().collect();
        keys.sort();
        assert_eq!(keys, ["before", "deleted", "replaced"]);
        // Such a key may have been created together with one that counts as absent.
        assert!(!as_of(&mut messages(&[("again", 6, Change::Revived)]), 5));
        assert!(as_of(&mut messages(&[("again", 4, Change::Revived)]), 5));
    }
}
