//! The store adapter over `wasi:keyvalue` 0.2.0-draft. It claims a slot by an increment, then sets the slot's
//! value.
//!
//! The draft has no compare-and-swap. Its one atomic operation is `increment`, which identifies the first
//! caller but stores none of the caller's data. So a creation takes two steps. The creator increments the
//! slot's counter; the writer that finds zero owns the slot and sets its value. Between the two steps the
//! slot is *begun*: no other writer can take it, and no reader can read it. Other writers wait for a slow
//! owner. An owner that died between the steps leaves the slot to an operator's `repair`. No algorithm avoids
//! this: with `increment` and plain reads and writes alone, three or more writers cannot agree while any of
//! them may stop (its consensus number is 2: Herlihy, Wait-Free Synchronization, 1991).
//!
//! The adapter relies on two properties that the draft does not guarantee and the host must provide.
//! `increment` is atomic for new keys too. An acknowledged write is durable, and all later reads see it.
//! `docs/hosts.md` lists the hosts and backends that have both, and the effect of a crash at each step.
//!
//! # Layout
//!
//! | module | job |
//! |---|---|
//! | this one | the host: buckets, errors, time |
//! | `claims` | this instance's claims on slots that are begun |
//! | `slots` | the two steps |
#![deny(missing_docs)]

use annals_allocator as _;

#[allow(missing_docs, clippy::all, clippy::unwrap_used, unsafe_op_in_unsafe_fn)]
mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "host", generate_all });
}
mod claims;
mod slots;

use annals_store_adapter::{Backend, SlotError, StoreSettings};

use bindings::wasi::keyvalue::store::{self, Bucket, Error};

/// The backend: one bucket.
struct Keyvalue;

/// A bucket. Each slot is a key, with a counter under a second key.
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
