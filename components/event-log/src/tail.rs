//! Where the log ends, and what it is made of: partitions.
//!
//! Log slots are numbered from 1. With P partitions, slot `i` belongs to partition `(i - 1) mod P`;
//! the slots of one partition, its rows, are taken without gaps, by the commits of its streams.
//! A reader goes through all slots in the order of their numbers. Where it meets an absent slot
//! and finds that a later one exists, that partition has had nothing to say: the reader creates
//! a *skip* there, and a writer that comes late takes the next row. So the order is one for all
//! partitions, and what a reader has passed never changes; but between streams of different
//! partitions it says nothing about which commit was first.

use sha2::{Digest, Sha256};

use crate::error::StoreError;
use crate::log::{EventLog, PATIENCE, PER_COMMIT, Written};
use crate::name::StreamName;
use crate::probe;
use crate::records::{self, LogRecord, Ref, Skip, StoreRecord};
use crate::slots::Slots;

/// Lost races in a row after which the end is somewhere else, and not just taken by a neighbour.
const FAR: u32 = 2;

impl<S: Slots> EventLog<S> {
    /// Creates the first absent log slot of the stream's partition with a ref; returns its number.
    /// No gap can come about: a slot is only tried when the one before it in its partition is known
    /// to exist. A ref whose creation stays in doubt is harmless, like one whose writer died.
    pub(crate) fn claim_log(
        &mut self,
        stream: StreamName<'_>,
        claim: &Ref,
    ) -> Result<u64, StoreError> {
        let bytes = records::encode(claim)?;
        let partition = self.partition(stream);
        if self.end(partition) == 0 && self.find_end(partition)? == 0 {
            self.found_store()?;
        }
        let mut lost = 0;
        loop {
            let row = self.end(partition) + 1;
            let index = self.index(partition, row);
            let written =
                self.create(&self.keys.log(index), &bytes)
                    .map_err(|error| match error {
                        StoreError::InDoubt(why) => StoreError::Unavailable(why),
                        other => other,
                    })?;
            self.set_end(partition, row);
            if written == Written::Ours {
                self.hint(&self.keys.log_hint(partition), row);
                return Ok(index);
            }
            lost += 1;
            if lost == FAR {
                // Others have gone on while this one rested: a hint tells how far, nearly.
                let hint = self.hinted(&self.keys.log_hint(partition))?;
                self.find_end_near(partition, hint)?;
            } else if lost % PATIENCE == 0 {
                self.find_end(partition)?;
            }
        }
    }

    /// What lies in a log slot.
    pub(crate) fn read_log_slot(&self, index: u64) -> Result<Option<LogRecord>, StoreError> {
        let key = self.keys.log(index);
        self.get(&key)?
            .map(|bytes| LogRecord::decode(&key, index, &bytes))
            .transpose()
    }

    /// Passes a log slot that was seen to be absent, if others have gone on: after this it is
    /// there. `false` if it is the log's end.
    pub(crate) fn skip(&self, index: u64) -> Result<bool, StoreError> {
        // The next slots are those of all other partitions.
        for other in 1..self.partitions() {
            if self.has(&self.keys.log(index + other))? {
                return self.fill(index).map(|()| true);
            }
        }
        Ok(false)
    }

    /// Makes sure that nothing can appear before a log slot any more, wherever the reader has it
    /// from: fills up partitions that have not come as far. Nothing to do for one that is absent.
    pub(crate) fn level(&mut self, index: u64) -> Result<(), StoreError> {
        if self.partitions() == 1 || index == 0 || !self.has(&self.keys.log(index))? {
            return Ok(());
        }
        // The slots before it are those of all other partitions.
        for other in 1..self.partitions().min(index) {
            let slot = index - other - 1;
            let (partition, row) = (slot % self.partitions(), slot / self.partitions() + 1);
            let partition = partition as u32;
            if self.end(partition) >= row || self.find_end(partition)? >= row {
                continue;
            }
            for row in self.end(partition) + 1..=row {
                self.fill(self.index(partition, row))?;
                self.set_end(partition, row);
            }
        }
        Ok(())
    }

    /// Puts a skip into a log slot, unless somebody else has it.
    fn fill(&self, index: u64) -> Result<(), StoreError> {
        let skip = records::encode(&Skip { index })?;
        match self.create(&self.keys.log(index), &skip) {
            Ok(Written::Ours | Written::Taken) => Ok(()),
            // The next reader tries again.
            Err(StoreError::InDoubt(why)) => Err(StoreError::Unavailable(why)),
            Err(error) => Err(error),
        }
    }

    /// A position that no event is after which was acknowledged before the call. Readers may come
    /// to it later: what is at or before it may still be on its way.
    ///
    /// It is the last possible position of the log's last slot. That slot is the last one of its
    /// partition, and every partition's next one was seen to be absent after the call began; since
    /// slots are taken without gaps, whatever was acknowledged before lies in front of it.
    ///
    /// # Errors
    /// What the store says.
    pub fn log_end(&mut self) -> Result<u64, StoreError> {
        let mut last = 0;
        for partition in 0..self.ends.len() as u32 {
            let row = self.find_end(partition)?;
            if row > 0 {
                last = self.index(partition, row).max(last);
            }
        }
        if last == 0 {
            self.check_store()?;
            return Ok(0);
        }
        Ok(last * PER_COMMIT + (PER_COMMIT - 1))
    }

    /// An empty log may be one that is divided otherwise.
    pub(crate) fn check_store(&self) -> Result<(), StoreError> {
        let key = self.keys.store();
        let Some(bytes) = self.get(&key)? else {
            return Ok(());
        };
        let StoreRecord { partitions } = records::decode(&key, &bytes)?;
        self.compare(partitions)
    }

    /// Before the first commit of a partition: says how the store is divided, or finds out that
    /// it is divided otherwise.
    fn found_store(&self) -> Result<(), StoreError> {
        let key = self.keys.store();
        if self.get(&key)?.is_some() {
            return self.check_store();
        }
        // Stores from before there were partitions do not say that they have one.
        if self.partitions() != 1 && self.has(&self.keys.undivided_log(1))? {
            return self.compare(1);
        }
        // A new store. Nothing is acknowledged on a host that would lose it.
        self.slots.check().map_err(StoreError::harmless)?;
        match self.create(&key, &self.store_record()?) {
            Ok(Written::Ours) => Ok(()),
            Ok(Written::Taken) => self.check_store(),
            Err(StoreError::InDoubt(why)) => Err(StoreError::Unavailable(why)),
            Err(error) => Err(error),
        }
    }

    /// What a store of this division says of itself.
    pub(crate) fn store_record(&self) -> Result<Vec<u8>, StoreError> {
        records::encode(&StoreRecord {
            partitions: self.ends.len() as u32,
        })
    }

    fn compare(&self, stored: u32) -> Result<(), StoreError> {
        if u64::from(stored) == self.partitions() {
            return Ok(());
        }
        Err(StoreError::Unavailable(format!(
            "this store has [store] partitions = {stored}, and {} are asked for: that cannot be \
             changed; put {stored} into annals.toml, or export the store and import it into a new one",
            self.partitions()
        )))
    }

    /// The partition of a stream, from 0.
    fn partition(&self, stream: StreamName<'_>) -> u32 {
        partition_of(stream, self.ends.len() as u32)
    }

    pub(crate) fn partitions(&self) -> u64 {
        self.ends.len() as u64
    }

    fn index(&self, partition: u32, row: u64) -> u64 {
        (row - 1) * self.partitions() + u64::from(partition) + 1
    }

    fn end(&self, partition: u32) -> u64 {
        self.ends.get(partition as usize).copied().unwrap_or(0)
    }

    fn set_end(&mut self, partition: u32, row: u64) {
        if let Some(end) = self.ends.get_mut(partition as usize) {
            *end = row.max(*end);
        }
    }

    fn find_end(&mut self, partition: u32) -> Result<u64, StoreError> {
        let guess = match self.end(partition) {
            0 => self.hinted(&self.keys.log_hint(partition))?,
            known => known,
        };
        self.find_end_near(partition, guess)
    }

    fn find_end_near(&mut self, partition: u32, guess: u64) -> Result<u64, StoreError> {
        let known = self.end(partition);
        let end = probe::last(guess.max(known), |row| {
            let key = self.keys.log(self.index(partition, row));
            Ok::<_, StoreError>(row <= known || self.has(&key)?)
        })?;
        self.set_end(partition, end);
        Ok(end)
    }
}

/// The partition of a stream, from 0.
pub(crate) fn partition_of(stream: StreamName<'_>, partitions: u32) -> u32 {
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
