//! Buckets in a stream of NATS JetStream, which any number of hosts may share.
//!
//! A key is a subject, and its value is the subject's only message. A write is a message, or an
//! atomic batch of messages, on the condition that the subjects have the expected last messages.
//! JetStream acknowledges a write when most of the stream's servers have it.
//!
//! # Layout
//!
//! - [`options`]: the URL; `login`: the secrets
//! - `wire`: the protocol; `connection`: one connection; `client`: keeps one, and asks JetStream
//! - `stream`: the stream and its settings
//! - `names`: the subject of a key; `record`: the content of a message
//! - `write`: single steps; `read`: proven reads, and why every replacement comes with a barrier
//! - `keys`, `counter`, `list`: what the operations do
//! - `operation`: the operations that are done together

mod client;
mod connection;
mod counter;
mod keys;
mod list;
mod login;
mod names;
mod operation;
pub mod options;
mod read;
mod record;
mod stream;
mod wire;
mod write;

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Handle, Runtime};
use tokio::sync::oneshot;
use tokio::time::Instant;

use self::client::Client;
use self::connection::Access;
use self::counter::Counters;
use self::keys::Keys;
use self::list::Lists;
use self::login::Login;
use self::operation::{Batch, Draws, Operation, Reads};
use self::options::Options;
use self::read::{Found, Reader};
use self::stream::StreamError;
use self::write::Writer;
use super::gather::Queue;
use super::remote::{self, Opening};
use super::replies::answer;
use super::{
    Barrier, Broken, Buckets, Created, Entry, KvError, Reply, Swap, check_entries, check_keys, tls,
};
use crate::error::HostError;

/// Number of batches of operations under way.
const LANES: usize = 7;
/// The server's largest message that takes every value of Annals: events of 1 MiB, several in a commit.
const MIN_PAYLOAD: usize = 4 << 20;
/// Interval at which operations that have waited for too long are dropped.
const DROP_INTERVAL: Duration = Duration::from_millis(250);

/// Buckets in a stream.
pub struct Nats {
    shared: Arc<Shared>,
    /// Runs the connection if the caller has no runtime.
    _runtime: Option<Runtime>,
}

/// What operations under way use.
struct Shared {
    client: Arc<Client>,
    reader: Arc<Reader>,
    keys: Keys,
    counters: Counters,
    lists: Lists,
    queue: Arc<Queue<Operation>>,
    runtime: Handle,
}

impl Nats {
    /// Connects to a server and prepares the stream. The connection runs on the runtime that calls
    /// this.
    ///
    /// # Errors
    /// [`HostError::StoreUrl`], [`HostError::StoreUnreachable`], [`HostError::StoreRefused`],
    /// [`HostError::StoreAbsent`].
    pub async fn open(url: &str, opening: &Opening) -> Result<Self, HostError> {
        let options = Options::parse(url).map_err(HostError::StoreUrl)?;
        let login = Login::read(options.user.as_deref(), &opening.secrets);
        let tls = match options.tls {
            true => Some(tls::client("tlsca", options.authorities.as_deref())),
            false => None,
        };
        let access = Access {
            login: login.map_err(HostError::StoreUrl)?,
            tls: tls.transpose().map_err(HostError::StoreUrl)?,
        };
        let target = options.target();
        let client = Arc::new(Client::new(options, access));
        let prepare = || async { prepare(&client, opening.make).await };
        let replicas = remote::reach(&target, opening.patience, prepare).await?;
        let Some(replicas) = replicas else {
            return Err(HostError::StoreAbsent {
                store: client.options.stream.clone(),
                target,
            });
        };
        tracing::info!(
            "{target}: the server does not tell its sync_interval; only with `sync_interval: always` does an \
             acknowledged write survive a power failure of all servers"
        );
        let shared = Arc::new(Shared::new(client, replicas > 1));
        let runtime = Handle::current();
        for _ in 0..LANES {
            runtime.spawn(run(shared.clone()));
        }
        runtime.spawn(drop_late(shared.clone()));
        Ok(Self {
            shared,
            _runtime: None,
        })
    }

    /// Like [`Nats::open`], for a caller without a runtime.
    ///
    /// # Errors
    /// As for [`Nats::open`], and [`HostError::System`].
    pub fn open_alone(url: &str, opening: &Opening) -> Result<Self, HostError> {
        let runtime = remote::runtime()?;
        let mut store = runtime.block_on(Self::open(url, opening))?;
        store._runtime = Some(runtime);
        Ok(store)
    }
}

/// Connects and prepares the stream, and returns the number of its replicas. `None`: there is no
/// stream, and none may be made.
async fn prepare(client: &Arc<Client>, make: bool) -> Result<Option<u64>, remote::ConnectError> {
    let connection = client.connect().await?;
    let clustered = connection.info.cluster.is_some();
    if connection.info.max_payload < MIN_PAYLOAD {
        tracing::warn!(
            max_payload = connection.info.max_payload,
            "the server takes no larger messages, so larger values are refused; set `max_payload: 8MB` on every server"
        );
    }
    match stream::prepare(client, clustered, make).await {
        Ok(replicas) => Ok(Some(replicas)),
        Err(StreamError::Absent) => Ok(None),
        Err(StreamError::Refused(reason)) => Err(remote::ConnectError::Refused(reason)),
        Err(StreamError::Failed(reason)) => {
            connection.close("the stream could not be prepared");
            Err(remote::ConnectError::Unreachable(reason))
        }
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.shared.queue.close();
        self.shared.client.close();
    }
}

impl Shared {
    fn new(client: Arc<Client>, replicated: bool) -> Self {
        let writer = Arc::new(Writer::new(client.clone(), replicated));
        let reader = Arc::new(Reader::new(client.clone(), writer.clone()));
        Self {
            keys: Keys::new(client.clone(), reader.clone(), writer.clone()),
            counters: Counters::new(client.clone(), reader.clone(), writer.clone()),
            lists: Lists::new(client.clone(), reader.clone(), writer),
            reader,
            client,
            queue: Arc::default(),
            runtime: Handle::current(),
        }
    }

    /// The end of an operation that begins now.
    fn deadline(&self) -> Instant {
        Instant::now() + self.client.options.timeout
    }

    fn subject(&self, bucket: &str, key: &str) -> Result<String, KvError> {
        names::subject(&self.client.options.stream, bucket, key)
    }

    async fn read(&self, reads: Reads) {
        let (subjects, by) = (reads.subjects(), self.deadline());
        let mut result = self.reader.read(&subjects, by).await;
        if let Err(KvError::Unavailable(_)) = &result {
            // The connection may have ended, which harms no read.
            result = self.reader.read(&subjects, by).await;
        }
        match result {
            Ok(found) => reads.replies.send(reads.readers.iter().map(|subjects| {
                let found = subjects
                    .iter()
                    .filter_map(|subject| found.get_key_value(subject));
                found
                    .map(|(subject, found)| (subject.clone(), found.clone()))
                    .collect()
            })),
            Err(error) => reads.replies.fail(&error),
        }
    }

    async fn draw(&self, draws: Draws) {
        let count = draws.replies.count() as u64;
        let (above, most) = (i128::from(draws.above), i128::from(u64::MAX));
        let add = |number: i128| match number.max(above) + i128::from(count) {
            _ if number < 0 => Err(KvError::NotACounter),
            sum if sum > most => Err(KvError::Overflow),
            sum => Ok(sum),
        };
        let by = self.deadline();
        let mut result = self.counters.add(&draws.subject, by, add).await;
        if let Err(KvError::Unavailable(_)) = &result {
            // Numbers may be left out.
            result = self.counters.add(&draws.subject, by, add).await;
        }
        match result.map(u64::try_from) {
            Ok(Ok(last)) => draws.replies.send((0..count).rev().map(|n| last - n)),
            Ok(Err(_)) => draws.replies.fail(&KvError::Overflow),
            Err(error) => draws.replies.fail(&error),
        }
    }
}

/// Does operations until the store is closed.
async fn run(shared: Arc<Shared>) {
    while let Some(mut taken) = shared.queue.next().await {
        match taken.batch.take() {
            Some(Batch::Read(reads)) => shared.read(reads).await,
            Some(Batch::Draw(draws)) => shared.draw(draws).await,
            None => {}
        }
    }
}

/// Drops operations that could not begin within the time limit, until the store is closed.
async fn drop_late(shared: Arc<Shared>) {
    while shared.queue.drop_older(shared.client.options.timeout) {
        tokio::time::sleep(DROP_INTERVAL).await;
    }
}

impl Nats {
    /// Begins an operation on a key.
    fn later<T: Send + 'static, F>(
        &self,
        bucket: &str,
        key: &str,
        begin: impl FnOnce(Arc<Shared>, String, Instant) -> F,
    ) -> Reply<T>
    where
        F: Future<Output = Result<T, KvError>> + Send + 'static,
    {
        match self.shared.subject(bucket, key) {
            Err(error) => Reply::Now(Err(error)),
            Ok(subject) => {
                let by = self.shared.deadline();
                self.spawn(begin(self.shared.clone(), subject, by))
            }
        }
    }

    /// Lets an operation run on the runtime of the connection, which its clocks need. It runs to its
    /// end if the caller goes.
    fn spawn<T: Send + 'static>(
        &self,
        operation: impl Future<Output = Result<T, KvError>> + Send + 'static,
    ) -> Reply<T> {
        let running = self.shared.runtime.spawn(operation);
        let stopped = |_| KvError::Unavailable("the host is stopping".into());
        Reply::later(async move { running.await.map_err(stopped)? })
    }
}

impl Buckets for Nats {
    fn get(&self, bucket: &str, key: &str) -> Reply<Option<Vec<u8>>> {
        let values = match self.get_many(bucket, &[key.to_owned()]) {
            Reply::Now(result) => return Reply::Now(result.map(|_| None)),
            Reply::Later(values) => values,
        };
        Reply::later(async move { Ok(values.await?.pop().flatten()) })
    }

    fn set(&self, bucket: &str, key: &str, value: &[u8]) -> Reply<()> {
        let value = value.to_vec();
        self.later(bucket, key, |shared, subject, by| async move {
            shared.keys.set(subject, value, by).await
        })
    }

    fn delete(&self, bucket: &str, key: &str) -> Reply<()> {
        self.later(bucket, key, |shared, subject, by| async move {
            shared.keys.delete(subject, by).await
        })
    }

    fn list_keys(&self, bucket: &str, after: Option<&str>, limit: usize) -> Reply<Vec<String>> {
        let (name, after) = (bucket.to_owned(), after.map(str::to_owned));
        self.later(bucket, "", move |shared, _, by| async move {
            shared.lists.list(&name, after.as_deref(), limit, by).await
        })
    }

    fn compare_and_set(
        &self,
        bucket: &str,
        key: &str,
        expected: Option<&[u8]>,
        new: &[u8],
    ) -> Reply<Swap> {
        let (expected, new) = (expected.map(<[u8]>::to_vec), new.to_vec());
        self.later(bucket, key, |shared, subject, by| async move {
            shared.keys.swap(subject, expected, new, by).await
        })
    }

    fn increment(
        &self,
        bucket: &str,
        key: &str,
        delta: i128,
        range: RangeInclusive<i128>,
    ) -> Reply<i128> {
        self.later(bucket, key, |shared, subject, by| async move {
            let add = |number: i128| {
                let sum = number.checked_add(delta);
                sum.filter(|sum| range.contains(sum))
                    .ok_or(KvError::Overflow)
            };
            shared.counters.add(&subject, by, add).await
        })
    }

    fn create_all(&self, bucket: &str, entries: Vec<Entry>) -> Reply<Created> {
        let named = check_entries(bucket, &entries).and_then(|()| {
            let entries = entries.into_iter();
            let named = entries.map(|(key, value)| Ok((self.shared.subject(bucket, &key)?, value)));
            named.collect::<Result<Vec<_>, KvError>>()
        });
        match named {
            Err(error) => Reply::Now(Err(error)),
            Ok(entries) if entries.is_empty() => Reply::Now(Ok(Created::All)),
            Ok(entries) => {
                let (shared, by) = (self.shared.clone(), self.shared.deadline());
                self.spawn(async move { shared.keys.create_all(entries, by).await })
            }
        }
    }

    fn draw(&self, bucket: &str, counter: &str, above: u64) -> Reply<u64> {
        // Such a draw would fail the others that share its addition.
        if above == u64::MAX {
            return Reply::Now(Err(KvError::Overflow));
        }
        let subject = match self.shared.subject(bucket, counter) {
            Err(error) => return Reply::Now(Err(error)),
            Ok(subject) => subject,
        };
        let (reply, receiver) = oneshot::channel();
        self.shared.queue.push(Operation::Draw {
            subject,
            above,
            reply,
        });
        Reply::later(answer(receiver))
    }

    fn get_many(&self, bucket: &str, keys: &[String]) -> Reply<Vec<Option<Vec<u8>>>> {
        let subjects = check_keys(bucket, keys).and_then(|()| {
            let subjects = keys.iter().map(|key| self.shared.subject(bucket, key));
            subjects.collect::<Result<Vec<_>, KvError>>()
        });
        let subjects = match subjects {
            Err(error) => return Reply::Now(Err(error)),
            Ok(subjects) if subjects.is_empty() => return Reply::Now(Ok(Vec::new())),
            Ok(subjects) => subjects,
        };
        let (reply, receiver) = oneshot::channel();
        self.shared.queue.push(Operation::Read {
            subjects: subjects.clone(),
            reply,
        });
        Reply::later(async move {
            let found = answer(receiver).await?;
            let value = |found: &Found| Some(found.value()?.to_vec());
            let values = subjects
                .iter()
                .map(|subject| found.get(subject).and_then(value));
            Ok(values.collect())
        })
    }

    /// Passed: an operation is answered when most servers have stored it.
    fn barrier(&self) -> Barrier {
        Barrier::passed()
    }

    /// Never: operations fail while the servers are away, and succeed again afterwards.
    fn broken(&self) -> Broken {
        Broken::never()
    }
}
