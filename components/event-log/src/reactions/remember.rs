//! Maps that stay bounded.

use std::collections::BTreeMap;

use crate::limits::MAX_REMEMBERED;

/// Inserts into a map, which is emptied first if it is full.
pub fn remember<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, value: V) {
    if map.len() >= MAX_REMEMBERED && !map.contains_key(&key) {
        map.clear();
    }
    map.insert(key, value);
}
