//! Snapshots: disposable states. A lost or damaged one costs time only.

use crate::error::StoreError;
use crate::log::EventLog;
use crate::model::{Head, Snapshot};
use crate::name::StreamName;
use crate::records::{self, SnapshotRecord};
use crate::slots::Slots;

impl<S: Slots> EventLog<S> {
    /// The last snapshot of a decider's state. Nothing if there is none, if it is damaged or of
    /// another format, or if the stream never stood where the snapshot says.
    ///
    /// # Errors
    /// What the store says.
    pub fn load_snapshot(
        &mut self,
        stream: &str,
        decider: &str,
    ) -> Result<Option<Snapshot>, StoreError> {
        let stream = StreamName::parse(stream)?;
        let key = self.keys.snapshot(stream, decider);
        let Some(bytes) = self.get(&key)? else {
            return Ok(None);
        };
        let Ok(found) = records::decode::<SnapshotRecord>(&key, &bytes) else {
            return Ok(None);
        };
        let head = Head {
            cursor: found.cursor,
            version: found.version,
            closed: found.closed,
        };
        if found.stream != stream.as_str() || found.decider != decider {
            return Ok(None);
        }
        // Only a snapshot of this very stream may be built on: one left over from a store that
        // was restored from a backup would hide events.
        match self.place_at(stream, head.cursor) {
            Ok(place) if place.head() == head => {}
            Ok(_) | Err(StoreError::Invalid(_)) => return Ok(None),
            Err(error) => return Err(error),
        }
        Ok(Some(Snapshot {
            state: found.state,
            state_version: found.state_version,
            head,
        }))
    }

    /// Keeps a snapshot instead of the one before.
    ///
    /// # Errors
    /// What the store says.
    pub fn save_snapshot(
        &mut self,
        stream: &str,
        decider: &str,
        snapshot: Snapshot,
    ) -> Result<(), StoreError> {
        let stream = StreamName::parse(stream)?;
        let Snapshot {
            state,
            state_version,
            head:
                Head {
                    cursor,
                    version,
                    closed,
                },
        } = snapshot;
        let bytes = records::encode(&SnapshotRecord {
            stream: stream.as_str().to_owned(),
            decider: decider.to_owned(),
            state_version,
            cursor,
            version,
            closed,
            state,
        })?;
        self.slots
            .put(&self.keys.snapshot(stream, decider), &bytes)
            .map_err(StoreError::harmless)
    }

    /// Drops a snapshot.
    ///
    /// # Errors
    /// What the store says.
    pub fn delete_snapshot(&mut self, stream: &str, decider: &str) -> Result<(), StoreError> {
        let stream = StreamName::parse(stream)?;
        self.slots
            .delete(&self.keys.snapshot(stream, decider))
            .map_err(StoreError::harmless)
    }
}
