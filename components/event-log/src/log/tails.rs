//! The ends of the log's partitions. Writers take the next slot of a partition; readers fill absent slots.
//!
//! By the portable protocol, a writer *claims* the first absent row of a partition, so the rows have no gaps. By the
//! atomic protocol, a writer *draws* a row from the partition's counter, so rows up to the counter may be absent: their
//! writers have not created them yet, or never will. Rows above the counter have no gaps. So a store can be written by
//! both protocols, one after the other.
//!
//! A reader reads all slots in the order of their numbers. If a slot is absent and a later slot has a ref, the reader
//! creates a *skip* in the absent slot: at once if no writer has drawn the slot, otherwise when the later ref is older
//! than the grace period. The later ref was drawn after the absent slot, so its age is a lower bound of the time that the
//! writer of the absent slot has had. A writer that finds the skip takes another row. So all readers see one order for
//! all partitions, and the slots that a reader has passed never change. Between streams of different partitions, this
//! order does not show which commit was first.

use super::division::Division;
use super::partitions::Partitions;
use crate::error::StoreError;
use crate::name::StreamName;
use crate::numbers::{LogSlot, Position};
use crate::probe::{self, PROBE_AFTER_LOST_RACES};
use crate::records::{self, LogRecord, Ref, Skip};
use crate::slots::Slots;
use crate::store::{Store, Written};

/// A writer reads the hint after this many lost races in a row: other writers have extended the partition while it was
/// idle.
const HINT_AFTER_LOST_RACES: u32 = 2;

/// Number of slots that a scan reads together, first and at most. Each read doubles the number.
const FIRST_SCAN_SLOTS: u64 = 4;
const MAX_SCAN_SLOTS: u64 = 64;

/// What a reader does at an absent slot; see [`Tails::pass_absent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// No later slot has a ref: the reader has reached the log's end.
    End,
    /// The slot's writer may be about to create it.
    Pending,
    /// The slot has a value now.
    Filled,
}

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
        self.seal(store, partition)?;
        let mut lost_races = 0;
        loop {
            let row = self.partitions.end(partition) + 1;
            let slot = self.partitions.slot(partition, row);
            let written = store.create_retriable(&store.keys().log(slot), &bytes)?;
            self.partitions.reached(partition, row);
            if written == Written::Ours {
                store.hint(row, || store.keys().log_hint(partition));
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

    /// Draws a row of the stream's partition, and returns its slot. The slot comes after every slot that was drawn before
    /// this call began.
    pub fn draw<S: Slots>(
        &mut self,
        store: &Store<S>,
        stream: StreamName<'_>,
    ) -> Result<LogSlot, StoreError> {
        let partition = self.partitions.of(stream);
        let mut above = self.partitions.end(partition);
        if above == 0 {
            let counter = self.partitions.counter(store, partition)?;
            above = self.find_bound(store, partition, counter)?;
        }
        if above == 0 {
            self.division().found(store)?;
        }
        let row = store.draw(&store.keys().log_counter(partition), above)?;
        Ok(self.partitions.slot(partition, row))
    }

    /// Records that the caller has created a drawn slot.
    pub fn took<S: Slots>(&mut self, store: &Store<S>, slot: LogSlot) {
        let (partition, row) = self.partitions.row(slot);
        self.partitions.reached(partition, row);
        store.hint(row, || store.keys().log_hint(partition));
    }

    /// Records that a drawn slot had a value before the caller could create it. The counter may be behind rows that a
    /// writer of the portable protocol or a reader has created, so this finds the partition's end.
    pub fn missed<S: Slots>(&mut self, store: &Store<S>, slot: LogSlot) -> Result<(), StoreError> {
        let (partition, row) = self.partitions.row(slot);
        self.partitions.reached(partition, row);
        self.partitions.set_drawn_only(partition, false);
        self.find_end(store, partition).map(drop)
    }

    /// Prepares a partition that writers of the atomic protocol have written to: makes the counter's row exist, so that no
    /// claim takes a row at or before it.
    fn seal<S: Slots>(&mut self, store: &Store<S>, partition: u32) -> Result<(), StoreError> {
        let counter = self.partitions.counter(store, partition)?;
        if counter > self.partitions.end(partition) {
            fill(store, self.partitions.slot(partition, counter))?;
            self.partitions.reached(partition, counter);
            self.find_end(store, partition)?;
        }
        Ok(())
    }

    /// Decides about a slot that the caller found absent. Fills it if a later slot exists and the slot's writer is not
    /// expected to create it any more. `is_old` is whether a writer that claimed a slot at this time is presumed dead.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the store cannot be read or the slot may still be absent. [`StoreError::Corrupt`] or
    /// [`StoreError::Newer`] if a later slot cannot be read.
    pub fn pass_absent<S: Slots>(
        &mut self,
        store: &Store<S>,
        slot: LogSlot,
        is_old: impl Fn(u64) -> bool,
    ) -> Result<Absent, StoreError> {
        let (partition, row) = self.partitions.row(slot);
        let mut counters = Vec::new();
        for other in 0..self.partitions.count() {
            counters.push(self.partitions.counter(store, other)?);
        }
        if counters.iter().all(|counter| *counter == 0) {
            return self.pass_absent_without_counters(store, slot);
        }
        let drawn = counters
            .get(partition as usize)
            .is_some_and(|counter| row <= *counter);
        let mut last = 0;
        for (other, counter) in (0..).zip(counters) {
            let row = self.find_bound(store, other, counter)?;
            if row > 0 {
                last = last.max(self.partitions.slot(other, row).get());
            }
        }
        let mut next = slot.get() + 1;
        let mut size = FIRST_SCAN_SLOTS;
        while next <= last {
            let until = last.min(next + size - 1);
            for record in read_all(store, (next..=until).map(LogSlot::from))? {
                match record {
                    Some(LogRecord::Ref(later)) if drawn && !is_old(later.claimed_at) => {
                        return Ok(Absent::Pending);
                    }
                    Some(LogRecord::Ref(_)) => return fill(store, slot).map(|()| Absent::Filled),
                    Some(LogRecord::Skip(_)) | None => {}
                }
            }
            next = until + 1;
            size = (size * 2).min(MAX_SCAN_SLOTS);
        }
        Ok(Absent::End)
    }

    /// Like [`Tails::pass_absent`], for a log without drawn slots. Only the slots of other partitions can be absent then.
    fn pass_absent_without_counters<S: Slots>(
        &self,
        store: &Store<S>,
        slot: LogSlot,
    ) -> Result<Absent, StoreError> {
        // The next `count - 1` slots belong to the other partitions, one each.
        for other in 1..u64::from(self.partitions.count()) {
            if store.has(&store.keys().log((slot.get() + other).into()))? {
                return fill(store, slot).map(|()| Absent::Filled);
            }
        }
        Ok(Absent::End)
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
    /// The bound is the last possible position of the last slot with a ref, or of the last slot of a partition without a
    /// counter, or of the skips that follow it without a gap, because readers pass them. By the portable protocol, this call
    /// found the next slot of the partition absent, and writers leave no gaps. By the atomic protocol, this call read the
    /// counter, and a commit's slot is never above it. So every commit that was acknowledged before the call lies in that
    /// slot or before it. A reader passes every slot up to it: at an absent slot with a later ref it waits for the grace
    /// period at most.
    pub fn last_position<S: Slots>(&mut self, store: &Store<S>) -> Result<Position, StoreError> {
        let (mut last, mut end) = (LogSlot::default(), LogSlot::default());
        for partition in 0..self.partitions.count() {
            let (last_ref, end_row) = self.find_last_ref(store, partition)?;
            for (row, slot) in [(last_ref, &mut last), (end_row, &mut end)] {
                if row > 0 {
                    *slot = self.partitions.slot(partition, row).max(*slot);
                }
            }
        }
        let last = behind_skips(store, last, end)?;
        if last.get() == 0 {
            self.division().check(store)?;
            return Ok(Position::default());
        }
        Ok(last.last_position())
    }

    /// The last row of a partition that has a ref, and the last row. Without a counter, both are the last row.
    fn find_last_ref<S: Slots>(
        &mut self,
        store: &Store<S>,
        partition: u32,
    ) -> Result<(u64, u64), StoreError> {
        let counter = self.partitions.counter(store, partition)?;
        let end = self.find_end_above(store, partition, counter)?;
        if counter == 0 {
            return Ok((end, end));
        }
        let known = self.partitions.last_ref(partition);
        let is_ref = |record: &Option<_>| matches!(record, Some(LogRecord::Ref(_)));
        let found = self.scan_down(store, partition, known, end, is_ref)?;
        let last = found.unwrap_or(known);
        self.partitions.saw_ref(partition, last);
        Ok((last, end))
    }

    /// Finds the highest row that exists.
    fn find_end<S: Slots>(&mut self, store: &Store<S>, partition: u32) -> Result<u64, StoreError> {
        let counter = self.partitions.counter(store, partition)?;
        self.find_end_above(store, partition, counter)
    }

    /// Finds the highest row that exists, in a partition whose counter had this value.
    fn find_end_above<S: Slots>(
        &mut self,
        store: &Store<S>,
        partition: u32,
        counter: u64,
    ) -> Result<u64, StoreError> {
        let bound = self.find_bound(store, partition, counter)?;
        if bound > counter || counter == 0 {
            return Ok(bound);
        }
        let known = self.partitions.end(partition);
        let found = self.scan_down(store, partition, known, bound, Option::is_some)?;
        let end = found.unwrap_or(known);
        self.partitions.reached(partition, end);
        Ok(end)
    }

    /// Finds a row at or after every row that exists. It exists itself, unless it is the counter's.
    fn find_bound<S: Slots>(
        &mut self,
        store: &Store<S>,
        partition: u32,
        counter: u64,
    ) -> Result<u64, StoreError> {
        let known = self.partitions.end(partition);
        if counter == 0 {
            let guess = match known {
                0 => store.hinted(&store.keys().log_hint(partition))?,
                known => known,
            };
            return self.find_end_near(store, partition, guess);
        }
        let above = counter.max(known);
        if self.partitions.is_drawn_only(partition) {
            return Ok(above);
        }
        let next = self.partitions.slot(partition, above + 1);
        if store.has(&store.keys().log(next))? {
            // Rows above the counter have no gaps.
            self.partitions.reached(partition, above + 1);
            return self.find_end_near(store, partition, above + 1);
        }
        // A store is written by one protocol at a time. With one partition, no reader fills a row above the counter.
        if store.is_conditional() && self.partitions.count() == 1 {
            self.partitions.set_drawn_only(partition, true);
        }
        Ok(above)
    }

    /// Finds the highest row above `low` and up to `high` whose record fulfils the predicate.
    fn scan_down<S: Slots>(
        &self,
        store: &Store<S>,
        partition: u32,
        low: u64,
        high: u64,
        holds: impl Fn(&Option<LogRecord>) -> bool,
    ) -> Result<Option<u64>, StoreError> {
        let mut high = high;
        let mut size = FIRST_SCAN_SLOTS;
        while high > low {
            let from = high.saturating_sub(size).max(low) + 1;
            let slots = (from..=high).map(|row| self.partitions.slot(partition, row));
            let records = read_all(store, slots)?;
            if let Some(index) = records.iter().rposition(&holds) {
                return Ok(Some(from + index as u64));
            }
            high = from - 1;
            size = (size * 2).min(MAX_SCAN_SLOTS);
        }
        Ok(None)
    }

    /// Finds the end from a guess, above a row from which on there are no gaps.
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

/// The last of the skips that follow a slot without a gap, up to `end`; the slot itself if none does.
fn behind_skips<S: Slots>(
    store: &Store<S>,
    slot: LogSlot,
    end: LogSlot,
) -> Result<LogSlot, StoreError> {
    let (mut last, mut size) = (slot.get(), FIRST_SCAN_SLOTS);
    while last < end.get() {
        let until = end.get().min(last + size);
        for record in read_all(store, (last + 1..=until).map(LogSlot::from))? {
            match record {
                Some(LogRecord::Skip(_)) => last += 1,
                Some(LogRecord::Ref(_)) | None => return Ok(last.into()),
            }
        }
        size = (size * 2).min(MAX_SCAN_SLOTS);
    }
    Ok(last.into())
}

/// Reads several log slots.
fn read_all<S: Slots>(
    store: &Store<S>,
    slots: impl Iterator<Item = LogSlot>,
) -> Result<Vec<Option<LogRecord>>, StoreError> {
    let slots: Vec<_> = slots.collect();
    let keys: Vec<_> = slots.iter().map(|slot| store.keys().log(*slot)).collect();
    let values = store.get_many(&keys)?;
    let decode = |((bytes, key), slot): ((Option<Vec<u8>>, &String), &LogSlot)| {
        bytes
            .map(|bytes| LogRecord::decode(key, *slot, &bytes))
            .transpose()
    };
    values
        .into_iter()
        .zip(&keys)
        .zip(&slots)
        .map(decode)
        .collect()
}

/// Creates a skip in a slot, unless the slot exists. After a failure the next reader tries again.
pub fn fill<S: Slots>(store: &Store<S>, slot: LogSlot) -> Result<(), StoreError> {
    let skip = records::encode(&Skip { index: slot })?;
    store
        .create_retriable(&store.keys().log(slot), &skip)
        .map(|_| ())
}
