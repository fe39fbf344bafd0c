//! Disposable records, which only save time. A reader that cannot decode one ignores it.

use serde::{Deserialize, Serialize};

use super::{Bytes, Single};
use crate::numbers::{Slot, Version};

/// A snapshot of a decider's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotRecord {
    pub stream: String,
    pub decider: String,
    pub state_version: u32,
    pub cursor: Slot,
    pub version: Version,
    pub closed: bool,
    #[serde(with = "crate::bytes")]
    pub state: Vec<u8>,
}

impl Single for SnapshotRecord {
    const KIND: u8 = 6;
    const NAME: &'static str = "snapshot";
}

/// A hint: the number of an existing slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    pub slot: u64,
}

impl Single for Hint {
    const KIND: u8 = 7;
    const NAME: &'static str = "hint";
}

/// Copies of a stream's slots, which one read returns together. The slots remain authoritative.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Segment {
    pub stream: String,
    /// The first slot that is copied.
    pub first: Slot,
    /// The complete bytes of each slot's record. The list is empty if the records are too large to copy.
    pub records: Vec<Bytes>,
}

impl Single for Segment {
    const KIND: u8 = 11;
    const NAME: &'static str = "segment";
}
