//! What crosses the boundary of the component, in plain Rust: so that tests cross it natively.

use crate::{CodecError, EventType, Precondition};

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
}

/// A decision that goes out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawDecision {
    pub events: Vec<NewEvent>,
    pub close: bool,
}

/// The decider cannot go on, through no fault of the caller.
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
    pub emits: Vec<&'static str>,
    pub folds: Vec<&'static str>,
    pub snapshot_every: u32,
    pub state_version: u32,
}
