//! How far handlers are, by compare-and-set. A checkpoint is a chain of revisions.
//!
//! Beside the position it holds a state that is the dispatcher's own: who delivers at the moment,
//! and what is under way. Two writers of which only one may win must not write the same state: a
//! creation in doubt that finds its own bytes counts as done (see [`chain`](crate::chain)).

use crate::chain::Chain;
use crate::error::{StoreError, WriteError};
use crate::log::EventLog;
use crate::memory::{CheckpointPlace, remember};
use crate::model::{Checkpoint, MAX_STATE_BYTES};
use crate::reactions::check_name;
use crate::records::reactions::CheckpointRecord;
use crate::slots::Slots;

/// Bytes of a state from which on it is dropped when it was superseded. Another write is not worth
/// it for less.
const WORTH_DROPPING: usize = 256;

impl<S: Slots> EventLog<S> {
    /// How far a handler is; nothing if it never said.
    ///
    /// # Errors
    /// What the store says.
    pub fn load_checkpoint(&mut self, handler: &str) -> Result<Option<Checkpoint>, StoreError> {
        check_name("a handler's name", handler)?;
        let newest = self.newest_checkpoint(handler)?;
        Ok(newest
            .filter(|record| !record.is_blank())
            .map(|record| Checkpoint {
                position: record.position,
                generation: record.generation,
                revision: record.revision,
                state: record.state,
            }))
    }

    fn newest_checkpoint(&mut self, handler: &str) -> Result<Option<CheckpointRecord>, StoreError> {
        let chain = Chain(self.keys.checkpoint(handler));
        let known = self
            .reactions
            .checkpoints
            .get(handler)
            .map_or(0, |place| place.revision);
        let newest = self.newest(
            &chain,
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
            self.remember_checkpoint(handler, CheckpointPlace::of(record));
        }
        Ok(found)
    }

    /// Keeps how far a handler is. `next.revision` is the revision that was read, 0 if there was
    /// none; what is stored has the next one. Within a generation the position never goes back,
    /// and neither does the generation; a new one may start anywhere.
    ///
    /// # Errors
    /// [`WriteError::Stale`] if another revision is stored; [`StoreError::Invalid`] for going back,
    /// or a state of more than [`MAX_STATE_BYTES`]; else what the store says.
    pub fn save_checkpoint(&mut self, handler: &str, next: Checkpoint) -> Result<(), WriteError> {
        check_name("a handler's name", handler)?;
        if next.state.len() > MAX_STATE_BYTES {
            let message = format!(
                "the state of {handler}'s checkpoint has {} bytes, it must not have more than {MAX_STATE_BYTES}",
                next.state.len()
            );
            return Err(StoreError::Invalid(message).into());
        }
        // What is remembered of the revision that the caller has seen is true for ever; whether
        // it is still the newest, the creation tells.
        let stored = match self.reactions.checkpoints.get(handler) {
            Some(known)
                if known.seen() == next.revision
                    && check_forward(handler, *known, &next).is_ok() =>
            {
                Some(*known)
            }
            _ => self
                .newest_checkpoint(handler)?
                .as_ref()
                .map(CheckpointPlace::of),
        };
        if stored.map_or(0, CheckpointPlace::seen) != next.revision {
            return Err(WriteError::Stale);
        }
        if let Some(stored) = stored {
            check_forward(handler, stored, &next)?;
        }
        let chain = Chain(self.keys.checkpoint(handler));
        let before = stored.map_or(0, |stored| stored.revision);
        let record = CheckpointRecord {
            handler: handler.to_owned(),
            revision: before.saturating_add(1),
            position: next.position,
            generation: next.generation,
            state: next.state,
        };
        if !self.extend(&chain, before, &record)? {
            return Err(WriteError::Stale);
        }
        let is_large = stored.is_some_and(|stored| stored.bytes >= WORTH_DROPPING);
        self.supersede(&chain, record.revision, is_large);
        self.remember_checkpoint(handler, CheckpointPlace::of(&record));
        Ok(())
    }

    fn remember_checkpoint(&mut self, handler: &str, place: CheckpointPlace) {
        let known = &mut self.reactions.checkpoints;
        remember(known, handler.to_owned(), place);
    }
}

fn check_forward(
    handler: &str,
    stored: CheckpointPlace,
    next: &Checkpoint,
) -> Result<(), StoreError> {
    let CheckpointPlace {
        position,
        generation,
        ..
    } = stored;
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
