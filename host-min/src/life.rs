//! How long an instance may go on.
//!
//! Until its answer is known it has its time. An event stream goes on as long as its client takes
//! what is written and the guest does not spend that time computing in between.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, watch};

use crate::engine::TICK;

/// How much later than its deadline a guest is given up that does not run at all (it sleeps in a
/// function of the host, where the clock does not reach it).
const GRACE: Duration = Duration::from_millis(500);
/// What a guest gets to notice that its stream is closed, and end by itself.
const LEAVE: Duration = Duration::from_secs(1);
/// The least that a streaming guest may compute without writing anything.
const LEAST_COMPUTING: Duration = Duration::from_secs(5);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Answering,
    Streaming,
    /// Nobody takes what it writes.
    Over,
}

/// The life of one instance, shared by who runs it and who passes its answer on.
#[derive(Debug)]
pub struct Life {
    deadline: Instant,
    phase: watch::Sender<Phase>,
    /// Ticks in which a streaming guest ran since it last wrote.
    ticks: AtomicU32,
    most_ticks: u32,
    /// Held as long as the instance lives.
    place: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Life {
    /// A life of so long, beginning now, in a place of the gate if it needs one.
    pub fn new(time: Duration, place: Option<OwnedSemaphorePermit>) -> Self {
        let computing = time.max(LEAST_COMPUTING).as_millis() / TICK.as_millis();
        Self {
            deadline: Instant::now() + time,
            phase: watch::Sender::new(Phase::Answering),
            ticks: AtomicU32::new(0),
            most_ticks: u32::try_from(computing).unwrap_or(u32::MAX),
            place: Mutex::new(place),
        }
    }

    /// Asked at each tick in which the guest runs.
    pub fn is_spent(&self) -> bool {
        match *self.phase.borrow() {
            Phase::Answering => Instant::now() >= self.deadline,
            Phase::Streaming | Phase::Over => self.ticks.fetch_add(1, Relaxed) >= self.most_ticks,
        }
    }

    /// The answer is an event stream: from now on the guest has another place, and no deadline.
    pub fn stream(&self, place: OwnedSemaphorePermit) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
        self.phase.send_replace(Phase::Streaming);
    }

    /// The client of a stream took something.
    pub fn progress(&self) {
        self.ticks.store(0, Relaxed);
    }

    /// The guest may go: what it writes leads nowhere.
    pub fn end(&self) {
        self.phase.send_replace(Phase::Over);
    }

    /// The instance is gone; so is its place.
    pub fn leave(&self) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Waits until the guest has to be given up. True: it had its time and did not answer.
    pub async fn over(&self) -> bool {
        let mut phase = self.phase.subscribe();
        let answering = phase.wait_for(|phase| *phase != Phase::Answering);
        if tokio::time::timeout_at((self.deadline + GRACE).into(), answering)
            .await
            .is_err()
        {
            return true;
        }
        let _ = phase.wait_for(|phase| *phase == Phase::Over).await;
        tokio::time::sleep(LEAVE).await;
        false
    }
}
