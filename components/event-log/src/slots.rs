//! The trait [`Slots`], which a store adapter implements.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::SlotError;

/// The result of [`Slots::create`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// The key had no value, and the new value is stored durably.
    Created,
    /// The key already has a value; the call changed nothing.
    Exists,
}

/// The result of [`Slots::settle`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// The value was written.
    Written,
    /// The key already has a value; the call changed nothing.
    Decided,
    /// No writer has begun to create the slot; the call changed nothing.
    Untouched,
}

/// The result of [`Conditional::create_all`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupCreation {
    /// No key had a value, and all new values are stored durably.
    Created,
    /// A key already has a value; the call changed nothing. Contains the index of the first such entry.
    Exists(usize),
}

/// A key-value store with atomic creation, for instance a bucket or a directory.
///
/// Keys consist of `[A-Za-z0-9_=.-]`, neither begin nor end with `.`, and have at most 256 bytes.
/// An acknowledged write is durable, and every later read by any instance sees it.
pub trait Slots {
    /// The value of a key.
    ///
    /// # Errors
    /// [`SlotError::Unavailable`] if the value could not be read.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError>;

    /// Whether a key has a value. An adapter overrides this if the check is cheaper than reading the value.
    ///
    /// # Errors
    /// As for [`Slots::get`].
    fn has(&self, key: &str) -> Result<bool, SlotError> {
        Ok(self.get(key)?.is_some())
    }

    /// Stores a value unless the key has one. This is atomic: at most one creation of a key ever returns
    /// [`Creation::Created`], and readers see its whole value or none.
    ///
    /// # Errors
    /// [`SlotError::Unavailable`] if nothing was written and nothing will be, otherwise [`SlotError::InDoubt`].
    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError>;

    /// Stores a value, replacing any existing one. The event log uses this for hints, disposable data and tombstones. A
    /// tombstone replaces a value that [`Slots::create`] stored. So the key must have a value at every moment:
    /// otherwise a slow writer could create it a second time.
    ///
    /// # Errors
    /// As for [`Slots::create`].
    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError>;

    /// Removes a value that `put` stored, or a value that [`Slots::create`] stored and that no writer will ever create
    /// again. Deleting an absent value succeeds. A deletion is as durable as a creation.
    ///
    /// # Errors
    /// As for [`Slots::create`].
    fn delete(&self, key: &str) -> Result<(), SlotError>;

    /// Checks that the store fulfils the guarantees of [`Slots::create`], as far as one writer can detect. The event
    /// log calls this before it creates a store's first record. The check may write under keys of its own.
    ///
    /// # Errors
    /// [`SlotError::Unavailable`] if the store violates a guarantee; the message describes the problem and the remedy.
    fn check(&self) -> Result<(), SlotError> {
        Ok(())
    }

    /// Gives a value to a slot whose creator died in the middle of creating it. The caller guarantees that the creator
    /// is dead: a live creator may still overwrite the value.
    ///
    /// If `create` is one atomic step, that state cannot occur, and the default implementation suffices.
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

    /// The store's steps on several keys, if it has them. The event log then appends by the atomic protocol.
    fn conditional(&self) -> Option<&dyn Conditional> {
        None
    }

    /// Tells the adapter that an operation has ended, so that it can drop data kept for that operation. An example is
    /// the value of a creation that lost a race: the same operation might have created it under the next key.
    fn end_operation(&self) {}
}

/// Steps on several keys at once. The guarantees of [`Slots`] hold for each key.
pub trait Conditional {
    /// Stores all values, unless one of the keys has a value. This is atomic: readers and other creations see all of the
    /// values or none. The keys differ from each other.
    ///
    /// # Errors
    /// As for [`Slots::create`].
    fn create_all(&self, entries: &[(&str, &[u8])]) -> Result<GroupCreation, SlotError>;

    /// Draws the next number of a counter. The number is above `above`, and above every number that a call returned
    /// before this call began. Numbers may be left out. [`Slots::get`] returns the last number as decimal text.
    ///
    /// Two calls never return the same number, with one exception: after a crash of the store a number may come again if
    /// no write followed its first return.
    ///
    /// # Errors
    /// [`SlotError`] if no number was returned. Calling again is safe.
    fn draw(&self, counter: &str, above: u64) -> Result<u64, SlotError>;

    /// The values of several keys, in the order of the keys. Each value is one that its key had during the call.
    ///
    /// # Errors
    /// As for [`Slots::get`].
    fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, SlotError>;
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
            fn conditional(&self) -> Option<&dyn Conditional> {
                (**self).conditional()
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
    is_conditional: bool,
}

impl MemorySlots {
    /// Creates an empty store without steps on several keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates an empty store with steps on several keys.
    #[must_use]
    pub fn with_conditional() -> Self {
        Self {
            is_conditional: true,
            ..Self::default()
        }
    }

    /// The same values in a store with or without steps on several keys.
    #[must_use]
    pub fn made_conditional(self, is_conditional: bool) -> Self {
        Self {
            is_conditional,
            ..self
        }
    }

    /// All stored values, by key.
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

    fn conditional(&self) -> Option<&dyn Conditional> {
        self.is_conditional.then_some(self as &dyn Conditional)
    }
}

impl Conditional for MemorySlots {
    fn create_all(&self, entries: &[(&str, &[u8])]) -> Result<GroupCreation, SlotError> {
        let mut values = self.values();
        if let Some(index) = entries
            .iter()
            .position(|(key, _)| values.contains_key(*key))
        {
            return Ok(GroupCreation::Exists(index));
        }
        for (key, value) in entries {
            values.insert((*key).to_owned(), value.to_vec());
        }
        Ok(GroupCreation::Created)
    }

    fn draw(&self, counter: &str, above: u64) -> Result<u64, SlotError> {
        let mut values = self.values();
        let last = values
            .get(counter)
            .and_then(|bytes| std::str::from_utf8(bytes).ok());
        let last: u64 = last.and_then(|text| text.parse().ok()).unwrap_or(0);
        let next = last.max(above) + 1;
        values.insert(counter.to_owned(), next.to_string().into_bytes());
        Ok(next)
    }

    fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, SlotError> {
        let values = self.values();
        Ok(keys.iter().map(|key| values.get(key).cloned()).collect())
    }
}
