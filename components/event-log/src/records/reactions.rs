//! The records of reactions. Most contain the names and numbers of their own place, so a reader detects a misplaced
//! record.

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
    /// Whether a repair wrote this record where no checkpoint existed. It then counts as no checkpoint.
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
    /// `None` if the row was deleted.
    pub content: Option<Content>,
}

impl Single for RowRecord {
    const KIND: u8 = 9;
    const NAME: &'static str = "row";
}

/// The content of a row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    pub content_type: String,
    #[serde(with = "crate::bytes")]
    pub value: Vec<u8>,
}

/// An entry in the list of a view: a key for which a row may exist.
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
    /// Whether a repair wrote this entry. It then stands for no row.
    pub fn is_blank(&self) -> bool {
        self.key.is_empty()
    }
}

/// A copy of entries in a view's list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ViewCopy {
    pub view: String,
    /// The copy's number, from 1. Each copy has 256 entries.
    pub number: u64,
    /// The key of each entry. The key of an entry that a repair wrote is empty.
    pub keys: Vec<String>,
}

impl Single for ViewCopy {
    const KIND: u8 = 16;
    const NAME: &'static str = "view copy";
}

/// The record that replaces a superseded revision: the number of an existing revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tombstone {
    pub known: Revision,
}

impl Single for Tombstone {
    const KIND: u8 = 14;
    const NAME: &'static str = "tombstone";
}

/// The marker of a view whose deletion has begun. The view's name is never used again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DroppedView {
    pub view: String,
}

impl Single for DroppedView {
    const KIND: u8 = 15;
    const NAME: &'static str = "dropped view";
}
