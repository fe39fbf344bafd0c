//! Slots whose writer was given up, and what every record in a stream's slot says of the stream.

use serde::{Deserialize, Serialize};

use super::Single;
use crate::model::Head;
use crate::numbers::{Slot, Version};

/// Where the stream stands after a slot. Every record in a stream's slot holds it, so one read of the last slot is
/// enough to go on.
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

/// In a stream's slot: a reader took the slot's writer for dead. `after` is that of the slot before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Void {
    pub stream: String,
    pub after: After,
}

impl Single for Void {
    const KIND: u8 = 4;
    const NAME: &'static str = "void";
}
