//! What reading one stream in order has brought so far.

use crate::numbers::Slot;
use crate::records::StreamRecord;

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
    /// Records of the next slots, the next slot's last.
    records: Vec<StreamRecord>,
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
        self.records.is_empty()
            && self.run >= SINGLE_READS_BEFORE_SEGMENT
            && self.absent != segment_of(self.next)
    }

    /// Takes the records of the next slots, the next slot's last. No records: the segment is absent.
    pub fn bring(&mut self, records: Vec<StreamRecord>) {
        if records.is_empty() {
            self.absent = segment_of(self.next);
        }
        self.records = records;
    }

    /// The record of the next slot, if a segment had it.
    pub fn take(&mut self) -> Option<StreamRecord> {
        self.records.pop()
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
