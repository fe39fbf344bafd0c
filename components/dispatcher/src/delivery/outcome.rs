//! How deliveries end, and why one fails.

use super::progress::{Progress, Work};
use crate::annals::es::types::StoreError;

/// Longest reason or note that is kept, in bytes.
const REASON: usize = 2_000;
/// No pause between attempts is longer, in milliseconds.
pub(super) const LONGEST_PAUSE: u64 = 3_600_000;

/// A lane as it was read, and perhaps taken.
#[derive(Clone, Debug)]
pub struct Held {
    pub position: u64,
    /// Of the checkpoint that this is built on.
    pub revision: u64,
    pub progress: Progress,
}

/// How a delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Nothing is due.
    Idle,
    /// Another instance delivers.
    Busy,
    /// The next attempt is due in so many milliseconds.
    Later(u64),
    /// Nothing happens until somebody says so.
    Stopped,
    /// The time was up.
    More,
    /// The last attempt failed, and is not repeated here.
    Failing,
}

/// What to do about a lane whose last attempt failed or did not come back: the next one may end this instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failing {
    Try,
    LeaveAlone,
}

/// Why a lane was let go of early.
pub enum Stop {
    /// It belongs to somebody else now.
    Lost,
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What follows from a number of events in a row.
pub struct Batch {
    /// How many of them.
    pub done: usize,
    pub work: Work,
    /// What went wrong with the one after them.
    pub failed: Option<Failure>,
}

/// Why an event, or a command that followed from it, could not be dealt with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub reason: String,
    pub then: Then,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Try again, when the policy says.
    Again,
    /// Try again, in so many milliseconds at the earliest.
    After(u64),
    /// Trying again is of no use.
    Never,
}

impl Failure {
    pub fn again(reason: impl Into<String>) -> Self {
        Self {
            reason: shorten(reason.into()),
            then: Then::Again,
        }
    }

    /// Why an attempt left no reason.
    pub const NO_ANSWER: &'static str =
        "it did not come back: a trap, or the end of its time or of its host";

    /// Of something that was tried, and nobody came back to say more.
    pub fn unanswered(held: &Held) -> Self {
        let reason = held.progress.reason.clone();
        Self::never(reason.unwrap_or_else(|| Self::NO_ANSWER.into()))
    }

    pub fn never(reason: impl Into<String>) -> Self {
        Self {
            reason: shorten(reason.into()),
            then: Then::Never,
        }
    }
}

/// Cuts what is kept of a text that a handler wrote for people.
pub(super) fn shorten(mut reason: String) -> String {
    if reason.len() > REASON {
        let mut end = REASON;
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        reason.truncate(end);
    }
    reason
}

/// A store's error, for people.
pub fn store_error(error: &StoreError) -> String {
    match error {
        StoreError::Invalid(why) => format!("the store refused: {why}"),
        StoreError::Unavailable(why) => format!("the store is unavailable: {why}"),
        StoreError::Corrupt(why) => format!("a record is corrupt: {why}"),
        StoreError::InDoubt(why) => format!("a write is in doubt: {why}"),
        StoreError::Refused(why) => why.clone(),
    }
}
