//! The buckets of a store that may be remote, as the host's functions use them.

use std::ops::RangeInclusive;

use super::{Barrier, Broken, Created, Entry, Kv, KvError, Reply, Swap};

/// Buckets of keys, as [`Kv`], whose operations may take a while. Every [`Kv`] is one of these, and
/// replies at once.
///
/// The errors of each method are those of the method of [`Kv`] with the same name.
pub trait Buckets: Send + Sync {
    /// See [`Kv::get`].
    fn get(&self, bucket: &str, key: &str) -> Reply<Option<Vec<u8>>>;

    /// See [`Kv::set`].
    fn set(&self, bucket: &str, key: &str, value: &[u8]) -> Reply<()>;

    /// See [`Kv::delete`].
    fn delete(&self, bucket: &str, key: &str) -> Reply<()>;

    /// See [`Kv::list_keys`].
    fn list_keys(&self, bucket: &str, after: Option<&str>, limit: usize) -> Reply<Vec<String>>;

    /// See [`Kv::compare_and_set`].
    fn compare_and_set(
        &self,
        bucket: &str,
        key: &str,
        expected: Option<&[u8]>,
        new: &[u8],
    ) -> Reply<Swap>;

    /// See [`Kv::increment`].
    fn increment(
        &self,
        bucket: &str,
        key: &str,
        delta: i128,
        range: RangeInclusive<i128>,
    ) -> Reply<i128>;

    /// See [`Kv::create_all`].
    fn create_all(&self, bucket: &str, entries: Vec<Entry>) -> Reply<Created>;

    /// See [`Kv::draw`].
    fn draw(&self, bucket: &str, counter: &str, above: u64) -> Reply<u64>;

    /// See [`Kv::get_many`].
    fn get_many(&self, bucket: &str, keys: &[String]) -> Reply<Vec<Option<Vec<u8>>>>;

    /// See [`Kv::barrier`].
    fn barrier(&self) -> Barrier;

    /// See [`Kv::broken`].
    fn broken(&self) -> Broken;
}

impl<S: Kv> Buckets for S {
    fn get(&self, bucket: &str, key: &str) -> Reply<Option<Vec<u8>>> {
        Reply::Now(Kv::get(self, bucket, key))
    }

    fn set(&self, bucket: &str, key: &str, value: &[u8]) -> Reply<()> {
        Reply::Now(Kv::set(self, bucket, key, value))
    }

    fn delete(&self, bucket: &str, key: &str) -> Reply<()> {
        Reply::Now(Kv::delete(self, bucket, key))
    }

    fn list_keys(&self, bucket: &str, after: Option<&str>, limit: usize) -> Reply<Vec<String>> {
        Reply::Now(Kv::list_keys(self, bucket, after, limit))
    }

    fn compare_and_set(
        &self,
        bucket: &str,
        key: &str,
        expected: Option<&[u8]>,
        new: &[u8],
    ) -> Reply<Swap> {
        Reply::Now(Kv::compare_and_set(self, bucket, key, expected, new))
    }

    fn increment(
        &self,
        bucket: &str,
        key: &str,
        delta: i128,
        range: RangeInclusive<i128>,
    ) -> Reply<i128> {
        Reply::Now(Kv::increment(self, bucket, key, delta, range))
    }

    fn create_all(&self, bucket: &str, entries: Vec<Entry>) -> Reply<Created> {
        Reply::Now(Kv::create_all(self, bucket, entries))
    }

    fn draw(&self, bucket: &str, counter: &str, above: u64) -> Reply<u64> {
        Reply::Now(Kv::draw(self, bucket, counter, above))
    }

    fn get_many(&self, bucket: &str, keys: &[String]) -> Reply<Vec<Option<Vec<u8>>>> {
        Reply::Now(Kv::get_many(self, bucket, keys))
    }

    fn barrier(&self) -> Barrier {
        Kv::barrier(self)
    }

    fn broken(&self) -> Broken {
        Kv::broken(self)
    }
}

/// Makes a [`Kv`] of any buckets: each operation blocks its thread. For tools and tests, which have
/// no other work meanwhile.
pub struct Blocking<B>(pub B);

impl<B: Buckets> Kv for Blocking<B> {
    fn get(&self, bucket: &str, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        self.0.get(bucket, key).block()
    }

    fn set(&self, bucket: &str, key: &str, value: &[u8]) -> Result<(), KvError> {
        self.0.set(bucket, key, value).block()
    }

    fn delete(&self, bucket: &str, key: &str) -> Result<(), KvError> {
        self.0.delete(bucket, key).block()
    }

    fn list_keys(
        &self,
        bucket: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, KvError> {
        self.0.list_keys(bucket, after, limit).block()
    }

    fn compare_and_set(
        &self,
        bucket: &str,
        key: &str,
        expected: Option<&[u8]>,
        new: &[u8],
    ) -> Result<Swap, KvError> {
        self.0.compare_and_set(bucket, key, expected, new).block()
    }

    fn increment(
        &self,
        bucket: &str,
        key: &str,
        delta: i128,
        range: RangeInclusive<i128>,
    ) -> Result<i128, KvError> {
        self.0.increment(bucket, key, delta, range).block()
    }

    fn create_all(&self, bucket: &str, entries: Vec<Entry>) -> Result<Created, KvError> {
        self.0.create_all(bucket, entries).block()
    }

    fn draw(&self, bucket: &str, counter: &str, above: u64) -> Result<u64, KvError> {
        self.0.draw(bucket, counter, above).block()
    }

    fn get_many(&self, bucket: &str, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, KvError> {
        self.0.get_many(bucket, keys).block()
    }

    fn barrier(&self) -> Barrier {
        self.0.barrier()
    }

    fn broken(&self) -> Broken {
        self.0.broken()
    }
}
