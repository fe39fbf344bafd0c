//! What reading one stream in order has brought so far.

use crate::numbers::Slot;

/// Slots in a segment.
pub const SEGMENT_SLOTS: u64 = 256;
/// Slots that are read one by one before a reader looks for a segment. Most reads are of short streams, or of the end of
/// long ones.
const SINGLE_READS_BEFORE_SEGMENT: u64 = 16;

/// A stream that is being read, and the records of its next slots that have been read already.
#[derive(Debug, Default)]
pub struct ReadAhead {
    stream: String,
    /// The slot that is read next.
    next: Slot,
    /// Slots that were read in a row.
    run: u64,
    /// The bytes of the next slots, the next slot's last.
    copies: Vec<Vec<u8>>,
    /// The number of a segment that is known to be absent; 0: none.
    absent: u64,
}

impl ReadAhead {
    /// Announces the slot that is read next. Forgets everything unless the slot follows the one before.
    pub fn go_to(&mut self, stream: &str, slot: Slot) {
        if self.stream != stream || self.next != slot {
            *self = Self {
                stream: stream.to_owned(),
                next: slot,
                ..Self::default()
            };
        }
    }

    /// Whether a segment with the next slot is worth a read.
    pub fn wants_segment(&self) -> bool {
        self.copies.is_empty()
            && self.run >= SINGLE_READS_BEFORE_SEGMENT
            && self.absent != segment_of(self.next)
    }

    /// Takes the bytes of the next slots, the next slot's last. No copies: the segment is absent.
    pub fn bring(&mut self, copies: Vec<Vec<u8>>) {
        if copies.is_empty() {
            self.absent = segment_of(self.next);
        }
        self.copies = copies;
    }

    /// The bytes of the next slot, if a segment had them.
    pub fn take(&mut self) -> Option<Vec<u8>> {
        self.copies.pop()
    }

    /// Drops the copies. The segment counts as absent: one of them was damaged.
    pub fn distrust(&mut self) {
        self.copies.clear();
        self.absent = segment_of(self.next);
    }

    /// Notes that the next slot was read. `true`: as many slots were read as a segment has, and the segment is absent.
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
