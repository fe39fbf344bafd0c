//! Group commit: one flush makes the writes of many requests durable.
//!
//! A barrier asks for a flush that *starts* after the barrier was taken. A write is among those
//! that the next flush takes before anybody can observe it, so such a flush covers all that the
//! barrier's owner could have observed. The flush is skipped only if every write that ever
//! started had finished before a flush that has succeeded.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use tokio::sync::watch;

use super::KvError;

/// How far the flushes have come.
#[derive(Debug, Clone, Default)]
struct Progress {
    /// All tickets up to this one are served.
    served: u64,
    /// A flush failed. The disk's state is unknown from then on, and nothing is claimed any more.
    failed: Option<String>,
}

#[derive(Debug, Default)]
struct Requests {
    /// The highest ticket handed out.
    tickets: u64,
    closed: bool,
}

#[derive(Debug)]
struct Shared {
    /// Writes that began, counted before they can be observed.
    started: AtomicU64,
    /// Writes that ended in success.
    finished: AtomicU64,
    /// `finished` as it was when the last good flush started.
    flushed: AtomicU64,
    requests: Mutex<Requests>,
    requested: Condvar,
    progress: watch::Sender<Progress>,
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
        let shared = Arc::new(Shared {
            started: AtomicU64::new(0),
            finished: AtomicU64::new(0),
            flushed: AtomicU64::new(0),
            requests: Mutex::default(),
            requested: Condvar::new(),
            progress: watch::Sender::new(Progress::default()),
        });
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
        if let Some(reason) = &self.shared.progress.borrow().failed {
            return Err(KvError::Unavailable(reason.clone()));
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
        let progress = self.shared.progress.subscribe();
        let ticket = if self.shared.is_clean() {
            0
        } else {
            self.shared.take_ticket()
        };
        Barrier {
            waiting: Some((progress, ticket)),
        }
    }
}

impl Flusher {
    /// Ends the thread, after the flush that it is at.
    pub fn stop(&mut self) {
        self.shared
            .requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .closed = true;
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
    fn take_ticket(&self) -> u64 {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.tickets += 1;
        self.requested.notify_one();
        requests.tickets
    }

    fn serve(&self, mut flush: impl FnMut() -> Result<(), String>) {
        let mut served = 0;
        while let Some(ticket) = self.next_ticket(served) {
            let finished = self.finished.load(SeqCst);
            if let Err(reason) = flush() {
                tracing::error!(reason, "a flush failed; nothing is acknowledged any more");
                self.progress
                    .send_modify(|progress| progress.failed = Some(reason));
                return;
            }
            self.flushed.store(finished, SeqCst);
            served = ticket;
            self.progress
                .send_modify(|progress| progress.served = served);
        }
    }

    /// Every write that ever began is flushed.
    fn is_clean(&self) -> bool {
        self.flushed.load(SeqCst) >= self.started.load(SeqCst)
    }

    /// Waits for a ticket after `served`; none: time to go.
    fn next_ticket(&self, served: u64) -> Option<u64> {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if requests.tickets > served {
                return Some(requests.tickets);
            }
            if requests.closed {
                return None;
            }
            requests = self
                .requested
                .wait(requests)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// A point that is passed when all writes observed before it are durable.
#[derive(Debug)]
#[must_use = "nothing is durable until the barrier has been waited for"]
pub struct Barrier {
    /// The progress to watch, and the ticket that must be served; none: nothing ever to wait for.
    waiting: Option<(watch::Receiver<Progress>, u64)>,
}

impl Barrier {
    /// A barrier where there is nothing to wait for.
    pub fn passed() -> Self {
        Self { waiting: None }
    }

    /// A barrier that can never be passed.
    pub fn broken(reason: &str) -> Self {
        let progress = Progress {
            served: 0,
            failed: Some(reason.to_owned()),
        };
        Self {
            waiting: Some((watch::channel(progress).1, 1)),
        }
    }

    /// Waits until all that was observed is durable.
    ///
    /// # Errors
    /// [`KvError::Unavailable`] if a flush failed, ever: nothing may be acknowledged.
    pub async fn wait(self) -> Result<(), KvError> {
        let Some((mut progress, ticket)) = self.waiting else {
            return Ok(());
        };
        let reached = progress
            .wait_for(|p| p.failed.is_some() || p.served >= ticket)
            .await;
        match reached {
            Ok(state) => match &state.failed {
                None => Ok(()),
                Some(reason) => Err(KvError::Unavailable(reason.clone())),
            },
            Err(_) => Err(KvError::Unavailable("the store is closed".into())),
        }
    }
}
