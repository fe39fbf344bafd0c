//! The store adapter over `wasi:keyvalue` 0.2.0-draft2. It creates a slot by compare-and-swap.
//!
//! The adapter relies on two properties that the draft does not guarantee and the host must provide. `swap`
//! on an absent key only inserts. An acknowledged write is durable, and all later reads see it. A new store
//! tests the host before it writes its first record, and refuses a host that lacks the first property.
//! `docs/hosts.md` lists the hosts and backends that have both.
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

/// A bucket. Each key is a slot.
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
        // The read is cheaper than a failed swap. It is also necessary: a backend that treats `swap` on an
        // absent key as an upsert would overwrite an existing value.
        let cas = Cas::new(&self.bucket, key).map_err(unavailable)?;
        if cas.current().map_err(unavailable)?.is_some() {
            return Ok(Creation::Exists);
        }
        match swap(cas, value) {
            Ok(()) => Ok(Creation::Created),
            // Some backends report a failed swap although they have committed it, so a failure is
            // inconclusive. The slot's value decides, unless another creator wrote the same bytes.
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
        // Ignore the error: a remaining key is never read.
        let _ = self.bucket.delete(&key);
        result
    }
}

impl BucketSlots {
    /// Tests the host with two creators of one slot that both have read an absent key. The second creator
    /// must fail, and another handle of the bucket must read the first creator's value.
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
                "the host's keyvalue bucket {name:?} does not keep what was written until it is opened again: configure a durable backend, or use a host with another store adapter"
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

    /// Reads the slot after an inconclusive swap. A slot with our bytes may come from another creator: two
    /// attempts at a command write the same claim, and only one of them may learn that it created the claim.
    /// Equal bytes are therefore in doubt.
    fn look(&self, key: &str, ours: &[u8], why: String) -> Result<Creation, SlotError> {
        match self.bucket.get(key) {
            Ok(Some(found)) if found == ours => Err(SlotError::InDoubt(why)),
            Ok(Some(_)) => Ok(Creation::Exists),
            // The swap may still take effect.
            Ok(None) => Err(SlotError::InDoubt(why)),
            Err(error) => Err(SlotError::InDoubt(format!(
                "{why}; reading the slot failed: {}",
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
