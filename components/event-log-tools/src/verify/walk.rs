//! Walks numbered slots in order and reports holes.

use super::scan::Extent;
use super::{PUT_BACK, Walk};
use crate::Listing;
use annals_event_log::StoreError;

/// After this many absent slots in a row, the walk continues at the last slot.
const MAX_ABSENT_IN_A_ROW: u64 = 4096;

/// A slot that the walk has reached.
pub(super) struct Step {
    pub number: u64,
    pub key: String,
    pub bytes: Vec<u8>,
    /// Whether the slot before this one is absent.
    pub after_hole: bool,
}

impl<S: Listing> Walk<'_, S> {
    /// Calls `each` with every slot of a sequence, and reports absent slots.
    pub(super) fn row(
        &mut self,
        extent: Extent,
        key: impl Fn(u64) -> String,
        each: impl FnMut(&mut Self, Step) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.row_with_gaps(extent, 0, key, each)
    }

    /// Like [`Walk::row`], for a sequence in which slots up to `drawn` may be absent.
    pub(super) fn row_with_gaps(
        &mut self,
        extent: Extent,
        drawn: u64,
        key: impl Fn(u64) -> String,
        mut each: impl FnMut(&mut Self, Step) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let (mut number, mut seen, mut before) = (0, 0, 0);
        while seen < extent.count && number < extent.last {
            number += 1;
            let Some(bytes) = self.get(&key(number))? else {
                if number - before > MAX_ABSENT_IN_A_ROW {
                    number = number.max(extent.last - 1);
                }
                continue;
            };
            seen += 1;
            self.count(&bytes);
            let after_hole = number > before + 1;
            let missing = before.max(drawn) + 1;
            self.summary.drawn += number.min(drawn + 1).saturating_sub(before + 1);
            if missing < number {
                let what = match number - missing {
                    1 => format!("it is absent, though slot {number} exists"),
                    _ => format!(
                        "it and the slots up to {} are absent, though slot {number} exists",
                        number - 1
                    ),
                };
                self.error(&key(missing), what, PUT_BACK);
            }
            before = number;
            each(
                self,
                Step {
                    number,
                    key: key(number),
                    bytes,
                    after_hole,
                },
            )?;
        }
        Ok(())
    }
}
