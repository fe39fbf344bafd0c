//! How long an instance may go on.
//!
//! Until its answer is known it has its time. An event stream goes on as long as its client takes
//! what is written and the guest does not spend that time computing in between.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::Relaxed, Ordering::SeqCst};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, OwnedSemaphorePermit};

use crate::engine::TICK;

/// How much later than its deadline a guest is given up that does not run at all (it sleeps in a
/// function of the host, where the clock does not reach it).
const GRACE: Duration = Duration::from_millis(500);
/// What a guest gets to notice that its stream is closed, and end by itself.
const LEAVE: Duration = Duration::from_secs(1);
/// The least that a streaming guest may compute without writing anything.
const LEAST_COMPUTING: Duration = Duration::from_secs(5);

/// Phases, which only go up.
const ANSWERING: u8 = 0;
const STREAMING: u8 = 1;
/// Nobody takes what it writes.
const OVER: u8 = 2;

/// The life of one instance, shared by who runs it and who passes its answer on.
#[derive(Debug)]
pub struct Life {
    deadline: Instant,
    phase: AtomicU8,
    changed: Notify,
    /// Ticks in which a streaming guest ran since it last wrote.
    ticks: AtomicU32,
    most_ticks: u32,
    /// A tick has come since the guest was last let run.
    interrupted: AtomicBool,
    /// Held as long as the instance lives.
    place: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Life {
    /// A life of so long, beginning now, in a place of the gate if it needs one.
    pub fn new(time: Duration, place: Option<OwnedSemaphorePermit>) -> Self {
        let computing = time.max(LEAST_COMPUTING).as_millis() / TICK.as_millis();
        Self {
            deadline: Instant::now() + time,
            phase: AtomicU8::new(ANSWERING),
            changed: Notify::new(),
            ticks: AtomicU32::new(0),
            most_ticks: u32::try_from(computing).unwrap_or(u32::MAX),
            interrupted: AtomicBool::new(false),
            place: Mutex::new(place),
        }
    }

    /// Asked at each tick in which the guest runs.
    pub fn is_spent(&self) -> bool {
        match self.phase.load(SeqCst) {
            ANSWERING => Instant::now() >= self.deadline,
            _ => self.ticks.fetch_add(1, Relaxed) >= self.most_ticks,
        }
    }

    /// The guest is interrupted, and lets others run.
    pub fn interrupt(&self) {
        self.interrupted.store(true, Relaxed);
    }

    /// Was it since the last question?
    pub fn was_interrupted(&self) -> bool {
        self.interrupted.swap(false, Relaxed)
    }

    /// The answer is an event stream: from now on the guest has another place, and no deadline.
    pub fn stream(&self, place: OwnedSemaphorePermit) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
        self.reach(STREAMING);
    }

    /// The client of a stream took something.
    pub fn progress(&self) {
        self.ticks.store(0, Relaxed);
    }

    /// The guest may go: what it writes leads nowhere.
    pub fn end(&self) {
        self.reach(OVER);
    }

    /// The instance is gone; so is its place.
    pub fn leave(&self) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Waits until the guest has to be given up. True: it had its time and did not answer.
    pub async fn over(&self) -> bool {
        let answered = self.reached(STREAMING);
        if tokio::time::timeout_at((self.deadline + GRACE).into(), answered)
            .await
            .is_err()
        {
            return true;
        }
        self.reached(OVER).await;
        tokio::time::sleep(LEAVE).await;
        false
    }

    fn reach(&self, phase: u8) {
        self.phase.fetch_max(phase, SeqCst);
        self.changed.notify_waiters();
    }

    async fn reached(&self, phase: u8) {
        loop {
            let changed = self.changed.notified();
            // It counts from its making on: a change between the look and the wait is not missed.
            if self.phase.load(SeqCst) >= phase {
                return;
            }
            changed.await;
        }
    }
}
