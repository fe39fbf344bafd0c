//! Where the log's partitions end: writers claim the next slot there, readers close gaps in front of it.
//!
//! The commits of a partition's streams take its slots without gaps. A reader goes through all slots in the order of their
//! numbers. Where it meets an absent slot and finds that a later slot exists, it creates a *skip* in the absent one, and a
//! late writer of that partition takes the next row. So all readers see one order for all partitions, and what a reader has
//! passed never changes. Between streams of different partitions that order does not say which commit was first.

use super::division::Division;
use super::partitions::Partitions;
use crate::error::StoreError;
use crate::name::StreamName;
use crate::numbers::{LogSlot, Position};
use crate::probe::{self, PROBE_AFTER_LOST_RACES};
use crate::records::{self, Ref, Skip};
use crate::slots::Slots;
use crate::store::{Store, Written};

/// Lost races in a row after which a writer reads the hint: others have gone on while it was idle.
const HINT_AFTER_LOST_RACES: u32 = 2;

/// The ends of all partitions, as far as they were seen.
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
    /// No gap can come about: a slot is only tried when the one before it in its partition is known to exist.
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

    /// Passes a slot that was seen to be absent, if a later slot exists: after this the absent slot is filled. `false`: the
    /// slot is the log's end.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the store cannot be read or the slot may still be absent.
    pub fn skip<S: Slots>(&self, store: &Store<S>, slot: LogSlot) -> Result<bool, StoreError> {
        // The next slots are those of all other partitions.
        for other in 1..u64::from(self.partitions.count()) {
            if store.has(&store.keys().log((slot.get() + other).into()))? {
                return fill(store, slot).map(|()| true);
            }
        }
        Ok(false)
    }

    /// Fills the absent slots in front of one that exists, so that nothing can appear there any more. Does nothing if the
    /// slot itself is absent.
    pub fn level<S: Slots>(&mut self, store: &Store<S>, slot: LogSlot) -> Result<(), StoreError> {
        let count = u64::from(self.partitions.count());
        if count == 1 || slot.get() == 0 || !store.has(&store.keys().log(slot))? {
            return Ok(());
        }
        // The slots in front of it are those of all other partitions.
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
    /// It is the last possible position of the log's last slot. That slot is the last one of its partition, and every
    /// partition's next slot was seen to be absent after the call began. Writers take the slots of a partition without
    /// gaps, so whatever was acknowledged before the call lies at or in front of it.
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

/// Puts a skip into a slot, unless another writer has the slot. After a failure the next reader tries again.
fn fill<S: Slots>(store: &Store<S>, slot: LogSlot) -> Result<(), StoreError> {
    let skip = records::encode(&Skip { index: slot })?;
    store
        .create_retriable(&store.keys().log(slot), &skip)
        .map(|_| ())
}
