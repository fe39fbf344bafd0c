//! Writes absent values, and never overwrites another value.

use annals_event_log::Slots;
use annals_event_log::internals::Written;
use annals_event_log::records;

use super::{ImportError, Importer};

/// A value to write.
pub(super) struct Value {
    pub key: String,
    pub bytes: Vec<u8>,
}

impl<S: Slots> Importer<S> {
    /// Returns the values whose keys are absent. Fails if a key has another value.
    pub(super) fn absent(
        &self,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<Value>, ImportError> {
        let mut absent = Vec::new();
        for value in values {
            match self.store.get(&value.key) {
                Ok(None) => absent.push(value),
                Ok(Some(found)) if found == value.bytes => {}
                Ok(Some(_)) => return Err(self.different(value.key)),
                Err(source) => return Err(self.store(source)),
            }
        }
        Ok(absent)
    }

    pub(super) fn create(
        &mut self,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<(), ImportError> {
        for value in values {
            match self.store.create(&value.key, &value.bytes) {
                Ok(Written::Ours) => self.count.written += 1,
                Ok(Written::Taken) => return Err(self.different(value.key)),
                Err(source) => return Err(self.store(source)),
            }
        }
        Ok(())
    }

    pub(super) fn value<R: records::Record>(
        &self,
        key: String,
        record: &R,
    ) -> Result<Value, ImportError> {
        let bytes = records::encode(record).map_err(|source| self.store(source))?;
        Ok(Value { key, bytes })
    }
}
