//! The records of what reactions keep. Each names its own place.

use serde::{Deserialize, Serialize};

use super::Single;
use crate::numbers::{Position, Revision};

/// A revision of a handler's checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointRecord {
    pub handler: String,
    pub revision: Revision,
    pub position: Position,
    pub generation: u32,
    #[serde(with = "crate::bytes")]
    pub state: Vec<u8>,
}

impl Single for CheckpointRecord {
    const KIND: u8 = 8;
    const NAME: &'static str = "checkpoint";
}

impl CheckpointRecord {
    /// A repair wrote it where there was no checkpoint yet; it counts as none.
    pub fn is_blank(&self) -> bool {
        self.handler.is_empty()
    }
}

/// A revision of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowRecord {
    pub view: String,
    pub key: String,
    pub revision: Revision,
    pub position: Position,
    /// Absent: the row was deleted.
    pub content: Option<Content>,
}

impl Single for RowRecord {
    const KIND: u8 = 9;
    const NAME: &'static str = "row";
}

/// What a row holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    pub content_type: String,
    #[serde(with = "crate::bytes")]
    pub value: Vec<u8>,
}

/// In the list of a view: a key that may have a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewEntry {
    pub view: String,
    pub index: u64,
    pub key: String,
}

impl Single for ViewEntry {
    const KIND: u8 = 10;
    const NAME: &'static str = "view entry";
}

impl ViewEntry {
    /// A repair wrote it; it stands for no row.
    pub fn is_blank(&self) -> bool {
        self.key.is_empty()
    }
}

/// A copy of entries in a view's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewCopy {
    pub view: String,
    /// From 1; each has 256 entries.
    pub number: u64,
    /// Of each entry; empty where it was written by a repair.
    pub keys: Vec<String>,
}

impl Single for ViewCopy {
    const KIND: u8 = 16;
    const NAME: &'static str = "view copy";
}

/// In a revision that was superseded: a revision that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    pub known: Revision,
}

impl Single for Tombstone {
    const KIND: u8 = 14;
    const NAME: &'static str = "tombstone";
}

/// A view that is being deleted, or was: its name is never used again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DroppedView {
    pub view: String,
}

impl Single for DroppedView {
    const KIND: u8 = 15;
    const NAME: &'static str = "dropped view";
}
