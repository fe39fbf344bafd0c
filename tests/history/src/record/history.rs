//! The types of a history. It supports 100,000 operations: it keeps digests of the events that clients read.

use std::fmt;

use annals_event_log::{Appended, Head, Outcome, Precondition};
use serde::{Deserialize, Serialize};

use super::Token;

/// All data of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct History {
    /// The parameters of the run.
    pub run: Run,
    /// Names of the streams; operations hold their indices.
    pub streams: Vec<String>,
    /// The operations of each client, in its order.
    pub clients: Vec<Vec<Operation>>,
    /// The final contents of the store, after all clients had stopped.
    pub last: Last,
}

/// The parameters of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The store's name.
    pub backend: String,
    /// The workload's name.
    pub workload: String,
    /// Partitions of its log.
    pub partitions: u32,
    /// The same seed gives the same commands.
    pub seed: u64,
    /// Kills that the store survived.
    pub kills: u32,
    /// From the first operation to the last one.
    pub milliseconds: u64,
}

/// Identifies an operation by its client and the number of that client's earlier operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OperationId {
    /// The client.
    pub client: u16,
    /// Index of the operation within its client, from 0.
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
    /// Time before the call, on a clock that all clients share and that never returns a time twice.
    pub invoked: u64,
    /// Time after the answer, on the same clock.
    pub completed: u64,
    /// The request.
    pub action: Action,
    /// The store's answer.
    pub answer: Answer,
}

/// A request. A `stream` is an index into [`History::streams`].
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
    /// `None` as the code: the command was accepted and appended no event.
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
    /// `follows`: the client continues from its last page.
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
    /// Number of events.
    pub events: u16,
    pub close: bool,
    /// The command id; empty: no command.
    pub command: String,
    pub recorded_at: u64,
    pub seed: u64,
    /// The fingerprint, if the command is claimed with the append.
    #[serde(default)]
    pub claim: Option<u64>,
}

/// The store's answer to a request.
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
    /// The answer of `read_stream` and `read_stream_backward`.
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
    /// Somebody has claimed the command of the append.
    AlreadyClaimed,
    /// The effect may have happened, or may happen later.
    InDoubt(String),
    /// The effect did not happen.
    Unavailable(String),
    /// The store reports a corrupt record, or calls the request invalid. All requests are valid.
    Faulty(String),
}

/// The answer to a claim.
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
    /// The token of the submitted event, as read from the payload.
    pub token: Option<Token>,
    /// Digest of all data that the read returned for the event.
    pub digest: u64,
}

/// An event in a page of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenInLog {
    /// Its position in the log.
    pub position: u64,
    /// As in [`Seen`].
    pub token: Option<Token>,
    /// Digest of the whole event.
    pub digest: u64,
}

/// The final contents of the store, read by a separate connection after all clients had stopped.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Last {
    /// As [`History::streams`].
    pub streams: Vec<LastStream>,
    /// The whole log.
    pub log: Vec<Logged>,
    /// The parts that could not be read, with the reasons.
    pub unread: Vec<String>,
}

/// A stream in the final contents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastStream {
    /// The head that a load returned.
    pub head: Head,
    /// All events of the stream.
    pub events: Vec<Kept>,
}

/// An event of a stream in the final contents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// The unique event id.
    pub id: String,
    /// The stream's version that it made.
    pub version: u64,
    /// Its position in the log.
    pub position: u64,
    /// Milliseconds since the epoch.
    pub recorded_at: u64,
    /// The token of the submitted event, as read from the payload.
    pub token: Option<Token>,
    /// The command that it belongs to; empty: none.
    pub command: String,
    /// Digest of the whole event, as in a page of a stream or the log.
    pub digest: u64,
    /// Digest of the part that a load returns.
    pub lean: u64,
}

/// An event of the final log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logged {
    /// Its position in the log.
    pub position: u64,
    /// The name of the stream, which may be one outside of this run.
    pub stream: String,
    /// The stream's version that it made.
    pub version: u64,
    /// The unique event id.
    pub id: String,
    /// Digest of the whole event.
    pub digest: u64,
}

impl History {
    /// The operation with this id, if it exists.
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
