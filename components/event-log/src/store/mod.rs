//! Slots under the keys of one prefix. Creations retry until their outcome is known, or report a doubt.

mod conditional;
mod hints;

pub use conditional::{GroupWritten, decode_counter};
pub use hints::HINT_INTERVAL;

use crate::error::{SlotError, StoreError};
use crate::keys::Keys;
use crate::name::StreamName;
use crate::numbers::{LogSlot, Slot};
use crate::records::{LogRecord, StreamRecord};
use crate::slots::{Creation, Settled, Slots};

/// Maximum attempts of a creation that is in doubt.
const CREATE_ATTEMPTS: u32 = 3;

/// The writer that created a slot, as seen after an attempt to create it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// The caller.
    Ours,
    /// Another writer.
    Taken,
}

/// Slots, and the keys of the store's prefix.
#[derive(Debug)]
pub struct Store<S> {
    slots: S,
    keys: Keys,
}

impl<S: Slots> Store<S> {
    /// Creates a store over these slots and keys. Reads and writes nothing.
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
    /// [`StoreError::Unavailable`] if the slot could not be checked.
    pub fn has(&self, key: &str) -> Result<bool, StoreError> {
        self.slots.has(key).map_err(StoreError::harmless)
    }

    /// Creates a slot. The bytes must contain a unique id. Otherwise it must not matter which of several writers of
    /// equal bytes created the slot.
    ///
    /// A creation in doubt is tried again until the slot is seen to have a value, since an earlier attempt may still
    /// take effect. The limit is `CREATE_ATTEMPTS`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if nothing was written and nothing will be, [`StoreError::InDoubt`] if that is not
    /// known.
    pub fn create(&self, key: &str, bytes: &[u8]) -> Result<Written, StoreError> {
        let mut doubt: Option<String> = None;
        for _ in 0..CREATE_ATTEMPTS {
            match (self.slots.create(key, bytes), &doubt) {
                (Ok(Creation::Created), _) => return Ok(Written::Ours),
                (Ok(Creation::Exists), None) => return Ok(Written::Taken),
                (Err(SlotError::Unavailable(why)), None) => {
                    return Err(StoreError::Unavailable(why));
                }
                // The value may come from an earlier attempt of this call, so read it.
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

    /// Like [`Store::create`], for slots that the caller or a later caller can safely create again: a doubt counts as a
    /// failure.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] unless the slot is known to have a value.
    pub fn create_retriable(&self, key: &str, bytes: &[u8]) -> Result<Written, StoreError> {
        self.create(key, bytes).map_err(|error| match error {
            StoreError::InDoubt(why) => StoreError::Unavailable(why),
            other => other,
        })
    }

    /// Creates a slot with bytes that other writers may also write. Returns `true` if this caller created it. At most
    /// one caller gets `true`.
    ///
    /// Equal bytes in the slot may come from another writer. So if a creation is in doubt and the slot has a value, the
    /// result is `false`.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] unless the slot is known to exist. The caller may safely create it again.
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

    /// Stores a value on which no correctness depends.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the value may not have been stored.
    pub fn put(&self, key: &str, bytes: &[u8]) -> Result<(), StoreError> {
        self.slots.put(key, bytes).map_err(StoreError::harmless)
    }

    /// Deletes a value. Deleting again is harmless, so a deletion in doubt counts as a failure.
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
    /// [`StoreError::Unavailable`] if the host violates the guarantees of slots.
    pub fn check(&self) -> Result<(), StoreError> {
        self.slots.check().map_err(StoreError::harmless)
    }

    /// See [`Slots::end_operation`].
    pub fn end_operation(&self) {
        self.slots.end_operation();
    }

    /// Reads the record in a stream's slot.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], and [`StoreError::Corrupt`] or [`StoreError::Newer`] for a record that cannot be
    /// read.
    pub fn read_slot(
        &self,
        stream: StreamName<'_>,
        slot: Slot,
    ) -> Result<Option<StreamRecord>, StoreError> {
        // `u64::MAX` is never used, so every slot has a successor.
        if slot.get() == u64::MAX {
            return Ok(None);
        }
        let key = self.keys.slot(stream, slot);
        self.get(&key)?
            .map(|bytes| StreamRecord::decode(&key, stream.as_str(), &bytes))
            .transpose()
    }

    /// Reads the record in a log slot.
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
