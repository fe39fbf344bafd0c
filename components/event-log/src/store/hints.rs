//! Hints: each holds the number of an existing slot and saves reads. A lost or damaged hint counts as absent.

use super::Store;
use crate::error::StoreError;
use crate::records::{self, Hint};
use crate::slots::Slots;

/// A writer stores a hint once per this many slots.
pub const HINT_INTERVAL: u64 = 16;

impl<S: Slots> Store<S> {
    /// Stores a hint that a slot exists, at every [`HINT_INTERVAL`]th slot.
    pub fn hint(&self, slot: u64, key: impl FnOnce() -> String) {
        if slot.is_multiple_of(HINT_INTERVAL)
            && let Ok(bytes) = records::encode(&Hint { slot })
        {
            // Ignore the error: the slot is stored, so a failed hint must not fail the write.
            let _ = self.put(&key(), &bytes);
        }
    }

    /// Reads the number of a hint; 0 if the hint is absent or cannot be decoded.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the store cannot be read.
    pub fn hinted(&self, key: &str) -> Result<u64, StoreError> {
        let hint = self
            .get(key)?
            .and_then(|bytes| records::decode::<Hint>(key, &bytes).ok());
        Ok(hint.map_or(0, |hint| hint.slot))
    }
}
