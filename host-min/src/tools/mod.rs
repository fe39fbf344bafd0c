//! Maintenance of a store that no host serves.
//!
//! The tools of the event log interpret the records. This module finds the stores and formats the
//! output.
//!
//! # Layout
//!
//! - [`place`]: locates a store and opens it
//! - [`buckets`]: slots in a bucket of the embedded store
//! - [`files`]: slots as files, in the format of the filesystem adapter
//! - [`verify`], [`export`], [`import`]: one command each
//! - `progress`: progress of a command, on a terminal

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

/// Why a tool failed.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// There is no store at the path.
    #[error(
        "there is no store in {0}; give the directory of `annals-host serve --store`, or the one that `wasmtime serve --dir` shares"
    )]
    NoStore(PathBuf),
    /// The path contains something else than a store.
    #[error(
        "{0} contains files that do not belong to a store; give an empty directory or the directory of a store"
    )]
    NotAStore(PathBuf),
    /// The store cannot be opened.
    #[error(transparent)]
    Open(#[from] HostError),
    /// The store cannot be read or written.
    #[error("{0}; `annals-host verify` shows the damage")]
    Store(#[from] StoreError),
    /// An export stopped.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The lines in the output file cannot be continued.
    #[error("{path}: {source}")]
    Resume {
        /// Path as given on the command line.
        path: PathBuf,
        /// The reason.
        source: ResumeError,
    },
    /// An import stopped.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// A file cannot be opened, read or written.
    #[error("{path}: {source}")]
    File {
        /// Path as given on the command line.
        path: PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The output cannot be written.
    #[error("the output cannot be written: {0}")]
    Output(#[from] io::Error),
}

impl ToolError {
    /// True if the input is at fault (exit status 1), false if the host is at fault (exit status
    /// 3).
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
            // The path is correct and contains a store: reading it failed.
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
