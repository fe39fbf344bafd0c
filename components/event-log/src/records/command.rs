//! Claims of command ids.

use serde::{Deserialize, Serialize};

use super::Single;
use crate::numbers::Slot;

/// Under a command id: the command that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRecord {
    pub command_id: String,
    /// Empty: a repair wrote the claim.
    pub stream: String,
    /// No attempt has written to the stream up to this slot.
    pub cursor: Slot,
    pub fingerprint: u64,
}

impl Single for ClaimRecord {
    const KIND: u8 = 5;
    const NAME: &'static str = "claim";
}

impl ClaimRecord {
    /// A repair wrote it, so any attempt may go on under it.
    pub fn is_repaired(&self) -> bool {
        self.stream.is_empty()
    }
}
