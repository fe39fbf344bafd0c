//! The read-ahead for reading one stream in order.

use crate::numbers::Slot;

/// Slots in a segment.
pub const SEGMENT_SLOTS: u64 = 256;
/// A reader looks for a segment after it has read this many slots one by one. Most reads are of short streams, or of
/// the end of long ones.
const SINGLE_READS_BEFORE_SEGMENT: u64 = 16;

/// Maximum slots that a reader reads together, where the store can.
const MAX_SLOTS_TOGETHER: u64 = 64;

/// The stream that is being read, and the records of its next slots that a segment has already provided.
#[derive(Debug, Default)]
pub struct ReadAhead {
    stream: String,
    /// The next slot to read.
    next: Slot,
    /// Number of slots that were read in a row.
    run: u64,
    /// The bytes of the next slots in reverse order: the next slot's bytes are last.
    copies: Vec<Vec<u8>>,
    /// The number of a segment that is known to be absent; 0 if none is known.
    absent: u64,
}

impl ReadAhead {
    /// Sets the slot to read next. Resets the read-ahead unless the slot follows the last slot that was read.
    pub fn go_to(&mut self, stream: &str, slot: Slot) {
        if self.stream != stream || self.next != slot {
            *self = Self {
                stream: stream.to_owned(),
                next: slot,
                ..Self::default()
            };
        }
    }

    /// Whether the reader should look for the segment that contains the next slot.
    pub fn wants_segment(&self) -> bool {
        self.copies.is_empty()
            && self.run >= SINGLE_READS_BEFORE_SEGMENT
            && self.absent != segment_of(self.next)
    }

    /// Stores the bytes of the next slots in reverse order: the next slot's bytes are last. If there are no copies, the
    /// segment counts as absent.
    pub fn bring(&mut self, copies: Vec<Vec<u8>>) {
        if copies.is_empty() {
            self.absent = segment_of(self.next);
        }
        self.copies = copies;
    }

    /// How many slots the reader should read together: as many as it has read in a row. `None` for the first slot, since
    /// most readers look only at the end of a stream, and where a segment has provided the slots.
    pub fn wants_slots(&self) -> Option<u64> {
        let wants = self.copies.is_empty() && self.run > 0;
        wants.then(|| self.run.min(MAX_SLOTS_TOGETHER))
    }

    /// Stores the bytes of the next slots in reverse order, read from the slots themselves.
    pub fn bring_slots(&mut self, copies: Vec<Vec<u8>>) {
        self.copies = copies;
    }

    /// Removes and returns the bytes of the next slot, if a segment provided them.
    pub fn take(&mut self) -> Option<Vec<u8>> {
        self.copies.pop()
    }

    /// Drops all copies, because one is damaged. The segment then counts as absent.
    pub fn distrust(&mut self) {
        self.copies.clear();
        self.absent = segment_of(self.next);
    }

    /// Notes that the next slot was read. Returns `true` if the segment is absent and the reader has read at least as
    /// many slots in a row as a segment holds.
    pub fn go_on(&mut self) -> bool {
        let absent = self.absent == segment_of(self.next);
        self.next = self.next.next();
        self.run += 1;
        absent && self.run >= SEGMENT_SLOTS
    }
}

/// The number of a slot's segment, from 1.
pub fn segment_of(slot: Slot) -> u64 {
    slot.get().saturating_sub(1) / SEGMENT_SLOTS + 1
}
