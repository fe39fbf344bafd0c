//! Deals with failed events and commands. The dispatcher retries after a pause. When the attempts are
//! exhausted, the failure policy decides: the dispatcher parks or skips the event or command, or stops the
//! reaction.

use super::dead_letter::DeadLetter;
use super::outcome::{Ended, Failure, MAX_PAUSE_MILLIS, PartitionState, Stop, Then};
use super::progress::Work;
use super::{Engine, Partition, ids, manager};
use crate::annals::es::types::RecordedEvent;
use crate::annals::framework::settings::{FailurePolicy, LastResort};
use crate::catalogue::Kind;
use crate::ports::Ports;

/// Attempts to ask a process manager which processes a parked event concerns.
const PARK_ATTEMPTS: u32 = 3;

/// The pause before attempt `tried` + 1, in milliseconds. The pause doubles with each attempt. A random value
/// picks a point in its upper half, so that partitions that failed together do not retry together.
fn pause(policy: FailurePolicy, tried: u32, random: u64) -> u64 {
    let doubled = u64::from(policy.backoff) << tried.saturating_sub(1).min(32);
    let longest = doubled.min(u64::from(policy.max_backoff)).max(1);
    longest - random % (longest / 2 + 1)
}

impl<P: Ports> Engine<'_, P> {
    /// Deals with an event that failed. `None`: the partition has passed the event and continues.
    pub(super) fn failed(
        &self,
        partition: &Partition<'_>,
        state: &mut PartitionState,
        event: &RecordedEvent,
        failure: Failure,
    ) -> Result<Option<Ended>, Stop> {
        if self.has_attempts_left(partition, state, &failure) {
            return self.schedule_retry(partition, state, failure).map(Some);
        }
        let tried = state.progress.tried;
        let attempts = tried.min(partition.reaction.policy.attempts);
        let mut work = Work {
            dead_letter: Some(self.dead_letter(partition, event, attempts, &failure.reason)),
            ..Work::default()
        };
        let parks = partition.reaction.policy.last_resort == LastResort::Park;
        // `park` calls the handler again. If that call traps, the attempt counter grows, so the number of
        // these calls is limited.
        if partition.reaction.kind == Kind::ProcessManager
            && parks
            && tried < attempts + PARK_ATTEMPTS
        {
            let id = work
                .dead_letter
                .as_ref()
                .map(DeadLetter::id)
                .unwrap_or_default();
            (work.rows, work.waiting) = manager::park(self.ports, partition, event, &id)?;
        }
        self.last_resort(partition, state, &failure.reason, |state| {
            state.position = event.position;
            work
        })
    }

    /// Deals with the failure of the first outstanding command. `None`: the partition has passed the command
    /// and continues.
    pub(super) fn command_failed(
        &self,
        partition: &Partition<'_>,
        state: &mut PartitionState,
        failure: Failure,
    ) -> Result<Option<Ended>, Stop> {
        if self.has_attempts_left(partition, state, &failure) {
            return self.schedule_retry(partition, state, failure).map(Some);
        }
        let Some(cause) = state.progress.work.step.as_ref().map(|step| step.cause) else {
            return Ok(None);
        };
        let event = self.window.event(self.ports, cause)?;
        if partition.reaction.policy.last_resort == LastResort::Skip {
            let reason = manager::skipped(&failure.reason);
            // If the process fails to react to the skip, the policy's last resort applies as for any other
            // failure.
            if let Ok(work) = manager::refuse(self.ports, partition, state, &event, reason)? {
                self.advance(partition, state, work)?;
                let name = &partition.reaction.name;
                self.ports
                    .log(&format!("{name}: a command is skipped: {}", failure.reason));
                return Ok(None);
            }
        }
        let attempts = state.progress.tried;
        self.last_resort(partition, state, &failure.reason, |state| {
            let mut work = state.progress.work.clone();
            if let Some(step) = &mut work.step
                && !step.commands.is_empty()
            {
                let command = step.commands.remove(0);
                let id = ids::command_id(partition.reaction, &event, command.index);
                let mut dead_letter =
                    self.dead_letter(partition, &event, attempts, &failure.reason);
                dead_letter.command = Some((id, command));
                // A retried dead letter has failed again: it stays stored.
                if work.resolved.as_ref() == Some(&dead_letter.id()) {
                    work.resolved = None;
                }
                work.dead_letter = Some(dead_letter);
            }
            work
        })
    }

    /// Gives up the next event: its attempts are exhausted, and the last one never returned.
    pub(super) fn give_up_next(
        &self,
        partition: &Partition<'_>,
        state: &mut PartitionState,
    ) -> Result<Option<Ended>, Stop> {
        let failure = Failure::unanswered(state);
        loop {
            let next = self.window.next(self.ports, state.position, 1, |event| {
                partition.includes(event)
            })?;
            if let Some(event) = next.events.first() {
                return self.failed(partition, state, event, failure);
            }
            state.position = state.position.max(next.reach);
            if next.end {
                return Ok(None);
            }
        }
    }

    fn has_attempts_left(
        &self,
        partition: &Partition<'_>,
        state: &PartitionState,
        failure: &Failure,
    ) -> bool {
        failure.then != Then::Never && state.progress.tried < partition.reaction.policy.attempts
    }

    fn schedule_retry(
        &self,
        partition: &Partition<'_>,
        state: &mut PartitionState,
        failure: Failure,
    ) -> Result<Ended, Stop> {
        let least = match failure.then {
            Then::After(milliseconds) => milliseconds.min(MAX_PAUSE_MILLIS),
            _ => 0,
        };
        let policy = partition.reaction.policy;
        let pause = pause(policy, state.progress.tried, self.ports.random()).max(least);
        let progress = &mut state.progress;
        progress.reason = Some(failure.reason);
        progress.retry_at = self.ports.now() + pause;
        progress.lease = None;
        self.save(partition, state)?;
        Ok(Ended::Later(pause))
    }

    /// Applies the policy's last resort. `behind` moves the partition past the failure and returns the work
    /// that follows, with the dead letter.
    fn last_resort(
        &self,
        partition: &Partition<'_>,
        state: &mut PartitionState,
        reason: &str,
        behind: impl FnOnce(&mut PartitionState) -> Work,
    ) -> Result<Option<Ended>, Stop> {
        let name = &partition.reaction.name;
        let tried = state.progress.tried;
        if partition.reaction.policy.last_resort == LastResort::Stop {
            let progress = &mut state.progress;
            progress.stopped = true;
            progress.reason = Some(reason.into());
            progress.lease = None;
            self.save(partition, state)?;
            self.ports
                .log(&format!("{name}: stopped after {tried} attempts: {reason}"));
            return Ok(Some(Ended::Stopped));
        }
        let mut work = behind(state);
        let what = work
            .dead_letter
            .as_ref()
            .map(DeadLetter::id)
            .unwrap_or_default();
        let how = match partition.reaction.policy.last_resort {
            LastResort::Skip => {
                work.dead_letter = None;
                "skipped"
            }
            _ => "parked",
        };
        self.advance(partition, state, work)?;
        self.ports.log(&format!(
            "{name}: {what} {how} after {tried} attempts: {reason}"
        ));
        self.finish_work(partition, state)
    }

    pub(super) fn dead_letter(
        &self,
        partition: &Partition<'_>,
        event: &RecordedEvent,
        attempts: u32,
        reason: &str,
    ) -> DeadLetter {
        DeadLetter {
            reaction: partition.reaction.key.clone(),
            generation: partition.generation,
            event_id: event.id.clone(),
            event_type: event.event_type.clone(),
            stream: event.stream.clone(),
            position: event.position,
            command: None,
            attempts,
            reason: reason.into(),
            parked_at: self.ports.now(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_stay_in_their_upper_half() {
        let policy = FailurePolicy {
            attempts: 9,
            backoff: 100,
            max_backoff: 1_000,
            last_resort: LastResort::Park,
        };
        for (tried, longest) in [
            (1, 100),
            (2, 200),
            (3, 400),
            (4, 800),
            (5, 1_000),
            (60, 1_000),
        ] {
            for random in 0..2_000 {
                let pause = pause(policy, tried, random);
                assert!((longest / 2..=longest).contains(&pause), "{tried}: {pause}");
            }
        }
    }
}
