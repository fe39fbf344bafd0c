//! The store adapter over `wasi:keyvalue` 0.2.0-draft2 with `annals:keyvalue/conditional`, by which it creates several
//! slots in one step.
//!
//! The adapter relies on what the interface promises. The host must also make an acknowledged write durable, and let all
//! later reads see it. annals-host does so on all its stores.
#![deny(missing_docs)]

use annals_allocator as _;

#[allow(missing_docs, clippy::all, clippy::unwrap_used, unsafe_op_in_unsafe_fn)]
mod bindings {
    wit_bindgen::generate!({
        path: "wit",
        world: "host",
        generate_all,
        // Entries and keys are passed without copies.
        ownership: Borrowing { duplicate_if_necessary: true },
    });
}

use annals_store_adapter::{
    Backend, Conditional, Creation, GroupCreation, SlotError, Slots, StoreSettings,
};

use bindings::annals::keyvalue::conditional::{self, Created};
use bindings::wasi::keyvalue::store::{self, Bucket, Error};

/// The backend: one bucket.
struct Keyvalue;

/// A bucket. Each key is a slot.
struct BucketSlots(Bucket);

annals_store_adapter::export!(Keyvalue);

impl Backend for Keyvalue {
    type Slots = BucketSlots;

    fn open(settings: &StoreSettings) -> Result<BucketSlots, String> {
        let name = &settings.bucket;
        match store::open(name) {
            Ok(bucket) => Ok(BucketSlots(bucket)),
            Err(Error::NoSuchStore) => Err(format!(
                "the host has no keyvalue bucket {name:?}: name one that it has as [store] bucket in annals.toml, or configure it on the host"
            )),
            Err(Error::AccessDenied) => Err(format!(
                "the host denies access to keyvalue bucket {name:?}: grant it to this component in the host's configuration"
            )),
            Err(Error::Other(why)) => Err(format!("opening keyvalue bucket {name:?}: {why}")),
        }
    }
}

impl Slots for BucketSlots {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        self.0.get(key).map_err(unavailable)
    }

    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        Ok(match self.create_all(&[(key, value)])? {
            GroupCreation::Created => Creation::Created,
            GroupCreation::Exists(_) => Creation::Exists,
        })
    }

    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
        self.0.set(key, value).map_err(in_doubt)
    }

    fn delete(&self, key: &str) -> Result<(), SlotError> {
        self.0.delete(key).map_err(in_doubt)
    }

    fn conditional(&self) -> Option<&dyn Conditional> {
        Some(self)
    }
}

impl Conditional for BucketSlots {
    fn create_all(&self, entries: &[(&str, &[u8])]) -> Result<GroupCreation, SlotError> {
        match conditional::create_all(&self.0, entries).map_err(in_doubt)? {
            Created::All => Ok(GroupCreation::Created),
            Created::Exists(index) => Ok(GroupCreation::Exists(index as usize)),
        }
    }

    fn draw(&self, counter: &str, above: u64) -> Result<u64, SlotError> {
        conditional::draw(&self.0, counter, above).map_err(unavailable)
    }

    fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, SlotError> {
        let keys: Vec<_> = keys.iter().map(String::as_str).collect();
        conditional::get_many(&self.0, &keys).map_err(unavailable)
    }
}

fn unavailable(error: Error) -> SlotError {
    SlotError::Unavailable(describe(error))
}

fn in_doubt(error: Error) -> SlotError {
    SlotError::InDoubt(describe(error))
}

fn describe(error: Error) -> String {
    match error {
        Error::NoSuchStore => "the bucket is gone".to_owned(),
        Error::AccessDenied => "the host denies access to the bucket".to_owned(),
        Error::Other(why) => why,
    }
}
