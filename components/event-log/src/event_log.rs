//! `EventLog`: the event store as one value.

use crate::error::{AppendError, StoreError, WriteError};
use crate::keys::Keys;
use crate::log::Log;
use crate::model::{
    AppendRequest, Appended, Checkpoint, Claim, FoundRow, Head, LogFilter, LogPage, Metadata,
    Outcome, Page, Rejection, Row, RowPage, Snapshot, StreamPage,
};
use crate::reactions::{KeyRange, Reactions, hints};
use crate::repair;
use crate::slots::{Settled, Slots};
use crate::store::Store;
use crate::streams::{Streams, append, commands, read, snapshots};

/// Maximum number of partitions. Finding the log's end reads at least one slot of each partition.
pub const MAX_PARTITIONS: u32 = 64;

/// The settings of an [`EventLog`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The prefix of every key. Stores under different prefixes are independent.
    pub prefix: String,
    /// Partitions of the log, 1 to [`MAX_PARTITIONS`]. The number is fixed once the log has an event.
    pub partitions: u32,
    /// Grace period in milliseconds. A writer that claimed a log slot this long ago and has not written its commit is
    /// presumed dead.
    pub grace_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            prefix: String::new(),
            partitions: 1,
            grace_ms: 5000,
        }
    }
}

/// The event store over some [`Slots`].
///
/// A caller may open a new instance for every call. An instance caches the last known ends of streams and of the log,
/// which saves reads. Any number of instances may use the same slots concurrently.
///
/// # Errors
/// Every method that reads fails with [`StoreError::Unavailable`] if the store cannot be reached, with
/// [`StoreError::Corrupt`] if it meets a damaged record, and with [`StoreError::Newer`] if it meets a record that only
/// a newer release can read. Below, *the store's errors* are these three. If a method fails with one of them, no write
/// took effect, except perhaps harmless ones: hints, snapshots, claims, dead refs, voids and skips.
#[derive(Debug)]
pub struct EventLog<S> {
    store: Store<S>,
    streams: Streams,
    log: Log,
    reactions: Reactions,
}

impl<S: Slots> EventLog<S> {
    /// Opens the store. Reads and writes nothing.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for settings that are not supported.
    pub fn open(slots: S, settings: &Settings) -> Result<Self, StoreError> {
        if !(1..=MAX_PARTITIONS).contains(&settings.partitions) {
            return Err(StoreError::Invalid(format!(
                "[store] partitions = {} is not possible, only 1 to {MAX_PARTITIONS}",
                settings.partitions
            )));
        }
        Ok(Self {
            store: Store::new(slots, Keys::new(&settings.prefix, settings.partitions)),
            streams: Streams::default(),
            log: Log::new(settings.partitions, settings.grace_ms),
            reactions: Reactions::default(),
        })
    }

    /// Checks that the store can be reached and that its first log slot can be read. If that slot is absent, compares
    /// the number of partitions.
    ///
    /// # Errors
    /// The store's errors; [`StoreError::Unavailable`] also if the store has another number of partitions.
    pub fn health(&self) -> Result<(), StoreError> {
        match self.store.read_log_slot(1.into())? {
            Some(_) => Ok(()),
            None => self.log.division().check(&self.store),
        }
    }

    /// Ends an operation. The caller calls this after each operation; see [`Slots::end_operation`].
    pub fn end_operation(&self) {
        self.store.end_operation();
    }

    /// Appends the events of one decision, all or none. A request without events writes nothing.
    ///
    /// Returns when the commit is durable. Voids of dead writers and outcomes of other commands do not change the
    /// stream's version, so the append continues after them.
    ///
    /// # Errors
    /// [`AppendError::Conflict`] if the precondition does not hold, or if the same command has taken effect after the
    /// cursor. [`AppendError::Closed`] if the stream is closed. [`StoreError::Invalid`] for an illegal request,
    /// [`StoreError::InDoubt`] if the events may have been appended, and the store's errors.
    pub fn append(&mut self, request: AppendRequest) -> Result<Appended, AppendError> {
        append::append(&mut self.streams, &mut self.log, &self.store, request)
    }

    /// Claims a command id before its decision is written. `fingerprint` is a hash of the command's content. The caller
    /// guarantees that no attempt has written to the stream up to slot `cursor`.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for an illegal stream name or command id, and the store's errors. A claim in doubt
    /// returns [`StoreError::Unavailable`], because claiming again is safe.
    pub fn claim_command(
        &mut self,
        command_id: &str,
        fingerprint: u64,
        stream: &str,
        cursor: u64,
    ) -> Result<Claim, StoreError> {
        let (streams, cursor) = (&mut self.streams, cursor.into());
        commands::claim(
            streams,
            &self.store,
            command_id,
            fingerprint,
            stream,
            cursor,
        )
    }

    /// Searches the slots after the cursor for the outcome of a command. Returns `None` if they hold none.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for an illegal stream name or command id, and the store's errors.
    pub fn find_outcome(
        &mut self,
        command_id: &str,
        stream: &str,
        cursor: u64,
    ) -> Result<Option<Outcome>, StoreError> {
        let (streams, cursor) = (&mut self.streams, cursor.into());
        commands::find_outcome(streams, &self.store, command_id, stream, cursor)
    }

    /// Records that a command ended without events, with or without a rejection. Every later attempt with the same id
    /// then gets the same answer. The record competes with appends for the slot after `at`.
    ///
    /// # Errors
    /// [`AppendError::Conflict`] if the stream has moved on or the command has ended; never [`AppendError::Closed`].
    /// [`StoreError::Invalid`] for input that is not allowed, [`StoreError::InDoubt`] if the outcome may have been
    /// recorded, and the store's errors.
    pub fn record_outcome(
        &mut self,
        stream: &str,
        at: Head,
        metadata: Metadata,
        rejection: Option<Rejection>,
        recorded_at: u64,
    ) -> Result<(), AppendError> {
        let (streams, store) = (&mut self.streams, &self.store);
        commands::record_outcome(streams, store, stream, at, metadata, rejection, recorded_at)
    }

    /// Reads events for folding, after a head that an earlier call returned. The page ends after `limit` records (at
    /// least one is read), or when the payloads reach about 1 MiB.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for an illegal stream name or a head that does not match the stream, and the store's
    /// errors.
    pub fn load(&mut self, stream: &str, after: Head, limit: u32) -> Result<Page, StoreError> {
        read::load(&mut self.streams, &self.store, stream, after, limit)
    }

    /// Reads a stream's events after a version. Returns `None` if the stream has no events at all. The page ends after
    /// `limit` events (at least one is read), or when the payloads reach about 1 MiB.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for an illegal stream name, and the store's errors.
    pub fn read_stream(
        &mut self,
        stream: &str,
        after: u64,
        limit: u32,
    ) -> Result<Option<StreamPage>, StoreError> {
        read::forward(&mut self.streams, &self.store, stream, after.into(), limit)
    }

    /// Reads a stream's events before a version, newest first. A `before` of `None` starts at the stream's end. Returns
    /// `None` if the stream has no events at all. The page's `version` is the version of its oldest event, and `end` is
    /// true once version 1 was read. The page size is limited as for [`EventLog::read_stream`].
    ///
    /// # Errors
    /// As for [`EventLog::read_stream`].
    pub fn read_stream_backward(
        &mut self,
        stream: &str,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Option<StreamPage>, StoreError> {
        let before = before.map(Into::into);
        read::backward(&mut self.streams, &self.store, stream, before, limit)
    }

    /// Reads events of the whole log that match a filter, after a position. The page ends after `limit` events (at
    /// least one is read), when the payloads reach about 1 MiB, or after 1,024 log slots. `now` is in milliseconds
    /// since the epoch.
    ///
    /// Once a reader has passed a position, no event ever appears at or before that position.
    ///
    /// # Errors
    /// The store's errors; [`StoreError::Unavailable`] also if the store has another number of partitions, or if the
    /// reader could not write a void or a skip for a dead writer.
    pub fn read_log(
        &mut self,
        after: u64,
        limit: u32,
        filter: &LogFilter,
        now: u64,
    ) -> Result<LogPage, StoreError> {
        self.log.read(&self.store, after.into(), limit, filter, now)
    }

    /// Upper bound of the log: every event that was acknowledged before this call has a position at or below it. An
    /// event at or below it may not be visible to readers yet.
    ///
    /// # Errors
    /// The store's errors; [`StoreError::Unavailable`] also if the store has another number of partitions.
    pub fn log_end(&mut self) -> Result<u64, StoreError> {
        Ok(self.log.end(&self.store)?.get())
    }

    /// Loads the last snapshot of a decider's state. Returns `None` if there is none, if it cannot be decoded, or if
    /// its head does not match the stream.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for an illegal stream name, and the store's errors. A damaged or newer snapshot is not
    /// an error.
    pub fn load_snapshot(
        &mut self,
        stream: &str,
        decider: &str,
    ) -> Result<Option<Snapshot>, StoreError> {
        snapshots::load(&mut self.streams, &self.store, stream, decider)
    }

    /// Replaces the snapshot of a decider's state.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for an illegal stream name, [`StoreError::Unavailable`] if the snapshot may not have
    /// been stored.
    pub fn save_snapshot(
        &mut self,
        stream: &str,
        decider: &str,
        snapshot: Snapshot,
    ) -> Result<(), StoreError> {
        snapshots::save(&self.store, stream, decider, snapshot)
    }

    /// Deletes the snapshot of a decider's state.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for an illegal stream name, [`StoreError::Unavailable`] if the snapshot may still exist.
    pub fn delete_snapshot(&mut self, stream: &str, decider: &str) -> Result<(), StoreError> {
        snapshots::delete(&self.store, stream, decider)
    }

    /// Loads the checkpoint of a handler; `None` if it has none.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a name that is empty or too long, and the store's errors.
    pub fn load_checkpoint(&mut self, handler: &str) -> Result<Option<Checkpoint>, StoreError> {
        self.reactions.checkpoints.load(&self.store, handler)
    }

    /// Stores the checkpoint of a handler by compare-and-set. `next.revision` is the revision that the caller read, 0
    /// if there was none; the stored checkpoint has the next revision. The generation never decreases, and within a
    /// generation the position never decreases. A new generation may start anywhere.
    ///
    /// # Errors
    /// [`WriteError::Stale`] if another revision is stored. [`StoreError::Invalid`] for a lower generation or position,
    /// for an illegal name, or for a state of more than [`MAX_STATE_BYTES`](crate::MAX_STATE_BYTES).
    /// [`StoreError::InDoubt`] if the checkpoint may have been stored, and the store's errors.
    pub fn save_checkpoint(&mut self, handler: &str, next: Checkpoint) -> Result<(), WriteError> {
        self.reactions.checkpoints.save(&self.store, handler, next)
    }

    /// Reads the number of a hint; 0 if the hint is absent or cannot be decoded.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the store cannot be read.
    pub fn get_hint(&self, name: &str) -> Result<u64, StoreError> {
        hints::get(&self.store, name)
    }

    /// Stores the number of a hint. A hint whose escaped name is empty or longer than 90 bytes is not stored.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the store cannot be written; the number may have been stored or not.
    pub fn put_hint(&self, name: &str, number: u64) -> Result<(), StoreError> {
        hints::put(&self.store, name, number)
    }

    /// Reads a row; `None` if it is absent or deleted.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a name or key that is empty or too long, and the store's errors.
    pub fn get_row(&mut self, view: &str, key: &str) -> Result<Option<Row>, StoreError> {
        self.reactions.get_row(&self.store, view, key)
    }

    /// Reads a row and the position at which it was written or deleted.
    ///
    /// # Errors
    /// As for [`EventLog::get_row`].
    pub fn find_row(&mut self, view: &str, key: &str) -> Result<FoundRow, StoreError> {
        self.reactions.find_row(&self.store, view, key)
    }

    /// Replaces a row whose position is exactly `seen` (0: there is no row) by a row with a later position.
    ///
    /// # Errors
    /// [`WriteError::Stale`] if the row has another position, or if the new position is not later than that of the row
    /// or of its deletion. [`StoreError::Invalid`] for an illegal name or key, for position 0, or if the view was
    /// dropped. [`StoreError::InDoubt`] if the row may have been replaced, and the store's errors.
    pub fn put_row(&mut self, view: &str, row: Row, seen: u64) -> Result<(), WriteError> {
        self.reactions.put_row(&self.store, view, row, seen)
    }

    /// Deletes a row whose position is exactly `seen`. The store records the deletion at `position`, even if there is
    /// no row (`seen` is 0), so an older event that arrives late does not create the row again.
    ///
    /// # Errors
    /// As for [`EventLog::put_row`].
    pub fn delete_row(
        &mut self,
        view: &str,
        key: &str,
        seen: u64,
        position: u64,
    ) -> Result<(), WriteError> {
        self.reactions
            .delete_row(&self.store, view, key, seen, position)
    }

    /// Reads rows in the byte order of their keys, after a key. The page ends after `limit` rows (0 counts as 1), when
    /// the values reach about 1 MiB, or after 1,024 keys of deleted rows. Unless `end` is true, more rows may follow.
    ///
    /// A scan returns every row that existed before the scan began and is not deleted during it.
    ///
    /// # Errors
    /// As for [`EventLog::get_row`].
    pub fn scan_rows(
        &mut self,
        view: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<RowPage, StoreError> {
        let range = KeyRange {
            after,
            ..KeyRange::default()
        };
        self.scan_range(view, range, limit)
    }

    /// Reads the rows of a range in the byte order of their keys; see [`EventLog::scan_rows`].
    ///
    /// # Errors
    /// As for [`EventLog::get_row`].
    pub fn scan_range(
        &mut self,
        view: &str,
        range: KeyRange<'_>,
        limit: u32,
    ) -> Result<RowPage, StoreError> {
        self.reactions.scan(&self.store, view, range, limit)
    }

    /// Deletes a view that no caller reads or writes any more and whose name is never used again. One call deletes at
    /// most `limit` rows (it processes at least one entry of the view's list), and fewer if the rows have many
    /// revisions. Returns `true` if nothing is left.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for an illegal name, and the store's errors. Deletions that already happened persist;
    /// another call continues.
    pub fn drop_rows(&mut self, view: &str, limit: u32) -> Result<bool, StoreError> {
        self.reactions.drop_rows(&self.store, view, limit)
    }

    /// Repairs the slot at a key if a writer began to create it and died. The repair writes a void into a stream's
    /// slot, a skip into a log slot, an open claim for a command id, or the store's record. Into a chain of revisions
    /// it writes a revision that changes nothing, and into a view's list an entry for no row. The caller guarantees
    /// that every writer that may have begun to create the slot is dead.
    ///
    /// `name` is the stream, the command id, the handler, the view, or `view/key` for a row. It is needed only if the
    /// key contains a hash of the name.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if `key` does not name a slot of this store, or if no writer can have begun to create
    /// that slot. [`StoreError::InDoubt`] if the slot may have been written, and the store's errors.
    pub fn repair(&mut self, key: &str, name: Option<&str>) -> Result<Settled, StoreError> {
        repair::repair(&self.store, self.log.division(), key, name)
    }
}
