//! Commands of process managers that are still to be sent.

use serde::{Deserialize, Serialize};

/// A command that a process has asked the dispatcher to send.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outgoing {
    pub process: String,
    /// Index among all commands that the event leads to.
    pub index: u64,
    pub command_type: String,
    pub content_type: String,
    pub payload: Vec<u8>,
}
