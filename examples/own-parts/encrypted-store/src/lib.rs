//! An event store of one's own: what is kept in the keyvalue bucket is encrypted.
//!
//! The log, streams, snapshots and rows come with `annals-store-adapter`, over four functions on slots; an
//! adapter is only these four. This one seals every value before the host sees it. Keys, which hold the names
//! of streams and the ids of commands, stay readable.
//!
//! # Layout
//!
//! - [`seal`]: encryption of one value.
//! - this file: slots in a bucket of `wasi:keyvalue` with compare-and-set.

mod seal;

#[allow(clippy::all, unsafe_op_in_unsafe_fn)]
mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "host", generate_all });
}

use annals_store_adapter::{Backend, Creation, SlotError, Slots, StoreSettings};
use bindings::wasi::keyvalue::atomics::{Cas, CasError, swap};
use bindings::wasi::keyvalue::store::{self, Bucket, Error};
use seal::Seal;
use wasip2::cli::environment::get_environment;
use wasip2::random::random::get_random_bytes;

/// The variable of the environment that holds the key: 32 bytes in base64.
const KEY: &str = "BANK_STORE_KEY";

struct Encrypted;

annals_store_adapter::export!(Encrypted);

impl Backend for Encrypted {
    type Slots = SealedSlots;

    fn open(settings: &StoreSettings) -> Result<SealedSlots, String> {
        let environment = get_environment();
        let key = environment.iter().find(|(name, _)| name == KEY);
        let (_, key) = key.ok_or_else(|| {
            format!("{KEY} is not set: give 32 random bytes in base64, such as `openssl rand -base64 32` makes")
        })?;
        let seal = Seal::new(key).map_err(|why| format!("{KEY} {why}"))?;
        let bucket = store::open(&settings.bucket).map_err(describe)?;
        Ok(SealedSlots { bucket, seal })
    }
}

/// Sealed values in a bucket.
struct SealedSlots {
    bucket: Bucket,
    seal: Seal,
}

impl SealedSlots {
    /// Bound to its key, so that values cannot change places.
    fn sealed(&self, key: &str, value: &[u8]) -> Result<Vec<u8>, SlotError> {
        let nonce = get_random_bytes(seal::NONCE as u64);
        self.seal
            .close(key, &nonce, value)
            .ok_or_else(|| SlotError::Unavailable("a value could not be encrypted".into()))
    }
}

impl Slots for SealedSlots {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        let Some(sealed) = self.bucket.get(key).map_err(unavailable)? else {
            return Ok(None);
        };
        match self.seal.open(key, &sealed) {
            Some(value) => Ok(Some(value)),
            None => Err(SlotError::Unavailable(format!(
                "{key} cannot be decrypted: {KEY} is not the key that it was written with, or the value was changed"
            ))),
        }
    }

    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        let cas = Cas::new(&self.bucket, key).map_err(unavailable)?;
        if cas.current().map_err(unavailable)?.is_some() {
            return Ok(Creation::Exists);
        }
        let sealed = self.sealed(key, value)?;
        let why = match swap(cas, &sealed) {
            Ok(()) => return Ok(Creation::Created),
            Err(CasError::CasFailed(_)) => "compare-and-set failed".to_owned(),
            Err(CasError::StoreError(error)) => describe(error),
        };
        // No two creators seal with the same nonce, so these bytes are nobody else's.
        match self.bucket.get(key) {
            Ok(Some(found)) if found == sealed => Ok(Creation::Created),
            Ok(Some(_)) => Ok(Creation::Exists),
            // It may still be under way.
            Ok(None) => Err(SlotError::InDoubt(why)),
            Err(error) => Err(SlotError::InDoubt(format!("{why}; {}", describe(error)))),
        }
    }

    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
        let sealed = self.sealed(key, value)?;
        self.bucket.set(key, &sealed).map_err(in_doubt)
    }

    fn delete(&self, key: &str) -> Result<(), SlotError> {
        self.bucket.delete(key).map_err(in_doubt)
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
        Error::NoSuchStore => "the host has no such bucket".to_owned(),
        Error::AccessDenied => "the host denies access to the bucket".to_owned(),
        Error::Other(why) => why,
    }
}
