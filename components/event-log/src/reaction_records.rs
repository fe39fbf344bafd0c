//! The records of what reactions keep. Each names its own place.

use serde::{Deserialize, Serialize};

use crate::record::{Record, bytes};

macro_rules! kinds {
    ($($record:ident = $kind:literal $name:literal;)*) => {$(
        impl Record for $record {
            const KIND: u8 = $kind;
            const NAME: &'static str = $name;
        }
    )*};
}
kinds! {
    CheckpointRecord = 8 "checkpoint";
    RowRecord = 9 "row";
    ViewEntry = 10 "view entry";
    Tombstone = 14 "tombstone";
    DroppedView = 15 "dropped view";
    ViewCopy = 16 "view copy";
}

/// A revision of a handler's checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CheckpointRecord {
    pub handler: String,
    pub revision: u64,
    pub position: u64,
    pub generation: u32,
    #[serde(with = "bytes")]
    pub state: Vec<u8>,
}

/// A revision of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RowRecord {
    pub view: String,
    pub key: String,
    pub revision: u64,
    pub position: u64,
    /// Absent: the row was deleted.
    pub content: Option<Content>,
}

/// What a row holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Content {
    pub content_type: String,
    #[serde(with = "bytes")]
    pub value: Vec<u8>,
}

/// In the list of a view: a key that may have a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ViewEntry {
    pub view: String,
    pub index: u64,
    pub key: String,
}

/// A copy of entries in a view's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ViewCopy {
    pub view: String,
    /// From 1; each has 256 entries.
    pub number: u64,
    /// Of each entry; empty where it was written by a repair.
    pub keys: Vec<String>,
}

/// In a revision that was superseded: a revision that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Tombstone {
    pub known: u64,
}

/// A view that is being deleted, or was: its name is never used again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DroppedView {
    pub view: String,
}
