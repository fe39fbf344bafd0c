//! Copies of a view's list: [`COPY_ENTRIES`] entries in one value, so that a long list is few reads.
//!
//! A reader that has read that many entries one by one stores a copy of them, even if it never reaches the end of the
//! list. The next reader continues from there, however little time each reader has. A copy is disposable. After a power
//! cut a copy may have outlived its entries, and must not hide those that came in their place. So a copy counts only if the
//! last of its entries exists and has the copy's last key.

use crate::error::StoreError;
use crate::records;
use crate::records::reactions::{ViewCopy, ViewEntry};
use crate::slots::Slots;
use crate::store::Store;

/// Entries in a copy.
pub const COPY_ENTRIES: u64 = 256;
/// Entries that are read one by one before a reader looks for a copy: short lists have none.
const SINGLE_READS_BEFORE_COPY: u64 = 16;

/// The copy that a reader looks for after so many entries, if it does.
pub fn wanted(read: u64) -> Option<u64> {
    (read == SINGLE_READS_BEFORE_COPY || read > 0 && read.is_multiple_of(COPY_ENTRIES))
        .then_some(read / COPY_ENTRIES + 1)
}

/// The keys of the entries in a copy, if there is one that counts.
pub fn read<S: Slots>(
    store: &Store<S>,
    view: &str,
    number: u64,
) -> Result<Option<Vec<String>>, StoreError> {
    let key = store.keys().view_copy(view, number);
    let Some(bytes) = store.get(&key)? else {
        return Ok(None);
    };
    let Ok(copy) = records::decode::<ViewCopy>(&key, &bytes) else {
        return Ok(None);
    };
    if copy.view != view || copy.number != number || copy.keys.len() as u64 != COPY_ENTRIES {
        return Ok(None);
    }
    let last = number.saturating_mul(COPY_ENTRIES);
    let entry_key = store.keys().view_entry(view, last);
    let Some(bytes) = store.get(&entry_key)? else {
        return Ok(None);
    };
    let entry: ViewEntry = records::decode(&entry_key, &bytes)?;
    let counts = entry.view == view && entry.index == last && Some(&entry.key) == copy.keys.last();
    Ok(counts.then_some(copy.keys))
}

/// Stores a copy of entries that were read.
pub fn put<S: Slots>(store: &Store<S>, view: &str, number: u64, keys: Vec<String>) {
    let copy = ViewCopy {
        view: view.to_owned(),
        number,
        keys,
    };
    if let Ok(bytes) = records::encode(&copy) {
        // Ignore the error: what was read must not fail because the copy did.
        let _ = store.put(&store.keys().view_copy(view, number), &bytes);
    }
}
