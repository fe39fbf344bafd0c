//! Buckets on the local disk: a log-structured merge tree (fjall). One write and one flush of its
//! journal serve many requests. Until then the requests' writes are [`Pending`].
//!
//! On disk a key is one byte with the length of the bucket's name, the name, and the key itself.
//! The modules `directory`, `journal` and `flush_counter` and the test `tests/power_loss` describe
//! what power cuts and damage can do to the files, and how the store handles it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::{Bound, RangeInclusive};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fjall::{Database, Keyspace, OwnedWriteBatch, PersistMode, Readable, UserValue};

use super::flush_counter::{FlushCounter, Found};
use super::pending::{Pending, Writes};
use super::store_copy::StoreCopy;
use super::tables::Background;
use super::{
    Barrier, Broken, Created, Entry, Flusher, Kv, KvError, Swap, check_entries, check_keys,
    check_names, counter, directory, journal, tables,
};
use crate::descriptors::Shares;
use crate::error::HostError;

/// The key of the flush counter that [`FlushCounter`] compares. All other keys that begin with this
/// byte are longer.
const FLUSH_COUNT: [u8; 1] = [u8::MAX];
/// Number of locks for read-modify-write. Keys that share a lock wait for each other.
const STRIPES: usize = 256;

/// Buckets in a directory of their own.
pub struct Embedded {
    flusher: Flusher,
    pending: Arc<Pending>,
    db: Database,
    keys: Keyspace,
    stripes: Vec<Mutex<()>>,
    /// If set, `db` is open on this copy of the store. Dropped last.
    store_copy: Option<StoreCopy>,
}

impl Embedded {
    /// Opens the store in `directory`, creates it if it is absent, and recovers from a crash.
    ///
    /// # Errors
    /// [`HostError::StoreLocked`], [`HostError::StoreDamaged`], [`HostError::StoreBehind`] and
    /// [`HostError::StoreOpen`].
    pub fn open(directory: &Path) -> Result<Self, HostError> {
        Self::open_within(directory, Shares::default().tables)
    }

    /// Opens an existing store for reading, without writing into its directory.
    ///
    /// # Errors
    /// As for [`Embedded::open`], and [`HostError::Copy`].
    pub fn open_to_read(directory: &Path) -> Result<Self, HostError> {
        let store_copy = StoreCopy::of(directory)?;
        let files = Shares::default().tables;
        let opened = Self::open_with(store_copy.path(), files, Background::Idle);
        let mut opened = opened.map_err(|error| store_copy.named(error))?;
        opened.store_copy = Some(store_copy);
        Ok(opened)
    }

    /// Like [`Embedded::open`], with at most `files` table files open.
    ///
    /// # Errors
    /// As for [`Embedded::open`].
    pub fn open_within(directory: &Path, files: usize) -> Result<Self, HostError> {
        Self::open_with(directory, files, Background::Active)
    }

    fn open_with(
        directory: &Path,
        files: usize,
        background: Background,
    ) -> Result<Self, HostError> {
        let failed = |reason: String| HostError::StoreOpen {
            path: directory.to_owned(),
            reason,
        };
        let io = |e: std::io::Error| failed(e.to_string());
        let fjall = |e: fjall::Error| match e {
            fjall::Error::Locked => HostError::StoreLocked(directory.to_owned()),
            e => failed(e.to_string()),
        };
        directory::prepare(directory).map_err(io)?;
        if let Some(file) = journal::check(directory).map_err(io)? {
            return Err(HostError::StoreDamaged {
                path: directory.to_owned(),
                file,
            });
        }
        let db = match tables::open(directory, files, background) {
            Err(fjall::Error::JournalRecovery(reason)) => {
                let bytes = journal::cut_torn_tail(directory).map_err(io)?;
                tracing::warn!(%reason, bytes, "dropped the last writes, which were never synced");
                tables::open(directory, files, background)
            }
            opened => opened,
        }
        .map_err(fjall)?;
        let keys = tables::keyspace(&db).map_err(fjall)?;
        directory::sync_names(directory).map_err(io)?;
        db.persist(PersistMode::SyncAll).map_err(fjall)?;
        let count = keys.get(FLUSH_COUNT).map_err(fjall)?;
        let flush_counter = match FlushCounter::open(directory, count.as_deref()).map_err(io)? {
            Found::Whole(flush_counter) => flush_counter,
            Found::Behind(file) => {
                return Err(HostError::StoreBehind {
                    path: directory.to_owned(),
                    file,
                });
            }
        };
        let pending = Arc::new(Pending::default());
        let flusher = Flusher::start(flush(
            db.clone(),
            keys.clone(),
            flush_counter,
            pending.clone(),
        ))?;
        let stripes = (0..STRIPES).map(|_| Mutex::new(())).collect();
        Ok(Self {
            flusher,
            pending,
            db,
            keys,
            stripes,
            store_copy: None,
        })
    }

    /// Locks the stripe of `key`. Every write holds that lock, so that no other write comes between
    /// the read and the write of a compare-and-set.
    fn hold(&self, key: &[u8]) -> MutexGuard<'_, ()> {
        self.lock(stripe(key))
    }

    /// Locks the stripes of all `keys`. Every thread locks them in ascending order and each stripe
    /// once, so that no two threads wait for each other.
    fn hold_all<'a>(&self, keys: impl Iterator<Item = &'a [u8]>) -> Vec<MutexGuard<'_, ()>> {
        let mut stripes: Vec<_> = keys.map(stripe).collect();
        stripes.sort_unstable();
        stripes.dedup();
        stripes
            .into_iter()
            .map(|stripe| self.lock(stripe))
            .collect()
    }

    fn lock(&self, stripe: usize) -> MutexGuard<'_, ()> {
        self.stripes[stripe]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, key: &[u8]) -> Result<Option<UserValue>, KvError> {
        match self.pending.get(key) {
            Some(value) => Ok(value),
            None => self.keys.get(key).map_err(unavailable),
        }
    }

    /// The caller must hold the stripe's lock.
    fn write(&self, key: Vec<u8>, value: Option<&[u8]>) -> Result<(), KvError> {
        self.gather(|| self.pending.put(key, value.map(UserValue::from)))
    }

    /// Runs `write`, which returns `true` if enough is gathered for a flush.
    fn gather(&self, write: impl FnOnce() -> Result<bool, KvError>) -> Result<(), KvError> {
        if self.flusher.write(write)? {
            // Taking a barrier requests a flush. The writer itself does not wait for it.
            drop(self.flusher.barrier());
        }
        Ok(())
    }
}

/// The stripe of a key.
fn stripe(key: &[u8]) -> usize {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    usize::try_from(hasher.finish() % STRIPES as u64).unwrap_or(0)
}

/// Writes the pending writes to the journal, makes them durable, and counts the flush.
fn flush(
    db: Database,
    keys: Keyspace,
    mut flush_counter: FlushCounter,
    pending: Arc<Pending>,
) -> impl FnMut() -> Result<(), String> {
    move || {
        let mut batch = batch(&db, &keys, &pending.take()).durability(Some(PersistMode::SyncData));
        batch.insert(&keys, FLUSH_COUNT, flush_counter.next());
        let done = batch.commit().map_err(|e| e.to_string());
        let done = done.and_then(|()| flush_counter.flushed().map_err(|e| e.to_string()));
        match &done {
            Ok(()) => pending.written(),
            Err(reason) => pending.failed(reason),
        }
        done
    }
}

/// Makes one atomic batch of the writes.
fn batch(db: &Database, keys: &Keyspace, writes: &Writes) -> OwnedWriteBatch {
    let mut batch = db.batch();
    for (key, value) in writes {
        match value {
            Some(value) => batch.insert(keys, key.as_slice(), value.clone()),
            None => batch.remove(keys, key.as_slice()),
        }
    }
    batch
}

impl Drop for Embedded {
    /// Writes what is still pending, although no request waits for it. This write is not synced.
    fn drop(&mut self) {
        self.flusher.stop();
        let unflushed = self.pending.unflushed();
        if let Err(error) = batch(&self.db, &self.keys, &unflushed).commit() {
            tracing::warn!(%error, "the last writes are lost; no request had waited for them");
        }
    }
}

fn unavailable(error: fjall::Error) -> KvError {
    KvError::Unavailable(error.to_string())
}

fn disk_key(bucket: &str, key: &str) -> Result<Vec<u8>, KvError> {
    check_names(bucket, key)?;
    let length = u8::try_from(bucket.len()).map_err(|_| KvError::NameTooLong)?;
    let mut bytes = Vec::with_capacity(1 + bucket.len() + key.len());
    bytes.push(length);
    bytes.extend_from_slice(bucket.as_bytes());
    bytes.extend_from_slice(key.as_bytes());
    Ok(bytes)
}

impl Kv for Embedded {
    fn get(&self, bucket: &str, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        Ok(self
            .read(&disk_key(bucket, key)?)?
            .map(|value| value.to_vec()))
    }

    fn set(&self, bucket: &str, key: &str, value: &[u8]) -> Result<(), KvError> {
        let key = disk_key(bucket, key)?;
        let _held = self.hold(&key);
        self.write(key, Some(value))
    }

    fn delete(&self, bucket: &str, key: &str) -> Result<(), KvError> {
        let key = disk_key(bucket, key)?;
        let _held = self.hold(&key);
        self.write(key, None)
    }

    fn list_keys(
        &self,
        bucket: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, KvError> {
        let prefix = disk_key(bucket, "")?;
        let start = match after {
            None => Bound::Included(prefix.clone()),
            Some(key) => Bound::Excluded(disk_key(bucket, key)?),
        };
        if limit == 0 {
            return Ok(Vec::new());
        }
        // Take a snapshot of the database together with the pending writes. Otherwise a flush in
        // between could show a part of a group.
        let start = match &start {
            Bound::Excluded(key) => Bound::Excluded(key.as_slice()),
            _ => Bound::Included(prefix.as_slice()),
        };
        let (pending, snapshot) = self.pending.range(start, &prefix, || self.db.snapshot());
        let mut pending = pending.into_iter().peekable();
        let mut found = Vec::new();
        let mut add = |key: &[u8]| {
            let name = key.strip_prefix(prefix.as_slice()).unwrap_or(key);
            found.push(String::from_utf8_lossy(name).into_owned());
            found.len() < limit
        };
        for entry in snapshot.range::<&[u8], _>(&self.keys, (start, Bound::Unbounded)) {
            let key = entry.key().map_err(unavailable)?;
            if !key.starts_with(&prefix) {
                break;
            }
            while let Some((new, there)) = pending.next_if(|(pending, _)| **pending < *key) {
                if there && !add(&new) {
                    return Ok(found);
                }
            }
            // A pending write overrides the key's state in the database.
            let there = pending
                .next_if(|(pending, _)| **pending == *key)
                .is_none_or(|(_, there)| there);
            if there && !add(&key) {
                return Ok(found);
            }
        }
        for (new, there) in pending {
            if there && !add(&new) {
                break;
            }
        }
        Ok(found)
    }

    fn compare_and_set(
        &self,
        bucket: &str,
        key: &str,
        expected: Option<&[u8]>,
        new: &[u8],
    ) -> Result<Swap, KvError> {
        let key = disk_key(bucket, key)?;
        let _held = self.hold(&key);
        let current = self.read(&key)?;
        if current.as_deref() != expected {
            return Ok(Swap::Lost(current.map(|value| value.to_vec())));
        }
        self.write(key, Some(new))?;
        Ok(Swap::Done)
    }

    fn increment(
        &self,
        bucket: &str,
        key: &str,
        delta: i128,
        range: RangeInclusive<i128>,
    ) -> Result<i128, KvError> {
        let key = disk_key(bucket, key)?;
        let _held = self.hold(&key);
        let (sum, value) = counter::add(self.read(&key)?.as_deref(), delta, range)?;
        self.write(key, Some(&value))?;
        Ok(sum)
    }

    fn create_all(&self, bucket: &str, entries: Vec<Entry>) -> Result<Created, KvError> {
        check_entries(bucket, &entries)?;
        let writes: Vec<(Vec<u8>, Option<UserValue>)> = entries
            .into_iter()
            .map(|(key, value)| Ok((disk_key(bucket, &key)?, Some(UserValue::from(value)))))
            .collect::<Result<_, KvError>>()?;
        let _held = self.hold_all(writes.iter().map(|(key, _)| key.as_slice()));
        for (at, (key, _)) in writes.iter().enumerate() {
            if self.read(key)?.is_some() {
                return Ok(Created::Exists(at));
            }
        }
        self.gather(|| self.pending.put_all(writes))?;
        Ok(Created::All)
    }

    fn draw(&self, bucket: &str, counter: &str, above: u64) -> Result<u64, KvError> {
        let key = disk_key(bucket, counter)?;
        let _held = self.hold(&key);
        let (next, value) = counter::draw(self.read(&key)?.as_deref(), above)?;
        self.write(key, Some(&value))?;
        Ok(next)
    }

    fn get_many(&self, bucket: &str, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, KvError> {
        check_keys(bucket, keys)?;
        let keys: Vec<_> = keys
            .iter()
            .map(|key| disk_key(bucket, key))
            .collect::<Result<_, _>>()?;
        let (pending, snapshot) = self.pending.get_all(&keys, || self.db.snapshot());
        let read = |(key, pending): (Vec<u8>, Option<Option<UserValue>>)| {
            let value = match pending {
                Some(value) => value,
                None => snapshot.get(&self.keys, key).map_err(unavailable)?,
            };
            Ok(value.map(|value| value.to_vec()))
        };
        keys.into_iter().zip(pending).map(read).collect()
    }

    fn barrier(&self) -> Barrier {
        self.flusher.barrier()
    }

    fn broken(&self) -> Broken {
        self.flusher.broken()
    }
}
