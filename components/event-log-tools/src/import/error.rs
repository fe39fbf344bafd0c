//! What an import returns.

use annals_event_log::Slots;
use annals_event_log::StoreError;

use super::Importer;

/// Why a line was not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The line is not one that an export writes, or it does not follow the lines before it.
    #[error("line {line}: {what}; export again")]
    Malformed {
        /// Which line, from 1.
        line: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The target has another value.
    #[error(
        "line {line}: the store has something else at {key}, which was left as it is; import into an empty store, or with another prefix"
    )]
    Different {
        /// Which line, from 1.
        line: u64,
        /// Where.
        key: String,
    },
    /// The lines end before the last one.
    #[error(
        "the lines end at line {0} without the last one that an export writes: what is there was imported, but the export was not finished; let it finish, and import again"
    )]
    Unfinished(u64),
    /// The target cannot be read or written.
    #[error("line {line}: {source}")]
    Store {
        /// Which line, from 1.
        line: u64,
        /// What the store said.
        source: StoreError,
    },
}

/// What the lines held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Commits.
    pub commits: u64,
    /// Events.
    pub events: u64,
    /// Outcomes.
    pub outcomes: u64,
    /// Rows of views, deleted ones included.
    pub rows: u64,
    /// Checkpoints of handlers.
    pub checkpoints: u64,
    /// Values that were written; those that were there already are not counted.
    pub written: u64,
}

impl<S: Slots> Importer<S> {
    pub(super) fn has<T>(&self, value: Option<T>, name: &str) -> Result<T, ImportError> {
        value.ok_or_else(|| self.malformed(format!("it has no {name}")))
    }

    pub(super) fn legal<T>(&self, value: Result<T, String>) -> Result<T, ImportError> {
        value.map_err(|what| self.malformed(what))
    }

    pub(super) fn malformed(&self, what: impl Into<String>) -> ImportError {
        ImportError::Malformed {
            line: self.line,
            what: what.into(),
        }
    }

    pub(super) fn different(&self, key: String) -> ImportError {
        ImportError::Different {
            line: self.line,
            key,
        }
    }

    pub(super) fn store(&self, source: StoreError) -> ImportError {
        ImportError::Store {
            line: self.line,
            source,
        }
    }
}
