//! Slots in memory that are listed as files would be.

use annals_event_log_tools::{Listed, Listing};

use annals_event_log::*;

use super::*;

/// Lists keys as a directory of files does: in no order, and the long ones as digests.
pub struct AsFiles<'a>(pub &'a MemorySlots);

impl Slots for AsFiles<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        self.0.get(key)
    }
    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        self.0.create(key, value)
    }
    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
        self.0.put(key, value)
    }
    fn delete(&self, key: &str) -> Result<(), SlotError> {
        self.0.delete(key)
    }
}

impl Listing for AsFiles<'_> {
    fn visit(
        &self,
        each: &mut dyn FnMut(Listed<'_>) -> Result<(), SlotError>,
    ) -> Result<(), SlotError> {
        for (key, value) in self.0.dump().iter().rev() {
            let name = file_name::of(key);
            match (file_name::key(&name), name.strip_prefix(file_name::DIGEST)) {
                (Some(found), None) if found == *key => each(Listed::Key(key))?,
                (None, Some(digest)) => each(Listed::Digest(digest, value))?,
                wrong => panic!("{key}: {wrong:?}"),
            }
        }
        Ok(())
    }
}
