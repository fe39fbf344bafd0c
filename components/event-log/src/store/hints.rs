//! Hints: the number of a slot that exists. They save reads; a lost or damaged hint is as good as none.

use super::Store;
use crate::error::StoreError;
use crate::records::{self, Hint};
use crate::slots::Slots;

/// A hint is written every so many slots.
pub const HINT_INTERVAL: u64 = 16;

impl<S: Slots> Store<S> {
    /// Leaves a hint that a slot exists, every [`HINT_INTERVAL`] slots.
    pub fn hint(&self, key: &str, slot: u64) {
        if slot.is_multiple_of(HINT_INTERVAL)
            && let Ok(bytes) = records::encode(&Hint { slot })
        {
            // Ignore the error: what was acknowledged must not fail because a hint did.
            let _ = self.put(key, &bytes);
        }
    }

    /// The number of a hint; 0 if there is none, or none that can be read.
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
