//! Processes that wait for a dead letter.
//!
//! A process takes its events in the order of the log. When the dispatcher parks one of them, the partition
//! continues, and the process waits: its row names the dead letter, and the partition leaves the process out.
//! When an operator retries or skips the dead letter, the process catches up: it takes the parked event and
//! all later ones up to the partition's position, while the partition is leased. Each step is stored in the
//! partition's checkpoint, and the process's row holds the position up to which it has caught up. A crash in
//! the middle leaves a process that still waits, and a dead letter that can be retried.

use super::dead_letters::{self, Found};
use super::manager;
use super::outcome::{Failure, PartitionState};
use super::processes::Processes;
use super::progress::{Step, Work};
use super::retry::{Refused, RetryOutcome};
use super::{Engine, Partition, ids};
use crate::annals::es::process_managers::Interest;
use crate::annals::es::types::RecordedEvent;
use crate::annals::es::types::StoreError;
use crate::ports::Ports;
use std::rc::Rc;

/// Time budget of one call for processes to catch up, in milliseconds.
const CATCH_UP_MILLIS: u64 = 2_000;

/// The result of catching up.
enum CatchUp {
    /// The process no longer waits for this dead letter.
    Done,
    /// The event of the dead letter failed again.
    Failed(Failure),
    /// A command that follows from the events failed for this reason, and will be retried.
    CommandFailed(String),
    /// The time budget was exhausted.
    OutOfTime,
}

/// The next step of a process that catches up.
enum Due {
    /// The process has caught up with the partition.
    Nothing,
    /// The time budget was exhausted. There is no event for the process up to this position.
    Later(u64),
    Event(Rc<RecordedEvent>, Interest),
    Failed(Rc<RecordedEvent>, Failure),
}

impl<P: Ports> Engine<'_, P> {
    /// Retries a dead letter that processes wait for.
    pub(super) fn retry_waiting(
        &self,
        partition: &Partition<'_>,
        mut state: PartitionState,
        found: Found,
    ) -> Result<RetryOutcome, Refused> {
        let deadline = self.ports.ticks() + CATCH_UP_MILLIS;
        for process in &found.waiting {
            let failed = match self.catch_up(partition, &mut state, process, &found, deadline)? {
                CatchUp::Done => continue,
                CatchUp::Failed(failure) => {
                    self.release_after_retry(partition, &mut state)?;
                    return self.still_failing(found, failure);
                }
                CatchUp::CommandFailed(reason) => {
                    format!(
                        "a command of the process `{process}` failed and will be retried: {reason}"
                    )
                }
                CatchUp::OutOfTime => {
                    self.release_after_retry(partition, &mut state)?;
                    format!(
                        "the process `{process}` has not caught up with the log yet: retry again to continue"
                    )
                }
            };
            return Ok(RetryOutcome::Failed(failed));
        }
        dead_letters::remove(self.ports, &found.id)?;
        self.release_after_retry(partition, &mut state)?;
        Ok(RetryOutcome::Done)
    }

    /// Skips a dead letter that processes wait for.
    pub(super) fn skip_waiting(&self, found: Found) -> Result<(), Refused> {
        let (_, partition) = match self.partition_of(&found) {
            Ok(found) => found,
            // The reaction is gone, so no process waits for this dead letter.
            Err(Refused::Because(_)) => return Ok(dead_letters::remove(self.ports, &found.id)?),
            Err(other) => return Err(other),
        };
        let mut state = self.acquire_for_retry(&partition)?;
        let deadline = self.ports.ticks() + CATCH_UP_MILLIS;
        let mut processes = Processes::default();
        for id in &found.waiting {
            let process = processes.get(self.ports, &partition, id)?;
            if process.now.waits_for.as_ref() != Some(&found.id) {
                continue;
            }
            let before = process.now.position;
            process.changed = true;
            process.now.position = match before < found.dead_letter.position {
                true => found.dead_letter.position,
                // The process has dealt with the parked event before. A later event blocks it, so that event
                // is skipped.
                false => match self.due(&partition, &state, id, before, deadline)? {
                    Due::Event(event, _) | Due::Failed(event, _) => event.position,
                    Due::Later(position) => position,
                    Due::Nothing => before,
                },
            };
        }
        let work = Work {
            rows: processes.rows(&partition),
            ..Work::default()
        };
        self.store_and_execute(&partition, &mut state, work)?;
        match self.retry_waiting(&partition, state, found)? {
            RetryOutcome::Done => Ok(()),
            RetryOutcome::Failed(reason) => Err(Refused::Because(format!(
                "the event is skipped, but {reason}"
            ))),
        }
    }

    /// Delivers to one process its events after the position that it has reached, up to the partition's
    /// position.
    fn catch_up(
        &self,
        partition: &Partition<'_>,
        state: &mut PartitionState,
        id: &str,
        found: &Found,
        deadline: u64,
    ) -> Result<CatchUp, Refused> {
        loop {
            let mut processes = Processes::default();
            let process = processes.get(self.ports, partition, id)?;
            if process.now.waits_for.as_ref() != Some(&found.id) {
                return Ok(CatchUp::Done);
            }
            let mut step = None;
            let mut result = None;
            let mut failed = None;
            match self.due(partition, state, id, process.now.position, deadline)? {
                Due::Nothing => {
                    process.now.waits_for = None;
                    process.now.position = state.position;
                    result = Some(CatchUp::Done);
                }
                Due::Later(position) => {
                    process.now.position = position;
                    result = Some(CatchUp::OutOfTime);
                }
                Due::Event(event, interest) => {
                    let mut taken = Step {
                        cause: event.position,
                        next: ids::catch_up_index(&event, id),
                        commands: Vec::new(),
                    };
                    let before = process.clone();
                    match manager::deliver_to_process(
                        self.ports, partition, &event, &interest, before, &mut taken,
                    ) {
                        Ok(reached) => {
                            if let Some(reached) = reached {
                                *process = reached;
                            }
                            process.now.position = event.position;
                            step = Some(taken);
                        }
                        Err(failure) => failed = Some((event, failure)),
                    }
                }
                Due::Failed(event, failure) => failed = Some((event, failure)),
            }
            if let Some((event, failure)) = failed {
                if event.position == found.dead_letter.position {
                    return Ok(CatchUp::Failed(failure));
                }
                process.now.waits_for = Some(self.park_again(partition, id, &event, &failure)?);
                process.now.position = event.position - 1;
                result = Some(CatchUp::Done);
            }
            process.changed = true;
            let work = Work {
                rows: processes.rows(partition),
                step,
                ..Work::default()
            };
            if let Some(reason) = self.store_and_execute(partition, state, work)? {
                return Ok(CatchUp::CommandFailed(reason));
            }
            if let Some(result) = result {
                return Ok(result);
            }
            if self.ports.ticks() >= deadline {
                return Ok(CatchUp::OutOfTime);
            }
        }
    }

    /// The next event that concerns a process, after a position and up to the partition's position.
    fn due(
        &self,
        partition: &Partition<'_>,
        state: &PartitionState,
        id: &str,
        after: u64,
        deadline: u64,
    ) -> Result<Due, StoreError> {
        let mut after = after;
        loop {
            let next = self.window.next(self.ports, after, usize::MAX, |event| {
                partition.includes(event)
            })?;
            for event in next.events {
                if event.position > state.position {
                    return Ok(Due::Nothing);
                }
                let interests = match self.ports.interested(partition.reaction.index, &event) {
                    Ok(interests) => interests,
                    Err(fault) => return Ok(Due::Failed(event, Failure::again(fault.message))),
                };
                let mut interests = interests.into_iter();
                if let Some(interest) = interests.find(|one| manager::process_of(one) == id) {
                    return Ok(Due::Event(event, interest));
                }
            }
            after = after.max(next.reach);
            if next.end || after >= state.position {
                return Ok(Due::Nothing);
            }
            if self.ports.ticks() >= deadline {
                return Ok(Due::Later(after));
            }
        }
    }

    /// Parks a later event that failed for a process, as a separate dead letter, and returns its id.
    fn park_again(
        &self,
        partition: &Partition<'_>,
        process: &str,
        event: &RecordedEvent,
        failure: &Failure,
    ) -> Result<String, StoreError> {
        let dead_letter = self.dead_letter(partition, event, 1, &failure.reason);
        let id = dead_letter.id_for(process);
        // Store the dead letter before the process's row names it: a process must never wait for a dead
        // letter that does not exist.
        dead_letters::file(self.ports, &id, &dead_letter, &[process.to_owned()])?;
        Ok(id)
    }

    /// Stores work in the checkpoint and executes it. Returns the reason, if a command of this work failed
    /// and will be retried.
    fn store_and_execute(
        &self,
        partition: &Partition<'_>,
        state: &mut PartitionState,
        work: Work,
    ) -> Result<Option<String>, Refused> {
        state.progress.work = work;
        self.renew(partition, state);
        self.save(partition, state)?;
        Ok(self
            .finish_work(partition, state)?
            .map(|_| state.progress.reason.clone().unwrap_or_default()))
    }
}
