//! Event streams have places of their own, separate from those of requests.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use hyper::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::body::{Body, full};

/// Minimum delay before a client without a place reconnects, in milliseconds.
const MIN_RETRY_MS: u32 = 3_000;
/// Random addition to that delay, in milliseconds. It spreads clients that came together.
const RETRY_SPREAD_MS: u32 = 4_000;

/// True if the client requests an event stream.
pub fn is_wanted<B>(request: &Request<B>) -> bool {
    let names_it = |accept: &HeaderValue| {
        let accept = accept.to_str().unwrap_or_default().to_ascii_lowercase();
        accept.contains("text/event-stream")
    };
    request.method() == Method::GET && request.headers().get_all(ACCEPT).iter().any(names_it)
}

/// The response if no place for a stream is free: a stream that ends at once and contains the delay
/// for the reconnection. It has status 200, because a browser's `EventSource` does not reconnect
/// after any other status.
pub fn come_back(why: &str) -> Response<Body> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let chance = now.map_or(0, |now| now.subsec_micros());
    let retry = MIN_RETRY_MS + chance % RETRY_SPREAD_MS;
    let text = format!("retry: {retry}\n: {why}\n\n");
    let mut response = Response::new(full(text.into()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    headers.insert(RETRY_AFTER, (retry / 1_000).into());
    response
}

/// A fixed number of places for streams. Clients do not wait for a place.
#[derive(Debug)]
pub struct Streams {
    places: Arc<Semaphore>,
    most: u32,
}

impl Streams {
    /// Makes `most` places.
    pub fn new(most: u32) -> Self {
        Self {
            places: Arc::new(Semaphore::new(most as usize)),
            most,
        }
    }

    /// Returns a place if one is free.
    pub fn enter(&self) -> Option<OwnedSemaphorePermit> {
        self.places.clone().try_acquire_owned().ok()
    }

    /// Waits until all streams have ended, for `limit` at most.
    pub async fn empty(&self, limit: Duration) {
        let all = self.places.acquire_many(self.most);
        if tokio::time::timeout(limit, all).await.is_err() {
            tracing::warn!("some event streams were still open when the host stopped");
        }
    }
}
