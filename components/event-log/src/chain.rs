//! Values that change, made of slots that do not: a chain of revisions.
//!
//! Revision 1 is the first, and n+1 is *created* by somebody who has seen n: of all who build on
//! n, one gets it. That is the compare-and-set. There are no gaps, so the newest revision is found
//! by probing, and a revision is never deleted: a slow writer could create it a second time, and
//! what has long been replaced would count again.
//!
//! # Tombstones
//!
//! So that old payloads do not pile up, whoever has created n+1 may overwrite n by a small
//! tombstone. Nobody depends on it: a reader asks of a superseded revision only whether it exists.
//! It may be lost, and it may come late: what it overwrites is superseded for ever. The one that
//! lies in revision 1 also says how far the chain was at least, and is renewed now and then; it is
//! the hint for those who remember nothing.
//!
//! A reader that finds a tombstone, or anything else that it cannot read, in what seemed the
//! newest revision looks for the next one *after that*: there it is, unless the store is damaged,
//! since the next one was there before the tombstone.
//!
//! # Answers that are lost
//!
//! A creation in doubt that finds its own bytes in the slot counts as done. Two writers may have
//! written the same bytes: then both have built the same on the same revision, for the same
//! position, and what either is told is true: it is stored. Nothing is lost, nothing counts twice.
//! If it finds the tombstone of its own revision, it is told that it is stale, and that is true as
//! well: somebody has built on it meanwhile.

use crate::error::StoreError;
use crate::log::{EventLog, HINT_EVERY, Written};
use crate::probe;
use crate::records::reactions::Tombstone;
use crate::records::{self, Record};
use crate::slots::Slots;

/// The chain whose keys begin with this.
pub(crate) struct Chain(pub String);

impl Chain {
    pub fn key(&self, revision: u64) -> String {
        format!("{}.{revision:016x}", self.0)
    }
}

impl<S: Slots> EventLog<S> {
    /// The newest revision of a chain, and what is in it; nothing if there is none. `known` exists,
    /// or is 0. `belongs` says why a record does not belong to the chain.
    pub(crate) fn newest<R: Record>(
        &self,
        chain: &Chain,
        known: u64,
        belongs: impl Fn(&R, u64) -> Result<(), String>,
    ) -> Result<Option<(u64, R)>, StoreError> {
        let mut known = known;
        let mut seen: Option<(u64, Vec<u8>)> = None;
        let mut guess = known;
        if known == 0 {
            let Some(first) = self.get(&chain.key(1))? else {
                return Ok(None);
            };
            guess = records::decode::<Tombstone>(&chain.key(1), &first)
                .map_or(1, |tombstone| tombstone.known.max(1));
            seen = Some((1, first));
            known = 1;
        }
        loop {
            let newest = probe::last(guess, |revision| {
                if revision <= known {
                    return Ok(true);
                }
                let found = self.get(&chain.key(revision))?;
                let exists = found.is_some();
                if let Some(bytes) = found {
                    seen = Some((revision, bytes));
                }
                Ok::<_, StoreError>(exists)
            })?;
            let key = chain.key(newest);
            let bytes = match seen.take() {
                Some((revision, bytes)) if revision == newest => bytes,
                _ => self
                    .get(&key)?
                    .ok_or_else(|| StoreError::corrupt(&key, "it was there, and is absent"))?,
            };
            let damage = match records::decode::<R>(&key, &bytes) {
                Ok(record) => match belongs(&record, newest) {
                    Ok(()) => return Ok(Some((newest, record))),
                    Err(reason) => StoreError::corrupt(&key, reason),
                },
                Err(error) => error,
            };
            // Superseded meanwhile? Whoever did that created the next one first.
            let next = newest + 1;
            match self.get(&chain.key(next))? {
                Some(bytes) => seen = Some((next, bytes)),
                None => return Err(damage),
            }
            known = next;
            guess = next;
        }
    }

    /// Creates the revision after `revision`, which exists, or is 0; `false` if somebody else has.
    pub(crate) fn extend<R: Record>(
        &self,
        chain: &Chain,
        revision: u64,
        record: &R,
    ) -> Result<bool, StoreError> {
        let next = revision
            .checked_add(1)
            .ok_or_else(|| StoreError::Invalid("there is no further revision".into()))?;
        let key = chain.key(next);
        if self.create(&key, &records::encode(record)?)? == Written::Ours {
            return Ok(true);
        }
        // Who was beaten looks again, and must see by what: without that it would try for ever.
        match self.get(&key)? {
            Some(_) => Ok(false),
            None => Err(StoreError::Unavailable(format!(
                "{key} exists and cannot be read"
            ))),
        }
    }

    /// After `newest` was created: renews the hint now and then, and drops the payload of the
    /// revision before if there is one that is worth it.
    pub(crate) fn supersede(&self, chain: &Chain, newest: u64, drop_payload: bool) {
        let old = newest.saturating_sub(1);
        let mut done = Vec::new();
        if drop_payload && old > 0 {
            done.push(old);
        }
        if newest.is_multiple_of(HINT_EVERY) && !done.contains(&1) {
            done.push(1);
        }
        let Ok(bytes) = records::encode(&Tombstone { known: newest }) else {
            return;
        };
        for revision in done {
            // What was acknowledged must not fail because a tombstone did.
            let _ = self.slots.put(&chain.key(revision), &bytes);
        }
    }
}
