//! Group commit: one flush makes the writes of many requests durable.
//!
//! A barrier requests a flush that *starts* after the barrier was taken. A write becomes part of
//! the next flush before any request can observe it. Such a flush therefore covers everything that
//! the barrier's owner could have observed. A barrier requests no flush in two cases: every write
//! that ever started had finished before a flush that has succeeded, or before a flush that is
//! already requested.
//!
//! The cost of a flush does not depend on how many requests wait for it. The flushing thread
//! therefore waits a short time for further requests: see [`batch_size`]. A single client never
//! waits.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};

use super::{KvError, Reply};

/// Maximum group-commit delay. It equals the duration of a few flushes.
const GROUP_COMMIT_DELAY: Duration = Duration::from_millis(2);

/// Up to this many waiting requests, a flush starts when half of them have come.
const MAX_SPLIT_BATCH: Ticket = 16;

/// The number of a flush request; a later request has a higher number.
type Ticket = u64;

#[derive(Debug, Default)]
struct Requests {
    /// The highest ticket handed out.
    tickets: Ticket,
    /// The number of writes that had started when `tickets` was last incremented; `None` if some of
    /// them had not finished.
    writes: Option<u64>,
    /// Every ticket up to this one is served.
    served: Ticket,
    /// The flushing thread sleeps until this ticket is handed out.
    awaited: Option<Ticket>,
    /// Waiting requests, with their tickets.
    waiting: Vec<(Ticket, oneshot::Sender<()>)>,
    /// Wakers of requests whose wait is over, and that are not woken yet.
    ready: Vec<oneshot::Sender<()>>,
    /// Why a flush failed. The state of the disk is unknown from then on, and no write is
    /// acknowledged.
    failed: Option<String>,
    closed: bool,
    /// The thread has ended.
    ended: bool,
}

#[derive(Debug, Default)]
struct Shared {
    /// Writes that started, counted before any request can observe them.
    started: AtomicU64,
    /// Writes that succeeded.
    finished: AtomicU64,
    /// The value of `finished` when the last successful flush started.
    flushed: AtomicU64,
    failed: AtomicBool,
    /// Why a flush failed, for observers without a barrier.
    broken: watch::Sender<Option<String>>,
    /// True if [`Requests::ready`] is not empty.
    has_ready: AtomicBool,
    requests: Mutex<Requests>,
    requested: Condvar,
}

/// A thread that flushes on demand.
#[derive(Debug)]
pub struct Flusher {
    shared: Arc<Shared>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Flusher {
    /// Starts the thread. `flush` must make everything durable that was written before its call.
    ///
    /// # Errors
    /// If the system refuses a thread.
    pub fn start(
        flush: impl FnMut() -> Result<(), String> + Send + 'static,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let thread = {
            let shared = shared.clone();
            std::thread::Builder::new()
                .name("annals-flush".into())
                .spawn(move || shared.serve(flush))?
        };
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Runs a write. Every write is refused once a flush has failed.
    ///
    /// # Errors
    /// The error of `write`, or [`KvError::Unavailable`].
    pub fn write<T>(&self, write: impl FnOnce() -> Result<T, KvError>) -> Result<T, KvError> {
        if self.shared.failed.load(SeqCst) {
            self.shared.lock().outcome()?;
        }
        self.shared.started.fetch_add(1, SeqCst);
        let done = write()?;
        // A failed write may have changed anything. It never counts as finished, so every later
        // barrier flushes.
        self.shared.finished.fetch_add(1, SeqCst);
        Ok(done)
    }

    /// See [`super::Kv::barrier`].
    pub fn barrier(&self) -> Barrier {
        Barrier(Point::Ticket(self.shared.clone(), self.shared.ticket()))
    }

    /// See [`super::Kv::broken`].
    pub fn broken(&self) -> Broken {
        Broken(Some(self.shared.broken.subscribe()))
    }

    /// Ends the thread after its current flush.
    pub fn stop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.requested.notify_all();
        if let Some(thread) = self.thread.take() {
            // The panic hook has already reported a panic of the thread, and `stop` has no caller
            // to return it to.
            let _ = thread.join();
        }
    }
}

impl Drop for Flusher {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Requests> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The ticket whose flush covers everything that can be observed now; 0 if all of it is
    /// durable.
    fn ticket(&self) -> Ticket {
        // Read `finished` before `started`: if both are equal, no write was running when `started`
        // was read.
        let finished = self.finished.load(SeqCst);
        let started = self.started.load(SeqCst);
        if self.flushed.load(SeqCst) >= started {
            return 0;
        }
        let writes = (finished == started).then_some(started);
        let mut requests = self.lock();
        if writes.is_none() || requests.writes != writes {
            requests.tickets += 1;
            requests.writes = writes;
            if requests
                .awaited
                .is_some_and(|awaited| requests.tickets >= awaited)
            {
                requests.awaited = None;
                self.requested.notify_one();
            }
        }
        requests.tickets
    }

    fn serve(&self, mut flush: impl FnMut() -> Result<(), String>) {
        let mut batch = 1;
        let mut served = 0;
        while let Some(ticket) = self.next_ticket(served, batch) {
            let came = ticket - served;
            let finished = self.finished.load(SeqCst);
            let done = flush();
            let mut requests = self.lock();
            match done {
                Ok(()) => {
                    self.flushed.store(finished, SeqCst);
                    served = ticket;
                    requests.served = served;
                    batch = batch_size(came, requests.tickets - served);
                }
                Err(reason) => {
                    tracing::error!(
                        reason,
                        "a flush failed; the store acknowledges no further writes"
                    );
                    self.failed.store(true, SeqCst);
                    self.broken.send_replace(Some(reason.clone()));
                    requests.failed = Some(reason);
                    break;
                }
            }
            let ready = requests
                .waiting
                .extract_if(.., |(ticket, _)| *ticket <= served);
            let ready: Vec<_> = ready.map(|(_, waiting)| waiting).collect();
            requests.ready.extend(ready);
            drop(requests);
            self.wake_one();
        }
        let mut requests = self.lock();
        requests.ended = true;
        requests.waiting.clear();
        requests.ready.clear();
    }

    /// Wakes one of the ready requests, which then wakes the others. Waking a task from this thread
    /// costs a system call. Waking many tasks from a runtime thread costs hardly more than waking
    /// one.
    fn wake_one(&self) {
        let mut requests = self.lock();
        self.has_ready.store(true, SeqCst);
        while let Some(first) = requests.ready.pop() {
            // A request that has been dropped cannot wake the others.
            if first.send(()).is_ok() {
                return;
            }
        }
    }

    fn wake_all(&self) {
        if !self.has_ready.swap(false, SeqCst) {
            return;
        }
        let ready = std::mem::take(&mut self.lock().ready);
        for waiting in ready {
            let _ = waiting.send(());
        }
    }

    /// Waits for tickets after `served`: first for one, and then until `batch` of them have come or
    /// the delay is over. Returns the highest ticket, or `None` if the thread is to end.
    fn next_ticket(&self, served: Ticket, batch: u64) -> Option<Ticket> {
        let mut requests = self.lock();
        let mut first = None;
        loop {
            let came = requests.tickets - served;
            if came == 0 {
                if requests.closed {
                    return None;
                }
                requests.awaited = Some(served + 1);
                let woken = self.requested.wait(requests);
                requests = woken.unwrap_or_else(PoisonError::into_inner);
                continue;
            }
            let since: &mut Instant = first.get_or_insert_with(Instant::now);
            let remaining = GROUP_COMMIT_DELAY.saturating_sub(since.elapsed());
            if came >= batch || requests.closed || remaining.is_zero() {
                requests.awaited = None;
                return Some(requests.tickets);
            }
            requests.awaited = Some(served + batch);
            let woken = self.requested.wait_timeout(requests, remaining);
            requests = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// The number of requests that the next flush waits for. The last flush served `served` requests,
/// and `waiting` others came meanwhile.
///
/// Few requests leave the processors idle while they wait for the disk. They are flushed by halves:
/// one half computes while the other half waits. Many requests keep the processors busy anyway, and
/// every flush takes some processor time. The next flush then waits for as many requests as the
/// last one served, because the clients of those requests send the next ones at once.
fn batch_size(served: Ticket, waiting: Ticket) -> Ticket {
    let all = served + waiting;
    if all <= MAX_SPLIT_BATCH {
        all.div_ceil(2)
    } else {
        served
    }
}

impl Requests {
    fn outcome(&self) -> Result<(), KvError> {
        match &self.failed {
            None => Ok(()),
            Some(reason) => Err(KvError::Unavailable(reason.clone())),
        }
    }
}

/// Notifies when the store can make nothing durable any more.
#[derive(Debug)]
pub struct Broken(Option<watch::Receiver<Option<String>>>);

impl Broken {
    /// For a store that cannot fail.
    pub fn never() -> Self {
        Self(None)
    }

    /// Waits until a flush has failed and returns the reason.
    pub async fn wait(&mut self) -> String {
        if let Some(receiver) = &mut self.0
            && let Ok(reason) = receiver.wait_for(Option::is_some).await
        {
            return reason.clone().unwrap_or_default();
        }
        // The store was closed cleanly, or cannot fail.
        std::future::pending().await
    }
}

#[derive(Debug)]
enum Point {
    Passed,
    Broken(String),
    Ticket(Arc<Shared>, Ticket),
    /// An operation that makes everything durable.
    Operation(Reply<()>),
}

/// A point in time. The barrier is passed when all writes that could be observed at that point are
/// durable.
#[derive(Debug)]
#[must_use = "nothing is durable until the barrier has been waited for"]
pub struct Barrier(Point);

impl Barrier {
    /// A barrier without a wait.
    pub fn passed() -> Self {
        Self(Point::Passed)
    }

    /// A barrier that can never be passed.
    pub fn broken(reason: &str) -> Self {
        Self(Point::Broken(reason.to_owned()))
    }

    /// A barrier that is passed when an operation of the store is done.
    pub fn of(operation: Reply<()>) -> Self {
        Self(Point::Operation(operation))
    }

    /// Waits until everything observed before the barrier is durable.
    ///
    /// # Errors
    /// [`KvError::Unavailable`] if any flush has failed: no write may be acknowledged.
    pub async fn wait(self) -> Result<(), KvError> {
        let (shared, ticket) = match self.0 {
            Point::Passed => return Ok(()),
            Point::Broken(reason) => return Err(KvError::Unavailable(reason)),
            Point::Ticket(shared, ticket) => (shared, ticket),
            Point::Operation(reply) => return reply.wait().await,
        };
        let served = {
            let mut requests = shared.lock();
            requests.outcome()?;
            if requests.served >= ticket {
                return Ok(());
            }
            let (sender, served) = oneshot::channel();
            if !requests.ended {
                requests.waiting.push((ticket, sender));
            }
            served
        };
        let woken = {
            let _wake_others = WakeOthers(&shared);
            served.await
        };
        match woken {
            Ok(()) => Ok(()),
            Err(_) => shared
                .lock()
                .outcome()
                .and(Err(KvError::Unavailable("the store is closed".into()))),
        }
    }
}

/// Wakes the other ready requests when it is dropped, and so also if the woken request is dropped
/// at that moment.
struct WakeOthers<'a>(&'a Shared);

impl Drop for WakeOthers<'_> {
    fn drop(&mut self) {
        self.0.wake_all();
    }
}

#[cfg(test)]
mod tests {
    use super::batch_size;

    #[test]
    fn few_are_flushed_by_halves_and_many_together() {
        assert_eq!(batch_size(1, 0), 1, "a single request does not wait");
        assert_eq!(batch_size(2, 0), 1);
        assert_eq!(batch_size(8, 0), 4, "requests that came together are split");
        assert_eq!(batch_size(4, 4), 4, "and stay split");
        assert_eq!(batch_size(3, 4), 4);
        assert_eq!(batch_size(64, 0), 64);
        assert_eq!(batch_size(40, 9), 40);
    }
}
