//! The store adapter over `wasi:keyvalue` 0.2.0-draft2 for hosts whose `swap` must not create.
//!
//! A slot's key holds a pointer, and the record lies under a key of its own that the pointer
//! names. To create a slot:
//!
//! 1. The record is set under a key that nobody else has, made of the slot's and of 56 random bits.
//! 2. The slot's key is made present, by `increment` of zero. That is atomic, changes nothing that
//!    is there, and may be done by any number of creators at any time: a pointer is eight
//!    bytes, which hosts that count in eight bytes leave as they are and others refuse.
//! 3. What is present and no pointer is swapped for the pointer. Of all creators one wins. A swap that
//!    comes late, after a lost answer, finds a pointer and fails.
//! 4. The slot is read: whose pointer is there has won. What the swap said is not believed.
//!
//! A creator that dies before 3 has created nothing, and leaves a record that nobody reads; one that
//! dies later has created the slot with its whole record. So there is nothing in between to repair.
//!
//! It relies on what hosts keep of the draft: a swap on a present key that was looked at is atomic,
//! and so is `increment`; a write that was acknowledged is durable and seen by all later reads. A
//! new store tries that out before its first record.
//!
//! # Layout
//!
//! | module | job |
//! |---|---|
//! | this one | the host: buckets, errors; trying it out |
//! | `pointer` | what a slot's key may hold, and where records lie |
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

/// Slots are keys of a bucket, and so are the records that they point to.
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

    /// Two creators of one slot at the same moment: does the second one fail, and is the first
    /// one's pointer there for whoever opens the bucket?
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
            // Whether it says that it failed is not to be believed.
            if let Err(CasError::StoreError(error)) = swap(handle, &pointer.bytes()) {
                return Err(trying(error));
            }
        }
        let found = other.bucket.get(key).map_err(trying)?;
        let found = found.and_then(|value| Pointer::read(&value));
        if !kept || found.is_none() {
            return Err(SlotError::Unavailable(format!(
                "the host's keyvalue bucket {name:?} does not keep what was written for the next who opens it: configure a lasting backend, or use a host with another store adapter"
            )));
        }
        if found != Some(first) {
            return Err(SlotError::Unavailable(format!(
                "the host lets two creators of one key both win, so commits would be lost in its keyvalue bucket {name:?}: configure another keyvalue backend, or use a host with another store adapter"
            )));
        }
        // Somebody may count once more, late.
        let _ = increment(&self.bucket, key, 0);
        let after = other.bucket.get(key).map_err(trying)?;
        if after.and_then(|value| Pointer::read(&value)) != Some(first) {
            return Err(SlotError::Unavailable(format!(
                "the host counts up a value that is no counter, so commits would be lost in its keyvalue bucket {name:?}: configure another keyvalue backend, or use a host with another store adapter"
            )));
        }
        Ok(())
    }

    /// Tries the host out under a key of its own.
    fn check_host(&self) -> Result<(), SlotError> {
        let key = format!("a.check.{:016x}", get_random_u64());
        let other = Self::open(&self.name).map_err(SlotError::Unavailable)?;
        let result = self.try_out(&other, &key);
        // A failure leaves a key that nobody ever reads.
        let _ = self.bucket.delete(&key);
        result
    }
}

/// Nothing was written.
fn unavailable(key: &str, doing: &str, error: Error) -> SlotError {
    SlotError::Unavailable(describe(key, doing, error))
}

/// Something may have been.
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
