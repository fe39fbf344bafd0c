//! The records in log slots, and the store's record.

use serde::{Deserialize, Serialize};

use super::{CommitId, Record, Single, decode};
use crate::error::StoreError;
use crate::numbers::{LogSlot, Slot};

/// The record of a ref in a log slot: the stream's slot in which a writer will create a commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ref {
    pub stream: String,
    pub slot: Slot,
    pub commit: CommitId,
    /// Time of the claim by the writer's clock, in milliseconds since the epoch.
    pub claimed_at: u64,
}

impl Single for Ref {
    const KIND: u8 = 1;
    const NAME: &'static str = "ref";
}

/// The record of a skip in a log slot: the slot was absent when a reader found a later slot of another partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skip {
    pub index: LogSlot,
}

impl Single for Skip {
    const KIND: u8 = 12;
    const NAME: &'static str = "skip";
}

/// One of the records that a log slot can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogRecord {
    Ref(Ref),
    Skip(Skip),
}

impl LogRecord {
    /// Decodes a log slot's record.
    pub fn decode(key: &str, slot: LogSlot, bytes: &[u8]) -> Result<Self, StoreError> {
        if bytes.get(1) != Some(&<Skip as Record>::KIND) {
            return Ok(Self::Ref(decode(key, bytes)?));
        }
        let skip: Skip = decode(key, bytes)?;
        if skip.index != slot {
            let reason = format!("it belongs to log slot {}", skip.index);
            return Err(StoreError::corrupt(key, reason));
        }
        Ok(Self::Skip(skip))
    }
}

/// The store's record: settings that are fixed from the first record on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreRecord {
    pub partitions: u32,
}

impl Single for StoreRecord {
    const KIND: u8 = 13;
    const NAME: &'static str = "store";
}
