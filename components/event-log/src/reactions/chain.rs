//! Values that change, made of slots that do not: a chain of revisions.
//!
//! Revision 1 is the first. A writer that has seen revision n *creates* n+1: of all writers that build on n, one gets it.
//! That is the compare-and-set. A chain has no gaps, so the newest revision is found by probing. A revision is never
//! deleted: a slow writer could create it a second time, and a value that has long been replaced would count again.
//!
//! # Tombstones
//!
//! So that old payloads do not pile up, the writer of n+1 may overwrite n by a small tombstone. Nothing depends on a
//! tombstone: of a superseded revision readers need to know only that it exists. A tombstone may be lost, and it may come late:
//! what it overwrites is superseded for ever. The tombstone in revision 1 also says how far the chain went at least. Writers
//! renew it now and then; it is the hint for instances that remember nothing.
//!
//! A reader may find a tombstone, or anything else that it cannot read, in what seemed the newest revision. It then looks
//! for the next revision *after that*: the next revision was there before the tombstone, so unless the store is damaged it
//! is found.
//!
//! # Answers that are lost
//!
//! A creation in doubt that finds its own bytes in the slot counts as done. Two writers may have written the same bytes:
//! then both have built the same on the same revision, for the same position, and the answer to either is true. Nothing is lost,
//! nothing counts twice. A writer that finds the tombstone of its own revision is told that it is stale, which is true as
//! well: another writer has built on that revision meanwhile.

use crate::error::StoreError;
use crate::numbers::Revision;
use crate::probe;
use crate::records::reactions::Tombstone;
use crate::records::{self, Record};
use crate::slots::Slots;
use crate::store::{HINT_INTERVAL, Store, Written};

/// The chain whose keys begin with this.
pub struct Chain(pub String);

impl Chain {
    /// The key of a revision.
    pub fn key(&self, revision: Revision) -> String {
        format!("{}.{:016x}", self.0, revision.get())
    }

    /// The newest revision and its record; `None` if there is none. `known` exists, or is 0. `belongs` says why a record
    /// does not belong to the chain.
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
            // If a writer has superseded the revision meanwhile, it created the next one first.
            let next = newest.next();
            match store.get(&self.key(next))? {
                Some(bytes) => seen = Some((next, bytes)),
                None => return Err(unreadable),
            }
            known = next;
            guess = next;
        }
    }

    /// Creates the revision after one that exists, or after 0; `false` if another writer has created it.
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
        // The caller looks at the chain again, and would try for ever if it did not see the revision that beat it.
        match store.get(&key)? {
            Some(_) => Ok(false),
            None => Err(StoreError::Unavailable(format!(
                "{key} exists and cannot be read"
            ))),
        }
    }

    /// After `newest` was created: overwrites the revision before if its payload is worth dropping, and renews the hint in
    /// revision 1 now and then.
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
            // Ignore the error: what was acknowledged must not fail because a tombstone did.
            let _ = store.put(&self.key(revision.into()), &bytes);
        }
    }
}
