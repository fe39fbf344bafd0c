//! Copies of a view's list: 256 entries in one value, so that a long list is few reads.
//!
//! A reader that reads 256 entries one by one stores a copy of them, even if it never reaches the end of the list. The
//! next reader continues from there, however little time each reader has. A copy is disposable. One that outlived
//! its entries, as after a power cut, must not hide those that came in their place: it counts only if the last of its
//! entries is there and says the same.

use crate::error::StoreError;
use crate::log::EventLog;
use crate::records;
use crate::records::reactions::ViewCopy;
use crate::slots::Slots;

/// Entries in a copy.
pub(crate) const COPIED: u64 = 256;
/// So many entries are read one by one before a copy is asked for: short lists have none.
const SHORT: u64 = 16;

/// Whether a reader that has come so far looks for a copy, and for which.
pub(crate) fn copy_from(read: u64) -> Option<u64> {
    (read == SHORT || read > 0 && read.is_multiple_of(COPIED)).then_some(read / COPIED + 1)
}

impl<S: Slots> EventLog<S> {
    /// The keys of entries that were copied, if they were.
    pub(crate) fn read_copy(
        &self,
        view: &str,
        number: u64,
    ) -> Result<Option<Vec<String>>, StoreError> {
        let key = self.keys.view_copy(view, number);
        let Some(bytes) = self.get(&key)? else {
            return Ok(None);
        };
        let Ok(copy) = records::decode::<ViewCopy>(&key, &bytes) else {
            return Ok(None);
        };
        if copy.view != view || copy.number != number || copy.keys.len() as u64 != COPIED {
            return Ok(None);
        }
        let last = self.read_entry(view, number.saturating_mul(COPIED))?;
        let holds = last.is_some_and(|last| Some(&last.key) == copy.keys.last());
        Ok(holds.then_some(copy.keys))
    }

    /// Leaves a copy of entries that were read. What was read must not fail because this did.
    pub(crate) fn leave_copy(&self, view: &str, number: u64, keys: Vec<String>) {
        let copy = ViewCopy {
            view: view.to_owned(),
            number,
            keys,
        };
        if let Ok(bytes) = records::encode(&copy) {
            let _ = self.slots.put(&self.keys.view_copy(view, number), &bytes);
        }
    }
}
