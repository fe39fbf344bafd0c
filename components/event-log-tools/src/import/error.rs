//! The errors and the result of an import.

use annals_event_log::Slots;
use annals_event_log::StoreError;

use super::Importer;

/// The reason why a line was not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// An export does not write such a line, or the line does not follow the lines before it.
    #[error("line {line}: {what}; export again")]
    Malformed {
        /// The line's number, from 1.
        line: u64,
        /// The reason.
        what: String,
    },
    /// The target store has another value under a key.
    #[error(
        "line {line}: the store has something else at {key}, which was left as it is; import into an empty store, or with another prefix"
    )]
    Different {
        /// The line's number, from 1.
        line: u64,
        /// The key, or a description of the row or checkpoint.
        key: String,
    },
    /// The lines end without the last line of an export.
    #[error(
        "the lines end at line {0} without the last one that an export writes: what is there was imported, but the export was not finished; let it finish, and import again"
    )]
    Unfinished(u64),
    /// The target cannot be read or written.
    #[error("line {line}: {source}")]
    Store {
        /// The line's number, from 1.
        line: u64,
        /// The store's error.
        source: StoreError,
    },
}

/// Counts of the imported lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Commits.
    pub commits: u64,
    /// Events.
    pub events: u64,
    /// Outcomes.
    pub outcomes: u64,
    /// Rows of views, including deleted rows.
    pub rows: u64,
    /// Checkpoints of handlers.
    pub checkpoints: u64,
    /// Values that the import wrote. Values that already existed are not counted.
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
