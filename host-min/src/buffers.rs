//! One memory budget for the bodies of all requests and responses.
//!
//! The host holds a request's body until the guest has received it, and a response's body until the
//! client has taken it. A slow client therefore occupies memory and no guest instance. Up to
//! `FREE_BYTES` of each body are not counted; the rest comes out of the budget that all bodies
//! share.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connections::{Connection, Connections};

/// Default budget for all bodies together, in bytes.
pub const BUDGET: usize = 256 << 20;
/// Bytes of each body that are not counted.
const FREE_BYTES: usize = 16 << 10;
/// The budget is given out in steps of this size, in bytes.
const STEP_BYTES: usize = 64 << 10;
/// Maximum wait for a cut connection to release its memory.
const CUT_TIMEOUT: Duration = Duration::from_millis(100);

/// The budget that all bodies share.
#[derive(Debug)]
pub struct Buffers {
    steps: Arc<Semaphore>,
    connections: Arc<Connections>,
}

impl Buffers {
    /// Makes a budget of `bytes`. When the budget is used up, the host cuts slow clients.
    pub fn new(bytes: usize, connections: Arc<Connections>) -> Self {
        Self {
            steps: Arc::new(Semaphore::new((bytes / STEP_BYTES).max(1))),
            connections,
        }
    }

    /// Starts a body for `connection`.
    pub fn begin(&self, connection: &Arc<Connection>) -> Buffer {
        Buffer {
            bytes: BytesMut::new(),
            share: Share {
                permits: None,
                counted: 0,
                connection: connection.clone(),
            },
        }
    }

    async fn step(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(step) = self.steps.clone().try_acquire_owned() {
            return Some(step);
        }
        if !self.connections.cut_for_memory() {
            return None;
        }
        let step = self.steps.clone().acquire_owned();
        tokio::time::timeout(CUT_TIMEOUT, step).await.ok()?.ok()
    }
}

/// A body that is being received.
#[derive(Debug)]
pub struct Buffer {
    bytes: BytesMut,
    share: Share,
}

/// The part of the budget that one body occupies. Dropping it returns the part to the budget.
#[derive(Debug)]
struct Share {
    permits: Option<OwnedSemaphorePermit>,
    counted: usize,
    connection: Arc<Connection>,
}

impl Drop for Share {
    fn drop(&mut self) {
        self.connection.frees(self.counted);
    }
}

impl Buffer {
    /// Appends `piece`. Returns `false` if the budget is used up.
    pub async fn add(&mut self, piece: &[u8], buffers: &Buffers) -> bool {
        let length = self.bytes.len() + piece.len();
        while length > FREE_BYTES + self.share.counted {
            let Some(step) = buffers.step().await else {
                return false;
            };
            self.share.counted += STEP_BYTES;
            self.share.connection.holds(STEP_BYTES);
            match &mut self.share.permits {
                Some(permits) => permits.merge(step),
                permits => *permits = Some(step),
            }
        }
        self.bytes.extend_from_slice(piece);
        true
    }

    /// Appends `piece` without counting it.
    pub fn add_uncounted(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
    }

    /// The number of bytes so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// True if the body has no bytes yet.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Returns the whole body. Its part of the budget is released when the last slice of it is
    /// dropped.
    pub fn freeze(self) -> Bytes {
        let bytes = self.bytes.freeze();
        match self.share.permits {
            None => bytes,
            Some(_) => Bytes::from_owner(Counted {
                bytes,
                _share: self.share,
            }),
        }
    }
}

struct Counted {
    bytes: Bytes,
    _share: Share,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_budget_is_given_back_with_the_last_part_of_a_body() {
        let connections = Connections::new(3);
        let open = connections.open();
        let buffers = Buffers::new(4 * STEP_BYTES, connections.clone());
        let piece = vec![7; FREE_BYTES];
        let mut small = buffers.begin(open.connection());
        assert!(small.add(&piece, &buffers).await);
        assert_eq!(
            buffers.steps.available_permits(),
            4,
            "small bodies are not counted"
        );
        let mut large = buffers.begin(open.connection());
        for _ in 0..17 {
            assert!(large.add(&piece, &buffers).await);
        }
        assert_eq!(buffers.steps.available_permits(), 0);
        let mut other = buffers.begin(open.connection());
        assert!(other.add(&piece, &buffers).await);
        assert!(!other.add(&piece, &buffers).await, "the budget is used up");
        let mut whole = large.freeze();
        let part = whole.split_off(9);
        drop(whole);
        assert_eq!(buffers.steps.available_permits(), 0);
        assert_eq!(part.len(), 17 * FREE_BYTES - 9);
        drop(part);
        assert_eq!(buffers.steps.available_permits(), 4);
        assert!(other.add(&piece, &buffers).await);
    }
}
