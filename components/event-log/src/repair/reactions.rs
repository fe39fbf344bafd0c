//! The records that a repair writes into slots of reactions.
//!
//! A revision of a chain repeats the revision before it. A first revision of a checkpoint is *blank*: its handler is
//! empty, and it counts as no checkpoint. A first revision of a row records a deletion at position 0, before every
//! event. An entry of a list has an empty key and stands for no row.

use super::{gap, must_be, number};
use crate::error::StoreError;
use crate::numbers::Revision;
use crate::reactions::{Chain, read_entry};
use crate::records::reactions::{CheckpointRecord, DroppedView, RowRecord, ViewEntry};
use crate::records::{self, Record};
use crate::slots::Slots;
use crate::store::Store;

/// The record for a revision of a handler's checkpoint; `None` if the slot already has a record.
pub fn checkpoint<S: Slots>(
    store: &Store<S>,
    key: &str,
    handler: &str,
    digits: &str,
) -> Result<Option<Vec<u8>>, StoreError> {
    let chain = Chain(store.keys().checkpoint(handler));
    let revision = Revision::from(number(key, digits)?);
    let blank = CheckpointRecord {
        handler: String::new(),
        revision: 1.into(),
        position: 0.into(),
        generation: 0,
        state: Vec::new(),
    };
    let again = |before| CheckpointRecord { revision, ..before };
    self::revision(store, key, &chain, revision, blank, again)
}

/// The record for a revision of a row; `None` if the slot already has a record.
pub fn row<S: Slots>(
    store: &Store<S>,
    key: &str,
    (view, row): (&str, &str),
    digits: &str,
) -> Result<Option<Vec<u8>>, StoreError> {
    let chain = Chain(store.keys().row(view, row));
    let revision = Revision::from(number(key, digits)?);
    let absent = RowRecord {
        view: view.to_owned(),
        key: row.to_owned(),
        revision: 1.into(),
        position: 0.into(),
        content: None,
    };
    let again = |before| RowRecord { revision, ..before };
    self::revision(store, key, &chain, revision, absent, again)
}

/// Finds the view and the row key for a store key that contains a hash. `name` is `view/key`. View and row key may
/// contain further `/`, so this function tries every split until the hash matches.
pub fn row_named<'n, S: Slots>(
    store: &Store<S>,
    key: &str,
    name: &'n str,
    digits: &str,
) -> Option<(&'n str, &'n str)> {
    let mut splits = name.match_indices('/');
    splits.find_map(|(at, _)| {
        let both = (name.get(..at)?, name.get(at + 1..)?);
        let made = format!("{}.{digits}", store.keys().row(both.0, both.1));
        (made == key).then_some(both)
    })
}

/// The record for an entry of a view's list.
pub fn entry<S: Slots>(
    store: &Store<S>,
    key: &str,
    view: &str,
    digits: &str,
) -> Result<Option<Vec<u8>>, StoreError> {
    let index = number(key, digits)?;
    must_be(key, &store.keys().view_entry(view, index))?;
    let before = index.checked_sub(1).ok_or_else(|| gap(key))?;
    if before > 0 && read_entry(store, view, before)?.is_none() {
        return Err(gap(key));
    }
    let view = view.to_owned();
    let key = String::new();
    records::encode(&ViewEntry { view, index, key }).map(Some)
}

/// The marker of a dropped view.
pub fn dropped<S: Slots>(
    store: &Store<S>,
    key: &str,
    view: &str,
) -> Result<Option<Vec<u8>>, StoreError> {
    must_be(key, &store.keys().dropped_view(view))?;
    let view = view.to_owned();
    records::encode(&DroppedView { view }).map(Some)
}

fn revision<R: Record, S: Slots>(
    store: &Store<S>,
    key: &str,
    chain: &Chain,
    revision: Revision,
    first: R,
    again: impl FnOnce(R) -> R,
) -> Result<Option<Vec<u8>>, StoreError> {
    must_be(key, &chain.key(revision))?;
    // Check this first: the revision before it may already be a tombstone.
    if store.get(key)?.is_some() {
        return Ok(None);
    }
    let filler = match revision.get() {
        0 => return Err(gap(key)),
        1 => first,
        number => {
            let front = chain.key((number - 1).into());
            let bytes = store.get(&front)?.ok_or_else(|| gap(key))?;
            again(records::decode(&front, &bytes)?)
        }
    };
    records::encode(&filler).map(Some)
}
