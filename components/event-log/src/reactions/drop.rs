//! Deletes views that are no longer used.
//!
//! Elsewhere a slot is never deleted, because a slow writer could create it a second time with effect. Here a second
//! creation is harmless: the caller guarantees that no one reads the view and that its name is never used again. This
//! holds for the generations of views, whose names contain an increasing number. A slow writer may leave garbage, but
//! no decision depends on it.
//!
//! # The order
//!
//! A drop first creates a marker that the view is dropped. The marker is permanent. It refuses a writer that opens the
//! view's list anew; it makes an instance with cached rows return none; and it lets the tools distinguish garbage from
//! damage. The drop then deletes the entries of the list from the last to the first, and before each entry the
//! revisions of its row from the newest to the first. It deletes a copy of entries before the last entry of that copy.
//! So at every moment the list has no gaps, and neither has any row. If a drop is interrupted, the next drop continues
//! it and finds the ends by probing. If a row's key was entered twice, the row is deleted with the later entry.

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

/// Maximum revisions that one call deletes. A row that changed often has many revisions.
const MAX_REVISIONS_PER_CALL: u32 = 4096;

/// See [`EventLog::drop_rows`](crate::EventLog::drop_rows).
///
/// # Errors
/// As there.
pub fn drop_rows<S: Slots>(store: &Store<S>, view: &str, limit: u32) -> Result<bool, StoreError> {
    let mark = DroppedView {
        view: view.to_owned(),
    };
    // Concurrent callers write the same bytes, so a retry is safe.
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

/// Deletes at most `revisions_left` revisions of a row. Returns `false` if some remain.
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
