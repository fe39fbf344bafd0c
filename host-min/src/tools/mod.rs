//! Looking after a store while nobody serves it.
//!
//! What a store means is known to the event log's own tools; here is where stores are found, and
//! what people see.
//!
//! # Layout
//!
//! - [`place`]: which store is meant, and how it is opened
//! - [`buckets`]: slots in a bucket of the embedded store
//! - [`files`]: slots as files, as the filesystem adapter writes them
//! - [`verify`], [`export`], [`import`]: one command each
//! - `progress`: how far it is, on a terminal

pub mod buckets;
pub mod export;
pub mod files;
pub mod import;
pub mod place;
mod progress;
pub mod verify;

use std::io;
use std::path::PathBuf;

use annals_event_log::StoreError;
use annals_event_log_tools::{ExportError, ImportError, ResumeError};

use crate::error::HostError;

/// Why a tool stopped.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// There is nothing to look after.
    #[error(
        "there is no store in {0}; give the directory of `annals-host serve --store`, or the one that `wasmtime serve --dir` shares"
    )]
    NoStore(PathBuf),
    /// The place holds something else.
    #[error("{0} holds files that are not a store's; give an empty directory or a store's")]
    NotAStore(PathBuf),
    /// The store cannot be opened.
    #[error(transparent)]
    Open(#[from] HostError),
    /// The store cannot be read or written.
    #[error("{0}; `annals-host verify` tells more")]
    Store(#[from] StoreError),
    /// An export stopped.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The lines that are there cannot be continued.
    #[error("{path}: {source}")]
    Resume {
        /// As given.
        path: PathBuf,
        /// Why.
        source: ResumeError,
    },
    /// An import stopped.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A file cannot be used.
    #[error("{path}: {source}")]
    File {
        /// As given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Nobody takes the output.
    #[error("the output cannot be written: {0}")]
    Output(#[from] io::Error),
}

impl ToolError {
    /// True if the input is at fault (exit status 1), false if the host is (3).
    #[must_use]
    pub fn is_users(&self) -> bool {
        let unreadable = |error: &StoreError| {
            matches!(
                error,
                StoreError::Corrupt { .. } | StoreError::Newer { .. } | StoreError::Invalid(_)
            )
        };
        match self {
            Self::NoStore(_) | Self::NotAStore(_) | Self::File { .. } => true,
            // The directory was named rightly, and holds a store: looking at it failed.
            Self::Open(HostError::StoreOpen { .. }) => false,
            Self::Open(error) => error.is_users(),
            Self::Store(error) | Self::Export(ExportError::Store(error)) => unreadable(error),
            Self::Export(ExportError::AnotherStore { .. } | ExportError::Changed(_)) => true,
            Self::Export(ExportError::Write(_) | ExportError::Line(_)) => false,
            Self::Resume { source, .. } => matches!(source, ResumeError::Foreign { .. }),
            Self::Import(ImportError::Store { source, .. }) => unreadable(source),
            Self::Import(_) => true,
            Self::Output(_) => false,
        }
    }

    fn file(path: &std::path::Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { path, source }
    }
}
