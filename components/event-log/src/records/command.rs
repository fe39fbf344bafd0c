//! Claims of command ids.

use serde::{Deserialize, Serialize};

use super::Single;
use crate::numbers::Slot;

/// The record of a claim. Its key is derived from the command id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRecord {
    pub command_id: String,
    /// Empty if a repair wrote the claim.
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
    /// Whether a repair wrote the claim. Any attempt may then continue under it.
    pub fn is_repaired(&self) -> bool {
        self.stream.is_empty()
    }
}
