//! Until every reaction has dealt with an event.

use super::lane::Failing;
use super::{Engine, lanes};
use crate::annals::es::event_store::StoreError;
use crate::catalogue::Reaction;
use crate::ports::Ports;

/// Milliseconds between two looks: at first, and at most.
const PAUSE: u64 = 2;
const LONGEST_PAUSE: u64 = 50;

impl<P: Ports> Engine<'_, P> {
    /// Delivers, and waits for others who do, until all events up to a position are dealt with.
    /// Answers the reactions that lag after so many milliseconds.
    ///
    /// What a process manager's commands lead to is not waited for, and a reaction that waits for itself
    /// waits no longer than that: nobody can hold anybody up for ever.
    pub fn wait(&self, position: u64, timeout: u64) -> Result<Vec<String>, StoreError> {
        let deadline = self.ports.ticks().saturating_add(timeout);
        let mut lagging: Vec<&Reaction> = self.reactions.iter().collect();
        let mut pause = PAUSE;
        loop {
            self.window.refresh();
            let mut still = Vec::new();
            for reaction in lagging {
                if !self.lags(reaction, position)? {
                    continue;
                }
                // One that fails may take this instance with it, and the answer that is owed.
                if self.ports.ticks() < deadline && !self.is_ailing(reaction) {
                    self.deliver_to(reaction, deadline, Failing::Try)?;
                    if !self.lags(reaction, position)? {
                        continue;
                    }
                }
                still.push(reaction);
            }
            lagging = still;
            let left = deadline.saturating_sub(self.ports.ticks());
            if lagging.is_empty() || left == 0 {
                return Ok(lagging
                    .iter()
                    .map(|reaction| reaction.name.clone())
                    .collect());
            }
            self.ports.pause(pause.min(left));
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Has the generation that answers something to do with the events up to a position?
    fn lags(&self, reaction: &Reaction, position: u64) -> Result<bool, StoreError> {
        let control = self.control(reaction)?;
        let Some(active) = control.answering() else {
            return Ok(true);
        };
        for lane in lanes(reaction, active) {
            let held = self.load(&lane)?;
            if !held.progress.work.is_empty() {
                return Ok(true);
            }
            let mut at = held.position;
            while at < position {
                let next = self
                    .window
                    .next(self.ports, at, 1, |event| lane.wants(event))?;
                if next.events.iter().any(|event| event.position <= position) {
                    return Ok(true);
                }
                if !next.events.is_empty() {
                    break;
                }
                // The log is not visible up to the position yet.
                if next.end && next.reach < position {
                    return Ok(true);
                }
                at = next.reach.max(at + 1);
            }
        }
        Ok(false)
    }
}
