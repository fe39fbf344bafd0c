//! Reads several log slots and the stream slots that they lead to together, where the store can.

use std::collections::VecDeque;

use crate::error::StoreError;
use crate::name::StreamName;
use crate::numbers::LogSlot;
use crate::records::{LogRecord, StreamRecord};
use crate::slots::Slots;
use crate::store::Store;

/// Slots of the first read. Each further read doubles the number, up to the maximum.
const FIRST_SLOTS: u64 = 8;
const MAX_SLOTS: u64 = 64;

/// A log slot, and the bytes of the stream slot that its ref leads to.
type Read = (Option<LogRecord>, Option<Vec<u8>>);

/// The slots that were read together and not used yet. It lives during one read of the log: an absent slot may exist soon
/// after.
#[derive(Debug, Default)]
pub struct Ahead {
    /// The slot of the first element of `reads`.
    first: LogSlot,
    reads: VecDeque<Read>,
    /// Slots of the last read.
    size: u64,
}

impl Ahead {
    /// Reads a log slot. The second value has the bytes of the stream slot that a ref leads to, if they were read, too. The
    /// caller wants at most `want` slots from this one on, unless it filters their events.
    ///
    /// # Errors
    /// As for [`Store::read_log_slot`].
    pub fn log_slot<S: Slots>(
        &mut self,
        store: &Store<S>,
        slot: LogSlot,
        want: usize,
    ) -> Result<Read, StoreError> {
        if !store.is_conditional() {
            return Ok((store.read_log_slot(slot)?, None));
        }
        if slot != self.first || self.reads.is_empty() {
            self.fetch(store, slot, want as u64)?;
        }
        self.first = slot.next();
        Ok(self.reads.pop_front().unwrap_or_default())
    }

    /// Drops the slots that were read.
    pub fn clear(&mut self) {
        self.reads.clear();
    }

    fn fetch<S: Slots>(
        &mut self,
        store: &Store<S>,
        slot: LogSlot,
        want: u64,
    ) -> Result<(), StoreError> {
        self.size = (self.size * 2)
            .clamp(FIRST_SLOTS, MAX_SLOTS)
            .min(want.max(1));
        let last = slot.get().saturating_add(self.size - 1);
        let slots: Vec<_> = (slot.get()..=last).map(LogSlot::from).collect();
        let keys: Vec<_> = slots.iter().map(|slot| store.keys().log(*slot)).collect();
        let values = store.get_many(&keys)?;
        self.reads.clear();
        for ((key, slot), bytes) in keys.iter().zip(&slots).zip(values) {
            // A record that cannot be read is reported when the reader comes to it.
            let decoded = bytes.map(|bytes| LogRecord::decode(key, *slot, &bytes));
            match decoded.transpose() {
                Ok(record) => self.reads.push_back((record, None)),
                Err(error) if self.reads.is_empty() => return Err(error),
                Err(_) => break,
            }
        }
        let leads: Vec<_> = self
            .reads
            .iter()
            .map(|(record, _)| lead(store, record))
            .collect();
        let keys: Vec<_> = leads.iter().flatten().cloned().collect();
        if keys.is_empty() {
            return Ok(());
        }
        let mut values = store.get_many(&keys)?.into_iter();
        for ((_, bytes), lead) in self.reads.iter_mut().zip(leads) {
            if lead.is_some() {
                *bytes = values.next().flatten();
            }
        }
        Ok(())
    }
}

/// The key of the stream slot that a ref leads to.
fn lead<S: Slots>(store: &Store<S>, record: &Option<LogRecord>) -> Option<String> {
    let Some(LogRecord::Ref(claim)) = record else {
        return None;
    };
    let stream = StreamName::parse(&claim.stream).ok()?;
    Some(store.keys().slot(stream, claim.slot))
}

/// The record of a stream's slot: decodes bytes that were read before, or reads the slot.
///
/// # Errors
/// As for [`Store::read_slot`].
pub fn stream_slot<S: Slots>(
    store: &Store<S>,
    stream: StreamName<'_>,
    slot: crate::numbers::Slot,
    read: Option<Vec<u8>>,
) -> Result<Option<StreamRecord>, StoreError> {
    match read {
        Some(bytes) => {
            let key = store.keys().slot(stream, slot);
            StreamRecord::decode(&key, stream.as_str(), &bytes).map(Some)
        }
        None => store.read_slot(stream, slot),
    }
}
