//! Imports lines into a store. Its reads then return the same results as those of the source store.
//!
//! The lines alone determine every value. So an import that was interrupted, or that runs again, finds its own values
//! and continues. Before the importer writes a commit, it reads all keys that the commit needs. If a key has another
//! value, the importer writes nothing of the commit.
//!
//! The importer writes in this order: the claim, voids for missing stream slots, the commit, skips for missing log
//! slots, and last the ref to the commit. In contrast to an append, it writes the commit before its ref. Otherwise a
//! reader of the partially imported store could presume the importer dead and write a void into the slot.
//!
//! The importer writes rows and checkpoints as the store itself does. It replaces older rows and checkpoints, so a
//! continued export can be imported over an earlier one.
//!
//! # Layout
//!
//! | module | job |
//! |---|---|
//! | this one | reads the lines in order |
//! | `error` | the errors and the result of an import |
//! | `commits` | events, one commit at a time |
//! | `outcomes` | outcomes of commands that ended without events |
//! | `place` | the common parts of commits and outcomes: claims, and the slots before them |
//! | `log` | gaps between log slots, the store's record, the last line |
//! | `reactions` | rows and checkpoints |
//! | `values` | writes absent values, and never overwrites another value |

mod commits;
mod error;
mod log;
mod outcomes;
mod place;
mod reactions;
mod values;

use std::collections::BTreeSet;

use crate::attributes::Apart;
use crate::line::{CHECKPOINT, END, Line, OUTCOME, ROW};
use annals_event_log::Slots;
use annals_event_log::StoreError;
use annals_event_log::internals::{Keys, Reactions, Store};
use commits::Open;

pub use error::{ImportError, Imported};

/// Imports lines in order. Holds one commit in memory.
#[derive(Debug)]
pub struct Importer<S> {
    /// The target store, with the keys for one partition. Only the keys of the log depend on the number of partitions,
    /// which the first line contains.
    store: Store<S>,
    reactions: Reactions,
    /// The keys of the log, for the number of partitions in the lines.
    keys: Keys,
    /// Number of the current line, from 1.
    line: u64,
    count: Imported,
    /// The commit whose events are being read.
    open: Option<Open>,
    prefix: String,
    /// The views whose lists the importer has read.
    views: BTreeSet<String>,
    /// Partitions of the log, from the first line.
    partitions: Option<u32>,
    /// The log slot of the last imported commit.
    log_slot: u64,
    ended: bool,
}

impl<S: Slots> Importer<S> {
    /// Creates an importer for a prefix. Reads and writes nothing.
    ///
    /// # Errors
    /// None: every prefix is legal.
    pub fn new(slots: S, prefix: &str) -> Result<Self, StoreError> {
        let keys = Keys::new(prefix, 1);
        Ok(Self {
            store: Store::new(slots, keys.clone()),
            reactions: Reactions::default(),
            keys,
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

    /// Imports the next line, with or without its newline.
    ///
    /// # Errors
    /// [`ImportError::Malformed`] if an export does not write such a line at this place, [`ImportError::Different`] if
    /// the store has another value, [`ImportError::Store`] if the store cannot be read or written.
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

    /// Ends the import after the last line.
    ///
    /// # Errors
    /// [`ImportError::Unfinished`] if the export is incomplete.
    pub fn finish(self) -> Result<Imported, ImportError> {
        match self.ended {
            true => Ok(self.count),
            false => Err(ImportError::Unfinished(self.line)),
        }
    }

    /// Counts of the lines so far.
    #[must_use]
    pub fn so_far(&self) -> Imported {
        self.count
    }
}
