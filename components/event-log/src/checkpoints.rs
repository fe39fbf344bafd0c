//! How far handlers are, by compare-and-set. A checkpoint is a chain of revisions.

use crate::chain::Chain;
use crate::error::{StoreError, WriteError};
use crate::log::EventLog;
use crate::model::Checkpoint;
use crate::reaction_records::CheckpointRecord;
use crate::reactions::{check_name, remember};
use crate::slots::Slots;

impl<S: Slots> EventLog<S> {
    /// How far a handler is; nothing if it never said.
    ///
    /// # Errors
    /// What the store says.
    pub fn load_checkpoint(&mut self, handler: &str) -> Result<Option<Checkpoint>, StoreError> {
        check_name("a handler's name", handler)?;
        let chain = Chain(self.keys.checkpoint(handler));
        let known = self
            .reactions
            .checkpoints
            .get(handler)
            .map_or(0, |checkpoint| checkpoint.revision);
        let newest = self.newest(
            &chain,
            known,
            |record: &CheckpointRecord, revision| match record {
                r if r.handler != handler => Err(format!("it belongs to handler {:?}", r.handler)),
                r if r.revision != revision => Err(format!("it is revision {}", r.revision)),
                _ => Ok(()),
            },
        )?;
        let found = newest.map(|(revision, record)| Checkpoint {
            position: record.position,
            generation: record.generation,
            revision,
        });
        if let Some(checkpoint) = found {
            self.remember_checkpoint(handler, checkpoint);
        }
        Ok(found)
    }

    /// Keeps how far a handler is. `next.revision` is the revision that was read, 0 if there was
    /// none; what is stored has the next one. Within a generation the position never goes back,
    /// and neither does the generation; a new one may start anywhere.
    ///
    /// # Errors
    /// [`WriteError::Stale`] if another revision is stored; [`StoreError::Invalid`] for going back;
    /// else what the store says.
    pub fn save_checkpoint(&mut self, handler: &str, next: Checkpoint) -> Result<(), WriteError> {
        check_name("a handler's name", handler)?;
        // What is remembered of the revision that the caller has seen is true for ever; whether
        // it is still the newest, the creation tells.
        let stored = match self.reactions.checkpoints.get(handler) {
            Some(known)
                if known.revision == next.revision
                    && check_forward(handler, *known, next).is_ok() =>
            {
                Some(*known)
            }
            _ => self.load_checkpoint(handler)?,
        };
        if stored.map_or(0, |stored| stored.revision) != next.revision {
            return Err(WriteError::Stale);
        }
        if let Some(stored) = stored {
            check_forward(handler, stored, next)?;
        }
        let chain = Chain(self.keys.checkpoint(handler));
        let record = CheckpointRecord {
            handler: handler.to_owned(),
            revision: next.revision.saturating_add(1),
            position: next.position,
            generation: next.generation,
        };
        if !self.extend(&chain, next.revision, &record)? {
            return Err(WriteError::Stale);
        }
        // An old checkpoint is hardly longer than a tombstone.
        self.supersede(&chain, record.revision, false);
        let checkpoint = Checkpoint {
            revision: record.revision,
            ..next
        };
        self.remember_checkpoint(handler, checkpoint);
        Ok(())
    }

    fn remember_checkpoint(&mut self, handler: &str, checkpoint: Checkpoint) {
        let known = &mut self.reactions.checkpoints;
        remember(known, handler.to_owned(), checkpoint);
    }
}

fn check_forward(handler: &str, stored: Checkpoint, next: Checkpoint) -> Result<(), StoreError> {
    let Checkpoint {
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
