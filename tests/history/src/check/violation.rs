//! What can be wrong with a history.

use std::collections::BTreeMap;
use std::fmt;

use crate::record::{History, OperationId};

/// At most so many of a kind are kept; all are counted.
const KEPT: usize = 20;
/// At most so many characters of an operation are shown.
const SHOWN: usize = 1000;

/// What went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An acknowledged commit is not there in the end.
    LostCommit,
    /// A read showed an event that is not there in the end.
    Vanished,
    /// There is an event that nobody submitted.
    Phantom,
    /// An append was refused, and its events are there.
    RefusedTookEffect,
    /// An append, or a command, took effect more than once.
    TookEffectTwice,
    /// A part of a commit was to be seen.
    NotAtomic,
    /// An event is not what was submitted, or changed after it was read.
    Altered,
    /// The versions of a stream have a gap.
    VersionGap,
    /// A commit stands where its precondition does not hold.
    PreconditionIgnored,
    /// Something follows a closing commit, or what is said of closed streams does not fit.
    WrongClose,
    /// Times within a stream go back, or lie before the time that the writer gave.
    TimeWentBack,
    /// A writer was told another place or other ids than its commit has.
    AnswerDiffers,
    /// The order of commits contradicts real time.
    WrongOrder,
    /// A read did not show what had been acknowledged, or shown, before it began.
    StaleRead,
    /// A conflict or "closed" that no state during the call justifies.
    UnjustifiedRefusal,
    /// The versions that go with cursors do not fit each other.
    HeadsDisagree,
    /// A page that breaks the rules of pages: its bounds, limit, order or end.
    BadPage,
    /// Positions do not increase, or their order contradicts real time.
    LogOrder,
    /// The log and the streams do not hold the same.
    LogDisagrees,
    /// A reader of the log passed an event without getting it.
    LogSkipped,
    /// A reader of the log got an event again.
    LogRepeated,
    /// A reader of the log got events in another order.
    LogReordered,
    /// Those who asked about one command were told different things.
    AnswersDisagree,
    /// Somebody was told that a command had not ended after it had.
    OutcomeForgotten,
    /// Two were told that they are the first to claim a command, or an equal one does not match.
    WrongClaim,
    /// The store calls a record corrupt, or a legal request illegal.
    Fault,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What went wrong.
    pub kind: Kind,
    /// Where, as far as it concerns one stream.
    pub stream: Option<String>,
    /// The operations that show it.
    pub operations: Vec<OperationId>,
    /// The rest: versions, positions, what was expected.
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
    /// The violation, and the operations that show it as they are recorded.
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
