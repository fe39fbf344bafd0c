//! What lies in log slots, and the record of the whole store.

use serde::{Deserialize, Serialize};

use super::{CommitId, Record, Single, decode};
use crate::error::StoreError;
use crate::numbers::{LogSlot, Slot};

/// In a log slot: where a writer was about to create a commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ref {
    pub stream: String,
    pub slot: Slot,
    pub commit: CommitId,
    /// By the writer's clock, milliseconds since the epoch.
    pub claimed_at: u64,
}

impl Single for Ref {
    const KIND: u8 = 1;
    const NAME: &'static str = "ref";
}

/// In a log slot: its partition had no commit there when another partition had gone on.
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
    /// Reads a log slot's record.
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

/// What holds for the whole store, from its first record on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreRecord {
    pub partitions: u32,
}

impl Single for StoreRecord {
    const KIND: u8 = 13;
    const NAME: &'static str = "store";
}
