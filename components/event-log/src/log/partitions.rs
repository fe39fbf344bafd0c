//! The assignment of log slots to partitions.
//!
//! With P partitions, slot `i` belongs to partition `(i - 1) mod P`. The slots of one partition are its *rows*, which
//! count from 1.

use sha2::{Digest, Sha256};

use crate::error::StoreError;
use crate::name::StreamName;
use crate::numbers::LogSlot;
use crate::slots::Slots;
use crate::store::Store;

/// The known state of one partition.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// The highest row known to exist; 0: none is known.
    end: u64,
    /// The highest row known to have a ref; 0: none is known.
    last_ref: u64,
    /// The counter was absent, and this instance's writers do not draw.
    without_counter: bool,
    /// No row above the counter exists.
    drawn_only: bool,
}

/// The last known rows of each partition.
#[derive(Debug)]
pub struct Partitions {
    known: Vec<Known>,
}

impl Partitions {
    pub fn new(count: u32) -> Self {
        Self {
            known: vec![Known::default(); count as usize],
        }
    }

    pub fn count(&self) -> u32 {
        self.known.len() as u32
    }

    /// The partition of a stream.
    pub fn of(&self, stream: StreamName<'_>) -> u32 {
        partition_of(stream, self.count())
    }

    /// The slot of a row.
    pub fn slot(&self, partition: u32, row: u64) -> LogSlot {
        let before = (row - 1).saturating_mul(u64::from(self.count()));
        LogSlot::from(before.saturating_add(u64::from(partition) + 1))
    }

    /// The partition and the row of a slot.
    pub fn row(&self, slot: LogSlot) -> (u32, u64) {
        let (before, count) = (slot.get() - 1, u64::from(self.count()));
        ((before % count) as u32, before / count + 1)
    }

    /// The highest row of a partition known to exist; 0: none is known.
    pub fn end(&self, partition: u32) -> u64 {
        self.known(partition).end
    }

    /// Records that a row exists.
    pub fn reached(&mut self, partition: u32, row: u64) {
        if let Some(known) = self.known.get_mut(partition as usize) {
            known.end = row.max(known.end);
        }
    }

    /// The highest row of a partition known to have a ref; 0: none is known.
    pub fn last_ref(&self, partition: u32) -> u64 {
        self.known(partition).last_ref
    }

    /// Records that a row has a ref.
    pub fn saw_ref(&mut self, partition: u32, row: u64) {
        if let Some(known) = self.known.get_mut(partition as usize) {
            known.last_ref = row.max(known.last_ref);
        }
    }

    /// Whether no row above the counter exists, because all writers draw.
    pub fn is_drawn_only(&self, partition: u32) -> bool {
        self.known(partition).drawn_only
    }

    /// Records whether rows above the counter may exist.
    pub fn set_drawn_only(&mut self, partition: u32, drawn_only: bool) {
        if let Some(known) = self.known.get_mut(partition as usize) {
            known.drawn_only = drawn_only;
        }
    }

    /// The highest row that a writer of the atomic protocol has drawn; 0 if none has.
    ///
    /// A store is written by one protocol at a time. So an instance of the portable protocol looks for a counter only once.
    pub fn counter<S: Slots>(
        &mut self,
        store: &Store<S>,
        partition: u32,
    ) -> Result<u64, StoreError> {
        if self.known(partition).without_counter {
            return Ok(0);
        }
        let counter = store.last_drawn(&store.keys().log_counter(partition))?;
        if counter == 0
            && !store.is_conditional()
            && let Some(known) = self.known.get_mut(partition as usize)
        {
            known.without_counter = true;
        }
        Ok(counter)
    }

    fn known(&self, partition: u32) -> Known {
        let known = self.known.get(partition as usize);
        known.copied().unwrap_or_default()
    }
}

/// The partition of a stream in a log with this number of partitions, from 0.
pub fn partition_of(stream: StreamName<'_>, partitions: u32) -> u32 {
    if partitions == 1 {
        return 0;
    }
    let digest = Sha256::digest(stream.as_str());
    let number = digest
        .iter()
        .take(8)
        .fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    (number % u64::from(partitions)) as u32
}
