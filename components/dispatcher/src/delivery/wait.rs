//! Until every reaction has dealt with an event.

use super::outcome::{Failing, LONGEST_PAUSE};
use super::{Engine, Lane, lanes};
use crate::annals::es::types::StoreError;
use crate::catalogue::Reaction;
use crate::ports::Ports;

/// Milliseconds between two looks: at first, and at most.
const PAUSE: u64 = 2;
const MAX_PAUSE: u64 = 50;

/// How far a reaction is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Every event up to here is dealt with; 0 while the effects of some are being brought about.
    pub position: u64,
    /// It neither stopped nor waits for its next attempt.
    pub due: bool,
}

impl<P: Ports> Engine<'_, P> {
    /// Delivers, and waits for others who do, until all events up to a position are dealt with.
    /// Returns the reactions that lag after so many milliseconds, or as soon as one of them lags that
    /// is not due.
    ///
    /// What a process manager's commands lead to is not waited for.
    pub fn wait(&self, position: u64, timeout: u64) -> Result<Vec<String>, StoreError> {
        let deadline = self.ports.ticks().saturating_add(timeout);
        let mut lagging: Vec<&Reaction> = self.reactions.iter().collect();
        let mut pause = PAUSE;
        loop {
            self.window.refresh();
            let mut in_vain = false;
            let mut still = Vec::new();
            for reaction in lagging {
                let mut reached = self.reached(reaction)?;
                let lags = reached.position < position;
                // One that fails may take this instance with it, and the answer that is owed.
                if lags && reached.due && self.ports.ticks() < deadline && !self.is_ailing(reaction)
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
            pause = (pause * 2).min(MAX_PAUSE);
        }
    }

    /// How far the generation of a reaction is that answers.
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
        for lane in lanes(reaction, active) {
            let held = self.load(&lane)?;
            let progress = &held.progress;
            let pause = progress.retry_at.saturating_sub(now);
            slowest.due &= !progress.stopped && !(1..=LONGEST_PAUSE).contains(&pause);
            let position = match progress.work.is_empty() {
                true => self.dealt_with(&lane, held.position)?,
                false => 0,
            };
            slowest.position = slowest.position.min(position);
        }
        Ok(slowest)
    }

    /// The last position before the lane's next event, or the end of what is visible of the log.
    fn dealt_with(&self, lane: &Lane<'_>, position: u64) -> Result<u64, StoreError> {
        let mut at = position;
        loop {
            let next = self
                .window
                .next(self.ports, at, 1, |event| lane.wants(event))?;
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
