//! Event streams: places of their own, apart from those of requests.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// So many streams at a time, and nobody waits for a place.
#[derive(Debug)]
pub struct Streams {
    places: Arc<Semaphore>,
    most: u32,
}

impl Streams {
    /// Room for `most` of them.
    pub fn new(most: u32) -> Self {
        Self {
            places: Arc::new(Semaphore::new(most as usize)),
            most,
        }
    }

    /// A place, if there is one.
    pub fn enter(&self) -> Option<OwnedSemaphorePermit> {
        self.places.clone().try_acquire_owned().ok()
    }

    /// Waits until all streams have ended, no longer than `limit`.
    pub async fn empty(&self, limit: Duration) {
        let all = self.places.acquire_many(self.most);
        if tokio::time::timeout(limit, all).await.is_err() {
            tracing::warn!("some event streams were still open when the host stopped");
        }
    }
}
