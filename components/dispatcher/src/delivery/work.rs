//! Bringing about what was written down: commands, rows, dead letters. Everything here may be done
//! again by anybody who reads the same revision, and takes effect once.

use super::letters;
use super::manager;
use super::outcome::{Ended, Failure, Held, Stop, store_error};
use super::progress::{PendingRow, Work};
use super::{Engine, Lane};
use crate::annals::es::reaction_store::{StoredRow, WriteError};
use crate::annals::es::sourcer::SubmitError;
use crate::annals::es::types::RowKey;
use crate::annals::es::types::StoreError;
use crate::ports::{Ports, ReactionStore};

impl<P: Ports> Engine<'_, P> {
    /// Finishes the lane's outstanding work. Ends early if a command fails.
    pub(super) fn finish_work(
        &self,
        lane: &Lane<'_>,
        held: &mut Held,
    ) -> Result<Option<Ended>, Stop> {
        while held.progress.work.has_commands() {
            self.minds_others(lane.reaction);
            if let Some(ended) = self.send_first(lane, held)? {
                return Ok(Some(ended));
            }
        }
        let work = &held.progress.work;
        for row in &work.rows {
            self.minds_others(lane.reaction);
            write_row(self.ports, row)?;
        }
        if let Some(letter) = &work.letter {
            letters::file(self.ports, &letter.id(), letter, &work.waiting)?;
        }
        if let Some(id) = &work.settled {
            letters::remove(self.ports, id)?;
        }
        held.progress.work = Work::default();
        Ok(None)
    }

    /// Sends the first outstanding command, and deals with its outcome.
    fn send_first(&self, lane: &Lane<'_>, held: &mut Held) -> Result<Option<Ended>, Stop> {
        let Some(step) = &held.progress.work.step else {
            return Ok(None);
        };
        let cause = self.window.event(self.ports, step.cause)?;
        let command = manager::request(lane.reaction, &cause, &step.commands[0]);
        let reason = match self.ports.submit(&command) {
            Ok(_) => None,
            Err(SubmitError::Rejected(refused)) => Some(refused.reason),
            // What cannot be decoded now can never be.
            Err(SubmitError::Malformed(malformed)) => Some(manager::malformed(malformed)),
            Err(error) => {
                let failure = failure(&command.request.command_type, error);
                return self.command_failed(lane, held, failure);
            }
        };
        let Some(reason) = reason else {
            if let Some(step) = &mut held.progress.work.step {
                step.commands.remove(0);
            }
            if held.progress.careful > 0 {
                // Which of them does not come back must be known, or that it is none of them.
                let work = held.progress.work.clone();
                self.led_on(lane, held, work)?;
            }
            return Ok(None);
        };
        // The process is told, and what it makes of it is written down before anything is done.
        match manager::refuse(self.ports, lane, held, &cause, reason)? {
            Ok(work) => {
                self.led_on(lane, held, work)?;
                Ok(None)
            }
            Err(failure) => self.command_failed(lane, held, failure),
        }
    }
}

fn failure(command_type: &str, error: SubmitError) -> Failure {
    match error {
        SubmitError::UnknownCommand(_) => {
            Failure::never(format!("no handler takes the command `{command_type}`"))
        }
        SubmitError::IdReused(id) => Failure::never(format!(
            "the command id `{id}` was used for a different command: did the process manager change what it sends?"
        )),
        SubmitError::Fault(fault) => Failure::again(format!(
            "`{command_type}` made the handler `{}` fail: {}",
            fault.handler, fault.message
        )),
        SubmitError::Conflict(_) | SubmitError::PreconditionFailed(_) => Failure::again(format!(
            "`{command_type}` met others who were faster, again and again"
        )),
        SubmitError::Store(error) => {
            Failure::again(format!("`{command_type}`: {}", store_error(&error)))
        }
        SubmitError::Rejected(_) | SubmitError::Malformed(_) => {
            Failure::again(format!("`{command_type}` was refused"))
        }
    }
}

/// Writes a row, unless it reflects at least that much already.
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
        // Nobody writes a row without this lane's checkpoint, so it is this write that was there
        // before, or a later one.
        Err(WriteError::Stale) => match store.get_row(&key)? {
            Some(found) if found.position < row.position => Err(StoreError::Corrupt(format!(
                "the row {}/{} reflects {}, and {} was expected",
                row.view, row.key, found.position, row.seen
            ))),
            _ => Ok(()),
        },
    }
}
