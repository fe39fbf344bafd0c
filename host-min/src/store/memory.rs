//! Buckets in memory, lost when the process ends.

use std::collections::BTreeMap;
use std::ops::{Bound, RangeInclusive};
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{
    Barrier, Created, Entry, Kv, KvError, Swap, check_entries, check_keys, check_names, counter,
};

type Buckets = BTreeMap<String, BTreeMap<String, Vec<u8>>>;

/// Buckets in memory.
#[derive(Debug, Default)]
pub struct Memory {
    buckets: RwLock<Buckets>,
}

impl Memory {
    // No method leaves the map half changed. A poisoned lock therefore still protects a valid map.
    fn read(&self) -> RwLockReadGuard<'_, Buckets> {
        self.buckets.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Buckets> {
        self.buckets.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn put(buckets: &mut Buckets, bucket: &str, key: &str, value: &[u8]) {
    buckets
        .entry(bucket.to_owned())
        .or_default()
        .insert(key.to_owned(), value.to_vec());
}

impl Kv for Memory {
    fn get(&self, bucket: &str, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        Ok(self
            .read()
            .get(bucket)
            .and_then(|keys| keys.get(key))
            .cloned())
    }

    fn set(&self, bucket: &str, key: &str, value: &[u8]) -> Result<(), KvError> {
        check_names(bucket, key)?;
        put(&mut self.write(), bucket, key, value);
        Ok(())
    }

    fn delete(&self, bucket: &str, key: &str) -> Result<(), KvError> {
        if let Some(keys) = self.write().get_mut(bucket) {
            keys.remove(key);
        }
        Ok(())
    }

    fn list_keys(
        &self,
        bucket: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, KvError> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let buckets = self.read();
        let Some(keys) = buckets.get(bucket) else {
            return Ok(Vec::new());
        };
        let after = keys.range::<str, _>((start, Bound::Unbounded));
        Ok(after.take(limit).map(|(key, _)| key.clone()).collect())
    }

    fn compare_and_set(
        &self,
        bucket: &str,
        key: &str,
        expected: Option<&[u8]>,
        new: &[u8],
    ) -> Result<Swap, KvError> {
        check_names(bucket, key)?;
        let mut buckets = self.write();
        let current = buckets.get(bucket).and_then(|keys| keys.get(key));
        if current.map(Vec::as_slice) != expected {
            return Ok(Swap::Lost(current.cloned()));
        }
        put(&mut buckets, bucket, key, new);
        Ok(Swap::Done)
    }

    fn increment(
        &self,
        bucket: &str,
        key: &str,
        delta: i128,
        range: RangeInclusive<i128>,
    ) -> Result<i128, KvError> {
        check_names(bucket, key)?;
        let mut buckets = self.write();
        let current = buckets.get(bucket).and_then(|keys| keys.get(key));
        let (sum, value) = counter::add(current.map(Vec::as_slice), delta, range)?;
        put(&mut buckets, bucket, key, &value);
        Ok(sum)
    }

    fn create_all(&self, bucket: &str, entries: Vec<Entry>) -> Result<Created, KvError> {
        check_entries(bucket, &entries)?;
        let mut buckets = self.write();
        if let Some(keys) = buckets.get(bucket) {
            let exists = |(key, _): &Entry| keys.contains_key(key);
            if let Some(at) = entries.iter().position(exists) {
                return Ok(Created::Exists(at));
            }
        }
        let keys = buckets.entry(bucket.to_owned()).or_default();
        keys.extend(entries);
        Ok(Created::All)
    }

    fn draw(&self, bucket: &str, counter: &str, above: u64) -> Result<u64, KvError> {
        check_names(bucket, counter)?;
        let mut buckets = self.write();
        let current = buckets.get(bucket).and_then(|keys| keys.get(counter));
        let (next, value) = counter::draw(current.map(Vec::as_slice), above)?;
        put(&mut buckets, bucket, counter, &value);
        Ok(next)
    }

    fn get_many(&self, bucket: &str, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, KvError> {
        check_keys(bucket, keys)?;
        let buckets = self.read();
        let there = buckets.get(bucket);
        let value = |key| there.and_then(|there| there.get(key)).cloned();
        Ok(keys.iter().map(value).collect())
    }

    fn barrier(&self) -> Barrier {
        Barrier::passed()
    }
}
