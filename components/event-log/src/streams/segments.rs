//! Segments: copies of [`SEGMENT_SLOTS`] slots of a stream, for reading them at once.
//!
//! The writer that fills the last slot of a segment copies its slots. A segment saves reads and nothing else: the slots
//! remain the truth, so a segment that is lost, damaged, or not there yet costs time only.

use super::read_ahead::{SEGMENT_SLOTS, segment_of};
use crate::error::StoreError;
use crate::name::StreamName;
use crate::numbers::Slot;
use crate::records::{self, Bytes, Segment};
use crate::slots::Slots;
use crate::store::Store;

/// Bytes of records above which slots are not copied: so large ones are read well enough one by one.
const MAX_SEGMENT_BYTES: usize = 1 << 20;

/// The bytes of a slot and of those after it, in reverse; empty if there is no segment that can be used. A reader decodes a
/// copy when it comes to that slot: most readers of a page do not need all of them.
pub fn read<S: Slots>(
    store: &Store<S>,
    stream: StreamName<'_>,
    slot: Slot,
) -> Result<Vec<Vec<u8>>, StoreError> {
    let number = segment_of(slot);
    let key = store.keys().segment(stream, number);
    let Some(bytes) = store.get(&key)? else {
        return Ok(Vec::new());
    };
    let first = (number - 1) * SEGMENT_SLOTS + 1;
    let segment = records::decode_envelope::<Segment>(&key, &bytes)
        .ok()
        .filter(|segment| segment.stream == stream.as_str() && segment.first.get() == first)
        .filter(|segment| segment.records.len() as u64 == SEGMENT_SLOTS);
    let records = segment.map_or_else(Vec::new, |segment| segment.records);
    let wanted = records.into_iter().skip((slot.get() - first) as usize);
    Ok(wanted.map(|Bytes(bytes)| bytes).rev().collect())
}

/// Copies the slots up to one that was just created or read, if it is the last one of a segment.
pub fn copy_behind<S: Slots>(store: &Store<S>, stream: StreamName<'_>, slot: Slot) {
    if slot.get().is_multiple_of(SEGMENT_SLOTS) && slot.get() > 0 {
        // Ignore the error: the next reader of all these slots tries again.
        let _ = copy(store, stream, slot);
    }
}

fn copy<S: Slots>(store: &Store<S>, stream: StreamName<'_>, last: Slot) -> Result<(), StoreError> {
    let first = last.get() - SEGMENT_SLOTS + 1;
    let mut records = Vec::new();
    let mut bytes = 0;
    for slot in first..=last.get() {
        let Some(record) = store.get(&store.keys().slot(stream, slot.into()))? else {
            return Ok(());
        };
        bytes += record.len();
        if bytes > MAX_SEGMENT_BYTES {
            // An empty segment says that copying is not worth another try.
            records.clear();
            break;
        }
        records.push(Bytes(record));
    }
    let segment = records::encode(&Segment {
        stream: stream.as_str().to_owned(),
        first: first.into(),
        records,
    })?;
    store.put(&store.keys().segment(stream, segment_of(last)), &segment)
}
