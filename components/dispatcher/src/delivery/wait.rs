//! Waiting until every reaction has dealt with an event.

use super::outcome::{Failing, MAX_PAUSE_MILLIS};
use super::{Engine, Partition, partitions};
use crate::annals::es::types::StoreError;
use crate::catalogue::Reaction;
use crate::ports::Ports;

/// First and longest pause between two checks, in milliseconds.
const FIRST_POLL_MILLIS: u64 = 2;
const MAX_POLL_MILLIS: u64 = 50;

/// The position that a reaction has reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Every event up to this position is dealt with. 0 while stored work is outstanding.
    pub position: u64,
    /// The reaction is neither stopped nor in a pause between attempts.
    pub due: bool,
}

impl<P: Ports> Engine<'_, P> {
    /// Delivers, and waits for other deliverers, until all events up to a position are dealt with. Returns
    /// the reactions that still lag after `timeout` milliseconds. Returns earlier if a lagging reaction is
    /// stopped or in a pause.
    ///
    /// The events that follow from process managers' commands are not waited for.
    pub fn wait(&self, position: u64, timeout: u64) -> Result<Vec<String>, StoreError> {
        let deadline = self.ports.ticks().saturating_add(timeout);
        let mut lagging: Vec<&Reaction> = self.reactions.iter().collect();
        let mut pause = FIRST_POLL_MILLIS;
        loop {
            self.window.refresh();
            let mut in_vain = false;
            let mut still = Vec::new();
            for reaction in lagging {
                let mut reached = self.reached(reaction)?;
                let lags = reached.position < position;
                // A failing reaction may trap and end this instance before it gives its answer, so another
                // deliverer must serve it.
                if lags
                    && reached.due
                    && self.ports.ticks() < deadline
                    && !self.is_failing(reaction)
                {
                    self.deliver_to(reaction, deadline, Failing::Try)?;
                    reached = self.reached(reaction)?;
                }
                if reached.position < position {
                    in_vain |= !reached.due;
                    still.push(reaction);
                }
            }
            lagging = still;
            let left = deadline.saturating_sub(self.ports.ticks());
            if lagging.is_empty() || in_vain || left == 0 {
                return Ok(lagging
                    .iter()
                    .map(|reaction| reaction.name.clone())
                    .collect());
            }
            self.ports.pause(pause.min(left));
            pause = (pause * 2).min(MAX_POLL_MILLIS);
        }
    }

    /// The position that the active generation of a reaction has reached.
    pub fn reached(&self, reaction: &Reaction) -> Result<Reached, StoreError> {
        let control = self.control(reaction)?;
        let Some(active) = control.answering() else {
            return Ok(Reached {
                position: 0,
                due: true,
            });
        };
        let now = self.ports.now();
        let mut slowest = Reached {
            position: u64::MAX,
            due: true,
        };
        for partition in partitions(reaction, active) {
            let state = self.load(&partition)?;
            let progress = &state.progress;
            let pause = progress.retry_at.saturating_sub(now);
            slowest.due &= !progress.stopped && !(1..=MAX_PAUSE_MILLIS).contains(&pause);
            let position = match progress.work.is_empty() {
                true => self.dealt_with(&partition, state.position)?,
                false => 0,
            };
            slowest.position = slowest.position.min(position);
        }
        Ok(slowest)
    }

    /// The last position before the partition's next event, or the end of the visible log.
    fn dealt_with(&self, partition: &Partition<'_>, position: u64) -> Result<u64, StoreError> {
        let mut at = position;
        loop {
            let next = self
                .window
                .next(self.ports, at, 1, |event| partition.includes(event))?;
            if let Some(event) = next.events.first() {
                return Ok(event.position.saturating_sub(1));
            }
            if next.end {
                return Ok(next.reach.max(at));
            }
            at = next.reach.max(at + 1);
        }
    }
}
