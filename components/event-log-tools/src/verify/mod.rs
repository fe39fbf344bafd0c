//! Verifies a whole store and reports all damage.
//!
//! Verification compares slots with the slots before them, commits with the log, the log with commits, and claims with
//! streams. It reads slots one at a time, so its memory grows with the number of streams, not of events.
//!
//! Verification cannot detect the loss of a last slot to which no other record refers. It reports a ref without its
//! commit, or a claim whose command has not ended, as pending, since a dead writer leaves the same records.
//!
//! # Layout
//!
//! | module | job |
//! |---|---|
//! | `scan` | finds streams, logs and their extents, and reports foreign entries |
//! | `walk` | walks numbered slots in order and reports holes |
//! | `streams` | the slots of each stream |
//! | `log` | the slots of the log |
//! | `chains` | checkpoints, rows, and lists of rows |
//! | `segments` | copies of slots |
//! | `standalone` | standalone records: claims, hints, snapshots |

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

/// The kind of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A writer is slow or dead. This is normal: the protocol decides its slots.
    Pending,
    /// A newer release wrote a record that this release cannot read. Checks that depend on the record were skipped.
    Newer,
    /// The store is damaged.
    Error,
}

/// A deviation from the state of a store without active writers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The kind of the finding.
    pub kind: Kind,
    /// The key, or the store's own name for an entry that is not a key.
    pub key: String,
    /// A description of the problem.
    pub what: String,
    /// The remedy.
    pub remedy: &'static str,
}

/// Counts of the records that were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Summary {
    pub streams: u64,
    pub commits: u64,
    pub events: u64,
    pub outcomes: u64,
    pub voids: u64,
    pub log_slots: u64,
    /// Refs whose slot holds another record than their commit. This is normal.
    pub dead_refs: u64,
    pub pending_refs: u64,
    /// Log slots with skips.
    pub skips: u64,
    /// Log slots that writers drew and never created. This is normal.
    pub drawn: u64,
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
    /// Number of records that only a newer release can read.
    pub newer: u64,
    pub errors: u64,
}

/// The progress of a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Records or log slots processed.
    pub done: u64,
    /// Total number; 0 if it is not known yet.
    pub total: u64,
}

const PUT_BACK: &str =
    "put this key's value back from a backup, any that has it will do: a slot never changes";
const UPGRADE: &str =
    "leave it as it is, and verify with the release that wrote it or a later one: nothing is lost";
const LOST: &str = "slots that existed are gone: restore them from a newer backup";
const DELETE: &str = "delete it: it only saves time";
const FOREIGN: &str = "move it away, or give --prefix if others share this place";

/// Verifies all records under a prefix, or under all prefixes if `prefix` is `None`.
///
/// # Errors
/// [`StoreError::Unavailable`] if the store cannot be read, [`StoreError::Newer`] if a newer release wrote the store's
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
    /// Number of records of a newer release whose keys are unknown. Each may be a slot of any stream or list.
    hidden: u64,
}

impl<S: Listing> Walk<'_, S> {
    /// Reports an absent slot to which a record refers. Does nothing if a hidden record may be that slot.
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

    /// Counts a record at its first read.
    fn count(&mut self, bytes: &[u8]) {
        self.summary.bytes += bytes.len() as u64;
        self.done += 1;
        (self.progress)(Progress {
            done: self.done,
            total: self.total,
        });
    }
}
