//! Buckets of keys: what `wasi:keyvalue` stands on.

mod counter;
mod directory;
mod embedded;
mod flush;
mod journal;
mod likeness;
mod marks;
mod memory;
mod pending;
mod tables;

use std::ops::RangeInclusive;

pub use embedded::Embedded;
pub use flush::{Barrier, Broken, Flusher};
pub use memory::Memory;

/// Longest key, in bytes.
pub const MAX_KEY: usize = 32 * 1024;
/// Longest bucket name, in bytes.
pub const MAX_BUCKET: usize = 255;

/// Why the store did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KvError {
    /// A key or a bucket's name is too long.
    #[error("a key may have {MAX_KEY} bytes at most, a bucket's name {MAX_BUCKET}")]
    NameTooLong,
    /// `increment` of a value that is no counter.
    #[error("the value is not a counter")]
    NotACounter,
    /// The counter would leave its range.
    #[error("the counter would overflow")]
    Overflow,
    /// The disk or what stands for it failed. Whether a write took effect is unknown.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
}

/// The outcome of a compare-and-set that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Swap {
    /// The value was what was expected, and is now the new one.
    Done,
    /// The value is another: this one. Nothing was changed.
    Lost(Option<Vec<u8>>),
}

/// Buckets of keys. Each method is atomic for its key. Writes are visible to everybody at once,
/// and durable once a [`Barrier`] that was taken afterwards has been waited for.
pub trait Kv: Send + Sync {
    /// The value of a key.
    ///
    /// # Errors
    /// [`KvError::NameTooLong`], [`KvError::Unavailable`]: true of all methods here.
    fn get(&self, bucket: &str, key: &str) -> Result<Option<Vec<u8>>, KvError>;

    /// Puts a value, whatever there was.
    ///
    /// # Errors
    /// As [`Kv::get`].
    fn set(&self, bucket: &str, key: &str, value: &[u8]) -> Result<(), KvError>;

    /// Removes a key if it is there.
    ///
    /// # Errors
    /// As [`Kv::get`].
    fn delete(&self, bucket: &str, key: &str) -> Result<(), KvError>;

    /// At most `limit` keys in byte order, those after `after`.
    ///
    /// # Errors
    /// As [`Kv::get`].
    fn list_keys(
        &self,
        bucket: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, KvError>;

    /// Puts `new` if the value is `expected` (none: the key is absent). Of many that expect the
    /// same, one wins.
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

    /// Adds to a counter (an absent one is 0) and returns the sum, which must lie in `range`.
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

    /// The point up to which the caller may have observed writes. Waiting for it makes them
    /// durable; where nothing is pending it is passed already.
    fn barrier(&self) -> Barrier;

    /// Tells when the store cannot go on: nothing is durable any more until it is opened anew.
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

#[cfg(test)]
mod tests;
