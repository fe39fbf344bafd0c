//! The store adapter over `wasi:keyvalue` 0.2.0-draft2 for hosts on which `swap` must not create keys.
//!
//! A slot's key holds a pointer. The pointer names another key, which holds the record. The adapter creates a
//! slot in four steps:
//!
//! 1. It sets the record under a unique key, made of the slot's key and of 56 random bits.
//! 2. It makes the slot's key present by an `increment` of zero. This operation is atomic and changes no
//!    existing value, so any number of creators may execute it at any time. A pointer has eight bytes: hosts
//!    that count in eight bytes leave it as it is, and other hosts refuse.
//! 3. If the key holds no pointer, the adapter swaps its value for the pointer. Of all creators one wins. A
//!    swap that takes effect late, after a lost answer, finds a pointer and fails.
//! 4. It reads the slot. The creator whose pointer the slot holds has won. The answer of the swap itself is
//!    ignored.
//!
//! A creator that dies before step 3 has created nothing and leaves a record that is never read. A creator
//! that dies later has created the slot with its whole record. So no slot is ever half created, and none
//! needs a repair.
//!
//! The adapter relies on properties that hosts provide. A swap on a present key that was read before is
//! atomic, and so is `increment`. An acknowledged write is durable, and all later reads see it. A new store
//! tests them before it writes its first record.
//!
//! # Layout
//!
//! | module | job |
//! |---|---|
//! | this one | the host: buckets, errors; the test of the host |
//! | `pointer` | pointers, and the keys of records |
//! | `slots` | the steps |
#![deny(missing_docs)]

use annals_allocator as _;

#[allow(missing_docs, clippy::all, clippy::unwrap_used, unsafe_op_in_unsafe_fn)]
mod bindings {
    wit_bindgen::generate!({ path: "../store-keyvalue/wit", world: "host", generate_all });
}
mod pointer;
mod slots;

use annals_store_adapter::{Backend, SlotError, StoreSettings};

use bindings::wasi::keyvalue::atomics::{Cas, CasError, increment, swap};
use bindings::wasi::keyvalue::store::{self, Bucket, Error};
use pointer::Pointer;
use wasip2::random::random::get_random_u64;

/// The backend: one bucket.
struct Keyvalue;

/// A bucket. Its keys are slots, and the records that slots point to.
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
                "the host denies access to keyvalue bucket {name:?}: list it in the component's key_value_stores in spin.toml"
            )),
            Err(Error::Other(why)) => Err(format!("opening keyvalue bucket {name:?}: {why}")),
        }
    }

    /// Tests the host with two creators of one slot. The second creator must fail, and another handle of the
    /// bucket must read the first creator's pointer.
    fn try_out(&self, other: &Self, key: &str) -> Result<(), SlotError> {
        let trying = |error| unavailable(key, "trying out", error);
        let name = &self.name;
        increment(&self.bucket, key, 0).map_err(trying)?;
        let prepared = other.bucket.get(key).map_err(trying)?;
        let kept = prepared.is_some_and(|value| Pointer::read(&value).is_none());
        increment(&other.bucket, key, 0).map_err(trying)?;
        let handles = (
            Cas::new(&self.bucket, key).map_err(trying)?,
            Cas::new(&other.bucket, key).map_err(trying)?,
        );
        for handle in [&handles.0, &handles.1] {
            handle.current().map_err(trying)?;
        }
        let (first, second) = (Pointer::new(), Pointer::new());
        for (handle, pointer) in [(handles.0, first), (handles.1, second)] {
            // Ignore the answer: some hosts report it wrongly.
            if let Err(CasError::StoreError(error)) = swap(handle, &pointer.bytes()) {
                return Err(trying(error));
            }
        }
        let found = other.bucket.get(key).map_err(trying)?;
        let found = found.and_then(|value| Pointer::read(&value));
        if !kept || found.is_none() {
            return Err(SlotError::Unavailable(format!(
                "the host's keyvalue bucket {name:?} does not keep what was written until it is opened again: configure a durable backend, or use a host with another store adapter"
            )));
        }
        if found != Some(first) {
            return Err(SlotError::Unavailable(format!(
                "the host lets two creators of one key both win, so commits would be lost in its keyvalue bucket {name:?}: configure another keyvalue backend, or use a host with another store adapter"
            )));
        }
        // A late increment of zero must not change a pointer.
        let _ = increment(&self.bucket, key, 0);
        let after = other.bucket.get(key).map_err(trying)?;
        if after.and_then(|value| Pointer::read(&value)) != Some(first) {
            return Err(SlotError::Unavailable(format!(
                "the host increments a value that is not a counter, so commits would be lost in its keyvalue bucket {name:?}: configure another keyvalue backend, or use a host with another store adapter"
            )));
        }
        Ok(())
    }

    /// Tests the host under a key that is used for nothing else.
    fn check_host(&self) -> Result<(), SlotError> {
        let key = format!("a.check.{:016x}", get_random_u64());
        let other = Self::open(&self.name).map_err(SlotError::Unavailable)?;
        let result = self.try_out(&other, &key);
        // Ignore the error: a remaining key is never read.
        let _ = self.bucket.delete(&key);
        result
    }
}

/// The error of an operation that has written nothing.
fn unavailable(key: &str, doing: &str, error: Error) -> SlotError {
    SlotError::Unavailable(describe(key, doing, error))
}

/// The error of an operation that may have written.
fn in_doubt(key: &str, doing: &str, error: Error) -> SlotError {
    SlotError::InDoubt(describe(key, doing, error))
}

fn describe(key: &str, doing: &str, error: Error) -> String {
    let why = match error {
        Error::NoSuchStore => "the bucket is gone",
        Error::AccessDenied => "the host denies access to the bucket",
        Error::Other(ref why) => why,
    };
    format!("{doing} {key}: {why}")
}
