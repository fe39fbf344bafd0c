//! How far a reaction is, with everything that a deliverer must find again after a crash.
//!
//! It lies in a chain of checkpoints (see the contract's `reaction-store`), so of all who build on
//! one revision one wins. That makes it the fence behind everything else: whoever loses has written
//! nothing that counts, and whoever wins has first written down what it is about to do.
//!
//! - Before a handler is called, `tried` counts the attempt: a call that never returns is counted, too.
//! - Before rows are written or commands sent, `work` holds them: a crash in the middle of them is mended by
//!   doing all of it again, and each part takes effect once.

use super::dead_letter::Letter;
use super::outgoing::Outgoing;
pub use crate::encoding::{decode, encode};
use serde::{Deserialize, Serialize};

/// What stands in a checkpoint beside the position.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Who is delivering.
    pub lease: Option<Lease>,
    /// Attempts that were begun at what comes next, and have not led on.
    pub tried: u32,
    /// So many events are delivered one by one, because one of them may be poisonous.
    pub careful: u32,
    /// No attempt before this time, milliseconds since the epoch.
    pub retry_at: u64,
    /// Why the last attempt failed.
    pub reason: Option<String>,
    /// No further attempt until somebody says so.
    pub stopped: bool,
    /// What follows from the events up to the position, and may not be done yet.
    pub work: Work,
}

/// A claim to be the one who delivers. It only saves work: the fence is the chain of revisions.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lease {
    pub holder: u64,
    /// Milliseconds since the epoch, by the holder's clock.
    pub until: u64,
}

/// Effects to bring about. Doing them again changes nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Work {
    pub rows: Vec<PendingRow>,
    /// Commands to send, before the rows are written.
    pub step: Option<Step>,
    /// A dead letter to file.
    pub letter: Option<Letter>,
    /// A dead letter that is dealt with, and goes.
    pub settled: Option<String>,
    /// Processes that wait for the dead letter to file.
    pub waiting: Vec<String>,
}

impl Work {
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
            && self.step.is_none()
            && self.letter.is_none()
            && self.settled.is_none()
    }

    pub fn has_commands(&self) -> bool {
        self.step
            .as_ref()
            .is_some_and(|step| !step.commands.is_empty())
    }
}

/// Bytes of what one event may lead to: rows with their keys, or states of processes, notes and commands. It lies in one
/// checkpoint, which has at most 1 MiB, beside the rest of the progress.
pub const MAX_EFFECTS: usize = 1_000 << 10;
/// Bytes that lengths, positions and a stored view's generation take beside the texts of a row or a command, at most.
const PER_EFFECT: usize = 64;

/// A row's new value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PendingRow {
    pub view: String,
    pub key: String,
    /// What the row must reflect until then.
    pub seen: u64,
    /// What it reflects from then on.
    pub position: u64,
    /// Absent: the row is deleted.
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

/// Bytes that a row takes in a checkpoint, at most.
pub fn row_size(view: &str, key: &str, content: usize) -> usize {
    view.len() + key.len() + content + PER_EFFECT
}

/// What a process manager wants sent because of one event.
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
                + PER_EFFECT
        });
        sizes.sum()
    }
}

impl Progress {
    /// What is stored.
    pub fn encode(&self) -> Vec<u8> {
        encode(self)
    }

    /// What was stored; nothing stored is the beginning.
    ///
    /// # Errors
    /// Why the bytes are no progress.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        decode(bytes)
    }

    /// Somebody else may be delivering. A lease that ends later than any lease can is of a clock that
    /// is wrong, and binds nobody.
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
            letter: Option<Letter>,
            settled: Option<String>,
        }
        let former = FormerWork {
            rows: Vec::new(),
            step: None,
            letter: Some(Letter {
                reaction: "r".into(),
                reason: "why".into(),
                ..Default::default()
            }),
            settled: Some("id".into()),
        };
        let bytes = postcard::to_extend(&former, vec![FORMER]).expect("bytes");
        let work: Work = decode(&bytes).expect("it is read");
        assert_eq!(work.letter.map(|letter| letter.reason), Some("why".into()));
        assert_eq!(work.settled.as_deref(), Some("id"));
        assert_eq!(work.waiting, [""; 0]);
        assert!(
            decode::<Work>(&[FORMAT]).is_err(),
            "a record that is cut off"
        );
        assert!(decode::<Work>(&[FORMAT + 1]).is_err());
    }
}
