//! The record that says into how many partitions the log is divided. The first writer creates it before the first ref.

use crate::error::StoreError;
use crate::records::{self, StoreRecord};
use crate::slots::Slots;
use crate::store::{Store, Written};

/// The number of partitions that the settings ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Division(pub u32);

impl Division {
    /// Compares the store's record, if there is one. A log that seems empty may be one that is divided otherwise.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the store is divided otherwise or cannot be read, [`StoreError::Corrupt`] or
    /// [`StoreError::Newer`] if its record cannot be read.
    pub fn check<S: Slots>(self, store: &Store<S>) -> Result<(), StoreError> {
        let key = store.keys().store();
        let Some(bytes) = store.get(&key)? else {
            return Ok(());
        };
        let StoreRecord { partitions } = records::decode(&key, &bytes)?;
        self.compare(partitions)
    }

    /// Before the first ref of a partition: creates the store's record, or compares it.
    ///
    /// # Errors
    /// As for [`Division::check`]; [`StoreError::Unavailable`] also if the host would lose what it acknowledges.
    pub fn found<S: Slots>(self, store: &Store<S>) -> Result<(), StoreError> {
        let key = store.keys().store();
        if store.get(&key)?.is_some() {
            return self.check(store);
        }
        // Stores from before there were partitions have no such record, and one partition.
        if self.0 != 1 && store.has(&store.keys().undivided_log(1.into()))? {
            return self.compare(1);
        }
        // This is a new store. Nothing may be acknowledged on a host that would lose it.
        store.check()?;
        match store.create_retriable(&key, &self.record()?)? {
            Written::Ours => Ok(()),
            Written::Taken => self.check(store),
        }
    }

    /// The store's record for this division.
    ///
    /// # Errors
    /// None in practice: the record can always be encoded.
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
