//! The words of the store. They mirror the contract's interface `event-store`, without WIT.
//!
//! Records on disk have structs of their own (`records`), so these may change without the format. Their order of fields is
//! what the conformance suite sends to a store on a host (`tests/store-wire`).

use serde::{Deserialize, Serialize};

/// Most events that one commit can hold: a position is `log index * MAX_EVENTS + index in the commit`.
pub const MAX_EVENTS: usize = 1024;

/// Most bytes of a checkpoint's state.
pub const MAX_STATE_BYTES: usize = 1 << 20;

/// Most tags of an event.
pub const MAX_TAGS: usize = 64;

/// Most bytes of a tag.
pub const MAX_TAG_BYTES: usize = 256;

/// Most extension attributes of a command.
pub const MAX_EXTENSIONS: usize = 64;

/// Most bytes of the name of an extension attribute.
pub const MAX_EXTENSION_NAME_BYTES: usize = 64;

/// Most bytes of the value of an extension attribute.
pub const MAX_EXTENSION_BYTES: usize = 4096;

/// An event to append.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewEvent {
    /// The type's name, such as `AccountOpened`.
    pub event_type: String,
    /// Version of the payload's schema.
    pub schema_version: u32,
    /// Media type of the payload.
    pub content_type: String,
    /// The payload, opaque to the store.
    #[serde(with = "crate::bytes")]
    pub payload: Vec<u8>,
    /// What the event is about beside its stream: at most [`MAX_TAGS`], each of 1 to [`MAX_TAG_BYTES`] bytes without
    /// control characters.
    pub tags: Vec<String>,
}

/// What is known of the command that led to a commit or an outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// The command's id. Empty: the append is no command's, and may happen twice if it is sent twice.
    pub command_id: String,
    /// The command's type.
    pub command_type: String,
    /// The same for everything that one first cause led to.
    pub correlation_id: String,
    /// The command or event that led to this.
    pub causation_id: String,
    /// The person or program that asked for it.
    pub actor: Option<String>,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// CloudEvents extension attributes: at most [`MAX_EXTENSIONS`] different names of 1 to
    /// [`MAX_EXTENSION_NAME_BYTES`] bytes `[a-z0-9]`, with values of at most [`MAX_EXTENSION_BYTES`] bytes.
    pub extensions: Vec<(String, String)>,
}

/// The decider's refusal of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// A stable code for callers to branch on.
    pub code: String,
    /// A sentence for people.
    pub message: String,
    /// A JSON value for programs.
    pub details: Option<String>,
}

/// An event for folding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// The stream's version that it made, from 1.
    pub version: u64,
    /// The type's name.
    pub event_type: String,
    /// Version of the payload's schema.
    pub schema_version: u32,
    /// Media type of the payload.
    pub content_type: String,
    /// The payload.
    #[serde(with = "crate::bytes")]
    pub payload: Vec<u8>,
}

/// An event with everything that is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedEvent {
    /// Unique: the commit's 128-bit id in hex, `-`, the event's index in the commit.
    pub id: String,
    /// The stream's name.
    pub stream: String,
    /// The stream's version that it made.
    pub version: u64,
    /// Its place in the order of the whole log.
    pub position: u64,
    /// When it was recorded, in milliseconds since the epoch. Never goes back within a stream.
    pub recorded_at: u64,
    /// The type's name.
    pub event_type: String,
    /// Version of the payload's schema.
    pub schema_version: u32,
    /// Media type of the payload.
    pub content_type: String,
    /// The payload.
    #[serde(with = "crate::bytes")]
    pub payload: Vec<u8>,
    /// The tags that it was appended with, in their order.
    pub tags: Vec<String>,
    /// The metadata of the commit that it belongs to.
    pub metadata: Metadata,
}

/// What must be true of a stream for an append to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Precondition {
    /// Nothing.
    Any,
    /// It has no events.
    NoStream,
    /// It has at least one event.
    StreamExists,
    /// It is at exactly this version.
    At(u64),
}

impl Precondition {
    /// Whether it holds at this version.
    #[must_use]
    pub fn holds(self, version: u64) -> bool {
        match self {
            Self::Any => true,
            Self::NoStream => version == 0,
            Self::StreamExists => version > 0,
            Self::At(expected) => version == expected,
        }
    }

    /// Whether it can never hold again, since versions only grow.
    pub(crate) fn is_past(self, version: u64) -> bool {
        match self {
            Self::Any | Self::StreamExists => false,
            Self::NoStream => version > 0,
            Self::At(expected) => version > expected,
        }
    }
}

/// Where a stream stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The last slot that was seen, which is how many slots were seen.
    pub cursor: u64,
    /// The stream's version there, which is how many events were seen.
    pub version: u64,
    /// No event can follow.
    pub closed: bool,
}

/// Events of a stream for folding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The events, whole commits at a time.
    pub events: Vec<Event>,
    /// Where the stream stands after them.
    pub head: Head,
    /// Whether nothing follows at this moment: the next slot was seen to be absent.
    pub end: bool,
}

/// What to append, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppendRequest {
    /// The stream's name.
    pub stream: String,
    /// The demand on the stream's version.
    pub expected: Precondition,
    /// Where the caller last saw the stream. With it, the append searches everything from there on for the same command id
    /// before it takes a slot. Without it, the append starts at the stream's end.
    pub cursor: Option<u64>,
    /// The events, at most [`MAX_EVENTS`].
    pub events: Vec<NewEvent>,
    /// Whether these are the stream's last events.
    pub close: bool,
    /// Kept with every event of the commit.
    pub metadata: Metadata,
    /// Milliseconds since the epoch.
    pub recorded_at: u64,
    /// 64 random bits: the commit's id is derived from them.
    pub seed: u64,
}

/// What an append did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appended {
    /// The stream's version after the last event.
    pub version: u64,
    /// Position of the last event; 0 if there are none.
    pub position: u64,
    /// The last slot that the append has seen: that of the commit, if there are events.
    pub cursor: u64,
    /// The events, in order.
    pub events: Vec<RecordedId>,
}

/// What an event was recorded as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedId {
    /// The event's id.
    pub id: String,
    /// The type's name.
    pub event_type: String,
    /// The stream's version that it made.
    pub version: u64,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The command was accepted, with these events or none.
    Accepted(Appended),
    /// The decider rejected the command.
    Rejected(Rejection),
}

/// What is known of a command id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Claim {
    /// No attempt was made before.
    Fresh,
    /// An attempt was made, and the command has not ended. Going on is safe: at most one attempt will count.
    Pending,
    /// The command has ended.
    Done(Outcome),
    /// The id belongs to a different command.
    Mismatch,
}

/// Events of a stream, with everything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamPage {
    /// The events.
    pub events: Vec<RecordedEvent>,
    /// The stream's version after them.
    pub version: u64,
    /// Nothing follows at this moment.
    pub end: bool,
}

/// Which events of the log are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogFilter {
    /// Of these types; empty: of any.
    pub event_types: Vec<String>,
    /// Of streams in these categories; empty: in any.
    pub categories: Vec<String>,
    /// With at least one of these tags; empty: with any tags or none.
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
    /// Is an event of this type, in this stream, with these tags, wanted?
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
    /// The next page's `after`, also if this page has no events.
    pub next: u64,
    /// Whether nothing can be delivered after these events at this moment.
    pub end: bool,
}

/// A decider's state at some version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// In the decider's own encoding.
    #[serde(with = "crate::bytes")]
    pub state: Vec<u8>,
    /// Version of that encoding.
    pub state_version: u32,
    /// Where the stream stood.
    pub head: Head,
}

/// How far a handler of events has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Events up to this position are done.
    pub position: u64,
    /// The handler's declared version that did them.
    pub generation: u32,
    /// Counts the writes, from 1. A writer passes the revision that it has read, 0 if there was none.
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

/// A row, or what is left of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundRow {
    /// Position of the newest event that the row reflects, also by being deleted. 0: there never was a row.
    pub position: u64,
    /// `None` if it is deleted, or never was.
    pub row: Option<Row>,
}

/// Rows of a view.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowPage {
    /// In the order of their keys' bytes.
    pub rows: Vec<Row>,
    /// The last key that was looked at, perhaps of a deleted row: the next page begins after it. `None` if no key of the
    /// range was looked at.
    pub next: Option<String>,
    /// Whether no row follows.
    pub end: bool,
}
