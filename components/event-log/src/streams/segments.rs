//! Segments: copies of [`SEGMENT_SLOTS`] slots of a stream, which one read returns together.
//!
//! The writer that creates the last slot of a segment copies its slots. A segment only saves reads: the slots remain
//! authoritative, so a lost, damaged or missing segment costs only time.

use super::read_ahead::{SEGMENT_SLOTS, segment_of};
use crate::error::StoreError;
use crate::name::StreamName;
use crate::numbers::Slot;
use crate::records::{self, Bytes, Segment};
use crate::slots::Slots;
use crate::store::Store;

/// Maximum bytes of records that a segment copies. Reading larger records one by one is efficient enough.
const MAX_SEGMENT_BYTES: usize = 1 << 20;

/// Reads the bytes of a slot and of the later slots in its segment, in reverse order; empty if there is no usable
/// segment. A reader decodes a copy only when it reaches that slot, because most readers of a page do not need all
/// copies.
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

/// Copies the slots of a segment, if `slot` is its last one. The caller has just created or read `slot`.
pub fn copy_behind<S: Slots>(store: &Store<S>, stream: StreamName<'_>, slot: Slot) {
    if slot.get().is_multiple_of(SEGMENT_SLOTS) && slot.get() > 0 {
        // Ignore the error: the next reader of all these slots tries again.
        let _ = copy(store, stream, slot);
    }
}

fn copy<S: Slots>(store: &Store<S>, stream: StreamName<'_>, last: Slot) -> Result<(), StoreError> {
    let first = last.get() - SEGMENT_SLOTS + 1;
    let keys: Vec<_> = (first..=last.get())
        .map(|slot| store.keys().slot(stream, slot.into()))
        .collect();
    let mut records = Vec::new();
    let mut bytes = 0;
    for record in store.get_many(&keys)? {
        let Some(record) = record else {
            return Ok(());
        };
        bytes += record.len();
        if bytes > MAX_SEGMENT_BYTES {
            // Store an empty segment, so that readers do not try to copy these slots again.
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
