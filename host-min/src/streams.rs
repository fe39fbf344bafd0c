//! Event streams: places of their own, apart from those of requests.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hyper::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::body::{Body, full};

/// Shortest time in milliseconds after which a client that finds no place comes back.
const SOONEST: u32 = 3_000;
/// Up to so many milliseconds later: those that came together do not come back together.
const SPREAD: u32 = 4_000;

/// Does the client ask for an event stream?
pub fn is_wanted<B>(request: &Request<B>) -> bool {
    let names_it = |accept: &HeaderValue| {
        let accept = accept.to_str().unwrap_or_default().to_ascii_lowercase();
        accept.contains("text/event-stream")
    };
    request.method() == Method::GET && request.headers().get_all(ACCEPT).iter().any(names_it)
}

/// The answer where there is no place for a stream: one that ends at once, and says when to come back. A browser's
/// `EventSource` would take any status but 200 for final.
pub fn come_back(why: &str) -> Response<Body> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let chance = now.map_or(0, |now| now.subsec_micros());
    let retry = SOONEST + chance % SPREAD;
    let text = format!("retry: {retry}\n: {why}\n\n");
    let mut response = Response::new(full(text.into()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    headers.insert(RETRY_AFTER, (retry / 1_000).into());
    response
}

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
