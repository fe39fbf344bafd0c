//! Slots: what an adapter implements.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::SlotError;

/// The answer to [`Slots::create`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// The value is stored, durably, and was not there before.
    Created,
    /// The key has a value; nothing was changed.
    Exists,
}

/// The answer to [`Slots::settle`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The value was written.
    Written,
    /// The key has a value; nothing was changed.
    Decided,
    /// No writer has begun to create it; nothing was changed.
    Untouched,
}

/// A place that keeps bytes under keys, for instance a bucket or a directory.
///
/// Keys consist of `[A-Za-z0-9_=.-]`, neither begin nor end with `.`, and have at most 256 bytes.
/// An acknowledged write is durable, and every later read by any instance sees it.
pub trait Slots {
    /// The value of a key.
    ///
    /// # Errors
    /// [`SlotError::Unavailable`] if it could not be read.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError>;

    /// Whether a key has a value. An adapter overrides this where it costs less than reading the value.
    ///
    /// # Errors
    /// As for [`Slots::get`].
    fn has(&self, key: &str) -> Result<bool, SlotError> {
        Ok(self.get(key)?.is_some())
    }

    /// Stores a value unless the key has one. This is atomic: at most one creation of a key is ever answered by
    /// [`Creation::Created`], and readers see its whole value or none.
    ///
    /// # Errors
    /// [`SlotError::Unavailable`] if nothing was and will be written, otherwise [`SlotError::InDoubt`].
    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError>;

    /// Stores a value. Used for hints and disposable data, and for tombstones. A tombstone replaces a value that
    /// [`Slots::create`] stored, so the key must at no moment be without a value: otherwise a slow writer could create it a
    /// second time.
    ///
    /// # Errors
    /// As for [`Slots::create`].
    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError>;

    /// Removes a value that `put` stored, or one that [`Slots::create`] stored and no writer will ever create again. An absent
    /// value is no error. A deletion is as durable as a creation.
    ///
    /// # Errors
    /// As for [`Slots::create`].
    fn delete(&self, key: &str) -> Result<(), SlotError>;

    /// Checks that the store keeps what [`Slots::create`] promises, as far as one writer can find out. Called once, before a
    /// store's first record is created. May write under keys of its own.
    ///
    /// # Errors
    /// [`SlotError::Unavailable`] if it does not, with what is wrong and what to do.
    fn check(&self) -> Result<(), SlotError> {
        Ok(())
    }

    /// Gives a value to a slot whose creator died in the middle of creating it. The caller vouches that the creator is dead:
    /// a creator that lives may still overwrite the value.
    ///
    /// Where `create` is one atomic step there is no such state, and nothing to do.
    ///
    /// # Errors
    /// As for [`Slots::create`].
    fn settle(&self, key: &str, value: &[u8]) -> Result<Settled, SlotError> {
        let _ = value;
        Ok(match self.get(key)? {
            Some(_) => Settled::Decided,
            None => Settled::Untouched,
        })
    }

    /// An operation has ended. What was kept for its sake is not needed any more, such as the value of a creation that came
    /// too late, which might have been created under the next key.
    fn end_operation(&self) {}
}

macro_rules! forward {
    ($($pointer:ty),*) => {$(
        impl<S: Slots + ?Sized> Slots for $pointer {
            fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
                (**self).get(key)
            }
            fn has(&self, key: &str) -> Result<bool, SlotError> {
                (**self).has(key)
            }
            fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
                (**self).create(key, value)
            }
            fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
                (**self).put(key, value)
            }
            fn delete(&self, key: &str) -> Result<(), SlotError> {
                (**self).delete(key)
            }
            fn check(&self) -> Result<(), SlotError> {
                (**self).check()
            }
            fn settle(&self, key: &str, value: &[u8]) -> Result<Settled, SlotError> {
                (**self).settle(key, value)
            }
            fn end_operation(&self) {
                (**self).end_operation();
            }
        }
    )*};
}
forward!(&S, Box<S>, std::sync::Arc<S>);

/// Slots in memory, for tests.
#[derive(Debug, Default)]
pub struct MemorySlots {
    values: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl MemorySlots {
    /// No values yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Everything that is stored.
    #[must_use]
    pub fn dump(&self) -> BTreeMap<String, Vec<u8>> {
        self.values().clone()
    }

    fn values(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slots for MemorySlots {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        Ok(self.values().get(key).cloned())
    }

    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        let mut values = self.values();
        if values.contains_key(key) {
            return Ok(Creation::Exists);
        }
        values.insert(key.to_owned(), value.to_vec());
        Ok(Creation::Created)
    }

    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
        self.values().insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    fn delete(&self, key: &str) -> Result<(), SlotError> {
        self.values().remove(key);
        Ok(())
    }
}
