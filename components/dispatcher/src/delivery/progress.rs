//! The state of a partition: its position, and everything that a deliverer needs to resume after a crash.
//!
//! The state is stored in a chain of checkpoints (see the contract's `reaction-store`). Of all deliverers
//! that replace one revision exactly one succeeds. The chain therefore fences all other effects: a deliverer
//! stores its intent as the next checkpoint before it acts. The deliverer that fails to replace the checkpoint
//! does not act.
//!
//! - `tried` counts an attempt before the handler is called, so a call that never returns is counted too.
//! - `work` holds rows and commands before they are written and sent. After a crash in the middle of them the
//!   next deliverer repeats all of them, and each takes effect once.

use super::dead_letter::DeadLetter;
use super::outgoing::Outgoing;
pub use crate::encoding::{decode, encode};
use serde::{Deserialize, Serialize};

/// The content of a checkpoint beside its position.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// The deliverer that holds the partition, if there is one.
    pub lease: Option<Lease>,
    /// Number of attempts at the next event or command that have begun and have not succeeded.
    pub tried: u32,
    /// Number of events that are still to be delivered one by one, because one of them may be the cause of a
    /// lost attempt.
    pub one_by_one: u32,
    /// Time of the next attempt, in milliseconds since the epoch.
    pub retry_at: u64,
    /// Reason of the last attempt's failure.
    pub reason: Option<String>,
    /// The partition is stopped until an operator resumes it.
    pub stopped: bool,
    /// Effects of the events up to the position that may not have been executed yet.
    pub work: Work,
}

/// A deliverer's claim on a partition. It only prevents duplicate work: the chain of revisions is the fence.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lease {
    pub holder: u64,
    /// Milliseconds since the epoch, by the holder's clock.
    pub until: u64,
}

/// Effects to execute. Executing them again changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Work {
    pub rows: Vec<PendingRow>,
    /// Commands to send. They are sent before the rows are written.
    pub step: Option<Step>,
    /// Dead letter to store.
    pub dead_letter: Option<DeadLetter>,
    /// Id of a resolved dead letter, to delete.
    pub resolved: Option<String>,
    /// Ids of the processes that wait for the dead letter to store.
    pub waiting: Vec<String>,
}

impl Work {
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
            && self.step.is_none()
            && self.dead_letter.is_none()
            && self.resolved.is_none()
    }

    pub fn has_commands(&self) -> bool {
        self.step
            .as_ref()
            .is_some_and(|step| !step.commands.is_empty())
    }
}

/// Upper limit of one event's effects, in bytes: rows with their keys, or process states, notes and commands.
/// They must fit into one checkpoint of at most 1 MiB, beside the rest of the progress.
pub const MAX_EFFECT_BYTES: usize = 1_000 << 10;
/// Upper bound of the encoding overhead of one row or command, in bytes: lengths, positions and the
/// generation in a stored view's name.
const EFFECT_OVERHEAD_BYTES: usize = 64;

/// A row's new value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PendingRow {
    pub view: String,
    pub key: String,
    /// Position that the stored row must have before the write.
    pub seen: u64,
    /// Position that the row has after the write.
    pub position: u64,
    /// The new content. `None` deletes the row.
    pub content: Option<Content>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Content {
    pub content_type: String,
    pub value: Vec<u8>,
}

impl Content {
    pub fn size(&self) -> usize {
        self.content_type.len() + self.value.len()
    }
}

/// Upper bound of a row's size in a checkpoint, in bytes.
pub fn row_size(view: &str, key: &str, content: usize) -> usize {
    view.len() + key.len() + content + EFFECT_OVERHEAD_BYTES
}

/// Commands that a process manager sends because of one event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Position of the event.
    pub cause: u64,
    /// Index of the next command that the event leads to.
    pub next: u64,
    pub commands: Vec<Outgoing>,
}

impl Step {
    pub fn size(&self) -> usize {
        let sizes = self.commands.iter().map(|command| {
            command.process.len()
                + command.command_type.len()
                + command.content_type.len()
                + command.payload.len()
                + EFFECT_OVERHEAD_BYTES
        });
        sizes.sum()
    }
}

impl Progress {
    /// Encodes the progress for a checkpoint.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// Decodes the progress from a checkpoint. An empty slice is the progress of a new partition.
    ///
    /// # Errors
    /// A description of the defect, if the bytes are no progress.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        decode(bytes)
    }

    /// Whether a deliverer other than `me` holds a valid lease. A lease that ends more than `longest`
    /// milliseconds from now comes from a wrong clock and is ignored.
    pub fn is_leased(&self, me: u64, now: u64, longest: u64) -> bool {
        self.lease.is_some_and(|lease| {
            lease.holder != me && lease.until > now && lease.until - now <= longest
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::encoding::{FORMAT, FORMER};

    #[test]
    fn records_of_the_former_version_are_read() {
        #[derive(Serialize)]
        struct FormerWork {
            rows: Vec<PendingRow>,
            step: Option<Step>,
            dead_letter: Option<DeadLetter>,
            resolved: Option<String>,
        }
        let former = FormerWork {
            rows: Vec::new(),
            step: None,
            dead_letter: Some(DeadLetter {
                reaction: "r".into(),
                reason: "why".into(),
                ..Default::default()
            }),
            resolved: Some("id".into()),
        };
        let bytes = postcard::to_extend(&former, vec![FORMER]).expect("bytes");
        let work: Work = decode(&bytes).expect("it is read");
        assert_eq!(
            work.dead_letter.map(|dead_letter| dead_letter.reason),
            Some("why".into())
        );
        assert_eq!(work.resolved.as_deref(), Some("id"));
        assert_eq!(work.waiting, [""; 0]);
        assert!(
            decode::<Work>(&[FORMAT]).is_err(),
            "a record that is cut off"
        );
        assert!(decode::<Work>(&[FORMAT + 1]).is_err());
    }
}
