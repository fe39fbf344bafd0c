//! Mutable values over immutable slots: a chain of revisions.
//!
//! Revision 1 is the first. A writer that has read revision n *creates* n+1. Of all writers that build on n, exactly
//! one succeeds. This is the compare-and-set. A chain has no gaps, so a reader finds the newest revision by probing. A
//! revision is never deleted: a slow writer could create it a second time, and a value that was replaced long ago would
//! take effect again.
//!
//! # Tombstones
//!
//! The writer of n+1 may overwrite n with a small tombstone, so that old payloads do not accumulate. No correctness
//! depends on a tombstone: readers need to know only that a superseded revision exists. A lost or late tombstone is
//! harmless, because the revision that it overwrites stays superseded. The tombstone in revision 1 also holds a lower
//! bound of the newest revision. Writers renew it at every `HINT_INTERVAL`th revision; it is the hint for instances
//! with an empty cache.
//!
//! A reader may find a tombstone, or another record that it cannot decode, in the newest revision that it has found. It
//! then reads the next revision *after that*. A writer creates the next revision before it writes the tombstone, so the
//! reader finds the next revision unless the store is damaged.
//!
//! # Lost answers
//!
//! If a creation is in doubt and the writer finds its own bytes in the slot, the creation counts as done. Two writers
//! may have written the same bytes. Then both have built the same value on the same revision, for the same position, so
//! the answer to each is correct: no write is lost and none counts twice. A writer that finds a tombstone in place of
//! its own revision gets `Stale`. That answer is also correct: another writer has already built on that revision.

use crate::error::StoreError;
use crate::numbers::Revision;
use crate::probe;
use crate::records::reactions::Tombstone;
use crate::records::{self, Record};
use crate::slots::Slots;
use crate::store::{HINT_INTERVAL, Store, Written};

/// A chain, identified by the prefix of its keys.
pub struct Chain(pub String);

impl Chain {
    /// The key of a revision.
    pub fn key(&self, revision: Revision) -> String {
        format!("{}.{:016x}", self.0, revision.get())
    }

    /// Finds the newest revision and its record; `None` if there is none. `known` must exist, or be 0. `belongs`
    /// returns the reason if a record does not belong to the chain.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; [`StoreError::Corrupt`] or [`StoreError::Newer`] if the newest revision cannot be
    /// read.
    pub fn newest<R: Record, S: Slots>(
        &self,
        store: &Store<S>,
        mut known: Revision,
        belongs: impl Fn(&R, Revision) -> Result<(), String>,
    ) -> Result<Option<(Revision, R)>, StoreError> {
        let first = Revision::from(1);
        let mut seen: Option<(Revision, Vec<u8>)> = None;
        let mut guess = known;
        if known < first {
            let key = self.key(first);
            let Some(bytes) = store.get(&key)? else {
                return Ok(None);
            };
            guess = records::decode::<Tombstone>(&key, &bytes)
                .map_or(first, |tombstone| tombstone.known.max(first));
            seen = Some((first, bytes));
            known = first;
        }
        loop {
            let newest = probe::last(guess.get(), |revision| {
                let revision = Revision::from(revision);
                if revision <= known {
                    return Ok(true);
                }
                let found = store.get(&self.key(revision))?;
                let exists = found.is_some();
                if let Some(bytes) = found {
                    seen = Some((revision, bytes));
                }
                Ok::<_, StoreError>(exists)
            })?;
            let newest = Revision::from(newest);
            let key = self.key(newest);
            let bytes = match seen.take() {
                Some((revision, bytes)) if revision == newest => bytes,
                _ => store
                    .get(&key)?
                    .ok_or_else(|| StoreError::corrupt(&key, "it was there, and is absent"))?,
            };
            let unreadable = match records::decode::<R>(&key, &bytes) {
                Ok(record) => match belongs(&record, newest) {
                    Ok(()) => return Ok(Some((newest, record))),
                    Err(reason) => StoreError::corrupt(&key, reason),
                },
                Err(error) => error,
            };
            // If a writer has superseded this revision meanwhile, it created the next revision first.
            let next = newest.next();
            match store.get(&self.key(next))? {
                Some(bytes) => seen = Some((next, bytes)),
                None => return Err(unreadable),
            }
            known = next;
            guess = next;
        }
    }

    /// Creates the revision after an existing one, or after 0. Returns `false` if another writer has created it.
    ///
    /// # Errors
    /// As for [`Store::create`]; [`StoreError::Unavailable`] also for a slot that exists and cannot be read.
    pub fn extend<R: Record, S: Slots>(
        &self,
        store: &Store<S>,
        revision: Revision,
        record: &R,
    ) -> Result<bool, StoreError> {
        if revision.get() == u64::MAX {
            return Err(StoreError::Invalid("there is no further revision".into()));
        }
        let key = self.key(revision.next());
        if store.create(&key, &records::encode(record)?)? == Written::Ours {
            return Ok(true);
        }
        // After `false` the caller reads the chain again. It would retry for ever if it could not read the revision
        // that won.
        match store.get(&key)? {
            Some(_) => Ok(false),
            None => Err(StoreError::Unavailable(format!(
                "{key} exists and cannot be read"
            ))),
        }
    }

    /// Cleans up after `newest` was created. Overwrites the revision before it if `drop_payload` is true, and renews
    /// the hint in revision 1 at every `HINT_INTERVAL`th revision.
    pub fn supersede<S: Slots>(&self, store: &Store<S>, newest: Revision, drop_payload: bool) {
        let old = newest.get().saturating_sub(1);
        let mut superseded = Vec::new();
        if drop_payload && old > 0 {
            superseded.push(old);
        }
        if newest.get().is_multiple_of(HINT_INTERVAL) && !superseded.contains(&1) {
            superseded.push(1);
        }
        let Ok(bytes) = records::encode(&Tombstone { known: newest }) else {
            return;
        };
        for revision in superseded {
            // Ignore the error: the revision is stored, so a failed tombstone must not fail the write.
            let _ = store.put(&self.key(revision.into()), &bytes);
        }
    }
}
