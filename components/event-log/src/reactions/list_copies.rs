//! Copies of a view's list: [`COPY_ENTRIES`] entries in one value, so that reading a long list takes few reads.
//!
//! A reader that has read [`COPY_ENTRIES`] entries one by one stores a copy of them, even if it never reaches the end
//! of the list. The next reader continues from there, so readers make progress however short their time limits are. A
//! copy is disposable. After a power cut a copy may exist although its entries were lost, and it must not hide the
//! entries that replaced them. So a copy is valid only if the last of its entries exists and has the copy's last key.

use crate::error::StoreError;
use crate::records;
use crate::records::reactions::{ViewCopy, ViewEntry};
use crate::slots::Slots;
use crate::store::Store;

/// Entries in a copy.
pub const COPY_ENTRIES: u64 = 256;
/// A reader looks for the first copy after it has read this many entries one by one. Short lists have no copies.
const SINGLE_READS_BEFORE_COPY: u64 = 16;

/// The number of the copy that a reader looks for after it has read this many entries; `None` if it looks for none.
pub fn wanted(read: u64) -> Option<u64> {
    (read == SINGLE_READS_BEFORE_COPY || read > 0 && read.is_multiple_of(COPY_ENTRIES))
        .then_some(read / COPY_ENTRIES + 1)
}

/// Reads the keys of the entries in a copy; `None` if there is no valid copy.
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

/// Stores a copy of entries that the caller has read.
pub fn put<S: Slots>(store: &Store<S>, view: &str, number: u64, keys: Vec<String>) {
    let copy = ViewCopy {
        view: view.to_owned(),
        number,
        keys,
    };
    if let Ok(bytes) = records::encode(&copy) {
        // Ignore the error: a failed copy must not fail the read.
        let _ = store.put(&store.keys().view_copy(view, number), &bytes);
    }
}
