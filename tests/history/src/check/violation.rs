//! The kinds of errors in a history.

use std::collections::BTreeMap;
use std::fmt;

use crate::record::{History, OperationId};

/// Maximum number of violations kept for each kind. All are counted.
const KEPT: usize = 20;
/// Maximum number of characters shown for an operation.
const SHOWN: usize = 1000;

/// A kind of violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An acknowledged commit is missing at the end.
    LostCommit,
    /// A read showed an event that is missing at the end.
    Vanished,
    /// An event was never submitted.
    Phantom,
    /// The store refused an append, but its events are there.
    RefusedTookEffect,
    /// An append, or a command, took effect more than once.
    TookEffectTwice,
    /// A read, or the final contents, show only a part of a commit.
    NotAtomic,
    /// An event differs from its submission, or changed after it was read.
    Altered,
    /// The versions of a stream have a gap.
    VersionGap,
    /// A commit stands where its precondition does not hold.
    PreconditionIgnored,
    /// An event follows a closing commit, or answers about closed streams are inconsistent.
    WrongClose,
    /// Times within a stream go back, or lie before the time that the writer gave.
    TimeWentBack,
    /// The answer to an append has another place or other ids than its commit.
    AnswerDiffers,
    /// The order of commits contradicts real time.
    WrongOrder,
    /// A read missed an event that had been acknowledged or shown before the read began.
    StaleRead,
    /// A conflict or "closed" without a state during the call that justifies it.
    UnjustifiedRefusal,
    /// Answers pair a cursor with contradictory versions.
    HeadsDisagree,
    /// A page that breaks the rules of pages: its bounds, limit, order or end.
    BadPage,
    /// Positions do not increase, or their order contradicts real time.
    LogOrder,
    /// The log and the streams have different events.
    LogDisagrees,
    /// A reader of the log passed an event without getting it.
    LogSkipped,
    /// A reader of the log got an event again.
    LogRepeated,
    /// A reader of the log got events in another order.
    LogReordered,
    /// Queries about one command got different answers.
    AnswersDisagree,
    /// A query after a command's end got the answer that it had not ended.
    OutcomeForgotten,
    /// Two clients got the answer that they are the first to claim a command, or an equal claim did not match.
    WrongClaim,
    /// The store reports a corrupt record, or calls a legal request invalid.
    Fault,
}

/// A violation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The kind of the violation.
    pub kind: Kind,
    /// The stream, if the violation concerns a single one.
    pub stream: Option<String>,
    /// The operations that show it.
    pub operations: Vec<OperationId>,
    /// Details: versions, positions, expected values.
    pub details: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: ", self.kind)?;
        if let Some(stream) = &self.stream {
            write!(f, "stream {stream}: ")?;
        }
        f.write_str(&self.details)?;
        for (index, operation) in self.operations.iter().enumerate() {
            write!(f, "{}{operation}", if index == 0 { " [" } else { ", " })?;
        }
        if !self.operations.is_empty() {
            f.write_str("]")?;
        }
        Ok(())
    }
}

impl Violation {
    /// The violation as text, with the recorded operations that show it.
    #[must_use]
    pub fn explain(&self, history: &History) -> String {
        let mut text = self.to_string();
        for id in &self.operations {
            if let Some(operation) = history.operation(*id) {
                let all = format!("{operation:?}");
                let end = all
                    .char_indices()
                    .nth(SHOWN)
                    .map_or(all.len(), |(end, _)| end);
                text += &format!("\n    {id}: {}", &all[..end]);
            }
        }
        text
    }
}

/// Collects violations.
#[derive(Debug, Default)]
pub(super) struct Violations {
    pub kept: Vec<Violation>,
    pub counts: BTreeMap<Kind, usize>,
}

impl Violations {
    pub fn add(
        &mut self,
        kind: Kind,
        stream: Option<&str>,
        operations: &[OperationId],
        details: impl FnOnce() -> String,
    ) {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        if *count <= KEPT {
            self.kept.push(Violation {
                kind,
                stream: stream.map(str::to_owned),
                operations: operations.to_vec(),
                details: details(),
            });
        }
    }
}
