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

/// Most partitions. A reader of the log's end looks at one slot of each.
pub const MAX_PARTITIONS: u32 = 64;

/// How an [`EventLog`] works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Stands in front of every key: what lies under two prefixes has nothing to do with each other.
    pub prefix: String,
    /// Partitions of the log, 1 to [`MAX_PARTITIONS`]. The number cannot be changed once there are events.
    pub partitions: u32,
    /// Milliseconds after which a writer that has claimed a log slot and has not written its commit is taken for dead.
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
/// It may be opened anew for every call. While it lives it remembers where streams and the log were last seen to end,
/// which saves reads. Any number of instances may work on the same slots at once.
///
/// # Errors
/// Every method that reads fails with [`StoreError::Unavailable`] if the store cannot be reached, with
/// [`StoreError::Corrupt`] if it meets a damaged record, and with [`StoreError::Newer`] if it meets a record that only a
/// newer release can read. Below, *the store's errors* are these three. No method has written anything that counts when it
/// fails with one of them.
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

    /// Checks that the store can be reached and that its first record can be read.
    ///
    /// # Errors
    /// The store's errors; [`StoreError::Unavailable`] also if the store has another number of partitions.
    pub fn health(&self) -> Result<(), StoreError> {
        match self.store.read_log_slot(1.into())? {
            Some(_) => Ok(()),
            None => self.log.division().check(&self.store),
        }
    }

    /// To be called after each operation; see [`Slots::end_operation`].
    pub fn end_operation(&self) {
        self.store.end_operation();
    }

    /// Appends the events of one decision, all or none. Without events it writes nothing.
    ///
    /// Returns when the commit is durable. Slots of dead writers, and outcomes of other commands, change no version and
    /// are passed.
    ///
    /// # Errors
    /// [`AppendError::Conflict`] if the precondition does not hold, or if the same command has taken effect after the
    /// cursor. [`AppendError::Closed`] if the stream is closed. [`StoreError::Invalid`] for a request that is not allowed,
    /// [`StoreError::InDoubt`] if the events may have been appended, and the store's errors.
    pub fn append(&mut self, request: AppendRequest) -> Result<Appended, AppendError> {
        append::append(&mut self.streams, &mut self.log, &self.store, request)
    }

    /// Claims a command id before its decision is written. `fingerprint` stands for the command's content. No attempt has
    /// written to the stream up to slot `cursor`.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for an illegal stream name or command id, and the store's errors. A claim in doubt is
    /// [`StoreError::Unavailable`]: claiming again is safe.
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

    /// How a command ended, as the slots after the cursor say; `None` if it has not ended there.
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

    /// Records that a command ended without events, by a rejection or not, so that the same id keeps getting the same
    /// answer. Competes with appends for the slot after `at`.
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

    /// Events for folding, after a head that was given before. The page ends after `limit` records (at least one is
    /// read), or when the payloads reach about 1 MiB.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for an illegal stream name or a head at which the stream never stood, and the store's
    /// errors.
    pub fn load(&mut self, stream: &str, after: Head, limit: u32) -> Result<Page, StoreError> {
        read::load(&mut self.streams, &self.store, stream, after, limit)
    }

    /// Events after a version; `None` if the stream has no events at all. The page ends after `limit` events (at least one
    /// is read), or when the payloads reach about 1 MiB.
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

    /// Events before a version (`None`: from the end on), newest first; `None` if the stream has no events at all. The
    /// page's version is that of its oldest event. Its end is version 1. It ends like that of [`EventLog::read_stream`].
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

    /// Events of the whole log after a position that a filter wants. The page ends after `limit` events (at least one is
    /// read), when the payloads reach about 1 MiB, or when many commits were passed. `now` is in milliseconds since the
    /// epoch.
    ///
    /// A reader that has passed a position never later finds an event at or before it.
    ///
    /// # Errors
    /// The store's errors; [`StoreError::Unavailable`] also if the store has another number of partitions, or if the slot of
    /// a dead writer could not be decided.
    pub fn read_log(
        &mut self,
        after: u64,
        limit: u32,
        filter: &LogFilter,
        now: u64,
    ) -> Result<LogPage, StoreError> {
        self.log.read(&self.store, after.into(), limit, filter, now)
    }

    /// Upper bound of the log: every event that was acknowledged before this call has a position at or below it. What lies
    /// at or below it may still be on its way to readers.
    ///
    /// # Errors
    /// The store's errors; [`StoreError::Unavailable`] also if the store has another number of partitions.
    pub fn log_end(&mut self) -> Result<u64, StoreError> {
        Ok(self.log.end(&self.store)?.get())
    }

    /// The last snapshot of a decider's state. `None` if there is none, if it cannot be read, or if the stream never stood
    /// where the snapshot says.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for an illegal stream name, and the store's errors, those about the snapshot itself
    /// excepted.
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
    /// [`StoreError::Invalid`] for an illegal stream name, [`StoreError::Unavailable`] if the snapshot may not be there.
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
    /// [`StoreError::Invalid`] for an illegal stream name, [`StoreError::Unavailable`] if the snapshot may still be there.
    pub fn delete_snapshot(&mut self, stream: &str, decider: &str) -> Result<(), StoreError> {
        snapshots::delete(&self.store, stream, decider)
    }

    /// How far a handler is; `None` if it has no checkpoint.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a name that is empty or too long, and the store's errors.
    pub fn load_checkpoint(&mut self, handler: &str) -> Result<Option<Checkpoint>, StoreError> {
        self.reactions.checkpoints.load(&self.store, handler)
    }

    /// Stores how far a handler is. `next.revision` is the revision that was read, 0 if there was none; what is stored has
    /// the next one. Within a generation the position never goes back, and the generation never goes back. A new generation may
    /// start anywhere.
    ///
    /// # Errors
    /// [`WriteError::Stale`] if another revision is stored. [`StoreError::Invalid`] for going back, for an illegal name, or
    /// for a state of more than [`MAX_STATE_BYTES`](crate::MAX_STATE_BYTES). [`StoreError::InDoubt`] if it may have been stored, and the store's errors.
    pub fn save_checkpoint(&mut self, handler: &str, next: Checkpoint) -> Result<(), WriteError> {
        self.reactions.checkpoints.save(&self.store, handler, next)
    }

    /// The number of a hint; 0 if there is none, or none that can be read.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the store cannot be read.
    pub fn get_hint(&self, name: &str) -> Result<u64, StoreError> {
        hints::get(&self.store, name)
    }

    /// Stores the number of a hint. A hint with a long name is not kept.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the store cannot be written; the number may be there or not.
    pub fn put_hint(&self, name: &str, number: u64) -> Result<(), StoreError> {
        hints::put(&self.store, name, number)
    }

    /// A row, if it is there.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for a name or key that is empty or too long, and the store's errors.
    pub fn get_row(&mut self, view: &str, key: &str) -> Result<Option<Row>, StoreError> {
        self.reactions.get_row(&self.store, view, key)
    }

    /// A row, with the position at which it was written or deleted.
    ///
    /// # Errors
    /// As for [`EventLog::get_row`].
    pub fn find_row(&mut self, view: &str, key: &str) -> Result<FoundRow, StoreError> {
        self.reactions.find_row(&self.store, view, key)
    }

    /// Replaces a row that reflects exactly `seen` (0: there is none) by one that reflects a later position.
    ///
    /// # Errors
    /// [`WriteError::Stale`] if the row reflects something else, or if the position is not later than the row's or than that of
    /// its deletion. [`StoreError::Invalid`] for an illegal name or key, for position 0, or if the view was dropped.
    /// [`StoreError::InDoubt`] if the row may have been replaced, and the store's errors.
    pub fn put_row(&mut self, view: &str, row: Row, seen: u64) -> Result<(), WriteError> {
        self.reactions.put_row(&self.store, view, row, seen)
    }

    /// Deletes a row that reflects exactly `seen`. The deletion at `position` is remembered, also if there is no row
    /// (`seen` is 0): an older event that comes late changes nothing.
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

    /// Rows in the order of their keys' bytes, after a key. The page ends after `limit` rows (0 counts as 1), when the values
    /// reach about 1 MiB, or after 1,024 keys of deleted rows. Unless the page is the end, a row may follow.
    ///
    /// A row that was there before the scan began and is not deleted meanwhile is never missed.
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

    /// Rows of a range in the order of their keys' bytes; see [`EventLog::scan_rows`].
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

    /// Deletes the remains of a view that nobody reads or writes any more and whose name is never used again. One call
    /// deletes at most `limit` rows (at least one entry of the view's list is looked at), and fewer where they have changed
    /// often. `true`: nothing is left.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] for an illegal name, and the store's errors. What was deleted stays deleted; calling again
    /// continues.
    pub fn drop_rows(&mut self, view: &str, limit: u32) -> Result<bool, StoreError> {
        self.reactions.drop_rows(&self.store, view, limit)
    }

    /// Decides the slot at a key, if a writer began to create it: by a void in a stream's slot, a skip in the log, an open
    /// claim for a command id, or the store's record; in what reactions keep, by a revision that changes nothing, or an entry
    /// for no row. The caller vouches that no writer that may have begun the slot is still alive.
    ///
    /// `name` is the stream, the command id, the handler, the view, or `view/key` for a row. It is needed only where the key
    /// holds a hash of it.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if it is not the key of a slot of this store, or nobody can have begun to create it.
    /// [`StoreError::InDoubt`] if the slot may have been decided, and the store's errors.
    pub fn repair(&mut self, key: &str, name: Option<&str>) -> Result<Settled, StoreError> {
        repair::repair(&self.store, self.log.division(), key, name)
    }
}
