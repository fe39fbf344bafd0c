//! The ends of the log's partitions. Writers claim the next slot of a partition; readers fill the absent slots before
//! an existing one.
//!
//! The commits of a partition's streams fill its slots without gaps. A reader reads all slots in the order of their
//! numbers. If a slot is absent and a later slot exists, the reader creates a *skip* in the absent slot. A late writer
//! of that partition then claims the next row. So all readers see one order for all partitions, and the slots that a
//! reader has passed never change. Between streams of different partitions, this order does not show which commit was
//! first.

use super::division::Division;
use super::partitions::Partitions;
use crate::error::StoreError;
use crate::name::StreamName;
use crate::numbers::{LogSlot, Position};
use crate::probe::{self, PROBE_AFTER_LOST_RACES};
use crate::records::{self, Ref, Skip};
use crate::slots::Slots;
use crate::store::{Store, Written};

/// A writer reads the hint after this many lost races in a row: other writers have extended the partition while it was
/// idle.
const HINT_AFTER_LOST_RACES: u32 = 2;

/// The last known ends of all partitions.
#[derive(Debug)]
pub struct Tails {
    partitions: Partitions,
}

impl Tails {
    pub fn new(partitions: u32) -> Self {
        Self {
            partitions: Partitions::new(partitions),
        }
    }

    pub fn division(&self) -> Division {
        Division(self.partitions.count())
    }

    /// Creates the first absent slot of the stream's partition with a ref, and returns the slot.
    ///
    /// The partition gets no gap: a writer tries a slot only when it knows that the slot before it in the partition
    /// exists.
    pub fn claim<S: Slots>(
        &mut self,
        store: &Store<S>,
        stream: StreamName<'_>,
        claim: &Ref,
    ) -> Result<LogSlot, StoreError> {
        let bytes = records::encode(claim)?;
        let partition = self.partitions.of(stream);
        if self.partitions.end(partition) == 0 && self.find_end(store, partition)? == 0 {
            self.division().found(store)?;
        }
        let mut lost_races = 0;
        loop {
            let row = self.partitions.end(partition) + 1;
            let slot = self.partitions.slot(partition, row);
            let written = store.create_retriable(&store.keys().log(slot), &bytes)?;
            self.partitions.reached(partition, row);
            if written == Written::Ours {
                store.hint(&store.keys().log_hint(partition), row);
                return Ok(slot);
            }
            lost_races += 1;
            if lost_races == HINT_AFTER_LOST_RACES {
                let hint = store.hinted(&store.keys().log_hint(partition))?;
                self.find_end_near(store, partition, hint)?;
            } else if lost_races % PROBE_AFTER_LOST_RACES == 0 {
                self.find_end(store, partition)?;
            }
        }
    }

    /// Fills a slot that the caller found absent, if a later slot exists. Returns `false` if the slot is the log's end.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the store cannot be read or the slot may still be absent.
    pub fn skip<S: Slots>(&self, store: &Store<S>, slot: LogSlot) -> Result<bool, StoreError> {
        // The next `count - 1` slots belong to the other partitions, one each.
        for other in 1..u64::from(self.partitions.count()) {
            if store.has(&store.keys().log((slot.get() + other).into()))? {
                return fill(store, slot).map(|()| true);
            }
        }
        Ok(false)
    }

    /// Fills the absent slots before an existing slot, so that no ref can appear there later. Does nothing if the slot
    /// itself is absent.
    pub fn level<S: Slots>(&mut self, store: &Store<S>, slot: LogSlot) -> Result<(), StoreError> {
        let count = u64::from(self.partitions.count());
        if count == 1 || slot.get() == 0 || !store.has(&store.keys().log(slot))? {
            return Ok(());
        }
        // The `count - 1` slots before it belong to the other partitions, one each.
        for other in 1..count.min(slot.get()) {
            let (partition, row) = self.partitions.row((slot.get() - other).into());
            if self.partitions.end(partition) >= row || self.find_end(store, partition)? >= row {
                continue;
            }
            for row in self.partitions.end(partition) + 1..=row {
                fill(store, self.partitions.slot(partition, row))?;
                self.partitions.reached(partition, row);
            }
        }
        Ok(())
    }

    /// Upper bound of the log: every event that was acknowledged before the call has a position at or below it.
    ///
    /// The bound is the last possible position of the log's last slot. That slot is the last one of its partition, and
    /// this call found the next slot of every partition absent. Writers fill the slots of a partition without gaps, so
    /// every commit that was acknowledged before the call lies in that slot or before it.
    pub fn last_position<S: Slots>(&mut self, store: &Store<S>) -> Result<Position, StoreError> {
        let mut last = LogSlot::default();
        for partition in 0..self.partitions.count() {
            let row = self.find_end(store, partition)?;
            if row > 0 {
                last = self.partitions.slot(partition, row).max(last);
            }
        }
        if last.get() == 0 {
            self.division().check(store)?;
            return Ok(Position::default());
        }
        Ok(last.last_position())
    }

    fn find_end<S: Slots>(&mut self, store: &Store<S>, partition: u32) -> Result<u64, StoreError> {
        let guess = match self.partitions.end(partition) {
            0 => store.hinted(&store.keys().log_hint(partition))?,
            known => known,
        };
        self.find_end_near(store, partition, guess)
    }

    fn find_end_near<S: Slots>(
        &mut self,
        store: &Store<S>,
        partition: u32,
        guess: u64,
    ) -> Result<u64, StoreError> {
        let known = self.partitions.end(partition);
        let end = probe::last(guess.max(known), |row| {
            let key = store.keys().log(self.partitions.slot(partition, row));
            Ok::<_, StoreError>(row <= known || store.has(&key)?)
        })?;
        self.partitions.reached(partition, end);
        Ok(end)
    }
}

/// Creates a skip in a slot, unless the slot exists. After a failure the next reader tries again.
fn fill<S: Slots>(store: &Store<S>, slot: LogSlot) -> Result<(), StoreError> {
    let skip = records::encode(&Skip { index: slot })?;
    store
        .create_retriable(&store.keys().log(slot), &skip)
        .map(|_| ())
}
