//! The steps of a creation: write the record, then point the slot to it.

use annals_store_adapter::{Creation, SlotError, Slots};

use crate::bindings::wasi::keyvalue::atomics::{Cas, CasError, increment, swap};
use crate::pointer::Pointer;
use crate::{BucketSlots, describe, in_doubt, unavailable};

/// Upper limit of attempts to prepare a slot.
const ATTEMPTS: u32 = 3;

/// The state of a slot's key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Slot {
    Absent,
    /// The key is present and holds no pointer.
    Prepared,
    Taken(Pointer),
}

impl Slots for BucketSlots {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        let mut missed = None;
        loop {
            let Slot::Taken(pointer) = self.look(key)? else {
                return Ok(None);
            };
            let record = pointer.record(key);
            let found = self.bucket.get(&record);
            match found.map_err(|error| unavailable(&record, "reading", error))? {
                Some(bytes) => return Ok(Some(bytes)),
                // A writer replaced the record between the two reads. The key then holds another pointer, so
                // read again.
                None if missed != Some(pointer) => missed = Some(pointer),
                None => {
                    return Err(SlotError::Unavailable(format!(
                        "the slot {key} points to the record {record}, which is missing"
                    )));
                }
            }
        }
    }

    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        let mut slot = self.look(key)?;
        if matches!(slot, Slot::Taken(_)) {
            return Ok(Creation::Exists);
        }
        let pointer = Pointer::new();
        let record = pointer.record(key);
        self.write(&record, value)?;
        let created = match slot {
            Slot::Absent => self.prepare(key).and_then(|prepared| {
                slot = prepared;
                self.swap_for(key, slot, pointer)
            }),
            _ => self.swap_for(key, slot, pointer),
        };
        // Another creator has the slot, and no late swap can change that, so our record is unused.
        if matches!(created, Ok(Creation::Exists)) {
            let _ = self.bucket.delete(&record);
        }
        created
    }

    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
        let before = self.look(key)?;
        let pointer = Pointer::new();
        let record = pointer.record(key);
        self.write(&record, value)?;
        self.bucket
            .set(key, &pointer.bytes())
            .map_err(|error| in_doubt(key, "setting", error))?;
        if let Slot::Taken(replaced) = before {
            let _ = self.bucket.delete(&replaced.record(key));
        }
        Ok(())
    }

    fn delete(&self, key: &str) -> Result<(), SlotError> {
        let before = self.look(key)?;
        // Delete the pointer first: a pointer must never name a missing record.
        self.bucket
            .delete(key)
            .map_err(|error| in_doubt(key, "deleting", error))?;
        if let Slot::Taken(pointer) = before {
            let record = pointer.record(key);
            self.bucket
                .delete(&record)
                .map_err(|error| in_doubt(&record, "deleting", error))?;
        }
        Ok(())
    }

    fn check(&self) -> Result<(), SlotError> {
        self.check_host()
    }
}

impl BucketSlots {
    fn look(&self, key: &str) -> Result<Slot, SlotError> {
        match self.bucket.get(key) {
            Ok(None) => Ok(Slot::Absent),
            Ok(Some(value)) => Ok(Pointer::read(&value).map_or(Slot::Prepared, Slot::Taken)),
            Err(error) => Err(unavailable(key, "reading", error)),
        }
    }

    /// Writes a record under its unique key. A repeated write does no harm.
    fn write(&self, record: &str, value: &[u8]) -> Result<(), SlotError> {
        let written = || self.bucket.set(record, value);
        written()
            .or_else(|_| written())
            .or_else(|_| written())
            .map_err(|error| unavailable(record, "writing", error))
    }

    /// Makes a slot's key present. An error is inconclusive: the answer may have been lost, or another
    /// creator may have the slot. The key's state decides.
    fn prepare(&self, key: &str) -> Result<Slot, SlotError> {
        let mut attempts = 0;
        loop {
            let Err(error) = increment(&self.bucket, key, 0) else {
                return Ok(Slot::Prepared);
            };
            attempts += 1;
            match self.look(key)? {
                Slot::Absent if attempts == ATTEMPTS => {
                    return Err(unavailable(key, "preparing", error));
                }
                Slot::Absent => {}
                slot => return Ok(slot),
            }
        }
    }

    /// Swaps the value of a prepared slot for a pointer.
    fn swap_for(&self, key: &str, slot: Slot, pointer: Pointer) -> Result<Creation, SlotError> {
        if matches!(slot, Slot::Taken(_)) {
            return Ok(Creation::Exists);
        }
        let trying = |error| unavailable(key, "creating", error);
        let cas = Cas::new(&self.bucket, key).map_err(trying)?;
        match cas.current().map_err(trying)? {
            Some(value) if Pointer::read(&value).is_some() => return Ok(Creation::Exists),
            Some(_) => {}
            // A swap on an absent key could overwrite a concurrent creation.
            None => {
                return Err(SlotError::Unavailable(format!(
                    "creating {key}: a read does not show a write that the host has acknowledged"
                )));
            }
        }
        let why = match swap(cas, &pointer.bytes()) {
            Ok(()) => "a read does not show the acknowledged swap".to_owned(),
            Err(CasError::CasFailed(_)) => "compare-and-swap failed".to_owned(),
            Err(CasError::StoreError(error)) => describe(key, "creating", error),
        };
        match self.look(key) {
            Ok(Slot::Taken(found)) if found == pointer => Ok(Creation::Created),
            Ok(Slot::Taken(_)) => Ok(Creation::Exists),
            // The swap may still take effect.
            Ok(_) => Err(SlotError::InDoubt(why)),
            Err(SlotError::Unavailable(read) | SlotError::InDoubt(read)) => {
                Err(SlotError::InDoubt(format!("{why}; {read}")))
            }
        }
    }
}
