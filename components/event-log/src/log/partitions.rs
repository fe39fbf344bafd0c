//! The assignment of log slots to partitions.
//!
//! With P partitions, slot `i` belongs to partition `(i - 1) mod P`. The slots of one partition are its *rows*, which
//! count from 1.

use sha2::{Digest, Sha256};

use crate::name::StreamName;
use crate::numbers::LogSlot;

/// The last known row of each partition.
#[derive(Debug)]
pub struct Partitions {
    /// For each partition, the highest row known to exist; 0: none is known.
    ends: Vec<u64>,
}

impl Partitions {
    pub fn new(count: u32) -> Self {
        Self {
            ends: vec![0; count as usize],
        }
    }

    pub fn count(&self) -> u32 {
        self.ends.len() as u32
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
        self.ends.get(partition as usize).copied().unwrap_or(0)
    }

    /// Records that a row exists.
    pub fn reached(&mut self, partition: u32, row: u64) {
        if let Some(end) = self.ends.get_mut(partition as usize) {
            *end = row.max(*end);
        }
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
