//! Buckets on the local disk: a log-structured merge tree (fjall), whose journal is flushed once
//! for many requests.
//!
//! On disk a key is one byte with the length of the bucket's name, the name, and the key itself.
//!
//! What power cuts and damage can do to the files, and what becomes of it: `directory`, `journal`
//! and `marks`, and `tests/power_loss.rs`.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::{Bound, RangeInclusive};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};

use super::marks::{Found, Marks};
use super::{Barrier, Flusher, Kv, KvError, Swap, check_names, counter, directory, journal};
use crate::error::HostError;

/// The key of the mark that [`Marks`] compares. Other keys that begin with this byte are longer.
const MARK: [u8; 1] = [u8::MAX];
/// Locks for read-modify-write: keys of one stripe wait for each other.
const STRIPES: usize = 256;

/// Buckets in a directory of their own.
pub struct Embedded {
    // Declared before the database: its thread flushes once more before the files are closed.
    flusher: Flusher,
    keys: Keyspace,
    stripes: Vec<Mutex<()>>,
}

impl Embedded {
    /// Opens the store in `directory`, which is created if need be, and recovers what a crash
    /// left behind.
    ///
    /// # Errors
    /// [`HostError::StoreLocked`], [`HostError::StoreDamaged`], [`HostError::StoreBehind`] and
    /// [`HostError::StoreOpen`].
    pub fn open(directory: &Path) -> Result<Self, HostError> {
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
        let db = match database(directory) {
            Err(fjall::Error::JournalRecovery(reason)) => {
                let bytes = journal::cut_torn_tail(directory).map_err(io)?;
                tracing::warn!(%reason, bytes, "dropped what was written last and never synced");
                database(directory)
            }
            opened => opened,
        }
        .map_err(fjall)?;
        let keys = db
            .keyspace("kv", || {
                KeyspaceCreateOptions::default().manual_journal_persist(true)
            })
            .map_err(fjall)?;
        directory::sync_names(directory).map_err(io)?;
        db.persist(PersistMode::SyncAll).map_err(fjall)?;
        let mark = keys.get(MARK).map_err(fjall)?;
        let marks = match Marks::open(directory, mark.as_deref()).map_err(io)? {
            Found::Whole(marks) => marks,
            Found::Behind(file) => {
                return Err(HostError::StoreBehind {
                    path: directory.to_owned(),
                    file,
                });
            }
        };
        let flusher = Flusher::start(flush(db, keys.clone(), marks))?;
        let stripes = (0..STRIPES).map(|_| Mutex::new(())).collect();
        Ok(Self {
            flusher,
            keys,
            stripes,
        })
    }

    /// Every write holds its key's stripe, so that nothing comes between the read and the write
    /// of a compare-and-set.
    fn hold(&self, key: &[u8]) -> MutexGuard<'_, ()> {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        let stripe = usize::try_from(hasher.finish() % STRIPES as u64).unwrap_or(0);
        self.stripes[stripe]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, key: &[u8]) -> Result<Option<fjall::UserValue>, KvError> {
        self.keys.get(key).map_err(unavailable)
    }

    /// The caller holds the stripe.
    fn write(&self, key: &[u8], value: &[u8]) -> Result<(), KvError> {
        self.flusher
            .write(|| self.keys.insert(key, value).map_err(unavailable))
    }
}

fn database(directory: &Path) -> fjall::Result<Database> {
    // Manual: the journal reaches the system with the flush, not with each write. What a
    // crash takes away has not been acknowledged.
    Database::builder(directory)
        .manual_journal_persist(true)
        .open()
}

/// Makes durable what was written, and remembers that it did.
fn flush(db: Database, keys: Keyspace, mut marks: Marks) -> impl FnMut() -> Result<(), String> {
    move || {
        keys.insert(MARK, marks.next()).map_err(|e| e.to_string())?;
        db.persist(PersistMode::SyncData)
            .map_err(|e| e.to_string())?;
        marks.flushed().map_err(|e| e.to_string())
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
        self.write(&key, value)
    }

    fn delete(&self, bucket: &str, key: &str) -> Result<(), KvError> {
        let key = disk_key(bucket, key)?;
        let _held = self.hold(&key);
        self.flusher
            .write(|| self.keys.remove(key.as_slice()).map_err(unavailable))
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
        let mut found = Vec::new();
        for entry in self
            .keys
            .range::<Vec<u8>, _>((start, Bound::Unbounded))
            .take(limit)
        {
            let key = entry.key().map_err(unavailable)?;
            let Some(name) = key.strip_prefix(prefix.as_slice()) else {
                break;
            };
            found.push(String::from_utf8_lossy(name).into_owned());
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
        self.write(&key, new)?;
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
        self.write(&key, &value)?;
        Ok(sum)
    }

    fn barrier(&self) -> Barrier {
        self.flusher.barrier()
    }
}
