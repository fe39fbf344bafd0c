//! What the reading of one stream in order has brought so far.

use crate::records::StreamRecord;

/// Slots in a segment.
pub(crate) const SLOTS: u64 = 256;
/// Slots that are read one by one before a segment is looked for: most reads are of short
/// streams, or of the end of long ones.
const PATIENCE: u64 = 16;

/// A stream that is being read, and what is known of its next slots.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    stream: String,
    /// The slot that comes next.
    next: u64,
    /// Slots that were read in a row.
    run: u64,
    /// Records of the next slots, the next one last.
    records: Vec<StreamRecord>,
    /// A segment that is known to be absent; 0: none.
    absent: u64,
}

impl Ahead {
    /// The slot is read next: forgets everything, unless that was expected.
    pub fn go_to(&mut self, stream: &str, slot: u64) {
        if self.stream != stream || self.next != slot {
            *self = Self {
                stream: stream.to_owned(),
                next: slot,
                ..Self::default()
            };
        }
    }

    /// Is a segment of the next slot worth a look?
    pub fn wants_segment(&self) -> bool {
        self.records.is_empty() && self.run >= PATIENCE && self.absent != number(self.next)
    }

    /// Records of the next slots, the next one last; none: their segment is absent.
    pub fn bring(&mut self, records: Vec<StreamRecord>) {
        if records.is_empty() {
            self.absent = number(self.next);
        }
        self.records = records;
    }

    /// The record of the next slot, if it was brought.
    pub fn take(&mut self) -> Option<StreamRecord> {
        self.records.pop()
    }

    /// The next slot was read. Answers whether its segment is absent although as many slots were read as one has.
    pub fn go_on(&mut self) -> bool {
        let absent = self.absent == number(self.next);
        self.next += 1;
        self.run += 1;
        absent && self.run >= SLOTS
    }
}

/// The segment of a slot, from 1.
pub(crate) fn number(slot: u64) -> u64 {
    slot.saturating_sub(1) / SLOTS + 1
}
