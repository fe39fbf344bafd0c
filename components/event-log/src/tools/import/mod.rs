//! Lines to a store, such that its reads answer what the source's would have.
//!
//! Every value follows from the lines alone, so an import that was stopped anywhere, or that is
//! run again, finds its own values and goes on. Before a commit is written, all that it needs is
//! looked at: where something else lies, nothing of the commit is written.
//!
//! The order of the writes: the claim, voids for slots that were left out, the commit, skips for
//! log slots that were left out, and last the ref that leads to the commit. The commit comes before its ref, unlike in an append: a reader that looked at the half imported
//! store could otherwise take the importer for dead, and void the slot.
//!
//! What reactions keep is written by the store's own means: a row or checkpoint that is there and
//! is older is replaced, so an export that went on is imported on.
//!
//! # Layout
//!
//! | module | job |
//! |---|---|
//! | this one | line after line |
//! | `error` | what can be wrong |
//! | `commits` | events, a commit at a time |
//! | `outcomes` | how commands ended without events |
//! | `place` | what commits and outcomes share: claims, slots in front of theirs |
//! | `log` | log slots that were left out, the store's record, the end |
//! | `reactions` | rows and checkpoints |
//! | `values` | writes what is absent, and nothing over anything else |

mod commits;
mod error;
mod log;
mod outcomes;
mod place;
mod reactions;
mod values;

use std::collections::BTreeSet;

use crate::error::StoreError;
use crate::log::{EventLog, Settings};
use crate::slots::Slots;
use crate::tools::attributes::Apart;
use crate::tools::line::{CHECKPOINT, END, Line, OUTCOME, ROW};
use commits::Open;

pub use error::{ImportError, Imported};

/// Takes lines one after the other. Memory: one commit.
#[derive(Debug)]
pub struct Importer<S> {
    log: EventLog<S>,
    /// Number of the line at hand.
    line: u64,
    count: Imported,
    /// The commit whose events are coming.
    open: Option<Open>,
    prefix: String,
    /// Whose lists were read.
    views: BTreeSet<String>,
    /// Of the log, as the first line says.
    partitions: Option<u32>,
    /// The last log slot that was filled.
    log_slot: u64,
    ended: bool,
}

impl<S: Slots> Importer<S> {
    /// Imports under a prefix. Reads and writes nothing yet.
    ///
    /// # Errors
    /// As [`EventLog::open`].
    pub fn new(slots: S, prefix: &str) -> Result<Self, StoreError> {
        let settings = Settings {
            prefix: prefix.to_owned(),
            ..Settings::default()
        };
        Ok(Self {
            log: EventLog::open(slots, &settings)?,
            line: 0,
            count: Imported::default(),
            open: None,
            prefix: prefix.to_owned(),
            views: BTreeSet::new(),
            partitions: None,
            log_slot: 0,
            ended: false,
        })
    }

    /// Takes the next line, with or without its newline.
    ///
    /// # Errors
    /// See [`ImportError`].
    pub fn line(&mut self, text: &[u8]) -> Result<(), ImportError> {
        self.line += 1;
        if text.trim_ascii().is_empty() {
            return Ok(());
        }
        if self.ended {
            return Err(self.malformed("it follows the last one"));
        }
        let apart = self.legal(Apart::of(text))?;
        let line: Line<'_> = serde_json::from_slice(apart.rest(text))
            .map_err(|error| self.malformed(error.to_string()))?;
        let extensions = &apart.extensions;
        if line.specversion != "1.0" {
            return Err(self.malformed("its specversion is not 1.0"));
        }
        match (line.position, line.event_type.as_ref()) {
            (Some(position), _) => self.event(&line, extensions, position),
            (None, _) if self.open.is_some() => {
                Err(self.malformed("events of the commit before it are missing"))
            }
            (None, OUTCOME) => self.outcome(&line, extensions),
            (None, ROW) => self.row(&line),
            (None, CHECKPOINT) => self.checkpoint(&line),
            (None, END) => self.end(&line),
            (None, other) => {
                let what = format!("it has no position, and its type {other:?} is not known");
                Err(self.malformed(what))
            }
        }
    }

    /// After the last line.
    ///
    /// # Errors
    /// [`ImportError::Unfinished`] if the export was not whole.
    pub fn finish(self) -> Result<Imported, ImportError> {
        match self.ended {
            true => Ok(self.count),
            false => Err(ImportError::Unfinished(self.line)),
        }
    }

    /// What the lines so far held.
    #[must_use]
    pub fn so_far(&self) -> Imported {
        self.count
    }
}
