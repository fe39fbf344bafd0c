//! The log: one order over the commits of all streams.
//!
//! | module | job |
//! |---|---|
//! | `partitions` | the assignment of slots to partitions, and the last known row of each partition |
//! | `division` | the store's record, which fixes the number of partitions |
//! | `tails` | claims or draws the next slot of a partition, and fills absent slots with skips |
//! | `follow` | reads the log in order, and writes voids into the slots of dead writers |
//! | `ahead` | reads several log slots and their commits together |

mod ahead;
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
use tails::{Absent, Tails};

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

    /// Draws a log slot for a commit of the stream: a number that comes after every number drawn before this call.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if no number was drawn.
    pub fn draw<S: Slots>(
        &mut self,
        store: &Store<S>,
        stream: StreamName<'_>,
    ) -> Result<LogSlot, StoreError> {
        self.tails.draw(store, stream)
    }

    /// Records that the caller has created a drawn slot.
    pub fn took<S: Slots>(&mut self, store: &Store<S>, slot: LogSlot) {
        self.tails.took(store, slot);
    }

    /// Records that a drawn slot had a value before the caller could create it.
    ///
    /// # Errors
    /// As for [`Store::has`].
    pub fn missed<S: Slots>(&mut self, store: &Store<S>, slot: LogSlot) -> Result<(), StoreError> {
        self.tails.missed(store, slot)
    }

    /// Gives up a drawn slot: fills it, so that no reader waits for it. After a failure readers wait for the grace period.
    pub fn give_up<S: Slots>(&self, store: &Store<S>, slot: LogSlot) {
        let _ = tails::fill(store, slot);
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
            .read(store, &mut self.tails, after, limit, filter, now)
    }

    /// Upper bound of the log; see [`EventLog::log_end`](crate::EventLog::log_end).
    ///
    /// # Errors
    /// As there.
    pub fn end<S: Slots>(&mut self, store: &Store<S>) -> Result<Position, StoreError> {
        self.tails.last_position(store)
    }

    /// Fills a slot that the caller found absent, if a later slot exists, whatever the age of its writer. Returns `false`
    /// if the slot is the log's end.
    ///
    /// # Errors
    /// As for [`Tails::pass_absent`].
    pub fn skip<S: Slots>(&mut self, store: &Store<S>, slot: LogSlot) -> Result<bool, StoreError> {
        let absent = self.tails.pass_absent(store, slot, |_| true)?;
        Ok(absent == Absent::Filled)
    }
}
