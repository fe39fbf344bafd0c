//! Buckets in a table of PostgreSQL, which any number of hosts may share.
//!
//! Each operation is one statement, which is a transaction. The host answers an operation when the
//! server has committed it, so nothing is left to flush. All statements are unnamed and use nothing
//! of a session: they work through a pooler such as pgbouncer in transaction mode.
//!
//! # Layout
//!
//! - [`options`]: the URL; `tls`: the encryption
//! - `connection`: makes a connection, and checks the server's settings
//! - `schema`: the table and its functions
//! - `batch`: the operations that share a statement; `single`: the others
//! - `work`: what one statement does, and how its results are shared out
//! - `lane`: runs statements, reconnects, and decides what a failure means

mod batch;
mod connection;
mod lane;
pub mod options;
mod schema;
mod single;
mod tls;
mod work;

use std::ops::RangeInclusive;
use std::sync::Arc;

use tokio::runtime::{Handle, Runtime};
use tokio::sync::oneshot;

use self::batch::Operation;
use self::connection::Connector;
use self::lane::Shared;
use self::options::{Options, words};
use self::schema::SchemaError;
use self::single::{Action, Single};
use self::work::Statements;
use super::remote::{self, Opening};
use super::replies::{Replies, Sender, answer};
use super::{
    Barrier, Broken, Buckets, Created, Entry, KvError, Reply, Swap, check_entries, check_keys,
};
use crate::error::HostError;

/// A compare-and-set that others overtake is tried again this often at most.
const MAX_SWAP_ATTEMPTS: u32 = 20;

/// Buckets in a table.
pub struct Postgres {
    shared: Arc<Shared>,
    durable_at_barrier: bool,
    /// Runs the connections if the caller has no runtime.
    _runtime: Option<Runtime>,
}

impl Postgres {
    /// Connects to the server and prepares the table. Connections run on the runtime that calls
    /// this.
    ///
    /// # Errors
    /// [`HostError::StoreUrl`], [`HostError::StoreUnreachable`], [`HostError::StoreRefused`],
    /// [`HostError::StoreAbsent`].
    pub async fn open(url: &str, opening: &Opening) -> Result<Self, HostError> {
        let mut options = Options::parse(url).map_err(HostError::StoreUrl)?;
        let authenticated = options.authenticate(&opening.secrets);
        authenticated.map_err(HostError::StoreUrl)?;
        let options = Arc::new(options);
        let connector = Connector::new(options.clone(), opening.allow_unsafe);
        let connector = connector.map_err(HostError::StoreUrl)?;
        let target = options.target();
        let connect = || connector.connect();
        let (connection, faults) = remote::reach(&target, opening.patience, connect).await?;
        for fault in faults {
            tracing::warn!("--allow-unsafe-store: {fault}");
        }
        let prepared = schema::prepare(&connection.client, &options, opening.make).await;
        prepared.map_err(|error| match error {
            SchemaError::Absent => HostError::StoreAbsent {
                store: format!("{}.{}", options.schema, options.table),
                target: target.clone(),
            },
            SchemaError::Refused(reason) => HostError::StoreRefused {
                target: target.clone(),
                reason,
            },
            SchemaError::Failed(error) => HostError::StoreUnreachable {
                target: target.clone(),
                reason: words(&error),
            },
        })?;
        let statements = Statements::new(&options, opening.durable_at_barrier);
        let shared = Arc::new(Shared::new(
            connector,
            statements,
            options.statement_timeout,
        ));
        let runtime = Handle::current();
        let mut connection = Some(connection);
        for _ in 0..options.pool {
            runtime.spawn(lane::run(shared.clone(), connection.take()));
        }
        runtime.spawn(lane::drop_late(shared.clone()));
        Ok(Self {
            shared,
            durable_at_barrier: opening.durable_at_barrier,
            _runtime: None,
        })
    }

    /// Like [`Postgres::open`], for a caller without a runtime.
    ///
    /// # Errors
    /// As for [`Postgres::open`], and [`HostError::System`].
    pub fn open_alone(url: &str, opening: &Opening) -> Result<Self, HostError> {
        let runtime = remote::runtime()?;
        let mut store = runtime.block_on(Self::open(url, opening))?;
        store._runtime = Some(runtime);
        Ok(store)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.shared.queue.close();
    }
}

/// Adds an operation to the queue.
fn push<T>(
    shared: &Shared,
    operation: impl FnOnce(Sender<T>) -> Operation,
) -> oneshot::Receiver<Result<T, KvError>> {
    let (sender, receiver) = oneshot::channel();
    shared.queue.push(operation(sender));
    receiver
}

fn check_name(bucket: &str, key: &str) -> Result<(), KvError> {
    remote::check_name(bucket, key)?;
    match bucket.contains('\0') || key.contains('\0') {
        true => Err(KvError::NameWithNul),
        false => Ok(()),
    }
}

async fn read(
    shared: &Shared,
    bucket: Arc<str>,
    keys: Vec<String>,
) -> Result<Vec<Option<Vec<u8>>>, KvError> {
    answer(push(shared, |reply| Operation::Read {
        bucket,
        keys,
        reply,
    }))
    .await
}

async fn read_one(
    shared: &Shared,
    bucket: Arc<str>,
    key: String,
) -> Result<Option<Vec<u8>>, KvError> {
    let mut values = read(shared, bucket, vec![key]).await?;
    Ok(values.pop().flatten())
}

/// Replaces the expected value by another. An absent key is created together with other keys.
async fn swap(
    shared: &Shared,
    bucket: Arc<str>,
    key: String,
    expected: Option<Vec<u8>>,
    new: Vec<u8>,
) -> Result<Swap, KvError> {
    for _ in 0..MAX_SWAP_ATTEMPTS {
        let (bucket, key) = (bucket.clone(), key.clone());
        let done = match &expected {
            None => {
                let entries = vec![(key.clone(), new.clone())];
                let created = answer(push(shared, |reply| Operation::Create {
                    bucket: bucket.clone(),
                    entries,
                    reply,
                }));
                created.await? == Created::All
            }
            Some(old) => {
                let swapped = answer(push(shared, |reply| {
                    Operation::Single(Single {
                        bucket: bucket.clone(),
                        key: Some(key.clone()),
                        action: Action::Swap(old.clone(), new.clone(), Replies::of(reply)),
                    })
                }));
                swapped.await?
            }
        };
        if done {
            return Ok(Swap::Done);
        }
        let current = read_one(shared, bucket, key).await?;
        // If the value is the expected one again, another host has changed it twice meanwhile.
        if current != expected {
            return Ok(Swap::Lost(current));
        }
    }
    Err(KvError::Unavailable(
        "other writers changed the key again and again".into(),
    ))
}

impl Postgres {
    fn single<T: Send + 'static>(
        &self,
        bucket: &str,
        key: Option<&str>,
        action: impl FnOnce(Replies<T>) -> Action,
    ) -> Reply<T> {
        if let Err(error) = check_name(bucket, key.unwrap_or_default()) {
            return Reply::Now(Err(error));
        }
        let receiver = push(&self.shared, |reply| {
            Operation::Single(Single {
                bucket: bucket.into(),
                key: key.map(str::to_owned),
                action: action(Replies::of(reply)),
            })
        });
        Reply::later(answer(receiver))
    }
}

impl Buckets for Postgres {
    fn get(&self, bucket: &str, key: &str) -> Reply<Option<Vec<u8>>> {
        if let Err(error) = check_name(bucket, key) {
            return Reply::Now(Err(error));
        }
        let receiver = push(&self.shared, |reply| Operation::Read {
            bucket: bucket.into(),
            keys: vec![key.to_owned()],
            reply,
        });
        Reply::later(async move { Ok(answer(receiver).await?.pop().flatten()) })
    }

    fn set(&self, bucket: &str, key: &str, value: &[u8]) -> Reply<()> {
        self.single(bucket, Some(key), |reply| {
            Action::Set(value.to_vec(), reply)
        })
    }

    fn delete(&self, bucket: &str, key: &str) -> Reply<()> {
        self.single(bucket, Some(key), Action::Delete)
    }

    fn list_keys(&self, bucket: &str, after: Option<&str>, limit: usize) -> Reply<Vec<String>> {
        self.single(bucket, after, |reply| Action::List(limit, reply))
    }

    fn compare_and_set(
        &self,
        bucket: &str,
        key: &str,
        expected: Option<&[u8]>,
        new: &[u8],
    ) -> Reply<Swap> {
        if let Err(error) = check_name(bucket, key) {
            return Reply::Now(Err(error));
        }
        let (shared, bucket, key) = (self.shared.clone(), bucket.into(), key.to_owned());
        let (expected, new) = (expected.map(<[u8]>::to_vec), new.to_vec());
        Reply::later(async move { swap(&shared, bucket, key, expected, new).await })
    }

    fn increment(
        &self,
        bucket: &str,
        key: &str,
        delta: i128,
        range: RangeInclusive<i128>,
    ) -> Reply<i128> {
        let numbers = [delta, *range.start(), *range.end()];
        self.single(bucket, Some(key), |reply| Action::Add(numbers, reply))
    }

    fn create_all(&self, bucket: &str, entries: Vec<Entry>) -> Reply<Created> {
        let checked = check_entries(bucket, &entries);
        let checked = checked.and_then(|()| {
            let mut keys = entries.iter();
            keys.try_for_each(|(key, _)| check_name(bucket, key))
        });
        if let Err(error) = checked {
            return Reply::Now(Err(error));
        }
        if entries.is_empty() {
            return Reply::Now(Ok(Created::All));
        }
        let receiver = push(&self.shared, |reply| Operation::Create {
            bucket: bucket.into(),
            entries,
            reply,
        });
        Reply::later(answer(receiver))
    }

    fn draw(&self, bucket: &str, counter: &str, above: u64) -> Reply<u64> {
        if let Err(error) = check_name(bucket, counter) {
            return Reply::Now(Err(error));
        }
        // Such a draw would fail the others that share its statement.
        if above == u64::MAX {
            return Reply::Now(Err(KvError::Overflow));
        }
        let receiver = push(&self.shared, |reply| Operation::Draw {
            bucket: bucket.into(),
            counter: counter.to_owned(),
            above,
            reply,
        });
        Reply::later(answer(receiver))
    }

    fn get_many(&self, bucket: &str, keys: &[String]) -> Reply<Vec<Option<Vec<u8>>>> {
        let checked = check_keys(bucket, keys);
        let checked =
            checked.and_then(|()| keys.iter().try_for_each(|key| check_name(bucket, key)));
        if let Err(error) = checked {
            return Reply::Now(Err(error));
        }
        let (shared, bucket, keys) = (self.shared.clone(), bucket.into(), keys.to_vec());
        Reply::later(async move { read(&shared, bucket, keys).await })
    }

    /// Passed, because an operation is answered when the server has made it durable, unless
    /// [`Opening::durable_at_barrier`] is set.
    fn barrier(&self) -> Barrier {
        match self.durable_at_barrier {
            true => Barrier::of(self.single("", None, Action::Flush)),
            false => Barrier::passed(),
        }
    }

    /// Never: operations fail while the server is away, and succeed again afterwards.
    fn broken(&self) -> Broken {
        Broken::never()
    }
}
