//! The candidates behind one trait, each with the two kinds of group commit.
//!
//! - *shared flush*, which the host needs: a write is visible at once, so a request writes several times and waits
//!   once. One flush makes all earlier writes durable.
//! - *queue*: a thread commits all queued writes. A write is visible only when it is durable.

use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use fjall::compaction::Leveled;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use redb::{Durability, ReadableTable, TableDefinition};

use crate::group::Group;

/// Compare-and-set against "absent". It returns when the write is durable.
pub trait Durable: Send + Sync {
    /// Returns `true` if the key was created and is durable, and `false` if the key exists.
    fn create_durable(&self, key: &[u8], value: &[u8]) -> Result<bool>;
}

/// The settings of annals-host: see `host-min/src/store/tables.rs`.
const TABLE_SIZE: u64 = 8 << 20;
const THREADS: usize = 4;

/// fjall (an LSM tree with a journal), shared flush. Each stripe of keys has a lock, and one `fdatasync` of the
/// journal covers all waiting writers.
pub struct Fjall {
    db: Database,
    keys: Keyspace,
    stripes: Vec<Mutex<()>>,
    group: Group,
}

impl Fjall {
    pub fn open(dir: &Path) -> Result<Self> {
        let db = Database::builder(dir)
            .manual_journal_persist(true)
            .worker_threads(THREADS)
            .open()?;
        let keys = db.keyspace("kv", || {
            KeyspaceCreateOptions::default()
                .manual_journal_persist(true)
                .max_memtable_size(TABLE_SIZE)
                .compaction_strategy(Arc::new(
                    Leveled::default().with_table_target_size(TABLE_SIZE),
                ))
        })?;
        let stripes = (0..256).map(|_| Mutex::new(())).collect();
        Ok(Self {
            db,
            keys,
            stripes,
            group: Group::default(),
        })
    }
}

impl Durable for Fjall {
    fn create_durable(&self, key: &[u8], value: &[u8]) -> Result<bool> {
        let stripe = key.iter().fold(0_usize, |h, b| {
            h.wrapping_mul(31).wrapping_add(usize::from(*b))
        });
        {
            let _held = self.stripes[stripe % self.stripes.len()]
                .lock()
                .expect("no writer panics");
            if self.keys.get(key)?.is_some() {
                return Ok(false);
            }
            self.keys.insert(key, value)?;
        }
        self.group.flushed(|| {
            self.db
                .persist(PersistMode::SyncData)
                .expect("the disk works")
        });
        Ok(true)
    }
}

fn create_and_wait(requests: &Mutex<Sender<Request>>, key: &[u8], value: &[u8]) -> Result<bool> {
    let (done, answer) = channel();
    let request = Request {
        key: key.to_vec(),
        value: value.to_vec(),
        done,
    };
    requests
        .lock()
        .expect("no writer panics")
        .send(request)
        .context("the committer is gone")?;
    answer.recv().context("the committer is gone")
}

/// fjall, queue.
pub struct FjallQueue {
    requests: Mutex<Sender<Request>>,
}

impl FjallQueue {
    pub fn open(dir: &Path) -> Result<Self> {
        let store = Fjall::open(dir)?;
        let (sender, receiver) = channel();
        std::thread::spawn(move || fjall_groups(&store, &receiver).expect("the disk works"));
        Ok(Self {
            requests: Mutex::new(sender),
        })
    }
}

fn fjall_groups(store: &Fjall, requests: &Receiver<Request>) -> Result<()> {
    while let Ok(first) = requests.recv() {
        let mut answers = Vec::new();
        for request in std::iter::once(first).chain(requests.try_iter()) {
            let absent = store.keys.get(&request.key)?.is_none();
            if absent {
                store.keys.insert(request.key, request.value)?;
            }
            answers.push((request.done, absent));
        }
        store.db.persist(PersistMode::SyncData)?;
        for (done, created) in answers {
            let _ = done.send(created);
        }
    }
    Ok(())
}

impl Durable for FjallQueue {
    fn create_durable(&self, key: &[u8], value: &[u8]) -> Result<bool> {
        create_and_wait(&self.requests, key, value)
    }
}

const TABLE: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("kv");

struct Request {
    key: Vec<u8>,
    value: Vec<u8>,
    done: Sender<bool>,
}

/// redb (a copy-on-write B-tree with one writer), shared flush. Each write is a transaction that is not durable. One
/// empty durable transaction follows for all waiting writers.
pub struct Redb {
    db: redb::Database,
    group: Group,
}

impl Redb {
    pub fn open(dir: &Path) -> Result<Self> {
        Ok(Self {
            db: redb::Database::create(dir.join("kv.redb"))?,
            group: Group::default(),
        })
    }

    fn flush(&self) -> Result<()> {
        let mut transaction = self.db.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        transaction.commit()?;
        Ok(())
    }
}

impl Durable for Redb {
    fn create_durable(&self, key: &[u8], value: &[u8]) -> Result<bool> {
        let mut transaction = self.db.begin_write()?;
        transaction.set_durability(Durability::None)?;
        {
            let mut table = transaction.open_table(TABLE)?;
            if table.get(key)?.is_some() {
                return Ok(false);
            }
            table.insert(key, value)?;
        }
        transaction.commit()?;
        self.group.flushed(|| self.flush().expect("the disk works"));
        Ok(true)
    }
}

/// redb, queue.
pub struct RedbQueue {
    requests: Mutex<Sender<Request>>,
}

impl RedbQueue {
    pub fn open(dir: &Path) -> Result<Self> {
        let db = redb::Database::create(dir.join("kv.redb"))?;
        let (sender, receiver) = channel();
        std::thread::spawn(move || commit_groups(&db, &receiver).expect("the disk works"));
        Ok(Self {
            requests: Mutex::new(sender),
        })
    }
}

fn commit_groups(db: &redb::Database, requests: &Receiver<Request>) -> Result<()> {
    while let Ok(first) = requests.recv() {
        let mut transaction = db.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        let mut answers = Vec::new();
        {
            let mut table = transaction.open_table(TABLE)?;
            for request in std::iter::once(first).chain(requests.try_iter()) {
                let absent = table.get(&*request.key)?.is_none();
                if absent {
                    table.insert(&*request.key, &*request.value)?;
                }
                answers.push((request.done, absent));
            }
        }
        transaction.commit()?;
        for (done, created) in answers {
            let _ = done.send(created);
        }
    }
    Ok(())
}

impl Durable for RedbQueue {
    fn create_durable(&self, key: &[u8], value: &[u8]) -> Result<bool> {
        create_and_wait(&self.requests, key, value)
    }
}
