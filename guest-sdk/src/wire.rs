//! The data that crosses the component's boundary, in plain Rust types. Native tests pass the same data.

use crate::{CodecError, EventMetadata, EventType, Precondition, StartFrom};

/// An incoming command.
#[derive(Clone, Copy)]
pub struct RawCommand<'a> {
    pub command_type: &'a str,
    pub content_type: &'a str,
    pub payload: &'a [u8],
}

/// An incoming event. It is borrowed, so folding copies only the parts that the state keeps.
#[derive(Clone, Copy)]
pub struct RawEvent<'a> {
    pub version: u64,
    pub event_type: &'a str,
    pub schema_version: u32,
    pub content_type: &'a str,
    pub payload: &'a [u8],
}

/// An outgoing event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    pub event_type: EventType,
    pub content_type: &'static str,
    pub payload: Vec<u8>,
    pub tags: Vec<String>,
}

/// An outgoing decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawDecision {
    pub events: Vec<NewEvent>,
    pub close: bool,
}

/// A failure of the handler that the caller did not cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault(pub String);

/// The reason why there is no decision.
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

/// An outgoing rejection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: &'static str,
    pub message: String,
    pub details: Option<String>,
}

/// A decider's description of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Descriptor {
    pub name: String,
    pub category: &'static str,
    pub commands: Vec<(&'static str, Precondition)>,
    /// The commands that only process managers may send.
    pub internal: &'static [&'static str],
    pub emits: Vec<&'static str>,
    pub folds: Vec<&'static str>,
    pub snapshot_every: u32,
    pub state_version: u32,
    /// The newest schema version of each event type that the decider folds.
    pub schemas: &'static [EventType],
}

/// A recorded event, as reactions receive it.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub about: EventMetadata,
    pub event_type: String,
    pub schema_version: u32,
    pub content_type: String,
    pub payload: Vec<u8>,
}

/// A reaction's description of itself: projector, process manager or notifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReactionDescriptor {
    pub name: String,
    pub version: u32,
    pub event_types: Vec<&'static str>,
    pub emits: Vec<&'static str>,
    pub views: Vec<&'static str>,
    pub from: StartFrom,
    pub concurrency: u32,
    /// The newest schema version of each event type that the reaction receives.
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
    /// Index, in the page, of the last event that changed the row.
    pub event: u32,
}

/// A change of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowChange {
    Put(Row),
    /// Deletes the row with this key.
    Delete(String),
}

/// The input of a process.
pub enum Input {
    Event(Recorded),
    Refused(RawRefusal),
}

/// A refused command of a process.
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
    /// The new state; empty if the process stops.
    pub state: Vec<u8>,
    pub commands: Vec<OutgoingCommand>,
    pub notes: Vec<String>,
    pub stop: bool,
}
