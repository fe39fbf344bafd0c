//! Bounds concurrency: a number of requests run, a number wait, and all further ones are refused at
//! once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Each guest instance holds one permit of the gate.
#[derive(Debug)]
pub struct Gate {
    places: Arc<Semaphore>,
    concurrency: u32,
    waiting: AtomicUsize,
    queue: usize,
}

impl Gate {
    /// Lets `concurrency` requests run and `queue` requests wait.
    pub fn new(concurrency: u32, queue: usize) -> Self {
        let places = Arc::new(Semaphore::new(concurrency as usize));
        Self {
            places,
            concurrency,
            waiting: AtomicUsize::new(0),
            queue,
        }
    }

    /// Returns a place, waiting in the queue if necessary. Returns `None` if the queue is full.
    pub async fn enter(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = self.places.clone().try_acquire_owned() {
            return Some(place);
        }
        let _in_queue = Waiting::join(&self.waiting, self.queue)?;
        self.places.clone().acquire_owned().await.ok()
    }

    /// Waits until no request runs, for `limit` at most.
    pub async fn empty(&self, limit: Duration) {
        let all = self.places.acquire_many(self.concurrency);
        if tokio::time::timeout(limit, all).await.is_err() {
            tracing::warn!("some guests were still at work when the host stopped");
        }
    }
}

/// A place in the queue, released when it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn join(waiting: &'a AtomicUsize, limit: usize) -> Option<Self> {
        let place = Self(waiting);
        // If the queue is full, dropping `place` undoes the addition.
        (waiting.fetch_add(1, Ordering::Relaxed) < limit).then_some(place)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_comes_to_a_full_queue_is_sent_away_and_the_waiting_are_served() {
        let gate = Arc::new(Gate::new(1, 1));
        let first = gate.enter().await.expect("a place is free");
        let second = tokio::spawn({
            let gate = gate.clone();
            async move { gate.enter().await.is_some() }
        });
        while gate.waiting.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        let third = tokio::time::timeout(Duration::from_secs(2), gate.enter()).await;
        assert!(matches!(third, Ok(None)), "the queue is full: {third:?}");
        drop(first);
        assert!(second.await.expect("no panic"));
        assert_eq!(gate.waiting.load(Ordering::Relaxed), 0);
        assert!(gate.enter().await.is_some());
    }
}
