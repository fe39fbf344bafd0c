//! The connections that are open, and which of them goes when something runs short.
//!
//! A connection either has the host at work on its request, or waits for its client: to send a
//! request or the rest of one, or to take an answer. When there are too many connections, or too much
//! is held for slow clients, the one that has waited longest for its client is cut. So clients
//! that do nothing take nothing from those that do.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::body::Frame;
use tokio::sync::Notify;

use crate::body::{Body, BodyError};

/// The longest that a client is waited for.
const MAX_WAIT: Duration = Duration::from_secs(60);
/// A connection that has waited for less is not cut because others want memory.
const FAIR_WAIT: Duration = Duration::from_secs(1);
/// In place of a time: the host is at work.
const AT_WORK: u64 = u64::MAX;

/// All of them.
#[derive(Debug)]
pub struct Connections {
    most: usize,
    start: Instant,
    open: Mutex<HashMap<u64, Arc<Connection>>>,
    next: AtomicU64,
    /// One has ended.
    ended: Notify,
}

/// One of them.
#[derive(Debug)]
pub struct Connection {
    start: Instant,
    /// Since when it waits for its client, in milliseconds from `start`; or [`AT_WORK`].
    since: AtomicU64,
    /// Bytes of its bodies that are held.
    held: AtomicUsize,
    cut: Notify,
}

/// Registered as long as this lives.
#[derive(Debug)]
pub struct Open {
    all: Arc<Connections>,
    number: u64,
    connection: Arc<Connection>,
}

impl Connections {
    /// Room for so many.
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            start: Instant::now(),
            open: Mutex::default(),
            next: AtomicU64::new(0),
            ended: Notify::new(),
        })
    }

    /// Returns when there is room for one more, if need be because another one is cut. True: one was.
    pub async fn room(&self) -> bool {
        let mut cut = false;
        loop {
            let ended = self.ended.notified();
            if self.lock().len() < self.most {
                return cut;
            }
            cut |= self.cut_longest(|_| true);
            // Those that are all at work come to an end without a word.
            let _ = tokio::time::timeout(Duration::from_millis(50), ended).await;
        }
    }

    /// Registers a connection, which waits for its client.
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

    /// Cuts the connection that has waited longest while bytes were held for it, unless that is short.
    pub fn cut_for_memory(&self) -> bool {
        self.cut_longest(|connection| {
            connection.held.load(Relaxed) > 0 && connection.waited() >= FAIR_WAIT
        })
    }

    /// Cuts those whose clients did nothing for too long.
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
                // It is on its way: another one comes next.
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
    /// The host is at work on its request.
    pub fn at_work(&self) {
        self.since.store(AT_WORK, Relaxed);
    }

    /// The client is to do something.
    pub fn waits_for_client(&self) {
        let since = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(AT_WORK - 1);
        self.since.store(since, Relaxed);
    }

    /// Returns when the connection has to go.
    pub async fn cut(&self) {
        self.cut.notified().await;
    }

    /// So many more bytes are held for it.
    pub fn holds(&self, bytes: usize) {
        self.held.fetch_add(bytes, Relaxed);
    }

    /// So many fewer.
    pub fn frees(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Relaxed);
    }

    /// How long it has waited for its client.
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
    /// The connection.
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

/// A body that comes piece by piece: until its end the host is at work.
pub struct Working {
    body: Body,
    connection: Arc<Connection>,
}

impl Working {
    /// Until `body` ends or is dropped.
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

    const LONG: Duration = Duration::from_secs(5);

    /// Is it told to go, before others would be?
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
        let room = tokio::time::timeout(LONG, room).await.expect("in time");
        assert!(room.expect("no panic"), "one was cut");
        assert!(!is_cut(first.connection()).await, "one was enough");
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
        assert!(!connections.cut_for_memory(), "nobody holds any");
        holder.connection().holds(7);
        assert!(!connections.cut_for_memory(), "it has just begun");
        let late = waiting(7);
        connections.lock().insert(9, late.clone());
        assert!(connections.cut_for_memory());
        assert!(is_cut(&late).await);
        assert!(!connections.cut_for_memory(), "it is cut once");
    }
}
