//! What becomes of what fails: tried again after a pause, and after some attempts put aside,
//! passed over, or the end of the reaction, as its policy says.

use super::dead_letter::Letter;
use super::outcome::{Ended, Failure, Held, LONGEST_PAUSE, Stop, Then};
use super::progress::Work;
use super::{Engine, Lane, ids, manager};
use crate::annals::es::types::RecordedEvent;
use crate::annals::framework::settings::{FailurePolicy, LastResort};
use crate::catalogue::Kind;
use crate::ports::Ports;

/// How often a process manager is asked whom an event concerns that is parked.
const ASKED: u32 = 3;

/// A pause before attempt `tried` + 1, in milliseconds: doubled each time, and somewhere in the
/// upper half of that, so that those who failed together do not try again together.
fn pause(policy: FailurePolicy, tried: u32, random: u64) -> u64 {
    let doubled = u64::from(policy.backoff) << tried.saturating_sub(1).min(32);
    let longest = doubled.min(u64::from(policy.max_backoff)).max(1);
    longest - random % (longest / 2 + 1)
}

impl<P: Ports> Engine<'_, P> {
    /// Deals with an event that failed. Nothing: the lane goes on behind it.
    pub(super) fn failed(
        &self,
        lane: &Lane<'_>,
        held: &mut Held,
        event: &RecordedEvent,
        failure: Failure,
    ) -> Result<Option<Ended>, Stop> {
        if self.is_worth_a_try(lane, held, &failure) {
            return self.try_later(lane, held, failure).map(Some);
        }
        let tried = held.progress.tried;
        let attempts = tried.min(lane.reaction.policy.attempts);
        let mut work = Work {
            letter: Some(self.letter(lane, event, attempts, &failure.reason)),
            ..Work::default()
        };
        let parks = lane.reaction.policy.last_resort == LastResort::Park;
        // The handler is asked once more. If that is what does not come back, it is not asked for ever.
        if lane.reaction.kind == Kind::ProcessManager && parks && tried < attempts + ASKED {
            let id = work.letter.as_ref().map(Letter::id).unwrap_or_default();
            (work.rows, work.waiting) = manager::park(self.ports, lane, event, &id)?;
        }
        self.last_resort(lane, held, &failure.reason, |held| {
            held.position = event.position;
            work
        })
    }

    /// Deals with the first outstanding command, which failed. Nothing: the lane goes on behind it.
    pub(super) fn command_failed(
        &self,
        lane: &Lane<'_>,
        held: &mut Held,
        failure: Failure,
    ) -> Result<Option<Ended>, Stop> {
        if self.is_worth_a_try(lane, held, &failure) {
            return self.try_later(lane, held, failure).map(Some);
        }
        let Some(cause) = held.progress.work.step.as_ref().map(|step| step.cause) else {
            return Ok(None);
        };
        let event = self.window.event(self.ports, cause)?;
        if lane.reaction.policy.last_resort == LastResort::Skip {
            let reason = manager::skipped(&failure.reason);
            // A process that cannot even be told of it goes on without.
            if let Ok(work) = manager::refuse(self.ports, lane, held, &event, reason)? {
                self.led_on(lane, held, work)?;
                let name = &lane.reaction.name;
                self.ports
                    .log(&format!("{name}: a command is skipped: {}", failure.reason));
                return Ok(None);
            }
        }
        let attempts = held.progress.tried;
        self.last_resort(lane, held, &failure.reason, |held| {
            let mut work = held.progress.work.clone();
            if let Some(step) = &mut work.step
                && !step.commands.is_empty()
            {
                let command = step.commands.remove(0);
                let id = ids::command_id(lane.reaction, &event, command.index);
                let mut letter = self.letter(lane, &event, attempts, &failure.reason);
                letter.command = Some((id, command));
                // It had been taken up again, and has failed again: it stays where it lies.
                if work.settled.as_ref() == Some(&letter.id()) {
                    work.settled = None;
                }
                work.letter = Some(letter);
            }
            work
        })
    }

    /// Gives up the next event: it used up its attempts, and none of them came back.
    pub(super) fn give_up_next(
        &self,
        lane: &Lane<'_>,
        held: &mut Held,
    ) -> Result<Option<Ended>, Stop> {
        let failure = Failure::unanswered(held);
        loop {
            let next = self
                .window
                .next(self.ports, held.position, 1, |event| lane.wants(event))?;
            if let Some(event) = next.events.first() {
                return self.failed(lane, held, event, failure);
            }
            held.position = held.position.max(next.reach);
            if next.end {
                return Ok(None);
            }
        }
    }

    fn is_worth_a_try(&self, lane: &Lane<'_>, held: &Held, failure: &Failure) -> bool {
        failure.then != Then::Never && held.progress.tried < lane.reaction.policy.attempts
    }

    fn try_later(&self, lane: &Lane<'_>, held: &mut Held, failure: Failure) -> Result<Ended, Stop> {
        let least = match failure.then {
            Then::After(milliseconds) => milliseconds.min(LONGEST_PAUSE),
            _ => 0,
        };
        let policy = lane.reaction.policy;
        let pause = pause(policy, held.progress.tried, self.ports.random()).max(least);
        let progress = &mut held.progress;
        progress.reason = Some(failure.reason);
        progress.retry_at = self.ports.now() + pause;
        progress.lease = None;
        self.save(lane, held)?;
        Ok(Ended::Later(pause))
    }

    /// `behind` leads the lane behind what failed, and answers what follows, a dead letter among it.
    fn last_resort(
        &self,
        lane: &Lane<'_>,
        held: &mut Held,
        reason: &str,
        behind: impl FnOnce(&mut Held) -> Work,
    ) -> Result<Option<Ended>, Stop> {
        let name = &lane.reaction.name;
        let tried = held.progress.tried;
        if lane.reaction.policy.last_resort == LastResort::Stop {
            let progress = &mut held.progress;
            progress.stopped = true;
            progress.reason = Some(reason.into());
            progress.lease = None;
            self.save(lane, held)?;
            self.ports
                .log(&format!("{name}: stopped after {tried} attempts: {reason}"));
            return Ok(Some(Ended::Stopped));
        }
        let mut work = behind(held);
        let what = work.letter.as_ref().map(Letter::id).unwrap_or_default();
        let how = match lane.reaction.policy.last_resort {
            LastResort::Skip => {
                work.letter = None;
                "skipped"
            }
            _ => "parked",
        };
        self.led_on(lane, held, work)?;
        self.ports.log(&format!(
            "{name}: {what} {how} after {tried} attempts: {reason}"
        ));
        self.finish_work(lane, held)
    }

    pub(super) fn letter(
        &self,
        lane: &Lane<'_>,
        event: &RecordedEvent,
        attempts: u32,
        reason: &str,
    ) -> Letter {
        Letter {
            reaction: lane.reaction.key.clone(),
            generation: lane.generation,
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
