//! Verifies segments: each copy must equal its slot.

use super::scan::Home;
use super::{DELETE, Walk};
use crate::Listing;
use annals_event_log::StoreError;
use annals_event_log::internals::SEGMENT_SLOTS;
use annals_event_log::records::{self, Bytes, Segment};
use annals_event_log::{Slot, StreamName};

impl<S: Listing> Walk<'_, S> {
    pub(super) fn segment(
        &mut self,
        home: &Home,
        key: &str,
        bytes: &[u8],
    ) -> Result<(), StoreError> {
        self.summary.segments += 1;
        let segment: Segment = match records::decode(key, bytes) {
            Ok(segment) => segment,
            Err(error) => {
                self.corrupt(key, &error, DELETE);
                return Ok(());
            }
        };
        let stream = match StreamName::parse(&segment.stream) {
            Ok(stream) if home.keys.segment(stream, number(&segment)) == key => stream,
            _ => {
                let what = format!("it is of slot {} of {:?}", segment.first, segment.stream);
                self.error(key, what, DELETE);
                return Ok(());
            }
        };
        if !segment.records.is_empty() && segment.records.len() as u64 != SEGMENT_SLOTS {
            let what = format!(
                "it has {} slots instead of {SEGMENT_SLOTS}",
                segment.records.len()
            );
            self.error(key, what, DELETE);
        }
        for (slot, Bytes(copy)) in (segment.first.get()..).zip(&segment.records) {
            if self.get(&home.keys.slot(stream, slot.into()))?.as_ref() != Some(copy) {
                let what = format!("slot {slot} of {stream} is not what it says");
                self.error(key, what, DELETE);
                break;
            }
        }
        Ok(())
    }
}

/// The number of a segment, from 1; 0 if the segment's first slot is not a segment boundary.
pub(super) fn number(segment: &Segment) -> u64 {
    match segment.first.before().map(Slot::get) {
        Some(before) if before.is_multiple_of(SEGMENT_SLOTS) => before / SEGMENT_SLOTS + 1,
        _ => 0,
    }
}
