//! Walks a whole store and reports everything that is wrong with it.
//!
//! Each fact is checked from both sides: slots against the numbers before them, commits against
//! the log and the log against commits, claims against streams. Memory grows with the number of
//! streams, not of events: slots are read one at a time.
//!
//! Verification cannot find the loss of a last slot that no other record names. It reports a ref without its commit, or a
//! claim without its command's end, as pending, since a writer that died leaves the same.
//!
//! # Layout
//!
//! | module | job |
//! |---|---|
//! | `scan` | which streams and logs there are, how long, and what is no key |
//! | `walk` | numbered slots in order, and the holes among them |
//! | `streams` | slot after slot of each stream |
//! | `log` | ref after ref |
//! | `chains` | what reactions keep: revision after revision |
//! | `segments` | copies of slots |
//! | `standalone` | records that stand alone: claims, hints, snapshots |

mod chains;
mod log;
mod scan;
mod segments;
mod standalone;
mod streams;
mod walk;

use serde::Serialize;

use crate::Listing;
use annals_event_log::StoreError;
use annals_event_log::internals::Keys;
use scan::Scan;

/// What a finding means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A writer is slow or died. This is normal: the protocol decides what becomes of its slots.
    Pending,
    /// A newer release wrote a record that this one cannot read. What depends on the record was not verified.
    Newer,
    /// The store is damaged.
    Error,
}

/// Something that is not as in a store at rest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it means.
    pub kind: Kind,
    /// The key, or what the store calls a thing that is no key.
    pub key: String,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub remedy: &'static str,
}

/// Counts of what was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Summary {
    pub streams: u64,
    pub commits: u64,
    pub events: u64,
    pub outcomes: u64,
    pub voids: u64,
    pub log_slots: u64,
    /// Refs whose slot another writer won. This is normal.
    pub dead_refs: u64,
    pub pending_refs: u64,
    /// Log slots that readers have passed.
    pub skips: u64,
    pub claims: u64,
    pub pending_claims: u64,
    pub snapshots: u64,
    pub segments: u64,
    pub hints: u64,
    /// Checkpoints, rows and lists of rows.
    pub chains: u64,
    pub dropped_views: u64,
    /// Bytes of all values that were read.
    pub bytes: u64,
    /// Records that only a newer release can read.
    pub newer: u64,
    pub errors: u64,
}

/// How far a tool has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Records read.
    pub done: u64,
    /// Records in all; 0: not known yet.
    pub total: u64,
}

const PUT_BACK: &str =
    "put this key's value back from a backup, any that has it will do: a slot never changes";
const UPGRADE: &str =
    "leave it as it is, and verify with the release that wrote it or a later one: nothing is lost";
const LOST: &str = "slots that existed are gone: restore them from a newer backup";
const DELETE: &str = "delete it: it only saves time";
const FOREIGN: &str = "move it away, or give --prefix if others share this place";

/// Verifies everything under a prefix, or under all prefixes if none is given.
///
/// # Errors
/// [`StoreError::Unavailable`] if the store cannot be read, [`StoreError::Newer`] if a newer release wrote the store's own
/// record. Damage is a [`Finding`], not an error.
pub fn verify<S: Listing>(
    slots: &S,
    prefix: Option<&str>,
    found: &mut dyn FnMut(Finding),
    progress: &mut dyn FnMut(Progress),
) -> Result<Summary, StoreError> {
    let only = prefix.map(|prefix| Keys::new(prefix, 1).root().to_owned());
    let mut walk = Walk {
        slots,
        summary: Summary::default(),
        found,
        progress,
        done: 0,
        total: 0,
        hidden: 0,
    };
    let scan = Scan::of(&mut walk, only.as_deref())?;
    walk.total = scan.keys;
    for home in &scan.homes {
        walk.streams(home)?;
        walk.log(home)?;
        walk.chains(home)?;
    }
    walk.standalone(&scan, only.as_deref())?;
    Ok(walk.summary)
}

struct Walk<'a, S> {
    slots: &'a S,
    summary: Summary,
    found: &'a mut dyn FnMut(Finding),
    progress: &'a mut dyn FnMut(Progress),
    done: u64,
    total: u64,
    /// Records of a newer release whose keys are not known: each may be a slot of any stream or list.
    hidden: u64,
}

impl<S: Listing> Walk<'_, S> {
    /// Reports a slot that a record names and that is absent.
    fn lost(&mut self, key: &str, what: String) {
        if self.hidden == 0 {
            self.error(key, what, LOST);
        }
    }

    fn error(&mut self, key: &str, what: impl Into<String>, remedy: &'static str) {
        self.summary.errors += 1;
        self.report(Kind::Error, key, what.into(), remedy);
    }

    fn pending(&mut self, key: &str, what: impl Into<String>) {
        let remedy = "nothing to do: sending the command again decides it";
        self.report(Kind::Pending, key, what.into(), remedy);
    }

    fn report(&mut self, kind: Kind, key: &str, what: String, remedy: &'static str) {
        (self.found)(Finding {
            kind,
            key: key.to_owned(),
            what,
            remedy,
        });
    }

    /// Reports a decoder's error.
    fn corrupt(&mut self, key: &str, error: &StoreError, remedy: &'static str) {
        let what = match error {
            StoreError::Corrupt { reason, .. } => reason.clone(),
            StoreError::Newer { kind, version, .. } => {
                let what = format!("it is a {kind} of version {version}, which is not known here");
                self.summary.newer += 1;
                return self.report(Kind::Newer, key, what, UPGRADE);
            }
            other => other.to_string(),
        };
        self.error(key, what, remedy);
    }

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.slots.get(key).map_err(StoreError::harmless)
    }

    /// Counts a record that is read for the first time.
    fn count(&mut self, bytes: &[u8]) {
        self.summary.bytes += bytes.len() as u64;
        self.done += 1;
        (self.progress)(Progress {
            done: self.done,
            total: self.total,
        });
    }
}
