//! What is kept of a delivery that was put aside.

use super::outgoing::Outgoing;
use super::{hash, ids};
use serde::{Deserialize, Serialize};

/// A dead letter, as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Letter {
    /// The reaction's key.
    pub reaction: String,
    pub generation: u32,
    pub event_id: String,
    pub event_type: String,
    pub stream: String,
    pub position: u64,
    /// A command that failed, with its id.
    pub command: Option<(String, Outgoing)>,
    pub attempts: u32,
    pub reason: String,
    pub parked_at: u64,
}

impl Letter {
    /// Unique, and the same however often the letter is filed.
    pub fn id(&self) -> String {
        let Self {
            reaction,
            generation,
            position,
            ..
        } = self;
        match &self.command {
            None => format!("{reaction}.{generation}.{position}"),
            Some((_, command)) => {
                let number = ids::number(command.index);
                format!("{reaction}.{generation}.{position}.{number}")
            }
        }
    }

    /// The id of the letter of an event that failed for one process, which had waited before.
    pub fn id_for(&self, process: &str) -> String {
        format!("{}.p{:016x}", self.id(), hash(process.as_bytes()))
    }
}
