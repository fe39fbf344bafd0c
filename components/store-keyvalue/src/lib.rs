//! The store adapter over `wasi:keyvalue` 0.2.0-draft2: a slot is created by compare-and-swap.
//!
//! It relies on two promises that the draft does not make and a host must: `swap` on an absent
//! key is insert-only, and a write that was acknowledged is durable and seen by all later reads.
//! A new store tries the host out before its first record, and refuses one that breaks the first
//! promise. `docs/hosts.md` says which hosts and backends keep them.
#![deny(missing_docs)]

use annals_allocator as _;

#[allow(missing_docs, clippy::all, clippy::unwrap_used, unsafe_op_in_unsafe_fn)]
mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "host", generate_all });
}

use annals_store_adapter::{Backend, Creation, SlotError, Slots, StoreSettings};

use bindings::wasi::keyvalue::atomics::{Cas, CasError, swap};
use bindings::wasi::keyvalue::store::{self, Bucket, Error};
use wasip2::random::random::get_random_u64;

/// The backend: one bucket.
struct Keyvalue;

/// Slots are the keys of a bucket.
struct BucketSlots {
    name: String,
    bucket: Bucket,
}

annals_store_adapter::export!(Keyvalue);

impl Backend for Keyvalue {
    type Slots = BucketSlots;

    fn open(settings: &StoreSettings) -> Result<BucketSlots, String> {
        BucketSlots::open(&settings.bucket)
    }
}

impl BucketSlots {
    fn open(name: &str) -> Result<Self, String> {
        match store::open(name) {
            Ok(bucket) => Ok(Self {
                name: name.to_owned(),
                bucket,
            }),
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
        self.bucket.get(key).map_err(unavailable)
    }

    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        // Reading first is not only cheaper than a failed swap. Backends that treat `swap` on an
        // absent key as an upsert would overwrite a value that was there before the handle.
        let cas = Cas::new(&self.bucket, key).map_err(unavailable)?;
        if cas.current().map_err(unavailable)?.is_some() {
            return Ok(Creation::Exists);
        }
        match swap(cas, value) {
            Ok(()) => Ok(Creation::Created),
            // Some backends report a failed swap after committing it, so neither answer can be
            // believed. The slot itself tells, unless another creator wrote the same bytes.
            Err(CasError::CasFailed(_)) => {
                self.look(key, value, "compare-and-swap failed".to_owned())
            }
            Err(CasError::StoreError(error)) => self.look(key, value, describe(error)),
        }
    }

    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
        self.bucket.set(key, value).map_err(in_doubt)
    }

    fn delete(&self, key: &str) -> Result<(), SlotError> {
        self.bucket.delete(key).map_err(in_doubt)
    }

    fn check(&self) -> Result<(), SlotError> {
        let key = format!("a.check.{:016x}", get_random_u64());
        let other = Self::open(&self.name).map_err(SlotError::Unavailable)?;
        let result = self.try_out(&other, &key);
        // A failure leaves a key that nobody ever reads.
        let _ = self.bucket.delete(&key);
        result
    }
}

impl BucketSlots {
    /// Two creators of one slot at the same moment, both seeing nothing there: does the second one
    /// fail, and is the first one's value there for whoever opens the bucket?
    fn try_out(&self, other: &Self, key: &str) -> Result<(), SlotError> {
        const FIRST: &[u8] = b"first";
        let handles = (
            Cas::new(&self.bucket, key).map_err(unavailable)?,
            Cas::new(&other.bucket, key).map_err(unavailable)?,
        );
        for handle in [&handles.0, &handles.1] {
            handle.current().map_err(unavailable)?;
        }
        let name = &self.name;
        if let Err(CasError::StoreError(error)) = swap(handles.0, FIRST) {
            return Err(unavailable(error));
        }
        if other.bucket.get(key).map_err(unavailable)?.is_none() {
            return Err(SlotError::Unavailable(format!(
                "the host's keyvalue bucket {name:?} does not keep what was written for the next who opens it: configure a lasting backend, or use a host with another store adapter"
            )));
        }
        let second = swap(handles.1, b"second");
        if let Err(CasError::StoreError(error)) = second {
            return Err(unavailable(error));
        }
        let found = other.bucket.get(key).map_err(unavailable)?;
        if second.is_err() && found.is_some_and(|value| value == FIRST) {
            return Ok(());
        }
        Err(SlotError::Unavailable(format!(
            "the host lets two creators of one key both win, so commits would be lost in its keyvalue bucket {name:?}: configure another keyvalue backend, or use a host with another store adapter"
        )))
    }

    /// Finds out whose value a slot holds after a swap with no clear answer. Our own bytes may
    /// come from another: two attempts at a command claim it with the same ones, and only one may
    /// be told that it created the claim.
    fn look(&self, key: &str, ours: &[u8], why: String) -> Result<Creation, SlotError> {
        match self.bucket.get(key) {
            Ok(Some(found)) if found == ours => Err(SlotError::InDoubt(why)),
            Ok(Some(_)) => Ok(Creation::Exists),
            // It may still be under way.
            Ok(None) => Err(SlotError::InDoubt(why)),
            Err(error) => Err(SlotError::InDoubt(format!(
                "{why}; reading it back: {}",
                describe(error)
            ))),
        }
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
