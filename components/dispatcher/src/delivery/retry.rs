//! Retries and skips of dead letters. A retry is one more attempt, out of order, at an operator's request.

use super::dead_letters::{self, Found};
use super::outcome::{Ended, Failure, PartitionState, Stop};
use super::progress::Work;
use super::{Engine, Partition, manager, notifier, partitions, projector};
use crate::annals::es::reaction_store::WriteError;
use crate::annals::es::types::StoreError;
use crate::catalogue::{Kind, Reaction};
use crate::ports::Ports;

/// Time to wait for the partition's lease, in milliseconds.
const LEASE_WAIT_MILLIS: u64 = 2_000;

/// The outcome of a retry.
#[derive(Debug, PartialEq, Eq)]
pub enum RetryOutcome {
    Done,
    /// The dead letter stays stored, for this reason.
    Failed(String),
}

/// The reason why a retry or a skip was not attempted.
#[derive(Debug)]
pub enum Refused {
    /// The request cannot be executed, for this reason.
    Because(String),
    /// Another instance holds the lease or has changed the dead letter.
    Busy,
    Store(StoreError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Stop> for Refused {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Lost => Self::Busy,
            Stop::Store(error) => Self::Store(error),
        }
    }
}

impl<P: Ports> Engine<'_, P> {
    /// Attempts the parked event or command once more.
    pub fn retry(&self, mut found: Found) -> Result<RetryOutcome, Refused> {
        let (reaction, partition) = self.partition_of(&found)?;
        let event = self.window.event(self.ports, found.dead_letter.position)?;
        // The attempt is counted before it begins, so an attempt that never returns is counted too.
        found.dead_letter.attempts = found.dead_letter.attempts.saturating_add(1);
        self.write(&mut found)?;
        if reaction.kind == Kind::Notifier {
            return match notifier::call(
                self.ports,
                reaction.index,
                &event,
                found.dead_letter.attempts,
            ) {
                None => {
                    dead_letters::remove(self.ports, &found.id)?;
                    Ok(RetryOutcome::Done)
                }
                Some(failure) => self.still_failing(found, failure),
            };
        }
        let mut state = self.acquire_for_retry(&partition)?;
        if !found.waiting.is_empty() {
            return self.retry_waiting(&partition, state, found);
        }
        let work = match (&found.dead_letter.command, reaction.kind) {
            (Some((_, command)), _) => Ok(Work {
                step: Some(manager::retried_step(event.position, command.clone())),
                ..Work::default()
            }),
            (None, Kind::ProcessManager) => manager::retry(self.ports, &partition, &event)?,
            (None, _) => projector::retry(self.ports, &partition, &event)?,
        };
        match work {
            Ok(work) => self.resolve(&partition, &mut state, work, found.id),
            Err(failure) => {
                self.release_after_retry(&partition, &mut state)?;
                self.still_failing(found, failure)
            }
        }
    }

    /// Removes the dead letter without another attempt. If it holds a command, its process receives a
    /// refusal.
    pub fn skip(&self, found: Found) -> Result<(), Refused> {
        let Some((_, command)) = found.dead_letter.command.clone() else {
            return match found.waiting.is_empty() {
                true => Ok(dead_letters::remove(self.ports, &found.id)?),
                false => self.skip_waiting(found),
            };
        };
        let (_, partition) = match self.partition_of(&found) {
            Ok(found) => found,
            // The reaction or generation is gone, so no process can receive the refusal.
            Err(Refused::Because(_)) => return Ok(dead_letters::remove(self.ports, &found.id)?),
            Err(other) => return Err(other),
        };
        let cause = self.window.event(self.ports, found.dead_letter.position)?;
        let mut state = self.acquire_for_retry(&partition)?;
        state.progress.work.step = Some(manager::retried_step(cause.position, command));
        let reason = manager::skipped(&found.dead_letter.reason);
        match manager::refuse(self.ports, &partition, &state, &cause, reason)? {
            Ok(work) => self
                .resolve(&partition, &mut state, work, found.id)
                .map(|_| ()),
            Err(failure) => {
                state.progress.work = Work::default();
                self.release_after_retry(&partition, &mut state)?;
                Err(Refused::Because(failure.reason))
            }
        }
    }

    pub(super) fn partition_of(
        &self,
        found: &Found,
    ) -> Result<(&Reaction, Partition<'_>), Refused> {
        let name = &found.dead_letter.reaction;
        let reaction = self.reaction_of_key(name).ok_or_else(|| {
            Refused::Because(format!(
                "the application no longer contains the reaction `{name}`"
            ))
        })?;
        let control = self.control(reaction)?;
        let generation = control.get(found.dead_letter.generation);
        let Some(generation) = generation.filter(|generation| {
            // A notifier's dead letter does not depend on the generation: generations of a notifier differ
            // only in their partitions.
            !generation.retired || reaction.kind == Kind::Notifier
        }) else {
            let why = format!(
                "generation {} of `{name}` has been replaced, and the new generation has taken all events again",
                found.dead_letter.generation
            );
            return Err(Refused::Because(why));
        };
        match partitions(reaction, generation).next() {
            Some(partition) => Ok((reaction, partition)),
            None => Err(Refused::Because(format!("`{name}` has no partitions"))),
        }
    }

    /// Acquires the partition's lease for a retry. The attempt counter of the partition's next event stays as
    /// it is.
    pub(super) fn acquire_for_retry(
        &self,
        partition: &Partition<'_>,
    ) -> Result<PartitionState, Refused> {
        let deadline = self.ports.ticks() + LEASE_WAIT_MILLIS;
        loop {
            let mut state = self.load(partition)?;
            if !self.is_leased_elsewhere(&state.progress, self.ports.now()) {
                self.renew(partition, &mut state);
                match self.save(partition, &mut state) {
                    Ok(()) => {
                        self.clear_idle_hint();
                        return match self.finish_work(partition, &mut state)? {
                            None => Ok(state),
                            Some(_) => Err(Refused::Busy),
                        };
                    }
                    Err(Stop::Lost) => {}
                    Err(other) => return Err(other.into()),
                }
            }
            if self.ports.ticks() >= deadline {
                return Err(Refused::Busy);
            }
            self.ports.pause(20);
        }
    }

    pub(super) fn release_after_retry(
        &self,
        partition: &Partition<'_>,
        state: &mut PartitionState,
    ) -> Result<(), Refused> {
        state.progress.lease = None;
        Ok(self.save(partition, state)?)
    }

    /// Stores the work that follows from the retry, with the removal of the dead letter, and executes it.
    fn resolve(
        &self,
        partition: &Partition<'_>,
        state: &mut PartitionState,
        mut work: Work,
        id: String,
    ) -> Result<RetryOutcome, Refused> {
        work.resolved = Some(id);
        state.progress.work = work;
        self.renew(partition, state);
        self.save(partition, state)?;
        match self.finish_work(partition, state)? {
            None => {
                self.release_after_retry(partition, state)?;
                Ok(RetryOutcome::Done)
            }
            Some(Ended::Stopped) => Ok(RetryOutcome::Failed(
                "a command that follows from it failed, and the reaction has stopped".into(),
            )),
            Some(_) => {
                let reason = state.progress.reason.clone().unwrap_or_default();
                Ok(RetryOutcome::Failed(format!(
                    "a command that follows from it failed and will be retried: {reason}"
                )))
            }
        }
    }

    pub(super) fn still_failing(
        &self,
        mut found: Found,
        failure: Failure,
    ) -> Result<RetryOutcome, Refused> {
        found.dead_letter.reason = failure.reason.clone();
        self.write(&mut found)?;
        Ok(RetryOutcome::Failed(failure.reason))
    }

    fn write(&self, found: &mut Found) -> Result<(), Refused> {
        match dead_letters::update(self.ports, found) {
            Ok(()) => {
                found.revision += 1;
                Ok(())
            }
            Err(WriteError::Stale) => Err(Refused::Busy),
            Err(WriteError::Store(error)) => Err(error.into()),
        }
    }
}
