//! Maps of bounded size.

use std::collections::BTreeMap;

use crate::limits::MAX_REMEMBERED;

/// Inserts into a map. If the map is full and lacks the key, clears the map first.
pub fn remember<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, value: V) {
    if map.len() >= MAX_REMEMBERED && !map.contains_key(&key) {
        map.clear();
    }
    map.insert(key, value);
}
