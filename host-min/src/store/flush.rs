//! Group commit: one flush makes the writes of many requests durable.
//!
//! A barrier asks for a flush that *starts* after the barrier was taken. A write is among those
//! that the next flush takes before anybody can observe it, so such a flush covers all that the
//! barrier's owner could have observed. None is asked for if every write that ever started had
//! finished before a flush that has succeeded, or before one that was asked for already.
//!
//! A flush costs the same however many wait for it. So the thread waits a little for others: see
//! [`company`]. One client alone never waits.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};

use super::KvError;

/// How long a flush waits for company: the time of a few flushes.
const GATHER: Duration = Duration::from_millis(2);

/// Up to so many, half of them are enough for a flush.
const FEW: Ticket = 16;

/// Whoever asks for a flush has one; later ones have higher numbers.
type Ticket = u64;

#[derive(Debug, Default)]
struct Requests {
    /// The highest ticket handed out.
    tickets: Ticket,
    /// Writes that had started when it was, if all of them had finished.
    settled: Option<u64>,
    /// All tickets up to this one are served.
    served: Ticket,
    /// The flushing thread sleeps until this ticket is handed out.
    awaited: Option<Ticket>,
    /// Those who wait, with their tickets.
    waiting: Vec<(Ticket, oneshot::Sender<()>)>,
    /// Those who wait no longer, and have not been told.
    over: Vec<oneshot::Sender<()>>,
    /// A flush failed. The disk's state is unknown from then on, and nothing is claimed any more.
    failed: Option<String>,
    closed: bool,
    /// The thread is gone.
    ended: bool,
}

#[derive(Debug, Default)]
struct Shared {
    /// Writes that began, counted before they can be observed.
    started: AtomicU64,
    /// Writes that ended in success.
    finished: AtomicU64,
    /// `finished` as it was when the last good flush started.
    flushed: AtomicU64,
    failed: AtomicBool,
    /// Why a flush failed, for those who ask for nothing.
    broken: watch::Sender<Option<String>>,
    /// There are some in [`Requests::over`].
    untold: AtomicBool,
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
    /// Starts the thread; `flush` makes all that was written before its call durable.
    ///
    /// # Errors
    /// When the system refuses a thread.
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

    /// Runs a write. It is refused once a flush has failed.
    ///
    /// # Errors
    /// The write's own, or [`KvError::Unavailable`].
    pub fn write<T>(&self, write: impl FnOnce() -> Result<T, KvError>) -> Result<T, KvError> {
        if self.shared.failed.load(SeqCst) {
            self.shared.lock().outcome()?;
        }
        self.shared.started.fetch_add(1, SeqCst);
        let done = write()?;
        // A write that failed may have left anything behind: it never counts as finished, and
        // every later barrier flushes.
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

    /// Ends the thread, after the flush that it is at.
    pub fn stop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.requested.notify_all();
        if let Some(thread) = self.thread.take() {
            // The thread's panic has been reported already, and there is nobody to hand it to.
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

    /// The ticket whose flush covers all that can be observed now; 0: it is flushed already.
    fn ticket(&self) -> Ticket {
        // In this order: no write was under way when `started` was read if both are the same.
        let finished = self.finished.load(SeqCst);
        let started = self.started.load(SeqCst);
        if self.flushed.load(SeqCst) >= started {
            return 0;
        }
        let settled = (finished == started).then_some(started);
        let mut requests = self.lock();
        if settled.is_none() || requests.settled != settled {
            requests.tickets += 1;
            requests.settled = settled;
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
        let mut company = 1;
        let mut served = 0;
        while let Some(ticket) = self.next_ticket(served, company) {
            let came = ticket - served;
            let finished = self.finished.load(SeqCst);
            let done = flush();
            let mut requests = self.lock();
            match done {
                Ok(()) => {
                    self.flushed.store(finished, SeqCst);
                    served = ticket;
                    requests.served = served;
                    company = self::company(came, requests.tickets - served);
                }
                Err(reason) => {
                    tracing::error!(reason, "a flush failed; nothing is acknowledged any more");
                    self.failed.store(true, SeqCst);
                    self.broken.send_replace(Some(reason.clone()));
                    requests.failed = Some(reason);
                    break;
                }
            }
            let over = requests
                .waiting
                .extract_if(.., |(ticket, _)| *ticket <= served);
            let over: Vec<_> = over.map(|(_, waiting)| waiting).collect();
            requests.over.extend(over);
            drop(requests);
            self.tell_one();
        }
        let mut requests = self.lock();
        requests.ended = true;
        requests.waiting.clear();
        requests.over.clear();
    }

    /// Tells one of those who wait no longer: it tells the others. To wake one from this thread costs
    /// a system call, and to wake many from a thread of theirs costs hardly more.
    fn tell_one(&self) {
        let mut requests = self.lock();
        self.untold.store(true, SeqCst);
        while let Some(first) = requests.over.pop() {
            // Who does not wait any more cannot tell others.
            if first.send(()).is_ok() {
                return;
            }
        }
    }

    fn tell_all(&self) {
        if !self.untold.swap(false, SeqCst) {
            return;
        }
        let over = std::mem::take(&mut self.lock().over);
        for waiting in over {
            let _ = waiting.send(());
        }
    }

    /// Waits for tickets after `served`: for one, and then for others as long as they are `company`.
    /// Returns the last one of them; none: time to go.
    fn next_ticket(&self, served: Ticket, company: u64) -> Option<Ticket> {
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
            let rest = GATHER.saturating_sub(since.elapsed());
            if came >= company || requests.closed || rest.is_zero() {
                requests.awaited = None;
                return Some(requests.tickets);
            }
            requests.awaited = Some(served + company);
            let woken = self.requested.wait_timeout(requests, rest);
            requests = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// How many should come together for the next flush, after one that served so many and was overtaken by
/// `waiting` others.
///
/// Few leave the processors idle while they wait for the disk, so they are flushed by halves: one half
/// computes while the other waits. Many keep the processors busy anyway, and every flush takes some of
/// their time; then it is as many as the last time, since whoever was served comes again at once.
fn company(served: Ticket, waiting: Ticket) -> Ticket {
    let all = served + waiting;
    if all <= FEW { all.div_ceil(2) } else { served }
}

impl Requests {
    fn outcome(&self) -> Result<(), KvError> {
        match &self.failed {
            None => Ok(()),
            Some(reason) => Err(KvError::Unavailable(reason.clone())),
        }
    }
}

/// Tells when nothing is made durable any more.
#[derive(Debug)]
pub struct Broken(Option<watch::Receiver<Option<String>>>);

impl Broken {
    /// Of a store that cannot break.
    pub fn never() -> Self {
        Self(None)
    }

    /// Returns once it is so, with the reason.
    pub async fn wait(&mut self) -> String {
        if let Some(receiver) = &mut self.0
            && let Ok(reason) = receiver.wait_for(Option::is_some).await
        {
            return reason.clone().unwrap_or_default();
        }
        // The store is gone in good order, or never breaks.
        std::future::pending().await
    }
}

#[derive(Debug)]
enum Point {
    Passed,
    Broken(String),
    Ticket(Arc<Shared>, Ticket),
}

/// A point that is passed when all writes observed before it are durable.
#[derive(Debug)]
#[must_use = "nothing is durable until the barrier has been waited for"]
pub struct Barrier(Point);

impl Barrier {
    /// A barrier where there is nothing to wait for.
    pub fn passed() -> Self {
        Self(Point::Passed)
    }

    /// A barrier that can never be passed.
    pub fn broken(reason: &str) -> Self {
        Self(Point::Broken(reason.to_owned()))
    }

    /// Waits until all that was observed is durable.
    ///
    /// # Errors
    /// [`KvError::Unavailable`] if a flush failed, ever: nothing may be acknowledged.
    pub async fn wait(self) -> Result<(), KvError> {
        let (shared, ticket) = match self.0 {
            Point::Passed => return Ok(()),
            Point::Broken(reason) => return Err(KvError::Unavailable(reason)),
            Point::Ticket(shared, ticket) => (shared, ticket),
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
        let told = {
            let _tells = Tells(&shared);
            served.await
        };
        match told {
            Ok(()) => Ok(()),
            Err(_) => shared
                .lock()
                .outcome()
                .and(Err(KvError::Unavailable("the store is closed".into()))),
        }
    }
}

/// Whoever was told tells the others, also one that is given up at that moment.
struct Tells<'a>(&'a Shared);

impl Drop for Tells<'_> {
    fn drop(&mut self) {
        self.0.tell_all();
    }
}

#[cfg(test)]
mod tests {
    use super::company;

    #[test]
    fn few_are_flushed_by_halves_and_many_together() {
        assert_eq!(company(1, 0), 1, "one alone waits for nobody");
        assert_eq!(company(2, 0), 1);
        assert_eq!(company(8, 0), 4, "those who came together part");
        assert_eq!(company(4, 4), 4, "and stay so");
        assert_eq!(company(3, 4), 4);
        assert_eq!(company(64, 0), 64);
        assert_eq!(company(40, 9), 40);
    }
}
