//! Results and failures of deliveries.

use super::progress::{Progress, Work};
use crate::annals::es::types::StoreError;

/// Upper limit of a stored reason or note, in bytes.
const MAX_REASON_BYTES: usize = 2_000;
/// Upper limit of a pause between attempts, in milliseconds.
pub(super) const MAX_PAUSE_MILLIS: u64 = 3_600_000;

/// The state of a partition, as read from its checkpoint or as the lease holder has changed it.
#[derive(Clone, Debug)]
pub struct PartitionState {
    pub position: u64,
    /// Revision of the checkpoint that the next one replaces.
    pub revision: u64,
    pub progress: Progress,
}

/// The result of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Nothing is due.
    Idle,
    /// Another instance holds the lease.
    Busy,
    /// The next attempt is due in this many milliseconds.
    Later(u64),
    /// The partition is stopped until an operator resumes it.
    Stopped,
    /// The deadline passed while more was due.
    More,
    /// The last attempt failed, and this deliverer does not repeat it.
    Failing,
}

/// Whether to deliver to a partition whose last attempt failed or never returned. Such an attempt may trap
/// and end this instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failing {
    Try,
    LeaveAlone,
}

/// The reason why a deliverer abandoned a partition.
pub enum Stop {
    /// Another deliverer has written the partition's checkpoint.
    Lost,
    Store(StoreError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// The effects of consecutive events.
pub struct Batch {
    /// Number of events that succeeded.
    pub done: usize,
    pub work: Work,
    /// The failure of the event after them.
    pub failed: Option<Failure>,
}

/// The reason why an event, or a command that follows from it, failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub reason: String,
    pub then: Then,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Retry after the policy's pause.
    Again,
    /// Retry after this number of milliseconds at the earliest.
    After(u64),
    /// Do not retry: a further attempt would fail too.
    Never,
}

impl Failure {
    pub fn again(reason: impl Into<String>) -> Self {
        Self {
            reason: shorten(reason.into()),
            then: Then::Again,
        }
    }

    /// Reason that is reported for an attempt that never returned.
    pub const NO_ANSWER: &'static str =
        "the attempt did not come back: the handler trapped, or its host ended or stopped it";

    /// The failure of an event or command whose last attempt never returned.
    pub fn unanswered(state: &PartitionState) -> Self {
        let reason = state.progress.reason.clone();
        Self::never(reason.unwrap_or_else(|| Self::NO_ANSWER.into()))
    }

    pub fn never(reason: impl Into<String>) -> Self {
        Self {
            reason: shorten(reason.into()),
            then: Then::Never,
        }
    }
}

/// Truncates a handler's text to [`MAX_REASON_BYTES`] bytes.
pub(super) fn shorten(mut reason: String) -> String {
    if reason.len() > MAX_REASON_BYTES {
        let mut end = MAX_REASON_BYTES;
        while !reason.is_char_boundary(end) {
            end -= 1;
        }
        reason.truncate(end);
    }
    reason
}

/// Describes a store's error.
pub fn store_error(error: &StoreError) -> String {
    match error {
        StoreError::Invalid(why) => format!("the store refused: {why}"),
        StoreError::Unavailable(why) => format!("the store is unavailable: {why}"),
        StoreError::Corrupt(why) => format!("a record is corrupt: {why}"),
        StoreError::InDoubt(why) => format!("a write is in doubt: {why}"),
        StoreError::Refused(why) => why.clone(),
    }
}
