//! The words of a history. Made for 100,000 operations: what was read is kept as digests.

use std::fmt;

use annals_event_log::{Appended, Head, Outcome, Precondition};
use serde::{Deserialize, Serialize};

use super::Token;

/// Everything that is known of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// What was run.
    pub run: Run,
    /// Names of the streams; operations hold their indices.
    pub streams: Vec<String>,
    /// The operations of each client, in its order.
    pub clients: Vec<Vec<Operation>>,
    /// What the store held after everybody had stopped.
    pub last: Last,
}

/// What was run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The store's name.
    pub backend: String,
    /// The workload's name.
    pub workload: String,
    /// Partitions of its log.
    pub partitions: u32,
    /// Gives the same commands again.
    pub seed: u64,
    /// Kills that the store survived.
    pub kills: u32,
    /// From the first operation to the last one.
    pub milliseconds: u64,
}

/// Names an operation: a client, and its count of operations before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OperationId {
    /// The client.
    pub client: u16,
    /// Which of its operations, from 0.
    pub index: u32,
}

impl fmt::Display for OperationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "client {} operation {}", self.client, self.index)
    }
}

/// One call of the store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Before the call, on a clock that all clients share and that never shows a time twice.
    pub invoked: u64,
    /// After the answer, on the same clock.
    pub completed: u64,
    /// What was asked for.
    pub action: Action,
    /// What was answered.
    pub answer: Answer,
}

/// What was asked for. A `stream` is an index into [`History::streams`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(
    missing_docs,
    reason = "the arguments are those of the store's functions"
)]
pub enum Action {
    Append(Submission),
    Claim {
        stream: u32,
        command: String,
        cursor: u64,
    },
    Find {
        stream: u32,
        command: String,
        cursor: u64,
    },
    /// Without a code: the command was accepted, with nothing to append.
    RecordOutcome {
        stream: u32,
        command: String,
        at: Head,
        code: Option<String>,
    },
    Read {
        stream: u32,
        after: u64,
        limit: u32,
    },
    ReadBackward {
        stream: u32,
        before: Option<u64>,
        limit: u32,
    },
    Load {
        stream: u32,
        after: Head,
        limit: u32,
    },
    /// `follows`: the client goes on from its last page.
    ReadLog {
        after: u64,
        limit: u32,
        categories: Vec<String>,
        follows: bool,
    },
}

/// The arguments of an append. The events follow from the operation's id: see [`Token`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "as in `AppendRequest`")]
pub struct Submission {
    pub stream: u32,
    pub expected: Precondition,
    pub cursor: Option<u64>,
    /// How many.
    pub events: u16,
    pub close: bool,
    /// Empty: no command's.
    pub command: String,
    pub recorded_at: u64,
    pub seed: u64,
}

/// What was answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(
    missing_docs,
    reason = "the fields are those of the store's own answers"
)]
pub enum Answer {
    Appended(Appended),
    Claimed(Claimed),
    Found(Option<Outcome>),
    Recorded,
    /// Of `read_stream` and `read_stream_backward`.
    Page {
        events: Vec<Seen>,
        version: u64,
        end: bool,
    },
    NoStream,
    Loaded {
        events: Vec<Seen>,
        head: Head,
        end: bool,
    },
    Log {
        events: Vec<SeenInLog>,
        next: u64,
        end: bool,
    },
    Conflict {
        expected: Precondition,
        actual: u64,
    },
    Closed(u64),
    /// It may have happened, or may happen later.
    InDoubt(String),
    /// It did not happen.
    Unavailable(String),
    /// The store calls a record corrupt, or the request illegal. No request was.
    Faulty(String),
}

/// A claim's answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "as in `Claim`")]
pub enum Claimed {
    Fresh,
    Pending,
    Done(Outcome),
    Mismatch,
}

/// An event in a page of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The stream's version that it made.
    pub version: u64,
    /// Which submitted event its payload says it is.
    pub token: Option<Token>,
    /// Of everything that the read told of it.
    pub digest: u64,
}

/// An event in a page of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenInLog {
    /// Its place in the log.
    pub position: u64,
    /// As in [`Seen`].
    pub token: Option<Token>,
    /// Of everything.
    pub digest: u64,
}

/// What the store held after everybody had stopped, read by a connection of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Last {
    /// As [`History::streams`].
    pub streams: Vec<LastStream>,
    /// The whole log.
    pub log: Vec<Logged>,
    /// What could not be read, and why.
    pub unread: Vec<String>,
}

/// A stream in the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastStream {
    /// As loaded.
    pub head: Head,
    /// All of them.
    pub events: Vec<Kept>,
}

/// An event of a stream in the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Unique.
    pub id: String,
    /// The stream's version that it made.
    pub version: u64,
    /// Its place in the log.
    pub position: u64,
    /// Milliseconds since the epoch.
    pub recorded_at: u64,
    /// Which submitted event its payload says it is.
    pub token: Option<Token>,
    /// The command that it belongs to; empty: none.
    pub command: String,
    /// Of everything, as in a page of a stream or the log.
    pub digest: u64,
    /// Of what a load tells.
    pub lean: u64,
}

/// An event of the log in the end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logged {
    /// Its place in the log.
    pub position: u64,
    /// The stream's name, which need not be one of ours.
    pub stream: String,
    /// The stream's version that it made.
    pub version: u64,
    /// Unique.
    pub id: String,
    /// Of everything.
    pub digest: u64,
}

impl History {
    /// An operation, if there is one of that name.
    #[must_use]
    pub fn operation(&self, id: OperationId) -> Option<&Operation> {
        self.clients
            .get(usize::from(id.client))?
            .get(id.index as usize)
    }

    /// All operations, client by client.
    pub fn operations(&self) -> impl Iterator<Item = (OperationId, &Operation)> {
        (0u16..)
            .zip(&self.clients)
            .flat_map(|(client, operations)| {
                (0u32..)
                    .zip(operations)
                    .map(move |(index, operation)| (OperationId { client, index }, operation))
            })
    }

    /// A stream's name.
    #[must_use]
    pub fn stream(&self, index: u32) -> &str {
        self.streams
            .get(index as usize)
            .map_or("(a stream without a name)", String::as_str)
    }
}
