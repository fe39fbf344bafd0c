//! Slots in a bucket of a store of this host, in the layout that `wasi:keyvalue` uses.

use annals_event_log::{Creation, SlotError, Slots};
use annals_event_log_tools::{Listed, Listing};

use crate::store::{Kv, KvError, Swap};

/// Maximum number of keys in one page of a listing.
const PAGE: usize = 1000;

/// One bucket.
pub struct BucketSlots {
    store: Box<dyn Kv>,
    bucket: String,
}

impl BucketSlots {
    /// Makes the slots of a bucket.
    #[must_use]
    pub fn new(store: impl Kv + 'static, bucket: &str) -> Self {
        Self {
            store: Box::new(store),
            bucket: bucket.to_owned(),
        }
    }

    /// Waits until everything written is durable.
    ///
    /// # Errors
    /// [`SlotError::InDoubt`] if the flush failed.
    pub fn flush(&self) -> Result<(), SlotError> {
        let in_doubt = |why: String| SlotError::InDoubt(why);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .map_err(|error| in_doubt(error.to_string()))?;
        let flushed = runtime.block_on(self.store.barrier().wait());
        flushed.map_err(|error| in_doubt(error.to_string()))
    }
}

fn unavailable(error: KvError) -> SlotError {
    SlotError::Unavailable(error.to_string())
}

/// A failed write may or may not have taken effect.
fn in_doubt(error: KvError) -> SlotError {
    match error {
        KvError::NameTooLong | KvError::NameWithNul | KvError::ValueTooLong { .. } => {
            unavailable(error)
        }
        error => SlotError::InDoubt(error.to_string()),
    }
}

impl Slots for BucketSlots {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        self.store.get(&self.bucket, key).map_err(unavailable)
    }

    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        match self.store.compare_and_set(&self.bucket, key, None, value) {
            Ok(Swap::Done) => Ok(Creation::Created),
            Ok(Swap::Lost(_)) => Ok(Creation::Exists),
            Err(error) => Err(in_doubt(error)),
        }
    }

    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
        self.store.set(&self.bucket, key, value).map_err(in_doubt)
    }

    fn delete(&self, key: &str) -> Result<(), SlotError> {
        self.store.delete(&self.bucket, key).map_err(in_doubt)
    }
}

impl Listing for BucketSlots {
    fn visit(
        &self,
        each: &mut dyn FnMut(Listed<'_>) -> Result<(), SlotError>,
    ) -> Result<(), SlotError> {
        let mut after: Option<String> = None;
        loop {
            let page = self
                .store
                .list_keys(&self.bucket, after.as_deref(), PAGE)
                .map_err(unavailable)?;
            for key in &page {
                each(Listed::Key(key))?;
            }
            match page.into_iter().next_back() {
                Some(last) => after = Some(last),
                None => return Ok(()),
            }
        }
    }
}
