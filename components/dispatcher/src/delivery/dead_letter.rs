//! The record of a parked delivery.

use super::outgoing::Outgoing;
use super::{hash, ids};
use serde::{Deserialize, Serialize};

/// A parked event or command, with the reason of its failure.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// The reaction's key.
    pub reaction: String,
    pub generation: u32,
    pub event_id: String,
    pub event_type: String,
    pub stream: String,
    pub position: u64,
    /// The command that failed, with its id. Absent if the event itself failed.
    pub command: Option<(String, Outgoing)>,
    pub attempts: u32,
    pub reason: String,
    pub parked_at: u64,
}

impl DeadLetter {
    /// The dead letter's id. It is derived from the event and the command, so filing the same dead letter
    /// again yields the same id.
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

    /// The id of the dead letter of an event that failed for one process while the process caught up.
    pub fn id_for(&self, process: &str) -> String {
        format!("{}.p{:016x}", self.id(), hash(process.as_bytes()))
    }
}
