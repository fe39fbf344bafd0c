//! The store adapter over `wasi:keyvalue` 0.2.0-draft: a slot is claimed by an increment, then set.
//!
//! The draft has no compare-and-swap. Its one atomic operation is `increment`, which tells its first
//! caller apart from all others, but stores nothing of his. So a creation takes two steps: count
//! the slot's counter up; whoever finds that it was zero owns the slot and sets its value. Between
//! the two the slot is *begun*: nobody else can take it, and nobody can read it. An owner that is
//! slow is waited for; one that died there leaves the slot to an operator's `repair`. No cleverness
//! gets around that: with `increment` and plain reads and writes alone, three or more writers cannot agree
//! while any of them may stop (its consensus number is 2: Herlihy, Wait-Free Synchronization, 1991).
//!
//! It relies on two promises that the draft does not make and a host must: `increment` is atomic
//! for new keys too, and a write that was acknowledged is durable and seen by all later reads.
//! `docs/hosts.md` says which hosts and backends keep them, and what a crash leaves at each step.
//!
//! # Layout
//!
//! | module | job |
//! |---|---|
//! | this one | the host: buckets, errors, time |
//! | `claims` | what this instance knows of slots that are begun |
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

/// Slots are the keys of a bucket; each has a counter beside it.
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
