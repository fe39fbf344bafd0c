//! The store's record, which fixes the number of partitions of the log. The first writer creates it before the first
//! ref.

use crate::error::StoreError;
use crate::records::{self, StoreRecord};
use crate::slots::Slots;
use crate::store::{Store, Written};

/// The number of partitions from the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Division(pub u32);

impl Division {
    /// Compares this number with the store's record, if there is one. A log with another number of partitions has other
    /// keys, so it looks empty under this one.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the store has another number of partitions or cannot be read,
    /// [`StoreError::Corrupt`] or [`StoreError::Newer`] if its record cannot be read.
    pub fn check<S: Slots>(self, store: &Store<S>) -> Result<(), StoreError> {
        let key = store.keys().store();
        let Some(bytes) = store.get(&key)? else {
            return Ok(());
        };
        let StoreRecord { partitions } = records::decode(&key, &bytes)?;
        self.compare(partitions)
    }

    /// Creates the store's record, or compares it if it exists. A writer calls this before the first ref of a
    /// partition.
    ///
    /// # Errors
    /// As for [`Division::check`]; [`StoreError::Unavailable`] also if the host would lose acknowledged writes.
    pub fn found<S: Slots>(self, store: &Store<S>) -> Result<(), StoreError> {
        let key = store.keys().store();
        if store.get(&key)?.is_some() {
            return self.check(store);
        }
        // A store from a release without partitions has no such record, and one partition.
        if self.0 != 1 && store.has(&store.keys().undivided_log(1.into()))? {
            return self.compare(1);
        }
        // This is a new store. Refuse a host that would lose acknowledged writes.
        store.check()?;
        match store.create_retriable(&key, &self.record()?)? {
            Written::Ours => Ok(()),
            Written::Taken => self.check(store),
        }
    }

    /// The store's record for this division.
    ///
    /// # Errors
    /// None in practice: encoding this record does not fail.
    pub fn record(self) -> Result<Vec<u8>, StoreError> {
        records::encode(&StoreRecord { partitions: self.0 })
    }

    fn compare(self, stored: u32) -> Result<(), StoreError> {
        if stored == self.0 {
            return Ok(());
        }
        Err(StoreError::Unavailable(format!(
            "this store has [store] partitions = {stored}, and {} are asked for: that cannot be \
             changed; put {stored} into annals.toml, or export the store and import it into a new one",
            self.0
        )))
    }
}
