//! The operations that are done together: reads share a barrier, draws share an addition.

use std::collections::HashSet;

use super::read::Messages;
use crate::store::gather;
use crate::store::replies::{Replies, Sender};

/// Maximum number of keys of reads that share a barrier.
const MAX_KEYS: usize = 4096;
/// Maximum number of draws of one addition.
const MAX_DRAWS: usize = 4096;

/// One operation.
pub enum Operation {
    /// Reads keys.
    Read {
        subjects: Vec<String>,
        reply: Sender<Messages>,
    },
    /// Draws a number.
    Draw {
        subject: String,
        above: u64,
        reply: Sender<u64>,
    },
}

/// Operations that are done together.
pub enum Batch {
    Read(Reads),
    Draw(Draws),
}

/// Reads that share a barrier.
pub struct Reads {
    pub readers: Vec<Vec<String>>,
    pub replies: Replies<Messages>,
    subjects: HashSet<String>,
}

impl Reads {
    fn new(subjects: Vec<String>, reply: Sender<Messages>) -> Self {
        Self {
            subjects: subjects.iter().cloned().collect(),
            readers: vec![subjects],
            replies: Replies::of(reply),
        }
    }

    /// All subjects, each once.
    pub fn subjects(&self) -> Vec<String> {
        self.subjects.iter().cloned().collect()
    }
}

/// Draws from one counter.
pub struct Draws {
    pub subject: String,
    /// The highest number that any of the draws must exceed.
    pub above: u64,
    pub replies: Replies<u64>,
}

impl gather::Operation for Operation {
    type Batch = Batch;
    const KINDS: usize = 2;

    fn kind(&self) -> usize {
        match self {
            Self::Read { .. } => 0,
            Self::Draw { .. } => 1,
        }
    }

    fn limit(kind: usize) -> usize {
        [3, 4][kind]
    }

    fn begin(self) -> Batch {
        match self {
            Self::Read { subjects, reply } => Batch::Read(Reads::new(subjects, reply)),
            Self::Draw {
                subject,
                above,
                reply,
            } => Batch::Draw(Draws {
                subject,
                above,
                replies: Replies::of(reply),
            }),
        }
    }

    fn join(self, batch: &mut Batch) -> Result<(), Self> {
        match (self, batch) {
            (Self::Read { subjects, reply }, Batch::Read(reads))
                if reads.subjects.len() + subjects.len() <= MAX_KEYS =>
            {
                reads.subjects.extend(subjects.iter().cloned());
                reads.readers.push(subjects);
                reads.replies.add(reply);
                Ok(())
            }
            (
                Self::Draw {
                    subject,
                    above,
                    reply,
                },
                Batch::Draw(draws),
            ) if draws.subject == subject && draws.replies.count() < MAX_DRAWS => {
                draws.above = draws.above.max(above);
                draws.replies.add(reply);
                Ok(())
            }
            (operation, _) => Err(operation),
        }
    }
}
