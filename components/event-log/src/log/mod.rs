//! The log: one order over the commits of all streams.
//!
//! | module | job |
//! |---|---|
//! | `partitions` | the assignment of slots to partitions, and the last known row of each partition |
//! | `division` | the store's record, which fixes the number of partitions |
//! | `tails` | claims the next slot of a partition, and fills absent slots with skips |
//! | `follow` | reads the log in order, and writes voids into the slots of dead writers |

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
    /// A log with this number of partitions, at least 1. A writer that claimed a slot and has not written its commit
    /// within `grace_ms` milliseconds is presumed dead.
    pub fn new(partitions: u32, grace_ms: u64) -> Self {
        Self {
            tails: Tails::new(partitions),
            follower: Follower::new(grace_ms),
        }
    }

    /// The number of partitions of the log.
    pub fn division(&self) -> Division {
        self.tails.division()
    }

    /// Creates the first absent slot of the stream's partition with a ref, and returns the slot.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the writer could not confirm a slot as its own. A ref that was created
    /// nevertheless is harmless: it is dead, like the ref of a dead writer.
    pub fn claim<S: Slots>(
        &mut self,
        store: &Store<S>,
        stream: StreamName<'_>,
        claim: &Ref,
    ) -> Result<LogSlot, StoreError> {
        self.tails.claim(store, stream, claim)
    }

    /// Reads events after a position; see [`EventLog::read_log`](crate::EventLog::read_log).
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
        // The caller got this position from a read or from an append. After an append, slots before it may still be
        // absent.
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

    /// Passes a slot that the caller found absent; see [`Tails::skip`].
    ///
    /// # Errors
    /// As there.
    pub fn skip<S: Slots>(&self, store: &Store<S>, slot: LogSlot) -> Result<bool, StoreError> {
        self.tails.skip(store, slot)
    }
}
