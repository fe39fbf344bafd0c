//! The list of a view's keys, which only grows.
//!
//! The event log does not require a store to list its keys. Before a writer creates the first revision of a row, it
//! enters the row's key into the view's list. So every row that exists is listed. Writers fill the list's slots without
//! gaps, like those of the log, and entries never change. A key may be entered more than once (by two concurrent
//! writers, or after a writer died before it created the row). The entry remains when the row is deleted.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use super::list_copies::{self, COPY_ENTRIES};
use super::remember::remember;
use crate::error::StoreError;
use crate::probe::{self, PROBE_AFTER_LOST_RACES};
use crate::records;
use crate::records::reactions::ViewEntry;
use crate::slots::Slots;
use crate::store::{Store, Written};

/// Maximum bytes of keys that an instance caches between scans.
const MAX_KEPT_BYTES: usize = 16 << 20;
/// Approximate memory overhead of a cached key, in bytes.
const KEY_OVERHEAD_BYTES: usize = 100;

/// The part of a view's list that this instance has read.
#[derive(Debug, Default)]
pub struct List {
    /// Number of entries that were read, from the first one without gaps.
    read: u64,
    keys: BTreeSet<String>,
    bytes: usize,
    /// The keys of the entries that were read one by one since the last copy boundary.
    since_copy: Vec<String>,
}

impl List {
    fn add(&mut self, key: String) {
        // An entry that a repair wrote has an empty key and stands for no row.
        if !key.is_empty() {
            self.bytes += key.len() + KEY_OVERHEAD_BYTES;
            self.keys.insert(key);
        }
    }

    /// The keys that were read.
    pub fn keys(&self) -> &BTreeSet<String> {
        &self.keys
    }

    /// Reads the entries that are new since the last call. Stores a copy of every [`COPY_ENTRIES`] entries that were
    /// read one by one.
    pub fn read_on<S: Slots>(&mut self, store: &Store<S>, view: &str) -> Result<(), StoreError> {
        self.read_entries(store, view, |number, keys| {
            list_copies::put(store, view, number, keys);
        })
    }

    /// Reads the whole list: all keys for which the view may have rows. Writes nothing.
    ///
    /// # Errors
    /// As for [`read_entry`].
    pub fn of<S: Slots>(store: &Store<S>, view: &str) -> Result<BTreeSet<String>, StoreError> {
        let mut list = Self::default();
        list.read_entries(store, view, |_, _| {})?;
        Ok(list.keys)
    }

    /// Reads the new entries. Calls `copy` with the keys of entries that have no copy yet.
    fn read_entries<S: Slots>(
        &mut self,
        store: &Store<S>,
        view: &str,
        mut copy: impl FnMut(u64, Vec<String>),
    ) -> Result<(), StoreError> {
        loop {
            if let Some(number) = list_copies::wanted(self.read)
                && let Some(keys) = list_copies::read(store, view, number)?
            {
                self.read = number * COPY_ENTRIES;
                self.since_copy.clear();
                keys.into_iter().for_each(|key| self.add(key));
                continue;
            }
            let Some(entry) = read_entry(store, view, self.read + 1)? else {
                return Ok(());
            };
            self.read = entry.index;
            self.since_copy.push(entry.key.clone());
            self.add(entry.key);
            if self.read.is_multiple_of(COPY_ENTRIES) {
                let keys = mem::take(&mut self.since_copy);
                if keys.len() as u64 == COPY_ENTRIES {
                    copy(self.read / COPY_ENTRIES, keys);
                }
            }
        }
    }
}

/// The lists that were read, by view.
#[derive(Debug, Default)]
pub struct Lists {
    lists: BTreeMap<String, List>,
    /// For each list, the highest index of an entry known to exist.
    ends: BTreeMap<String, u64>,
}

impl Lists {
    /// The highest index of an entry known to exist; 0: none is known.
    fn end(&self, view: &str) -> u64 {
        let read = self.lists.get(view).map_or(0, |list| list.read);
        read.max(self.ends.get(view).copied().unwrap_or_default())
    }

    pub fn forget(&mut self, view: &str) {
        // Reset the values in place: the standard library's code to remove map entries adds 10 KB to the component.
        if let Some(list) = self.lists.get_mut(view) {
            *list = List::default();
        }
        if let Some(end) = self.ends.get_mut(view) {
            *end = 0;
        }
    }

    /// Takes a list out of the cache.
    pub fn take(&mut self, view: &str) -> List {
        match self.lists.get_mut(view) {
            Some(list) if list.bytes > 0 => mem::take(list),
            _ => List {
                bytes: view.len() + KEY_OVERHEAD_BYTES,
                ..List::default()
            },
        }
    }

    /// Puts a list into the cache, and evicts all other lists if the cache would exceed its limit.
    pub fn keep(&mut self, view: &str, list: List) {
        let end = list.read.max(self.end(view));
        remember(&mut self.ends, view.to_owned(), end);
        let others: usize = self.lists.values().map(|list| list.bytes).sum();
        if others + list.bytes > MAX_KEPT_BYTES {
            self.lists.clear();
        }
        if list.bytes <= MAX_KEPT_BYTES {
            self.lists.insert(view.to_owned(), list);
        }
    }

    /// Enters a key into a view's list, unless the cached list contains it. A second entry, by a concurrent writer or
    /// after a writer died before it created the row, does no harm.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if the view was dropped, [`StoreError::Unavailable`] if the key may not be listed.
    pub fn enter<S: Slots>(
        &mut self,
        store: &Store<S>,
        view: &str,
        key: &str,
    ) -> Result<(), StoreError> {
        if let Some(list) = self.lists.get(view)
            && list.keys.contains(key)
        {
            return Ok(());
        }
        let mut end = match self.end(view) {
            0 if is_dropped(store, view)? => {
                return Err(StoreError::Invalid(format!("view {view} was dropped")));
            }
            0 => find_end(store, view, store.hinted(&store.keys().view_hint(view))?)?,
            end => end,
        };
        let mut lost_races = 0;
        loop {
            let entry = ViewEntry {
                view: view.to_owned(),
                index: end + 1,
                key: key.to_owned(),
            };
            let bytes = records::encode(&entry)?;
            let written =
                store.create_retriable(&store.keys().view_entry(view, entry.index), &bytes)?;
            end = entry.index;
            if written == Written::Ours {
                store.hint(end, || store.keys().view_hint(view));
                remember(&mut self.ends, view.to_owned(), end);
                return Ok(());
            }
            lost_races += 1;
            if lost_races % PROBE_AFTER_LOST_RACES == 0 {
                end = find_end(store, view, end)?;
            }
        }
    }
}

/// Reads an entry of a view's list; `None` if it is absent.
///
/// # Errors
/// [`StoreError::Unavailable`]; [`StoreError::Corrupt`] or [`StoreError::Newer`] if it cannot be read.
pub fn read_entry<S: Slots>(
    store: &Store<S>,
    view: &str,
    index: u64,
) -> Result<Option<ViewEntry>, StoreError> {
    let key = store.keys().view_entry(view, index);
    let Some(bytes) = store.get(&key)? else {
        return Ok(None);
    };
    let entry: ViewEntry = records::decode(&key, &bytes)?;
    if entry.view != view || entry.index != index {
        let reason = format!("it is entry {} of view {:?}", entry.index, entry.view);
        return Err(StoreError::corrupt(&key, reason));
    }
    Ok(Some(entry))
}

/// Finds the index of the last entry of a view's list, starting from a guess; 0 if the list is empty.
///
/// # Errors
/// [`StoreError::Unavailable`] if the store cannot be read.
pub fn find_end<S: Slots>(store: &Store<S>, view: &str, guess: u64) -> Result<u64, StoreError> {
    probe::last(guess, |index| {
        store.has(&store.keys().view_entry(view, index))
    })
}

/// Whether a drop of the view has begun.
///
/// # Errors
/// [`StoreError::Unavailable`] if the store cannot be read.
pub fn is_dropped<S: Slots>(store: &Store<S>, view: &str) -> Result<bool, StoreError> {
    store.has(&store.keys().dropped_view(view))
}
