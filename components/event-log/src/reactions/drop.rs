//! Deletes views that are not used any more.
//!
//! Elsewhere a slot is never deleted, because a slow writer could create it a second time, and what it writes would count.
//! Here that does no harm: the caller vouches that nobody reads the view and that its name is never used again. That holds for
//! the generations of views, whose names have a number that only grows. A slow writer may leave garbage, and nothing is
//! decided upon it.
//!
//! # The order
//!
//! First of all a mark says that the view is dropped. The mark stays: a writer that comes to the view's list anew is
//! refused, an instance that still remembers rows finds none, and the tools tell garbage from damage by it. Then entries of the list go
//! from the last one to the first, and before each entry the revisions of its row from the newest to the first. A copy of entries goes
//! before the last of them. So at every moment there is a list without gaps, of rows without gaps. A drop that was
//! interrupted anywhere is continued by the next one, which finds the ends by probing. A row whose key was entered twice goes
//! with the second entry.

use super::chain::Chain;
use super::list_copies::COPY_ENTRIES;
use super::lists::{find_end, read_entry};
use crate::error::StoreError;
use crate::numbers::Revision;
use crate::probe;
use crate::records;
use crate::records::reactions::{DroppedView, Tombstone};
use crate::slots::Slots;
use crate::store::Store;

/// Most revisions that one call deletes: a row that changed often has many.
const MAX_REVISIONS_PER_CALL: u32 = 4096;

/// See [`EventLog::drop_rows`](crate::EventLog::drop_rows).
///
/// # Errors
/// As there.
pub fn drop_rows<S: Slots>(store: &Store<S>, view: &str, limit: u32) -> Result<bool, StoreError> {
    let mark = DroppedView {
        view: view.to_owned(),
    };
    // Other callers write the same bytes.
    store.create_retriable(&store.keys().dropped_view(view), &records::encode(&mark)?)?;
    let hint = store.keys().view_hint(view);
    let mut end = find_end(store, view, store.hinted(&hint)?)?;
    let mut revisions_left = MAX_REVISIONS_PER_CALL;
    for _ in 0..limit.max(1) {
        if end == 0 {
            break;
        }
        if let Some(entry) = read_entry(store, view, end)?
            && !entry.is_blank()
            && !drop_row(store, view, &entry.key, &mut revisions_left)?
        {
            return Ok(false);
        }
        if end.is_multiple_of(COPY_ENTRIES) {
            store.delete(&store.keys().view_copy(view, end / COPY_ENTRIES))?;
        }
        store.delete(&store.keys().view_entry(view, end))?;
        end -= 1;
    }
    if end > 0 {
        return Ok(false);
    }
    store.delete(&hint)?;
    Ok(true)
}

/// Deletes a row, at most `revisions_left` revisions of it; `false` if some are left.
fn drop_row<S: Slots>(
    store: &Store<S>,
    view: &str,
    key: &str,
    revisions_left: &mut u32,
) -> Result<bool, StoreError> {
    let chain = Chain(store.keys().row(view, key));
    let first = chain.key(1.into());
    let Some(bytes) = store.get(&first)? else {
        return Ok(true);
    };
    let guess =
        records::decode::<Tombstone>(&first, &bytes).map_or(1, |hint| hint.known.get().max(1));
    let newest = probe::last(guess, |revision| {
        Ok::<_, StoreError>(revision <= 1 || store.has(&chain.key(revision.into()))?)
    })?;
    for revision in (1..=newest).rev() {
        if *revisions_left == 0 {
            return Ok(false);
        }
        store.delete(&chain.key(Revision::from(revision)))?;
        *revisions_left -= 1;
    }
    Ok(true)
}
