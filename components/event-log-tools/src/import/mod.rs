//! Lines to a store whose reads answer what the source's would have answered.
//!
//! Every value follows from the lines alone. So an import that was stopped anywhere, or that runs again, finds its own values
//! and goes on. Before the importer writes a commit it looks at all keys that the commit needs. If one has another value, it
//! writes nothing of the commit.
//!
//! The order of the writes is: the claim, voids for slots that were left out, the commit, skips for log slots that were left
//! out, and last the ref that leads to the commit. Unlike in an append the commit comes before its ref: otherwise a reader of the
//! half imported store could take the importer for dead, and void the slot.
//!
//! Rows and checkpoints are written as the store itself writes them. One that is there and older is replaced, so a
//! continued export can be imported over an earlier one.
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

use crate::attributes::Apart;
use crate::line::{CHECKPOINT, END, Line, OUTCOME, ROW};
use annals_event_log::Slots;
use annals_event_log::StoreError;
use annals_event_log::internals::{Keys, Reactions, Store};
use commits::Open;

pub use error::{ImportError, Imported};

/// Imports lines, one after the other. Holds one commit in memory.
#[derive(Debug)]
pub struct Importer<S> {
    /// Its keys are those of one partition. Only keys of the log depend on the number of partitions, which the first line says.
    store: Store<S>,
    reactions: Reactions,
    /// The keys of the log, for as many partitions as the lines say.
    keys: Keys,
    /// Number of the current line, from 1.
    line: u64,
    count: Imported,
    /// The commit whose events are coming.
    open: Option<Open>,
    prefix: String,
    /// The views whose lists were read.
    views: BTreeSet<String>,
    /// Partitions of the log, as the first line says.
    partitions: Option<u32>,
    /// The last log slot that was filled.
    log_slot: u64,
    ended: bool,
}

impl<S: Slots> Importer<S> {
    /// Imports under a prefix. Reads and writes nothing yet.
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

    /// Takes the next line, with or without its newline.
    ///
    /// # Errors
    /// [`ImportError::Malformed`] if an export does not write such a line there, [`ImportError::Different`] if the store has
    /// another value, [`ImportError::Store`] if the store cannot be read or written.
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
    /// [`ImportError::Unfinished`] if the export was not whole.
    pub fn finish(self) -> Result<Imported, ImportError> {
        match self.ended {
            true => Ok(self.count),
            false => Err(ImportError::Unfinished(self.line)),
        }
    }

    /// What the lines have held so far.
    #[must_use]
    pub fn so_far(&self) -> Imported {
        self.count
    }
}
