//! Slots under the keys of one prefix, and creations whose outcome is always found out.

mod hints;

pub use hints::HINT_INTERVAL;

use crate::error::{SlotError, StoreError};
use crate::keys::Keys;
use crate::name::StreamName;
use crate::numbers::{LogSlot, Slot};
use crate::records::{LogRecord, StreamRecord};
use crate::slots::{Creation, Settled, Slots};

/// How often a creation in doubt is tried again.
const CREATE_ATTEMPTS: u32 = 3;

/// The owner of a slot after an attempt to create it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The caller.
    Ours,
    /// Another writer.
    Taken,
}

/// Slots, and the keys of the prefix that the store lives under.
#[derive(Debug)]
pub struct Store<S> {
    slots: S,
    keys: Keys,
}

impl<S: Slots> Store<S> {
    /// A store of these slots under these keys. Reads and writes nothing.
    pub fn new(slots: S, keys: Keys) -> Self {
        Self { slots, keys }
    }

    /// The keys of the prefix.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// # Errors
    /// [`StoreError::Unavailable`] if the value could not be read.
    pub fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.slots.get(key).map_err(StoreError::harmless)
    }

    /// # Errors
    /// [`StoreError::Unavailable`] if the slot could not be looked at.
    pub fn has(&self, key: &str) -> Result<bool, StoreError> {
        self.slots.has(key).map_err(StoreError::harmless)
    }

    /// Creates a slot with bytes that no other writer writes: they hold a unique id, or are the same whoever writes
    /// them.
    ///
    /// A creation in doubt is tried again until the slot is seen to be somebody's, since an earlier attempt may still take
    /// effect.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if nothing was and will be written, [`StoreError::InDoubt`] if that is not known.
    pub fn create(&self, key: &str, bytes: &[u8]) -> Result<Written, StoreError> {
        let mut doubt: Option<String> = None;
        for _ in 0..CREATE_ATTEMPTS {
            match (self.slots.create(key, bytes), &doubt) {
                (Ok(Creation::Created), _) => return Ok(Written::Ours),
                (Ok(Creation::Exists), None) => return Ok(Written::Taken),
                (Err(SlotError::Unavailable(why)), None) => {
                    return Err(StoreError::Unavailable(why));
                }
                // An earlier attempt may have taken effect.
                (Ok(Creation::Exists), Some(_)) => {}
                (Err(SlotError::Unavailable(why)), Some(_)) => {
                    return Err(StoreError::InDoubt(why));
                }
                (Err(SlotError::InDoubt(why)), _) => doubt = Some(why),
            }
            match self.slots.get(key) {
                Ok(Some(found)) if found == bytes => return Ok(Written::Ours),
                Ok(Some(_)) => return Ok(Written::Taken),
                Ok(None) => {}
                Err(SlotError::Unavailable(why) | SlotError::InDoubt(why)) => {
                    return Err(StoreError::InDoubt(why));
                }
            }
        }
        Err(StoreError::InDoubt(doubt.unwrap_or_else(|| {
            format!("{key} exists and cannot be read")
        })))
    }

    /// As [`Store::create`], where the caller or the next one may simply create again: a doubt counts as a failure.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] unless the slot is known to be somebody's.
    pub fn create_retriable(&self, key: &str, bytes: &[u8]) -> Result<Written, StoreError> {
        self.create(key, bytes).map_err(|error| match error {
            StoreError::InDoubt(why) => StoreError::Unavailable(why),
            other => other,
        })
    }

    /// Creates a slot with bytes that other writers may write too. `true`: this caller created it, and no other can be
    /// told the same.
    ///
    /// Bytes that are found there may be another's equal ones, so a creation in doubt that turns out to be there counts
    /// as another's.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] unless the slot is known to be there: creating it again is safe.
    pub fn create_first(&self, key: &str, bytes: &[u8]) -> Result<bool, StoreError> {
        let mut doubt = String::new();
        for _ in 0..CREATE_ATTEMPTS {
            match self.slots.create(key, bytes) {
                Ok(creation) => return Ok(creation == Creation::Created),
                Err(SlotError::Unavailable(why)) => return Err(StoreError::Unavailable(why)),
                Err(SlotError::InDoubt(why)) => doubt = why,
            }
            if self.get(key)?.is_some() {
                return Ok(false);
            }
        }
        Err(StoreError::Unavailable(doubt))
    }

    /// Stores a value that nothing depends on.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if it may not be there.
    pub fn put(&self, key: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.slots.put(key, bytes).map_err(StoreError::harmless)
    }

    /// Deletes a value. Deleting again does no harm, so a deletion in doubt counts as a failure.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the value may still be there.
    pub fn delete(&self, key: &str) -> Result<(), StoreError> {
        self.slots.delete(key).map_err(StoreError::harmless)
    }

    /// See [`Slots::settle`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if nothing was written, [`StoreError::InDoubt`] if that is not known.
    pub fn settle(&self, key: &str, bytes: &[u8]) -> Result<Settled, StoreError> {
        self.slots.settle(key, bytes).map_err(|error| match error {
            SlotError::Unavailable(why) => StoreError::Unavailable(why),
            SlotError::InDoubt(why) => StoreError::InDoubt(why),
        })
    }

    /// See [`Slots::check`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the host does not keep what slots promise.
    pub fn check(&self) -> Result<(), StoreError> {
        self.slots.check().map_err(StoreError::harmless)
    }

    /// See [`Slots::end_operation`].
    pub fn end_operation(&self) {
        self.slots.end_operation();
    }

    /// The record in a stream's slot.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], and [`StoreError::Corrupt`] or [`StoreError::Newer`] for a record that cannot be
    /// read.
    pub fn read_slot(
        &self,
        stream: StreamName<'_>,
        slot: Slot,
    ) -> Result<Option<StreamRecord>, StoreError> {
        // The highest number is never used, so every slot has a next one.
        if slot.get() == u64::MAX {
            return Ok(None);
        }
        let key = self.keys.slot(stream, slot);
        self.get(&key)?
            .map(|bytes| StreamRecord::decode(&key, stream.as_str(), &bytes))
            .transpose()
    }

    /// The record in a log slot.
    ///
    /// # Errors
    /// As for [`Store::read_slot`].
    pub fn read_log_slot(&self, slot: LogSlot) -> Result<Option<LogRecord>, StoreError> {
        let key = self.keys.log(slot);
        self.get(&key)?
            .map(|bytes| LogRecord::decode(&key, slot, &bytes))
            .transpose()
    }
}
