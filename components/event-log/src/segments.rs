//! Reads a stream's slots in order, many at a time where that is worth it.
//!
//! The writer that fills the last one of [`SLOTS`] slots copies them into a *segment*. A segment saves
//! reads and nothing else: the slots remain the truth, so one that is lost, damaged or not there
//! yet costs time only.

use crate::ahead::{SLOTS, number};
use crate::error::StoreError;
use crate::log::EventLog;
use crate::name::StreamName;
use crate::records::{self, Bytes, Segment, StreamRecord};
use crate::slots::Slots;

/// Bytes of records above which slots are not copied: they are read well enough one by one.
const MOST_BYTES: usize = 1 << 20;

impl<S: Slots> EventLog<S> {
    /// What lies in a stream's slot, where the slots after it are likely to be read too.
    pub(crate) fn read_on(
        &mut self,
        stream: StreamName<'_>,
        slot: u64,
    ) -> Result<Option<StreamRecord>, StoreError> {
        self.ahead.go_to(stream.as_str(), slot);
        if self.ahead.wants_segment() {
            let records = self.read_segment(stream, slot)?;
            self.ahead.bring(records);
        }
        let record = match self.ahead.take() {
            Some(record) => Some(record),
            None => self.read_slot(stream, slot)?,
        };
        if record.is_some() && self.ahead.go_on() {
            // All slots of the segment are there, and no writer has copied them.
            self.consolidate_behind(stream, slot);
        }
        Ok(record)
    }

    /// Copies of a slot and those after it, in reverse; none if there is no use in them.
    fn read_segment(
        &self,
        stream: StreamName<'_>,
        slot: u64,
    ) -> Result<Vec<StreamRecord>, StoreError> {
        let key = self.keys.segment(stream, number(slot));
        let Some(bytes) = self.get(&key)? else {
            return Ok(Vec::new());
        };
        let first = (number(slot) - 1) * SLOTS + 1;
        let segment = records::decode::<Segment>(&key, &bytes)
            .ok()
            .filter(|segment| segment.stream == stream.as_str() && segment.first == first)
            .filter(|segment| segment.records.len() as u64 == SLOTS);
        let records = segment.map_or_else(Vec::new, |segment| segment.records);
        let wanted = records.iter().skip((slot - first) as usize).rev();
        // If one of them is damaged, its slot says so, or better.
        let decoded: Result<Vec<_>, _> = wanted
            .map(|Bytes(bytes)| StreamRecord::decode(&key, stream.as_str(), bytes))
            .collect();
        Ok(decoded.unwrap_or_default())
    }

    /// Copies the slots up to one that was just filled or read, if it is the last of a segment.
    /// To fail fails nothing.
    pub(crate) fn consolidate_behind(&self, stream: StreamName<'_>, slot: u64) {
        if slot.is_multiple_of(SLOTS) && slot > 0 {
            // The next one to read all these slots tries again.
            let _ = self.consolidate(stream, slot);
        }
    }

    fn consolidate(&self, stream: StreamName<'_>, last: u64) -> Result<(), StoreError> {
        let first = last - SLOTS + 1;
        let mut records = Vec::new();
        let mut bytes = 0;
        for slot in first..=last {
            let Some(record) = self.get(&self.keys.slot(stream, slot))? else {
                return Ok(());
            };
            bytes += record.len();
            if bytes > MOST_BYTES {
                // Remembered, so that nobody tries again.
                records.clear();
                break;
            }
            records.push(Bytes(record));
        }
        let segment = records::encode(&Segment {
            stream: stream.as_str().to_owned(),
            first,
            records,
        })?;
        self.slots
            .put(&self.keys.segment(stream, number(last)), &segment)
            .map_err(StoreError::harmless)
    }
}
