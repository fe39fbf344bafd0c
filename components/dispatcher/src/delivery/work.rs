//! Execution of stored work: commands, rows, dead letters. Any deliverer that reads the same revision may
//! execute the work again, and each effect happens once.

use super::dead_letters;
use super::manager;
use super::outcome::{Ended, Failure, PartitionState, Stop, store_error};
use super::progress::{PendingRow, Work};
use super::{Engine, Partition};
use crate::annals::es::reaction_store::{StoredRow, WriteError};
use crate::annals::es::sourcer::SubmitError;
use crate::annals::es::types::RowKey;
use crate::annals::es::types::StoreError;
use crate::ports::{Ports, ReactionStore};

impl<P: Ports> Engine<'_, P> {
    /// Executes the partition's outstanding work. Returns early if a command fails.
    pub(super) fn finish_work(
        &self,
        partition: &Partition<'_>,
        state: &mut PartitionState,
    ) -> Result<Option<Ended>, Stop> {
        while state.progress.work.has_commands() {
            self.yield_to_others(partition.reaction);
            if let Some(ended) = self.send_first(partition, state)? {
                return Ok(Some(ended));
            }
        }
        let work = &state.progress.work;
        for row in &work.rows {
            self.yield_to_others(partition.reaction);
            write_row(self.ports, row)?;
        }
        if let Some(dead_letter) = &work.dead_letter {
            dead_letters::file(self.ports, &dead_letter.id(), dead_letter, &work.waiting)?;
        }
        if let Some(id) = &work.resolved {
            dead_letters::remove(self.ports, id)?;
        }
        state.progress.work = Work::default();
        Ok(None)
    }

    /// Sends the first outstanding command and handles its outcome.
    fn send_first(
        &self,
        partition: &Partition<'_>,
        state: &mut PartitionState,
    ) -> Result<Option<Ended>, Stop> {
        let Some(step) = &state.progress.work.step else {
            return Ok(None);
        };
        let cause = self.window.event(self.ports, step.cause)?;
        let command = manager::request(partition.reaction, &cause, &step.commands[0]);
        let reason = match self.ports.submit(&command) {
            Ok(_) => None,
            Err(SubmitError::Rejected(refused)) => Some(refused.reason),
            // A command that its decider cannot decode will not become decodable.
            Err(SubmitError::Malformed(malformed)) => Some(manager::malformed(malformed)),
            Err(error) => {
                let failure = failure(&command.request.command_type, error);
                return self.command_failed(partition, state, failure);
            }
        };
        let Some(reason) = reason else {
            if let Some(step) = &mut state.progress.work.step {
                step.commands.remove(0);
            }
            if state.progress.one_by_one > 0 {
                // An earlier attempt never returned. A checkpoint after each command tells the next deliverer
                // which command, if any, is the cause.
                let work = state.progress.work.clone();
                self.advance(partition, state, work)?;
            }
            return Ok(None);
        };
        // The process reacts to the refusal, and the checkpoint stores its reaction before any of it is
        // executed.
        match manager::refuse(self.ports, partition, state, &cause, reason)? {
            Ok(work) => {
                self.advance(partition, state, work)?;
                Ok(None)
            }
            Err(failure) => self.command_failed(partition, state, failure),
        }
    }
}

fn failure(command_type: &str, error: SubmitError) -> Failure {
    match error {
        SubmitError::UnknownCommand(_) => {
            Failure::never(format!("no decider handles the command `{command_type}`"))
        }
        SubmitError::IdReused(id) => Failure::never(format!(
            "the command id `{id}` was used for a different command: did a new version of the process manager send a different command for the same event?"
        )),
        SubmitError::Fault(fault) => Failure::again(format!(
            "the handler `{}` failed on `{command_type}`: {}",
            fault.handler, fault.message
        )),
        SubmitError::Conflict(_) | SubmitError::PreconditionFailed(_) => Failure::again(format!(
            "`{command_type}`: write conflict, retries exhausted"
        )),
        SubmitError::Store(error) => {
            Failure::again(format!("`{command_type}`: {}", store_error(&error)))
        }
        SubmitError::Rejected(_) | SubmitError::Malformed(_) => {
            Failure::again(format!("`{command_type}` was refused"))
        }
    }
}

/// Writes a row, unless the stored row already reflects this event or a later one.
fn write_row(store: &impl ReactionStore, row: &PendingRow) -> Result<(), StoreError> {
    let key = RowKey {
        view: row.view.clone(),
        key: row.key.clone(),
    };
    let written = match &row.content {
        Some(content) => {
            let stored = StoredRow {
                key: row.key.clone(),
                content_type: content.content_type.clone(),
                value: content.value.clone(),
                position: row.position,
            };
            store.put_row(&row.view, &stored, row.seen)
        }
        None => store.delete_row(&key, row.seen, row.position),
    };
    match written {
        Ok(()) => Ok(()),
        Err(WriteError::Store(error)) => Err(error),
        // Only the holder of this partition's checkpoint writes the row, so the stored row comes from an
        // earlier execution of this write or from a later write.
        Err(WriteError::Stale) => match store.get_row(&key)? {
            Some(found) if found.position < row.position => Err(StoreError::Corrupt(format!(
                "the row {}/{} has position {} instead of {}",
                row.view, row.key, found.position, row.seen
            ))),
            _ => Ok(()),
        },
    }
}
