//! What an instance remembers of checkpoints, rows and the lists of views. Forgetting costs reads only.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use crate::records::reactions::CheckpointRecord;

/// Places of streams, checkpoints or rows that are remembered.
pub(crate) const REMEMBERED: usize = 4096;
/// Bytes of keys that are kept between scans.
const LISTED_BYTES: usize = 16 << 20;
/// What a key costs beside its own bytes, about.
const PER_KEY: usize = 100;

/// What was read of checkpoints and rows. Forgetting costs reads only.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// The newest that was seen, by handler.
    pub checkpoints: BTreeMap<String, CheckpointPlace>,
    /// The newest that was seen, by view and key.
    pub rows: BTreeMap<(String, String), RowPlace>,
    /// Lists of the keys of views.
    pub listings: Listings,
}

impl Memory {
    /// Forgets everything about a view, and the rows of others with it: views are seldom dropped.
    pub fn forget_view(&mut self, view: &str) {
        self.rows.clear();
        self.listings.forget(view);
    }
}

/// Inserts into a map that stays bounded.
pub(crate) fn remember<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, value: V) {
    if map.len() >= REMEMBERED && !map.contains_key(&key) {
        map.clear();
    }
    map.insert(key, value);
}

/// Where a handler stands. Once it was read it is true for ever, but perhaps not the newest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CheckpointPlace {
    pub revision: u64,
    pub position: u64,
    pub generation: u32,
    /// Of its state.
    pub bytes: usize,
    /// It was written by a repair, and counts as none.
    pub is_blank: bool,
}

impl CheckpointPlace {
    pub fn of(record: &CheckpointRecord) -> Self {
        Self {
            revision: record.revision,
            position: record.position,
            generation: record.generation,
            bytes: record.state.len(),
            is_blank: record.is_blank(),
        }
    }

    /// The revision that a writer must have seen.
    pub fn seen(self) -> u64 {
        if self.is_blank { 0 } else { self.revision }
    }
}

/// Where a row stands. Once it was read it is true for ever, but perhaps not the newest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RowPlace {
    /// 0: there never was a row.
    pub revision: u64,
    /// Of the newest event that was reflected, also by deleting the row.
    pub position: u64,
    pub deleted: bool,
    /// Its key is known to be in the view's list.
    pub listed: bool,
}

impl RowPlace {
    /// What a writer must have seen.
    pub fn seen(self) -> u64 {
        if self.deleted { 0 } else { self.position }
    }

    /// May a writer that has seen a row at one position write for the event at another?
    pub fn admits(self, seen: u64, position: u64) -> bool {
        self.seen() == seen && self.position < position
    }
}

/// What was read of the lists, by view.
#[derive(Debug, Default)]
pub(crate) struct Listings {
    pub lists: BTreeMap<String, Listing>,
    /// An entry of each list that exists.
    pub ends: BTreeMap<String, u64>,
}

#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// Entries that were read, from the first one on without gaps.
    pub read: u64,
    pub keys: BTreeSet<String>,
    pub bytes: usize,
    /// The keys of entries since the last whole copy, if all of them were read one by one.
    pub since: Vec<String>,
}

impl Listing {
    pub fn add(&mut self, key: String) {
        // An entry that a repair has written stands for no row.
        if !key.is_empty() {
            self.bytes += key.len() + PER_KEY;
            self.keys.insert(key);
        }
    }
}

impl Listings {
    /// An entry of the list that exists; 0: none known.
    pub fn end(&self, view: &str) -> u64 {
        let read = self.lists.get(view).map_or(0, |listing| listing.read);
        read.max(self.ends.get(view).copied().unwrap_or_default())
    }

    pub fn forget(&mut self, view: &str) {
        // In place: what the standard library needs to take entries out of maps is 10 KB.
        if let Some(listing) = self.lists.get_mut(view) {
            *listing = Listing::default();
        }
        if let Some(end) = self.ends.get_mut(view) {
            *end = 0;
        }
    }

    /// Takes a list out, to work with it.
    pub fn take(&mut self, view: &str) -> Listing {
        match self.lists.get_mut(view) {
            Some(listing) if listing.bytes > 0 => mem::take(listing),
            _ => Listing {
                bytes: view.len() + PER_KEY,
                ..Listing::default()
            },
        }
    }

    /// Keeps a list, at the cost of others if need be.
    pub fn keep(&mut self, view: &str, listing: Listing) {
        let end = listing.read.max(self.end(view));
        remember(&mut self.ends, view.to_owned(), end);
        let others: usize = self.lists.values().map(|listing| listing.bytes).sum();
        if others + listing.bytes > LISTED_BYTES {
            self.lists.clear();
        }
        if listing.bytes <= LISTED_BYTES {
            self.lists.insert(view.to_owned(), listing);
        }
    }
}
