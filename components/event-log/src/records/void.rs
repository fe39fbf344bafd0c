//! Slots whose writer was given up, and what every record in a stream's slot says of the stream.

use serde::{Deserialize, Serialize};

use super::Single;
use crate::model::Head;

/// Where the stream stands after a slot. Every record in a stream's slot holds it, so one read of the last slot is
/// enough to go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct After {
    pub version: u64,
    pub closed: bool,
    /// Time of the last commit or outcome.
    pub recorded_at: u64,
}

impl After {
    pub fn head(self, cursor: u64) -> Head {
        Head {
            cursor,
            version: self.version,
            closed: self.closed,
        }
    }
}

/// In a stream's slot: a reader took the slot's writer for dead. `after` is that of the slot before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Void {
    pub stream: String,
    pub after: After,
}

impl Single for Void {
    const KIND: u8 = 4;
    const NAME: &'static str = "void";
}
