//! What is common to checkpoints and rows: names, and what is remembered of them.

use std::collections::BTreeMap;

use crate::checkpoints::CheckpointPlace;
use crate::error::StoreError;
use crate::log::REMEMBERED;
use crate::rows::RowPlace;
use crate::views::Listings;

/// Most bytes of the name of a handler or view, and of a row's key.
const MAX_NAME_BYTES: usize = 1024;

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

pub(crate) fn check_name(what: &str, name: &str) -> Result<(), StoreError> {
    match name.len() {
        1..=MAX_NAME_BYTES => Ok(()),
        bytes => Err(StoreError::Invalid(format!(
            "{what} has {bytes} bytes, it must have 1 to {MAX_NAME_BYTES}"
        ))),
    }
}
