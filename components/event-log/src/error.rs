//! Why operations on slots and on the store fail.

use serde::{Deserialize, Serialize};

use crate::model::Precondition;

/// Why a slot could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlotError {
    /// Nothing was written.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// A write may have happened, and may still happen.
    #[error("a write is in doubt: {0}")]
    InDoubt(String),
}

/// Why the store could not answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum StoreError {
    /// The caller's input is not allowed. Nothing was written.
    #[error("{0}")]
    Invalid(String),
    /// The store cannot be reached, or it refused. Nothing that counts was written.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// A record is damaged. Nothing that counts was written.
    #[error("the record at `{key}` is corrupt: {reason}")]
    Corrupt {
        /// Where it lies.
        key: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A later release wrote the record, and this one cannot read it. Nothing is lost: that release, or a later one, reads it.
    #[error(
        "the record at `{key}` is a {kind} of version {version}, which only a newer release of Annals can read: \
         it wrote the record, and nothing is lost; run that release or a later one"
    )]
    Newer {
        /// Where it lies.
        key: String,
        /// What it is.
        kind: String,
        /// The version of that kind.
        version: u8,
    },
    /// The write may have taken effect, and may still do so.
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

    /// The error of a read, or of a write that nothing depends on: nothing that counts was written.
    #[doc(hidden)]
    pub fn harmless(error: SlotError) -> Self {
        let (SlotError::Unavailable(why) | SlotError::InDoubt(why)) = error;
        Self::Unavailable(why)
    }
}

/// Why an append did not happen, or may not have happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AppendError {
    /// The stream is not where the caller demands it, or the same command has taken effect already.
    #[error("the stream is at version {actual}, expected {expected:?}")]
    Conflict {
        /// What the caller demanded.
        expected: Precondition,
        /// The stream's version.
        actual: u64,
    },
    /// The stream is closed, at this version.
    #[error("the stream is closed at version {0}")]
    Closed(u64),
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a checkpoint or a row was not written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum WriteError {
    /// Another writer has written it since the caller read it.
    #[error("another writer has written it meanwhile")]
    Stale,
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}
