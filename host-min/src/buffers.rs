//! Memory for bodies, with one budget for all of them.
//!
//! A request's body is held until the guest has it, an answer's until the client took it: so a
//! slow client holds memory, and no instance. What is small is not counted; of the rest there is so
//! much for everybody.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::connections::{Connection, Connections};

/// All bodies together, unless the command line says otherwise.
pub const BUDGET: usize = 256 << 20;
/// What a body may have beside the budget.
const SMALL: usize = 16 << 10;
/// What is taken from the budget at a time.
const STEP: usize = 64 << 10;
/// How long a connection that is cut takes to give its memory back, at most.
const PATIENCE: Duration = Duration::from_millis(100);

/// The budget.
#[derive(Debug)]
pub struct Buffers {
    steps: Arc<Semaphore>,
    connections: Arc<Connections>,
}

impl Buffers {
    /// So many bytes, which slow clients are cut for when they run out.
    pub fn new(bytes: usize, connections: Arc<Connections>) -> Self {
        Self {
            steps: Arc::new(Semaphore::new((bytes / STEP).max(1))),
            connections,
        }
    }

    /// A body of a connection that begins.
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
        tokio::time::timeout(PATIENCE, step).await.ok()?.ok()
    }
}

/// A body on its way.
#[derive(Debug)]
pub struct Buffer {
    bytes: BytesMut,
    share: Share,
}

/// What a body took of the budget; given back with it.
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
    /// Adds a piece. False: the budget is used up.
    pub async fn add(&mut self, piece: &[u8], buffers: &Buffers) -> bool {
        let length = self.bytes.len() + piece.len();
        while length > SMALL + self.share.counted {
            let Some(step) = buffers.step().await else {
                return false;
            };
            self.share.counted += STEP;
            self.share.connection.holds(STEP);
            match &mut self.share.permits {
                Some(permits) => permits.merge(step),
                permits => *permits = Some(step),
            }
        }
        self.bytes.extend_from_slice(piece);
        true
    }

    /// Adds a piece, whatever the budget says.
    pub fn add_uncounted(&mut self, piece: &[u8]) {
        self.bytes.extend_from_slice(piece);
    }

    /// Bytes so far.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// None so far.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The whole. What it took is given back when the last part of it is dropped.
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
        let buffers = Buffers::new(4 * STEP, connections.clone());
        let piece = vec![7; SMALL];
        let mut small = buffers.begin(open.connection());
        assert!(small.add(&piece, &buffers).await);
        assert_eq!(buffers.steps.available_permits(), 4, "small ones are free");
        let mut large = buffers.begin(open.connection());
        for _ in 0..17 {
            assert!(large.add(&piece, &buffers).await);
        }
        assert_eq!(buffers.steps.available_permits(), 0);
        let mut other = buffers.begin(open.connection());
        assert!(other.add(&piece, &buffers).await);
        assert!(!other.add(&piece, &buffers).await, "nothing is left");
        let mut whole = large.freeze();
        let part = whole.split_off(9);
        drop(whole);
        assert_eq!(buffers.steps.available_permits(), 0);
        assert_eq!(part.len(), 17 * SMALL - 9);
        drop(part);
        assert_eq!(buffers.steps.available_permits(), 4);
        assert!(other.add(&piece, &buffers).await);
    }
}
