//! Buckets of keys, on which `wasi:keyvalue` is built.

mod buckets;
mod counter;
mod directory;
mod embedded;
mod flush;
mod flush_counter;
mod gather;
mod journal;
mod memory;
pub mod nats;
mod pending;
pub mod postgres;
pub mod remote;
mod replies;
mod reply;
mod store_copy;
mod tables;
mod tls;

use std::ops::RangeInclusive;

pub use buckets::{Blocking, Buckets};
pub use embedded::Embedded;
pub use flush::{Barrier, Broken, Flusher};
pub use memory::Memory;
pub use nats::Nats;
pub use postgres::Postgres;
pub use reply::Reply;

/// Longest key, in bytes.
pub const MAX_KEY: usize = 32 * 1024;
/// Longest key of a store on a server, in bytes.
pub const MAX_REMOTE_KEY: usize = 2000;
/// Longest bucket name, in bytes.
pub const MAX_BUCKET: usize = 255;

/// Maximum number of entries of one [`Kv::create_all`].
pub const MAX_CREATE_ENTRIES: usize = 64;
/// Maximum number of keys of one [`Kv::get_many`].
pub const MAX_GET_KEYS: usize = 1024;

/// A key and its value.
pub type Entry = (String, Vec<u8>);

/// Why an operation failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KvError {
    /// A key or a bucket's name is too long.
    #[error(
        "a key may have {MAX_KEY} bytes at most (on a server {MAX_REMOTE_KEY}), a bucket's name {MAX_BUCKET}"
    )]
    NameTooLong,
    /// A key or a bucket's name contains a NUL character, which PostgreSQL does not store.
    #[error("a key on PostgreSQL may contain no NUL character")]
    NameWithNul,
    /// A value is too long for a message of the server. Nothing was written.
    #[error(
        "a value may have {limit} bytes at most on this server (max_payload), and this one has {bytes}"
    )]
    ValueTooLong {
        /// Length of the value.
        bytes: usize,
        /// The longest one that the server takes.
        limit: usize,
    },
    /// `increment` of a value that is not a counter.
    #[error("the value is not a counter")]
    NotACounter,
    /// The sum would be outside of the counter's range.
    #[error("the counter would overflow")]
    Overflow,
    /// `create_all` of more entries than it takes. Nothing was written.
    #[error("create-all takes {MAX_CREATE_ENTRIES} entries at most, and got {0}")]
    TooManyEntries(usize),
    /// `get_many` of more keys than it takes.
    #[error("get-many takes {MAX_GET_KEYS} keys at most, and got {0}")]
    TooManyKeys(usize),
    /// `create_all` of several values for one key. Nothing was written.
    #[error("create-all got the key {0:?} twice")]
    DuplicateKey(String),
    /// The disk failed, or the remote store cannot be reached. Whether a write took effect is
    /// unknown.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
}

/// The outcome of a compare-and-set that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Swap {
    /// The key had the expected value and now has the new one.
    Done,
    /// The key has another value, which is returned. Nothing was changed.
    Lost(Option<Vec<u8>>),
}

/// The outcome of a creation of several keys that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    /// Every key was absent, and now has its value.
    All,
    /// A key has a value: the index of the first such entry. Nothing was written.
    Exists(usize),
}

/// Buckets of keys whose operations are done at once. Each method is atomic for its key. A write is visible to all requests at once.
/// It is durable when a [`Barrier`] that was taken after it has been waited for.
pub trait Kv: Send + Sync {
    /// Returns the value of a key.
    ///
    /// # Errors
    /// Like every method of this trait: [`KvError::NameTooLong`], [`KvError::Unavailable`].
    fn get(&self, bucket: &str, key: &str) -> Result<Option<Vec<u8>>, KvError>;

    /// Sets a key's value, whether or not it has one.
    ///
    /// # Errors
    /// As [`Kv::get`].
    fn set(&self, bucket: &str, key: &str, value: &[u8]) -> Result<(), KvError>;

    /// Removes a key if it exists.
    ///
    /// # Errors
    /// As [`Kv::get`].
    fn delete(&self, bucket: &str, key: &str) -> Result<(), KvError>;

    /// Returns at most `limit` keys after `after`, in byte order.
    ///
    /// # Errors
    /// As [`Kv::get`].
    fn list_keys(
        &self,
        bucket: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, KvError>;

    /// Sets the value to `new` if it is `expected` (`None`: the key is absent). If several callers
    /// expect the same value, exactly one succeeds.
    ///
    /// # Errors
    /// As [`Kv::get`].
    fn compare_and_set(
        &self,
        bucket: &str,
        key: &str,
        expected: Option<&[u8]>,
        new: &[u8],
    ) -> Result<Swap, KvError>;

    /// Adds to a counter (an absent one counts as 0) and returns the sum, which must be in `range`.
    ///
    /// # Errors
    /// As [`Kv::get`], [`KvError::NotACounter`], [`KvError::Overflow`].
    fn increment(
        &self,
        bucket: &str,
        key: &str,
        delta: i128,
        range: RangeInclusive<i128>,
    ) -> Result<i128, KvError>;

    /// Creates all of these keys or none. No reader sees some of them without the others. After a
    /// crash either all of them exist or none does.
    ///
    /// # Errors
    /// As [`Kv::get`], [`KvError::TooManyEntries`], [`KvError::DuplicateKey`].
    fn create_all(&self, bucket: &str, entries: Vec<Entry>) -> Result<Created, KvError>;

    /// Draws the next number of a counter. The number is higher than `above`, and higher than every
    /// number that a call returned before this call began. If nothing was written after a number
    /// was drawn, a crash may let the same number be drawn again.
    ///
    /// # Errors
    /// As [`Kv::get`], [`KvError::NotACounter`], [`KvError::Overflow`].
    fn draw(&self, bucket: &str, counter: &str, above: u64) -> Result<u64, KvError>;

    /// Returns the values of several keys, in the order of `keys`.
    ///
    /// # Errors
    /// As [`Kv::get`], [`KvError::TooManyKeys`].
    fn get_many(&self, bucket: &str, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, KvError>;

    /// Returns a barrier for all writes that the caller may have observed. Waiting for it makes
    /// them durable. If nothing is pending, the barrier is passed already.
    fn barrier(&self) -> Barrier;

    /// Notifies when the store has failed. From then on nothing becomes durable until the store is
    /// opened again.
    fn broken(&self) -> Broken {
        Broken::never()
    }
}

fn check_names(bucket: &str, key: &str) -> Result<(), KvError> {
    if bucket.len() > MAX_BUCKET || key.len() > MAX_KEY {
        Err(KvError::NameTooLong)
    } else {
        Ok(())
    }
}

/// Checks the arguments of [`Kv::create_all`].
fn check_entries(bucket: &str, entries: &[Entry]) -> Result<(), KvError> {
    if entries.len() > MAX_CREATE_ENTRIES {
        return Err(KvError::TooManyEntries(entries.len()));
    }
    for (at, (key, _)) in entries.iter().enumerate() {
        check_names(bucket, key)?;
        // There are few entries: comparing all of them costs less than a set.
        if entries[..at].iter().any(|(other, _)| other == key) {
            return Err(KvError::DuplicateKey(key.clone()));
        }
    }
    Ok(())
}

/// Checks the arguments of [`Kv::get_many`].
fn check_keys(bucket: &str, keys: &[String]) -> Result<(), KvError> {
    if keys.len() > MAX_GET_KEYS {
        return Err(KvError::TooManyKeys(keys.len()));
    }
    keys.iter().try_for_each(|key| check_names(bucket, key))
}

#[cfg(test)]
mod tests;
