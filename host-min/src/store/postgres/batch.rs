//! The operations, the statements that do many of them, and how the results are shared out.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::oneshot;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Error};

use super::gather;
use super::options::Options;
use crate::store::{Created, Entry, KvError};

/// Limits of one statement.
const MAX_GROUPS: usize = 256;
const MAX_ENTRIES: usize = 2048;
const MAX_DRAWS: i32 = 4096;
const MAX_KEYS: usize = 4096;
const MAX_BYTES: usize = 4 << 20;

/// Sends the result of an operation to whoever asked for it.
pub type Sender<T> = oneshot::Sender<Result<T, KvError>>;

/// Writes something, and commits with the settings of the server: that flush includes all earlier
/// commits.
const FLUSH: &str = "SELECT pg_logical_emit_message(true, 'annals', '')";

/// The values of several keys.
pub type Values = Vec<Option<Vec<u8>>>;

/// Those who wait for a result, in the order of their operations.
pub struct Replies<T> {
    senders: Mutex<Vec<Sender<T>>>,
    count: usize,
}

impl<T> Default for Replies<T> {
    fn default() -> Self {
        Self {
            senders: Mutex::default(),
            count: 0,
        }
    }
}

impl<T> Replies<T> {
    /// One that waits.
    pub fn of(sender: Sender<T>) -> Self {
        Self {
            senders: Mutex::new(vec![sender]),
            count: 1,
        }
    }

    fn add(&mut self, sender: Sender<T>) {
        let senders = self.senders.get_mut();
        senders.unwrap_or_else(PoisonError::into_inner).push(sender);
        self.count += 1;
    }

    /// Those who have not been told. If nobody waits for a result any more, nobody misses it.
    fn take(&self) -> Vec<Sender<T>> {
        let mut senders = self.senders.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *senders)
    }

    fn send(&self, results: impl Iterator<Item = T>) {
        for (sender, result) in self.take().into_iter().zip(results) {
            let _ = sender.send(Ok(result));
        }
    }

    fn fail(&self, error: &KvError) {
        for sender in self.take() {
            let _ = sender.send(Err(error.clone()));
        }
    }

    /// Tells the only one.
    fn finish(&self, result: Result<T, KvError>) {
        match result {
            Ok(result) => self.send(std::iter::once(result)),
            Err(error) => self.fail(&error),
        }
    }
}

/// Work that one statement does.
pub trait Work: Send {
    /// The result of the statement.
    type Results: Send;

    /// True if the statement may be sent again when its outcome is unknown.
    fn is_repeatable(&self) -> bool;

    /// True if the server may be told to give up the statement. A write that waits for a standby
    /// must go on waiting: if it is cancelled, others see it although the standby lacks it.
    fn is_cancellable(&self) -> bool {
        self.is_repeatable()
    }

    /// Runs the statement.
    fn run(
        &self,
        client: &Client,
        statements: &Statements,
    ) -> impl Future<Output = Result<Self::Results, Error>> + Send;

    /// Tells everybody who waits for the result and has not been told before.
    fn finish(&self, results: Result<Self::Results, KvError>);
}

/// The text of each statement.
pub struct Statements {
    create: String,
    draw: String,
    read: String,
    set: String,
    delete: String,
    swap: String,
    add: String,
    list: String,
}

impl Statements {
    /// The statements for a table. If `at_flush` is set, keys that are created become durable with
    /// the next [`Action::Flush`].
    pub fn new(options: &Options, at_flush: bool) -> Self {
        let table = format!("{}.{}", options.schema, options.table);
        let soon = match at_flush {
            true => "set_config('synchronous_commit', 'off', true), ",
            false => "",
        };
        let at = "WHERE bucket = $1 AND key = $2";
        Self {
            create: format!("SELECT {soon}{table}_create_1($1, $2, $3, $4)"),
            draw: format!("SELECT {table}_draw_1($1, $2, $3, $4)"),
            read: format!("SELECT key, value FROM {table} WHERE bucket = $1 AND key = ANY ($2)"),
            set: format!(
                "INSERT INTO {table} (bucket, key, value) VALUES ($1, $2, $3) \
                 ON CONFLICT (bucket, key) DO UPDATE SET value = excluded.value"
            ),
            delete: format!("DELETE FROM {table} {at}"),
            swap: format!("UPDATE {table} SET value = $4 {at} AND value = $3"),
            add: format!("SELECT {table}_add_1($1, $2, $3, $4, $5)"),
            list: format!(
                "SELECT key FROM {table} WHERE bucket = $1 AND ($2 IS NULL OR key > $2) ORDER BY key LIMIT $3"
            ),
        }
    }
}

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
        i32::try_from(self.replies.count).unwrap_or(i32::MAX)
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
                .send((0..self.replies.count as u64).rev().map(|n| last - n)),
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

/// An operation with a statement of its own.
pub struct Single {
    /// The bucket of the keys.
    pub bucket: Arc<str>,
    /// The key. For a list, the key before the first one; without it the list begins with the first
    /// key of the bucket.
    pub key: Option<String>,
    /// What to do.
    pub action: Action,
}

/// What a [`Single`] does.
pub enum Action {
    Set(Vec<u8>, Replies<()>),
    Delete(Replies<()>),
    /// Replaces a value by another. `true` if the key had the value.
    Swap(Vec<u8>, Vec<u8>, Replies<bool>),
    /// Adds a number to a counter whose sum must be between two others.
    Add([i128; 3], Replies<i128>),
    /// Lists at most so many keys.
    List(usize, Replies<Vec<String>>),
    /// Makes durable what was committed before.
    Flush(Replies<()>),
}

/// The result of a [`Single`].
pub enum SingleResult {
    /// Number of rows.
    Rows(u64),
    Sum(i128),
    Keys(Vec<String>),
}

impl Work for Single {
    type Results = SingleResult;

    /// A write that is sent again could undo a later write of another host.
    fn is_repeatable(&self) -> bool {
        matches!(self.action, Action::List(..))
    }

    async fn run(&self, client: &Client, statements: &Statements) -> Result<SingleResult, Error> {
        let bucket: (&(dyn ToSql + Sync), Type) = (&&*self.bucket, Type::TEXT);
        let key: (&(dyn ToSql + Sync), Type) = (&self.key, Type::TEXT);
        let rows = SingleResult::Rows;
        match &self.action {
            Action::Set(value, _) => {
                let parameters = [bucket, key, (value as _, Type::BYTEA)];
                let count = client.execute_typed(&statements.set, &parameters).await?;
                Ok(rows(count))
            }
            Action::Delete(_) => {
                let count = client
                    .execute_typed(&statements.delete, &[bucket, key])
                    .await?;
                Ok(rows(count))
            }
            Action::Swap(old, new, _) => {
                let values = [(old as _, Type::BYTEA), (new as _, Type::BYTEA)];
                let [old, new] = values;
                let parameters = [bucket, key, old, new];
                Ok(rows(
                    client.execute_typed(&statements.swap, &parameters).await?,
                ))
            }
            Action::Add(numbers, _) => {
                let [delta, min, max] = numbers.map(|number| number.to_string());
                let parameters = [
                    bucket,
                    key,
                    (&delta as _, Type::TEXT),
                    (&min as _, Type::TEXT),
                    (&max as _, Type::TEXT),
                ];
                let row = client.query_typed_one(&statements.add, &parameters).await?;
                let sum: &str = row.try_get(0)?;
                // The function returns no number outside of the range.
                Ok(SingleResult::Sum(sum.parse().unwrap_or(i128::MAX)))
            }
            Action::Flush(_) => Ok(rows(client.execute_typed(FLUSH, &[]).await?)),
            Action::List(limit, _) => {
                let limit = i64::try_from(*limit).unwrap_or(i64::MAX);
                let parameters = [bucket, key, (&limit as _, Type::INT8)];
                let rows = client.query_typed(&statements.list, &parameters).await?;
                let keys: Result<_, Error> = rows.iter().map(|row| row.try_get(0)).collect();
                Ok(SingleResult::Keys(keys?))
            }
        }
    }

    fn finish(&self, results: Result<SingleResult, KvError>) {
        let count = |results| match results {
            Ok(SingleResult::Rows(rows)) => Ok(rows),
            Ok(_) => Ok(0),
            Err(error) => Err(error),
        };
        match &self.action {
            Action::Set(_, replies) | Action::Delete(replies) | Action::Flush(replies) => {
                replies.finish(count(results).map(|_| ()));
            }
            Action::Swap(_, _, replies) => replies.finish(count(results).map(|rows| rows == 1)),
            Action::Add(_, replies) => replies.finish(results.map(|result| match result {
                SingleResult::Sum(sum) => sum,
                _ => 0,
            })),
            Action::List(_, replies) => replies.finish(results.map(|result| match result {
                SingleResult::Keys(keys) => keys,
                _ => Vec::new(),
            })),
        }
    }
}
