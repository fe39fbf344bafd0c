//! Commands that a process manager wants sent.

use serde::{Deserialize, Serialize};

/// A command of a process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outgoing {
    pub process: String,
    /// Among all that the event leads to.
    pub index: u64,
    pub command_type: String,
    pub content_type: String,
    pub payload: Vec<u8>,
}
