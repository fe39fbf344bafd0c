//! How long an instance may run.
//!
//! Before its response is known, a guest has a deadline. An event stream has none: it continues for
//! as long as its client takes what the guest writes, and the guest does not compute for the length
//! of that time limit between two writes.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, Ordering::Relaxed, Ordering::SeqCst};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, OwnedSemaphorePermit};

use crate::engine::TICK;

/// A guest that is blocked in a function of the host does not reach the clock's check. The host
/// ends it this long after its deadline.
const HOST_CALL_GRACE: Duration = Duration::from_millis(500);
/// Time for a guest to notice that its stream is closed, and to end by itself.
const STREAM_CLOSE_GRACE: Duration = Duration::from_secs(1);
/// Minimum time that a streaming guest may compute without writing.
const MIN_STREAM_COMPUTING: Duration = Duration::from_secs(5);

/// Phases, in ascending order. A phase is never left for a lower one.
const ANSWERING: u8 = 0;
const STREAMING: u8 = 1;
/// No client takes the guest's output.
const OVER: u8 = 2;

/// The deadline of one instance, shared by the task that runs it and the task that passes its
/// response on.
#[derive(Debug)]
pub struct Deadline {
    deadline: Instant,
    phase: AtomicU8,
    changed: Notify,
    /// Ticks in which a streaming guest ran since its last write.
    ticks: AtomicU32,
    most_ticks: u32,
    /// True if a tick has interrupted the guest since [`Deadline::was_interrupted`] was last
    /// called.
    interrupted: AtomicBool,
    /// The place of the gate or of the streams, occupied until the instance ends.
    place: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Deadline {
    /// A deadline `time` from now, for a guest that occupies `place` if it needs one.
    pub fn new(time: Duration, place: Option<OwnedSemaphorePermit>) -> Self {
        let computing = time.max(MIN_STREAM_COMPUTING).as_millis() / TICK.as_millis();
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

    /// True if the guest must stop. Called at each tick in which the guest runs.
    pub fn has_passed(&self) -> bool {
        match self.phase.load(SeqCst) {
            ANSWERING => Instant::now() >= self.deadline,
            _ => self.ticks.fetch_add(1, Relaxed) >= self.most_ticks,
        }
    }

    /// Records that a tick interrupted the guest, which yields to others.
    pub fn interrupt(&self) {
        self.interrupted.store(true, Relaxed);
    }

    /// True if a tick has interrupted the guest since the last call.
    pub fn was_interrupted(&self) -> bool {
        self.interrupted.swap(false, Relaxed)
    }

    /// Records that the response is an event stream: the guest now occupies a stream's place and
    /// has no deadline.
    pub fn stream(&self, place: OwnedSemaphorePermit) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = Some(place);
        self.reach(STREAMING);
    }

    /// Records that a stream's client took some bytes.
    pub fn progress(&self) {
        self.ticks.store(0, Relaxed);
    }

    /// Records that no client takes the guest's output any more, so that the guest may be ended.
    pub fn end(&self) {
        self.reach(OVER);
    }

    /// Releases the place: the instance has ended.
    pub fn release_place(&self) {
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Waits until the guest must be ended. Returns `true` if the deadline passed without a
    /// response.
    pub async fn over(&self) -> bool {
        let answered = self.reached(STREAMING);
        if tokio::time::timeout_at((self.deadline + HOST_CALL_GRACE).into(), answered)
            .await
            .is_err()
        {
            return true;
        }
        self.reached(OVER).await;
        tokio::time::sleep(STREAM_CLOSE_GRACE).await;
        false
    }

    fn reach(&self, phase: u8) {
        self.phase.fetch_max(phase, SeqCst);
        self.changed.notify_waiters();
    }

    async fn reached(&self, phase: u8) {
        loop {
            let changed = self.changed.notified();
            // `notified` registers when it is made, so a change between this check and the wait is
            // not missed.
            if self.phase.load(SeqCst) >= phase {
                return;
            }
            changed.await;
        }
    }
}
