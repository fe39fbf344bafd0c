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
            if after_hole {
                let what = match number - before {
                    2 => format!("it is absent, though slot {number} exists"),
                    _ => format!(
                        "it and the slots up to {} are absent, though slot {number} exists",
                        number - 1
                    ),
                };
                self.error(&key(before + 1), what, PUT_BACK);
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
