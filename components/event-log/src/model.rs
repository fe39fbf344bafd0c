//! The data types of the store. They mirror the contract's interface `event-store`, without WIT.
//!
//! Records on disk have separate structs (`records`), so these types may change without a change of the disk format.
//! The conformance suite sends them to a store on a host (`tests/store-wire`), so the order of their fields is its wire
//! format.

use serde::{Deserialize, Serialize};

/// Maximum events in one commit. A position is `log slot * MAX_EVENTS + index in the commit`.
pub const MAX_EVENTS: usize = 1024;

/// Maximum bytes of a checkpoint's state.
pub const MAX_STATE_BYTES: usize = 1 << 20;

/// Maximum number of tags of an event.
pub const MAX_TAGS: usize = 64;

/// Maximum bytes of a tag.
pub const MAX_TAG_BYTES: usize = 256;

/// Maximum number of extension attributes of a command.
pub const MAX_EXTENSIONS: usize = 64;

/// Maximum bytes of the name of an extension attribute.
pub const MAX_EXTENSION_NAME_BYTES: usize = 64;

/// Maximum bytes of the value of an extension attribute.
pub const MAX_EXTENSION_BYTES: usize = 4096;

/// An event to append.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewEvent {
    /// The name of the event type, such as `AccountOpened`.
    pub event_type: String,
    /// Version of the payload's schema.
    pub schema_version: u32,
    /// Media type of the payload.
    pub content_type: String,
    /// The payload, opaque to the store.
    #[serde(with = "crate::bytes")]
    pub payload: Vec<u8>,
    /// Further subjects of the event, beside its stream: at most [`MAX_TAGS`] tags, each of 1 to [`MAX_TAG_BYTES`]
    /// bytes without control characters.
    pub tags: Vec<String>,
}

/// Metadata of the command that led to a commit or an outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The command's id. If it is empty, the append belongs to no command, and may happen twice if it is sent twice.
    pub command_id: String,
    /// The command's type.
    pub command_type: String,
    /// Shared by all commands and events that descend from the same first cause.
    pub correlation_id: String,
    /// The id of the command or event that directly led to this command.
    pub causation_id: String,
    /// The person or program that issued the command.
    pub actor: Option<String>,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// CloudEvents extension attributes: at most [`MAX_EXTENSIONS`] different names of 1 to
    /// [`MAX_EXTENSION_NAME_BYTES`] bytes `[a-z0-9]`, with values of at most [`MAX_EXTENSION_BYTES`] bytes.
    pub extensions: Vec<(String, String)>,
}

/// The rejection of a command by its decider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// A stable code for callers to branch on.
    pub code: String,
    /// A message for people.
    pub message: String,
    /// A JSON value for programs.
    pub details: Option<String>,
}

/// An event for folding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The stream's version after this event, from 1.
    pub version: u64,
    /// The name of the event type.
    pub event_type: String,
    /// Version of the payload's schema.
    pub schema_version: u32,
    /// Media type of the payload.
    pub content_type: String,
    /// The payload.
    #[serde(with = "crate::bytes")]
    pub payload: Vec<u8>,
}

/// An event with its identity, position and metadata.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedEvent {
    /// Unique id: the commit's 128-bit id in hex, `-`, the event's index in the commit.
    pub id: String,
    /// The stream's name.
    pub stream: String,
    /// The stream's version after this event.
    pub version: u64,
    /// The event's position in the order of the whole log.
    pub position: u64,
    /// The time of recording, in milliseconds since the epoch. It never decreases within a stream.
    pub recorded_at: u64,
    /// The name of the event type.
    pub event_type: String,
    /// Version of the payload's schema.
    pub schema_version: u32,
    /// Media type of the payload.
    pub content_type: String,
    /// The payload.
    #[serde(with = "crate::bytes")]
    pub payload: Vec<u8>,
    /// The event's tags, in the order of the append.
    pub tags: Vec<String>,
    /// The metadata of the event's commit.
    pub metadata: Metadata,
}

/// A precondition of an append on the stream's version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Precondition {
    /// No precondition.
    Any,
    /// The stream has no events.
    NoStream,
    /// The stream has at least one event.
    StreamExists,
    /// The stream is at exactly this version.
    At(u64),
}

impl Precondition {
    /// Whether the precondition holds at this version.
    #[must_use]
    pub fn holds(self, version: u64) -> bool {
        match self {
            Self::Any => true,
            Self::NoStream => version == 0,
            Self::StreamExists => version > 0,
            Self::At(expected) => version == expected,
        }
    }

    /// Whether the precondition can never hold again. Versions only grow.
    pub(crate) fn is_past(self, version: u64) -> bool {
        match self {
            Self::Any | Self::StreamExists => false,
            Self::NoStream => version > 0,
            Self::At(expected) => version > expected,
        }
    }
}

/// A place in a stream: the last slot that was read, and the stream's state after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The last slot that was read. Slots count from 1, so this is also the number of slots up to here.
    pub cursor: u64,
    /// The stream's version after that slot, which is the number of events up to here.
    pub version: u64,
    /// Whether the stream is closed: no event can follow.
    pub closed: bool,
}

/// Events of a stream for folding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The events. A page contains only whole commits.
    pub events: Vec<Event>,
    /// The stream's head after these events.
    pub head: Head,
    /// Whether the stream ends here: the reader found the next slot absent.
    pub end: bool,
}

/// A request to append events to a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppendRequest {
    /// The stream's name.
    pub stream: String,
    /// The precondition on the stream's version.
    pub expected: Precondition,
    /// The last slot of the stream that the caller has read. With a cursor, the append searches all slots after it for
    /// the same command id before it claims a slot. Without a cursor, the append starts at the stream's end.
    pub cursor: Option<u64>,
    /// The events, at most [`MAX_EVENTS`].
    pub events: Vec<NewEvent>,
    /// Whether these are the stream's last events.
    pub close: bool,
    /// Metadata of the commit, returned with each of its events.
    pub metadata: Metadata,
    /// The time of the append, in milliseconds since the epoch.
    pub recorded_at: u64,
    /// 64 random bits: the commit's id is derived from them.
    pub seed: u64,
    /// The command's fingerprint, if the append has to claim the command id as well, as
    /// [`claim_command`](crate::EventLog::claim_command) does. The atomic protocol creates the claim in the step of the
    /// commit, the portable protocol before it.
    pub claim: Option<u64>,
}

/// The result of an append.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appended {
    /// The stream's version after the last event.
    pub version: u64,
    /// Position of the last event; 0 if there are none.
    pub position: u64,
    /// The last slot that the append has seen. If there are events, this is the commit's slot.
    pub cursor: u64,
    /// The events, in order.
    pub events: Vec<RecordedId>,
}

/// The identity of a recorded event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedId {
    /// The event's id.
    pub id: String,
    /// The name of the event type.
    pub event_type: String,
    /// The stream's version after this event.
    pub version: u64,
}

/// The outcome of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The command was accepted, with these events or none.
    Accepted(Appended),
    /// The decider rejected the command.
    Rejected(Rejection),
}

/// The state of a command id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Claim {
    /// This is the first attempt.
    Fresh,
    /// An earlier attempt exists, and the command has not ended. The caller may continue: at most one attempt takes
    /// effect.
    Pending,
    /// The command has ended.
    Done(Outcome),
    /// The id belongs to a different command.
    Mismatch,
}

/// Events of a stream with their metadata.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamPage {
    /// The events.
    pub events: Vec<RecordedEvent>,
    /// The stream's version after these events.
    pub version: u64,
    /// Whether nothing follows these events in the direction of reading.
    pub end: bool,
}

/// A filter on the events of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFilter {
    /// Event types to match; if empty, all types match.
    pub event_types: Vec<String>,
    /// Stream categories to match; if empty, all categories match.
    pub categories: Vec<String>,
    /// An event matches if it has at least one of these tags; if empty, every event matches.
    pub tags: Vec<String>,
}

impl From<(NewEvent, u64)> for Event {
    fn from((event, version): (NewEvent, u64)) -> Self {
        let NewEvent {
            event_type,
            schema_version,
            content_type,
            payload,
            tags: _,
        } = event;
        Self {
            version,
            event_type,
            schema_version,
            content_type,
            payload,
        }
    }
}

impl LogFilter {
    /// Whether the filter matches an event of this type, in this stream, with these tags.
    #[must_use]
    pub fn wants(&self, event_type: &str, stream: &str, tags: &[String]) -> bool {
        let category = stream
            .split_once('-')
            .map_or(stream, |(category, _)| category);
        let among =
            |wanted: &[String], it: &str| wanted.is_empty() || wanted.iter().any(|w| w == it);
        among(&self.event_types, event_type)
            && among(&self.categories, category)
            && (self.tags.is_empty() || tags.iter().any(|tag| self.tags.contains(tag)))
    }
}

/// Events of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPage {
    /// The events.
    pub events: Vec<RecordedEvent>,
    /// The `after` of the next page, even if this page has no events.
    pub next: u64,
    /// Whether no further event can be delivered at this moment.
    pub end: bool,
}

/// A decider's state at some version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The state, in the decider's own encoding.
    #[serde(with = "crate::bytes")]
    pub state: Vec<u8>,
    /// Version of that encoding.
    pub state_version: u32,
    /// The stream's head that the state reflects.
    pub head: Head,
}

/// The progress of a handler of events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// The handler has processed all events up to this position.
    pub position: u64,
    /// The declared version of the handler that processed them.
    pub generation: u32,
    /// Number of writes, from 1. A writer passes the revision that it has read, 0 if there was none.
    pub revision: u64,
    /// The dispatcher's own state, opaque to the store; at most [`MAX_STATE_BYTES`].
    #[serde(with = "crate::bytes")]
    pub state: Vec<u8>,
}

/// A stored row of a view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The row's key in the view.
    pub key: String,
    /// Media type of the value.
    pub content_type: String,
    /// The value, opaque to the store.
    #[serde(with = "crate::bytes")]
    pub value: Vec<u8>,
    /// Position of the newest event that the row reflects.
    pub position: u64,
}

/// A row, or the position of its deletion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundRow {
    /// Position of the newest event that wrote or deleted the row. 0: the row never existed.
    pub position: u64,
    /// The row; `None` if it was deleted or never existed.
    pub row: Option<Row>,
}

/// Rows of a view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowPage {
    /// The rows, in the byte order of their keys.
    pub rows: Vec<Row>,
    /// The last key that the scan examined, perhaps that of a deleted row. The next page begins after it. `None` if the
    /// scan examined no key of the range.
    pub next: Option<String>,
    /// Whether the scan has reached the end of the range.
    pub end: bool,
}
