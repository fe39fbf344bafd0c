//! The operations, and the statements that do many of them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error};

use super::single::Single;
use super::work::{Statements, Work};
use crate::store::replies::{Replies, Sender, Values};
use crate::store::{Created, Entry, KvError, gather};

/// Limits of one statement.
const MAX_GROUPS: usize = 256;
const MAX_ENTRIES: usize = 2048;
const MAX_DRAWS: i32 = 4096;
const MAX_KEYS: usize = 4096;
const MAX_BYTES: usize = 4 << 20;

/// One operation.
pub enum Operation {
    /// Creates a group of keys.
    Create {
        bucket: Arc<str>,
        entries: Vec<Entry>,
        reply: Sender<Created>,
    },
    /// Draws a number.
    Draw {
        bucket: Arc<str>,
        counter: String,
        above: u64,
        reply: Sender<u64>,
    },
    /// Reads keys.
    Read {
        bucket: Arc<str>,
        keys: Vec<String>,
        reply: Sender<Values>,
    },
    /// Any other operation, in a statement of its own.
    Single(Single),
}

/// Operations that one statement does.
pub enum Batch {
    Create(Creates),
    Draw(Draws),
    Read(Reads),
    Single(Single),
}

impl gather::Operation for Operation {
    type Batch = Batch;
    const KINDS: usize = 4;

    fn kind(&self) -> usize {
        match self {
            Self::Create { .. } => 0,
            Self::Draw { .. } => 1,
            Self::Read { .. } => 2,
            Self::Single(_) => 3,
        }
    }

    /// Draws take turns at the lock of one row, so more than two statements would only wait there.
    /// No kind occupies all connections of a small pool.
    fn limit(kind: usize) -> usize {
        [4, 2, 4, 4][kind]
    }

    fn begin(self) -> Batch {
        match self {
            Self::Create {
                bucket,
                entries,
                reply,
            } => {
                let mut creates = Creates::new(bucket);
                creates.add(entries, reply);
                Batch::Create(creates)
            }
            Self::Draw {
                bucket,
                counter,
                above,
                reply,
            } => Batch::Draw(Draws {
                bucket,
                counter,
                above,
                replies: Replies::of(reply),
            }),
            Self::Read {
                bucket,
                keys,
                reply,
            } => Batch::Read(Reads {
                bucket,
                count: keys.len(),
                readers: vec![keys],
                replies: Replies::of(reply),
            }),
            Self::Single(single) => Batch::Single(single),
        }
    }

    fn join(self, batch: &mut Batch) -> Result<(), Self> {
        match (self, batch) {
            (
                Self::Create {
                    bucket,
                    entries,
                    reply,
                },
                Batch::Create(creates),
            ) if creates.fits(&bucket, &entries) => {
                creates.add(entries, reply);
                Ok(())
            }
            (
                Self::Draw {
                    bucket,
                    counter,
                    above,
                    reply,
                },
                Batch::Draw(draws),
            ) if draws.fits(&bucket, &counter) => {
                draws.above = draws.above.max(above);
                draws.replies.add(reply);
                Ok(())
            }
            (
                Self::Read {
                    bucket,
                    keys,
                    reply,
                },
                Batch::Read(reads),
            ) if reads.bucket == bucket && reads.count + keys.len() <= MAX_KEYS => {
                reads.count += keys.len();
                reads.readers.push(keys);
                reads.replies.add(reply);
                Ok(())
            }
            (operation, _) => Err(operation),
        }
    }
}

/// Groups of keys to create. No two of them share a key: which of two such groups is created is
/// decided by their order in the queue.
pub struct Creates {
    bucket: Arc<str>,
    groups: Vec<Vec<Entry>>,
    replies: Replies<Created>,
    keys: HashSet<String>,
    bytes: usize,
}

impl Creates {
    fn new(bucket: Arc<str>) -> Self {
        Self {
            bucket,
            groups: Vec::new(),
            replies: Replies::default(),
            keys: HashSet::new(),
            bytes: 0,
        }
    }

    fn fits(&self, bucket: &Arc<str>, entries: &[Entry]) -> bool {
        self.bucket == *bucket
            && self.groups.len() < MAX_GROUPS
            && self.keys.len() + entries.len() <= MAX_ENTRIES
            && self.bytes + bytes(entries) <= MAX_BYTES
            && entries.iter().all(|(key, _)| !self.keys.contains(key))
    }

    fn add(&mut self, entries: Vec<Entry>, reply: Sender<Created>) {
        self.bytes += bytes(&entries);
        self.keys.extend(entries.iter().map(|(key, _)| key.clone()));
        self.groups.push(entries);
        self.replies.add(reply);
    }
}

fn bytes(entries: &[Entry]) -> usize {
    let sizes = entries.iter().map(|(key, value)| key.len() + value.len());
    sizes.sum()
}

impl Work for Creates {
    /// For each group that was not created, the position of the first key that exists, counted
    /// from 1 through all groups.
    type Results = Vec<i32>;

    fn is_repeatable(&self) -> bool {
        false
    }

    async fn run(&self, client: &Client, statements: &Statements) -> Result<Vec<i32>, Error> {
        let entries = || {
            let groups = (0_i32..).zip(&self.groups);
            groups.flat_map(|(at, entries)| entries.iter().map(move |entry| (at, entry)))
        };
        let keys: Vec<&str> = entries().map(|(_, (key, _))| key.as_str()).collect();
        let values: Vec<&[u8]> = entries().map(|(_, (_, value))| value.as_slice()).collect();
        let groups: Vec<i32> = entries().map(|(at, _)| at).collect();
        let parameters: [(&(dyn ToSql + Sync), Type); 4] = [
            (&&*self.bucket, Type::TEXT),
            (&keys, Type::TEXT_ARRAY),
            (&values, Type::BYTEA_ARRAY),
            (&groups, Type::INT4_ARRAY),
        ];
        let row = client
            .query_typed_one(&statements.create, &parameters)
            .await?;
        row.try_get(row.len() - 1)
    }

    fn finish(&self, results: Result<Vec<i32>, KvError>) {
        let existing = match results {
            Ok(existing) => existing,
            Err(error) => return self.replies.fail(&error),
        };
        let mut existing: Vec<usize> = existing
            .into_iter()
            .filter_map(|position| usize::try_from(position).ok())
            .collect();
        existing.sort_unstable();
        let mut existing = existing.into_iter().peekable();
        let mut before = 0;
        let outcomes = self.groups.iter().map(|entries| {
            let end = before + entries.len();
            let created = match existing.next_if(|position| *position <= end) {
                Some(position) => Created::Exists(position - before - 1),
                None => Created::All,
            };
            before = end;
            created
        });
        self.replies.send(outcomes);
    }
}

/// Draws from one counter.
pub struct Draws {
    bucket: Arc<str>,
    counter: String,
    /// The highest number that any of the draws must exceed.
    above: u64,
    replies: Replies<u64>,
}

impl Draws {
    fn fits(&self, bucket: &Arc<str>, counter: &str) -> bool {
        self.bucket == *bucket && self.counter == counter && self.count() < MAX_DRAWS
    }

    fn count(&self) -> i32 {
        i32::try_from(self.replies.count()).unwrap_or(i32::MAX)
    }
}

impl Work for Draws {
    /// The last number drawn.
    type Results = u64;

    /// Numbers may be left out.
    fn is_repeatable(&self) -> bool {
        true
    }

    async fn run(&self, client: &Client, statements: &Statements) -> Result<u64, Error> {
        let above = self.above.to_string();
        let count = self.count();
        let parameters: [(&(dyn ToSql + Sync), Type); 4] = [
            (&&*self.bucket, Type::TEXT),
            (&self.counter, Type::TEXT),
            (&above, Type::TEXT),
            (&count, Type::INT4),
        ];
        let row = client
            .query_typed_one(&statements.draw, &parameters)
            .await?;
        let last: &str = row.try_get(0)?;
        // The function returns no number that does not fit.
        Ok(last.parse().unwrap_or(u64::MAX))
    }

    fn finish(&self, results: Result<u64, KvError>) {
        match results {
            Ok(last) => self
                .replies
                .send((0..self.replies.count() as u64).rev().map(|n| last - n)),
            Err(error) => self.replies.fail(&error),
        }
    }
}

/// Keys of one bucket to read.
pub struct Reads {
    bucket: Arc<str>,
    /// Number of keys, of all readers together.
    count: usize,
    readers: Vec<Vec<String>>,
    replies: Replies<Values>,
}

impl Work for Reads {
    type Results = HashMap<String, Vec<u8>>;

    fn is_repeatable(&self) -> bool {
        true
    }

    async fn run(&self, client: &Client, statements: &Statements) -> Result<Self::Results, Error> {
        let keys: Vec<&str> = self
            .readers
            .iter()
            .flat_map(|keys| keys.iter().map(String::as_str))
            .collect();
        let parameters: [(&(dyn ToSql + Sync), Type); 2] =
            [(&&*self.bucket, Type::TEXT), (&keys, Type::TEXT_ARRAY)];
        let rows = client.query_typed(&statements.read, &parameters).await?;
        rows.iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
            .collect()
    }

    fn finish(&self, results: Result<Self::Results, KvError>) {
        match results {
            Ok(found) => self.replies.send(self.readers.iter().map(|keys| {
                let values = keys.iter().map(|key| found.get(key).cloned());
                values.collect()
            })),
            Err(error) => self.replies.fail(&error),
        }
    }
}
