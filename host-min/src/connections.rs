//! The open connections, and which of them the host cuts when descriptors or memory run short.
//!
//! At any time either the host works on a connection's request, or the host waits for the
//! connection's client: to send a request or the rest of one, or to take a response. When too many
//! connections are open, or slow clients occupy too much memory, the host cuts the connection that
//! has waited longest for its client. Idle clients therefore take no resources from active ones.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::body::Frame;
use tokio::sync::Notify;

use crate::body::{Body, BodyError};

/// Maximum time that the host waits for a client.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// A connection that has waited for less than this is not cut to free memory.
const FAIR_WAIT: Duration = Duration::from_secs(1);
/// Stored in place of a time while the host works on the request.
const AT_WORK: u64 = u64::MAX;

/// All open connections.
#[derive(Debug)]
pub struct Connections {
    most: usize,
    start: Instant,
    open: Mutex<HashMap<u64, Arc<Connection>>>,
    next: AtomicU64,
    /// Signalled when a connection has ended.
    ended: Notify,
}

/// One open connection.
#[derive(Debug)]
pub struct Connection {
    start: Instant,
    /// When the wait for the client began, in milliseconds since `start`; `AT_WORK` while the
    /// host works.
    since: AtomicU64,
    /// Bytes of this connection's bodies that are in memory.
    held: AtomicUsize,
    cut: Notify,
}

/// Keeps a connection registered until it is dropped.
#[derive(Debug)]
pub struct Open {
    all: Arc<Connections>,
    number: u64,
    connection: Arc<Connection>,
}

impl Connections {
    /// Makes room for `most` connections.
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            start: Instant::now(),
            open: Mutex::default(),
            next: AtomicU64::new(0),
            ended: Notify::new(),
        })
    }

    /// Waits until there is room for one more connection. If necessary, cuts the connection that
    /// has waited longest for its client; returns `true` in that case.
    pub async fn room(&self) -> bool {
        let mut cut = false;
        loop {
            let ended = self.ended.notified();
            if self.lock().len() < self.most {
                return cut;
            }
            cut |= self.cut_longest(|_| true);
            // If the host works on all connections, none can be cut: wait until one ends.
            let _ = tokio::time::timeout(Duration::from_millis(50), ended).await;
        }
    }

    /// Registers a connection whose client has not sent anything yet.
    pub fn open(self: &Arc<Self>) -> Open {
        let number = self.next.fetch_add(1, Relaxed);
        let connection = Arc::new(Connection {
            start: self.start,
            since: AtomicU64::new(0),
            held: AtomicUsize::new(0),
            cut: Notify::new(),
        });
        connection.waits_for_client();
        self.lock().insert(number, connection.clone());
        Open {
            all: self.clone(),
            number,
            connection,
        }
    }

    /// Cuts the connection that has waited longest among those with bodies in memory, if it has
    /// waited for `FAIR_WAIT` at least.
    pub fn cut_for_memory(&self) -> bool {
        self.cut_longest(|connection| {
            connection.held.load(Relaxed) > 0 && connection.waited() >= FAIR_WAIT
        })
    }

    /// Cuts all connections whose clients were inactive for `MAX_WAIT`.
    pub fn sweep(&self) {
        for connection in self.lock().values() {
            if connection.waited() >= MAX_WAIT {
                connection.cut.notify_one();
            }
        }
    }

    fn cut_longest(&self, which: impl Fn(&Connection) -> bool) -> bool {
        let open = self.lock();
        let longest = open
            .values()
            .filter(|connection| which(connection))
            .map(|connection| (connection.since.load(Relaxed), connection))
            .filter(|(since, _)| *since != AT_WORK)
            .min_by_key(|(since, _)| *since);
        match longest {
            Some((_, connection)) => {
                // This connection is already being closed: mark it, so that the next call chooses
                // another one.
                connection.since.store(AT_WORK, Relaxed);
                connection.cut.notify_one();
                true
            }
            None => false,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<u64, Arc<Connection>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connection {
    /// Records that the host works on this connection's request.
    pub fn at_work(&self) {
        self.since.store(AT_WORK, Relaxed);
    }

    /// Records that the host waits for the client.
    pub fn waits_for_client(&self) {
        let since = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(AT_WORK - 1);
        self.since.store(since, Relaxed);
    }

    /// Waits until this connection is cut.
    pub async fn cut(&self) {
        self.cut.notified().await;
    }

    /// Adds to the bytes in memory for this connection.
    pub fn holds(&self, bytes: usize) {
        self.held.fetch_add(bytes, Relaxed);
    }

    /// Subtracts from the bytes in memory for this connection.
    pub fn frees(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Relaxed);
    }

    /// How long the connection has waited for its client.
    fn waited(&self) -> Duration {
        match self.since.load(Relaxed) {
            AT_WORK => Duration::ZERO,
            since => self
                .start
                .elapsed()
                .saturating_sub(Duration::from_millis(since)),
        }
    }
}

impl Open {
    /// The registered connection.
    pub fn connection(&self) -> &Arc<Connection> {
        &self.connection
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.all.lock().remove(&self.number);
        self.all.ended.notify_one();
    }
}

/// A response body that the guest makes piece by piece. The host counts as working until the body
/// ends.
pub struct Working {
    body: Body,
    connection: Arc<Connection>,
}

impl Working {
    /// Marks `connection` as at work until `body` ends or is dropped.
    pub fn new(body: Body, connection: Arc<Connection>) -> Self {
        connection.at_work();
        Self { body, connection }
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.connection.waits_for_client();
    }
}

impl hyper::body::Body for Working {
    type Data = bytes::Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<bytes::Bytes>, BodyError>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST_TIMEOUT: Duration = Duration::from_secs(5);

    /// True if the connection is cut within a short time.
    async fn is_cut(connection: &Connection) -> bool {
        let soon = Duration::from_millis(40);
        tokio::time::timeout(soon, connection.cut()).await.is_ok()
    }

    #[tokio::test]
    async fn the_one_that_waits_longest_makes_room() {
        let connections = Connections::new(3);
        let first = connections.open();
        let second = connections.open();
        let third = connections.open();
        first.connection().since.store(1, Relaxed);
        second.connection().since.store(0, Relaxed);
        third.connection().at_work();
        let room = tokio::spawn({
            let connections = connections.clone();
            async move { connections.room().await }
        });
        assert!(is_cut(second.connection()).await);
        drop(second);
        let room = tokio::time::timeout(TEST_TIMEOUT, room)
            .await
            .expect("in time");
        assert!(room.expect("no panic"), "a connection was cut");
        assert!(!is_cut(first.connection()).await, "the host cuts only one");
        assert!(!connections.room().await, "there is room");
    }

    #[tokio::test]
    async fn those_at_work_are_waited_for() {
        let connections = Connections::new(1);
        let only = connections.open();
        only.connection().at_work();
        let room = connections.room();
        assert!(
            tokio::time::timeout(Duration::from_millis(200), room)
                .await
                .is_err()
        );
        assert!(!is_cut(only.connection()).await);
        drop(only);
        assert!(!connections.room().await);
    }

    #[tokio::test]
    async fn memory_is_taken_from_those_who_have_some_and_had_time() {
        let connections = Connections::new(3);
        let holder = connections.open();
        let waiting = |held| {
            let start = Instant::now().checked_sub(2 * FAIR_WAIT);
            Arc::new(Connection {
                start: start.expect("time has passed"),
                since: AtomicU64::new(0),
                held: AtomicUsize::new(held),
                cut: Notify::new(),
            })
        };
        connections.lock().insert(8, waiting(0));
        assert!(
            !connections.cut_for_memory(),
            "no connection has bytes in memory"
        );
        holder.connection().holds(7);
        assert!(
            !connections.cut_for_memory(),
            "it has waited for too short a time"
        );
        let late = waiting(7);
        connections.lock().insert(9, late.clone());
        assert!(connections.cut_for_memory());
        assert!(is_cut(&late).await);
        assert!(!connections.cut_for_memory(), "no connection is cut twice");
    }
}
