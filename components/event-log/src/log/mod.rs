//! The log: one order over the commits of all streams.
//!
//! | module | job |
//! |---|---|
//! | `partitions` | which slots belong to which partition, and where each partition ends |
//! | `division` | the record that says into how many partitions the log is divided |
//! | `tails` | claims the next slot of a partition, and closes the gaps between partitions |
//! | `follow` | reads the log in order, and decides the slots of writers that died |

mod division;
mod follow;
mod partitions;
mod tails;

pub use division::Division;
pub use partitions::partition_of;

use crate::error::StoreError;
use crate::model::{LogFilter, LogPage};
use crate::name::StreamName;
use crate::numbers::{LogSlot, Position};
use crate::records::Ref;
use crate::slots::Slots;
use crate::store::Store;
use follow::Follower;
use tails::Tails;

/// The log of a store.
#[derive(Debug)]
pub struct Log {
    tails: Tails,
    follower: Follower,
}

impl Log {
    /// A log that is divided into so many partitions, at least 1. A writer that has claimed a slot and has not written
    /// its commit after `grace_ms` milliseconds is taken for dead.
    pub fn new(partitions: u32, grace_ms: u64) -> Self {
        Self {
            tails: Tails::new(partitions),
            follower: Follower::new(grace_ms),
        }
    }

    /// Into how many partitions the log is divided.
    pub fn division(&self) -> Division {
        self.tails.division()
    }

    /// Creates the first absent slot of the stream's partition with a ref, and returns the slot.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if no slot is known to be the writer's. A ref that was created all the same does no
    /// harm: it is dead, like one whose writer died.
    pub fn claim<S: Slots>(
        &mut self,
        store: &Store<S>,
        stream: StreamName<'_>,
        claim: &Ref,
    ) -> Result<LogSlot, StoreError> {
        self.tails.claim(store, stream, claim)
    }

    /// Events after a position; see [`EventLog::read_log`](crate::EventLog::read_log).
    ///
    /// # Errors
    /// As there.
    pub fn read<S: Slots>(
        &mut self,
        store: &Store<S>,
        after: Position,
        limit: u32,
        filter: &LogFilter,
        now: u64,
    ) -> Result<LogPage, StoreError> {
        // The caller has read up to this position, or an append has told it. Only in the second case can slots before it
        // still be absent.
        self.tails.level(store, after.log_slot())?;
        self.follower
            .read(store, &self.tails, after, limit, filter, now)
    }

    /// Upper bound of the log; see [`EventLog::log_end`](crate::EventLog::log_end).
    ///
    /// # Errors
    /// As there.
    pub fn end<S: Slots>(&mut self, store: &Store<S>) -> Result<Position, StoreError> {
        self.tails.last_position(store)
    }

    /// Passes a slot that was seen to be absent; see [`Tails::skip`].
    ///
    /// # Errors
    /// As there.
    pub fn skip<S: Slots>(&self, store: &Store<S>, slot: LogSlot) -> Result<bool, StoreError> {
        self.tails.skip(store, slot)
    }
}
