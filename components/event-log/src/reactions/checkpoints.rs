//! Checkpoints of handlers, written by compare-and-set. A checkpoint is a chain of revisions.
//!
//! A checkpoint holds a position and the dispatcher's state: the deliverer at work and the deliveries in progress. If
//! only one of two writers may win, they must write different states: a creation in doubt that finds its own bytes
//! counts as done (see `chain`).

use std::collections::BTreeMap;

use super::chain::Chain;
use super::name;
use super::remember::remember;
use crate::error::{StoreError, WriteError};
use crate::model::{Checkpoint, MAX_STATE_BYTES};
use crate::numbers::{Position, Revision};
use crate::records::reactions::CheckpointRecord;
use crate::slots::Slots;
use crate::store::Store;

/// Minimum bytes of a superseded state that a tombstone replaces. For a smaller state, the tombstone is not worth a
/// write.
const MIN_DROPPED_STATE_BYTES: usize = 256;

/// A revision of a handler's checkpoint that was read. These facts stay valid, because a writer replaces a revision
/// only by a tombstone. A newer revision may exist.
#[derive(Clone, Copy, Debug)]
struct CheckpointPlace {
    revision: Revision,
    position: Position,
    generation: u32,
    /// Bytes of the state.
    bytes: usize,
    /// Whether a repair wrote this revision. It then counts as no checkpoint.
    is_blank: bool,
}

impl CheckpointPlace {
    fn of(record: &CheckpointRecord) -> Self {
        Self {
            revision: record.revision,
            position: record.position,
            generation: record.generation,
            bytes: record.state.len(),
            is_blank: record.is_blank(),
        }
    }

    /// The revision that a writer must have read.
    fn seen(self) -> Revision {
        match self.is_blank {
            true => Revision::default(),
            false => self.revision,
        }
    }

    /// # Errors
    /// [`StoreError::Invalid`] if the next checkpoint has a lower generation, or a lower position in the same
    /// generation.
    fn check_forward(self, handler: &str, next: &Checkpoint) -> Result<(), StoreError> {
        let (position, generation) = (self.position.get(), self.generation);
        if next.generation < generation {
            return Err(StoreError::Invalid(format!(
                "the checkpoint of {handler} would go back from generation {generation} to {}",
                next.generation
            )));
        }
        if next.generation == generation && next.position < position {
            return Err(StoreError::Invalid(format!(
                "the checkpoint of {handler} would go back from position {position} to {} in generation {generation}",
                next.position
            )));
        }
        Ok(())
    }
}

/// The newest known checkpoint of each handler.
#[derive(Debug, Default)]
pub struct Checkpoints {
    places: BTreeMap<String, CheckpointPlace>,
}

impl Checkpoints {
    /// See [`EventLog::load_checkpoint`](crate::EventLog::load_checkpoint).
    ///
    /// # Errors
    /// As there.
    pub fn load<S: Slots>(
        &mut self,
        store: &Store<S>,
        handler: &str,
    ) -> Result<Option<Checkpoint>, StoreError> {
        name::check("a handler's name", handler)?;
        let newest = self.newest(store, handler)?;
        Ok(newest
            .filter(|record| !record.is_blank())
            .map(|record| Checkpoint {
                position: record.position.get(),
                generation: record.generation,
                revision: record.revision.get(),
                state: record.state,
            }))
    }

    fn newest<S: Slots>(
        &mut self,
        store: &Store<S>,
        handler: &str,
    ) -> Result<Option<CheckpointRecord>, StoreError> {
        let chain = Chain(store.keys().checkpoint(handler));
        let known = self
            .places
            .get(handler)
            .map_or(Revision::default(), |place| place.revision);
        let newest = chain.newest(
            store,
            known,
            |record: &CheckpointRecord, revision| match record {
                r if r.handler != handler && !r.is_blank() => {
                    Err(format!("it belongs to handler {:?}", r.handler))
                }
                r if r.revision != revision => Err(format!("it is revision {}", r.revision)),
                _ => Ok(()),
            },
        )?;
        let found = newest.map(|(_, record)| record);
        if let Some(record) = &found {
            self.remember(handler, CheckpointPlace::of(record));
        }
        Ok(found)
    }

    /// See [`EventLog::save_checkpoint`](crate::EventLog::save_checkpoint).
    ///
    /// # Errors
    /// As there.
    pub fn save<S: Slots>(
        &mut self,
        store: &Store<S>,
        handler: &str,
        next: Checkpoint,
    ) -> Result<(), WriteError> {
        name::check("a handler's name", handler)?;
        if next.state.len() > MAX_STATE_BYTES {
            let message = format!(
                "the state of {handler}'s checkpoint has {} bytes, it must not have more than {MAX_STATE_BYTES}",
                next.state.len()
            );
            return Err(StoreError::Invalid(message).into());
        }
        let seen = Revision::from(next.revision);
        // The cached place of the caller's revision stays valid, so use it without a read. If a newer revision exists,
        // creating the next one fails.
        let stored = match self.places.get(handler) {
            Some(known) if known.seen() == seen && known.check_forward(handler, &next).is_ok() => {
                Some(*known)
            }
            _ => self
                .newest(store, handler)?
                .as_ref()
                .map(CheckpointPlace::of),
        };
        if stored.map_or(Revision::default(), CheckpointPlace::seen) != seen {
            return Err(WriteError::Stale);
        }
        if let Some(stored) = stored {
            stored.check_forward(handler, &next)?;
        }
        let chain = Chain(store.keys().checkpoint(handler));
        let before = stored.map_or(Revision::default(), |stored| stored.revision);
        let record = CheckpointRecord {
            handler: handler.to_owned(),
            revision: before.next(),
            position: next.position.into(),
            generation: next.generation,
            state: next.state,
        };
        if !chain.extend(store, before, &record)? {
            return Err(WriteError::Stale);
        }
        let is_large = stored.is_some_and(|stored| stored.bytes >= MIN_DROPPED_STATE_BYTES);
        chain.supersede(store, record.revision, is_large);
        self.remember(handler, CheckpointPlace::of(&record));
        Ok(())
    }

    fn remember(&mut self, handler: &str, place: CheckpointPlace) {
        remember(&mut self.places, handler.to_owned(), place);
    }
}
