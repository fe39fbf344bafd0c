//! The errors of slots and of the store.

use serde::{Deserialize, Serialize};

use crate::model::Precondition;

/// The reason why a slot could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlotError {
    /// Nothing was written.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// A write may have happened, and may still happen.
    #[error("a write is in doubt: {0}")]
    InDoubt(String),
}

/// The reason why the store could not answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum StoreError {
    /// The caller's input is not allowed. Nothing was written.
    #[error("{0}")]
    Invalid(String),
    /// The store cannot be reached, or it refused the operation. No write took effect, except perhaps harmless ones
    /// such as hints, dead refs and snapshots.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// A record is damaged. Writes are as for [`StoreError::Unavailable`].
    #[error("the record at `{key}` is corrupt: {reason}")]
    Corrupt {
        /// The record's key.
        key: String,
        /// The reason.
        reason: String,
    },
    /// A later release wrote the record, and this one cannot read it. No data is lost: that release, or a later one,
    /// reads the record.
    #[error(
        "the record at `{key}` is a {kind} of version {version}, which only a newer release of Annals can read: \
         it wrote the record, and nothing is lost; run that release or a later one"
    )]
    Newer {
        /// The record's key.
        key: String,
        /// The kind of record.
        kind: String,
        /// The version of that kind.
        version: u8,
    },
    /// The write may have taken effect, or may take effect later.
    #[error("a write is in doubt: {0}")]
    InDoubt(String),
}

impl StoreError {
    #[doc(hidden)]
    pub fn corrupt(key: &str, reason: impl Into<String>) -> Self {
        Self::Corrupt {
            key: key.to_owned(),
            reason: reason.into(),
        }
    }

    /// Converts the error of a read, or of a write on which no correctness depends. For such an operation a doubt is
    /// harmless, so it counts as `Unavailable`.
    #[doc(hidden)]
    pub fn harmless(error: SlotError) -> Self {
        let (SlotError::Unavailable(why) | SlotError::InDoubt(why)) = error;
        Self::Unavailable(why)
    }
}

/// The reason why an append did not happen, or may not have happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AppendError {
    /// The stream does not meet the caller's precondition, or the same command has already taken effect.
    #[error("the stream is at version {actual}, expected {expected:?}")]
    Conflict {
        /// The precondition that the caller passed.
        expected: Precondition,
        /// The stream's version.
        actual: u64,
    },
    /// The stream is closed, at this version.
    #[error("the stream is closed at version {0}")]
    Closed(u64),
    /// An earlier attempt has claimed the command id. Only for requests with [`claim`](crate::AppendRequest::claim).
    #[error("the command id is claimed")]
    Claimed,
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The reason why a checkpoint or a row was not written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum WriteError {
    /// Another writer has written the checkpoint or row since the caller read it.
    #[error("another writer has written it meanwhile")]
    Stale,
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}
