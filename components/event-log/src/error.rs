//! How slots and the store say no.

use serde::{Deserialize, Serialize};

use crate::model::Precondition;

/// A slot could not be read or written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlotError {
    /// Nothing was written.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// A write may or may not have happened, or may still happen.
    #[error("a write is in doubt: {0}")]
    InDoubt(String),
}

/// The store could not answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum StoreError {
    /// The caller's input is illegal.
    #[error("{0}")]
    Invalid(String),
    /// The store cannot be reached, or refused; nothing counts as written.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// A record is damaged.
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
    /// The write may or may not have taken effect.
    #[error("a write is in doubt: {0}")]
    InDoubt(String),
}

impl StoreError {
    pub(crate) fn corrupt(key: &str, reason: impl Into<String>) -> Self {
        Self::Corrupt {
            key: key.to_owned(),
            reason: reason.into(),
        }
    }

    /// For failed reads, and writes whose loss is harmless: nothing that counts was written.
    pub(crate) fn harmless(error: SlotError) -> Self {
        let (SlotError::Unavailable(why) | SlotError::InDoubt(why)) = error;
        Self::Unavailable(why)
    }
}

/// An append did not happen, or may not have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AppendError {
    /// The stream is not where the caller demands it, or the same command already took effect.
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

/// A checkpoint or a row was not written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum WriteError {
    /// Somebody else wrote since it was read.
    #[error("it was written by somebody else meanwhile")]
    Stale,
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}
