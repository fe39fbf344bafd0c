//! What crosses the boundary of the component, in plain Rust: so that tests cross it natively.

use crate::{CodecError, EventMetadata, EventType, Precondition, StartFrom};

/// A command as it comes in.
#[derive(Clone, Copy)]
pub struct RawCommand<'a> {
    pub command_type: &'a str,
    pub content_type: &'a str,
    pub payload: &'a [u8],
}

/// An event as it comes in. Borrowed: folding copies nothing that it does not keep.
#[derive(Clone, Copy)]
pub struct RawEvent<'a> {
    pub version: u64,
    pub event_type: &'a str,
    pub schema_version: u32,
    pub content_type: &'a str,
    pub payload: &'a [u8],
}

/// An event that goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    pub event_type: EventType,
    pub content_type: &'static str,
    pub payload: Vec<u8>,
    pub tags: Vec<String>,
}

/// A decision that goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawDecision {
    pub events: Vec<NewEvent>,
    pub close: bool,
}

/// The handler cannot go on, through no fault of the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(pub String);

/// Why there is no decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    Malformed(CodecError),
    Rejected(Refusal),
    Failed(Fault),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault)
    }
}

/// A rejection that goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: &'static str,
    pub message: String,
    pub details: Option<String>,
}

/// What a decider says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    pub name: String,
    pub category: &'static str,
    pub commands: Vec<(&'static str, Precondition)>,
    /// Those of the commands that process managers alone may send.
    pub internal: &'static [&'static str],
    pub emits: Vec<&'static str>,
    pub folds: Vec<&'static str>,
    pub snapshot_every: u32,
    pub state_version: u32,
    /// Of all types of events that it folds.
    pub schemas: &'static [EventType],
}

/// An event as reactions get it.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub about: EventMetadata,
    pub event_type: String,
    pub schema_version: u32,
    pub content_type: String,
    pub payload: Vec<u8>,
}

/// What any reaction says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReactionDescriptor {
    pub name: String,
    pub version: u32,
    pub event_types: Vec<&'static str>,
    pub emits: Vec<&'static str>,
    pub views: Vec<&'static str>,
    pub from: StartFrom,
    pub concurrency: u32,
    /// Of all types of events that it is given.
    pub schemas: &'static [EventType],
}

/// A row of a projector's view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub key: String,
    pub content_type: String,
    pub value: Vec<u8>,
}

/// A row that a page of events changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedRow {
    pub change: RowChange,
    /// Index in the page of the last event that changed it.
    pub event: u32,
}

/// What an event does to a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowChange {
    Put(Row),
    /// Carries the key.
    Delete(String),
}

/// What a process is told.
pub enum Input {
    Event(Recorded),
    Refused(RawRefusal),
}

/// A command of a process that was refused.
pub struct RawRefusal {
    pub command: OutgoingCommand,
    pub code: String,
    pub message: String,
    pub details: Option<String>,
    pub cause: Recorded,
}

/// A command that a process sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingCommand {
    pub command_type: String,
    pub content_type: String,
    pub payload: Vec<u8>,
}

/// One step of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawReaction {
    /// Empty if the process stops.
    pub state: Vec<u8>,
    pub commands: Vec<OutgoingCommand>,
    pub notes: Vec<String>,
    pub stop: bool,
}
