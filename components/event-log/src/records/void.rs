//! Voids, and the stream state that every record in a stream's slot contains.

use serde::{Deserialize, Serialize};

use super::Single;
use crate::model::Head;
use crate::numbers::{Slot, Version};

/// A stream's state after a slot. Every record in a stream's slot contains it, so a writer can continue after one read
/// of the last slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct After {
    pub version: Version,
    pub closed: bool,
    /// Time of the last commit or outcome.
    pub recorded_at: u64,
}

impl After {
    pub fn head(self, cursor: Slot) -> Head {
        Head {
            cursor: cursor.get(),
            version: self.version.get(),
            closed: self.closed,
        }
    }
}

/// The record of a void in a stream's slot: a reader or a repair presumed the slot's writer dead. `after` is the state
/// after the slot before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Void {
    pub stream: String,
    pub after: After,
}

impl Single for Void {
    const KIND: u8 = 4;
    const NAME: &'static str = "void";
}
