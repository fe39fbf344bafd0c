//! Delivery to all partitions within a time budget.

use super::generations::Control;
use super::outcome::{Ended, Failing, store_error};
use super::{Engine, partitions};
use crate::annals::es::types::StoreError;
use crate::catalogue::Reaction;
use crate::ports::Ports;

/// The result of one round, or of all rounds of a pump.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pumped {
    pub delivered: u64,
    /// Something is due now.
    pub more: bool,
    /// Milliseconds until something is due.
    pub next: Option<u64>,
    /// Another instance holds the lease of at least one partition.
    pub busy: bool,
    /// At least one partition was left out because its last attempt failed.
    pub failing: bool,
}

impl Pumped {
    fn count(&mut self, ended: Ended, delivered: u64) {
        self.delivered += delivered;
        match ended {
            Ended::Idle | Ended::Stopped => {}
            Ended::More => self.more = true,
            Ended::Busy => {
                self.more = true;
                self.busy = true;
            }
            Ended::Failing => self.failing = true,
            Ended::Later(pause) => {
                self.next = Some(self.next.map_or(pause, |next| next.min(pause)));
            }
        }
    }
}

impl<P: Ports> Engine<'_, P> {
    /// Delivers what is due to one reaction or to all, for about `budget` milliseconds. Events that a
    /// delivery leads to are due too. The failure of one reaction does not keep the others from their events.
    pub fn pump(&self, only: Option<&Reaction>, budget: u64) -> Result<Pumped, StoreError> {
        let deadline = self.ports.ticks().saturating_add(budget);
        let order = self.in_turn(only);
        let mut total = 0;
        loop {
            let mut round = Pumped::default();
            let mut failure = None;
            self.window.refresh();
            for (reaction, failing) in self.failing_last(&order) {
                let now = self.ports.ticks();
                let slice = deadline.saturating_sub(now) / if failing { 4 } else { 2 };
                // The last reaction gets at least one millisecond, so it is at least inspected.
                let until = now + slice.max(1);
                match self.deliver_to(reaction, until, Failing::Try) {
                    Ok(pumped) => {
                        round.delivered += pumped.delivered;
                        round.more |= pumped.more;
                        round.next = [round.next, pumped.next].into_iter().flatten().min();
                    }
                    Err(error) => {
                        let why = store_error(&error);
                        self.ports.log(&format!("{}: {why}", reaction.name));
                        failure = Some(error);
                    }
                }
            }
            total += round.delivered;
            let over = self.ports.ticks() >= deadline;
            if over || round.delivered == 0 {
                return match failure {
                    Some(error) if total == 0 => Err(error),
                    _ => Ok(Pumped {
                        delivered: total,
                        more: round.more || (over && round.delivered > 0),
                        ..round
                    }),
                };
            }
        }
    }

    /// The reactions in cyclic order from a random one on. The first reaction gets the largest share of the
    /// budget, so no reaction is always first.
    pub(super) fn in_turn<'r>(&'r self, only: Option<&Reaction>) -> Vec<&'r Reaction> {
        let mut order: Vec<&Reaction> = self
            .reactions
            .iter()
            .filter(|reaction| only.is_none_or(|only| only.name == reaction.name))
            .collect();
        if !order.is_empty() {
            let first = self.ports.random() % order.len() as u64;
            order.rotate_left(usize::try_from(first).unwrap_or_default());
        }
        order
    }

    /// Sorts failing reactions to the end. Their next attempt may trap and end this instance, which must not
    /// keep the other reactions from their events.
    fn failing_last<'r>(&self, order: &[&'r Reaction]) -> Vec<(&'r Reaction, bool)> {
        let (failing, mut sorted): (Vec<_>, Vec<_>) = order
            .iter()
            .map(|reaction| (*reaction, self.is_failing(reaction)))
            .partition(|(_, failing)| *failing);
        sorted.extend(failing);
        sorted
    }

    pub(super) fn is_failing(&self, reaction: &Reaction) -> bool {
        let Ok(control) = self.control(reaction) else {
            return false;
        };
        let mut partitions = control
            .served_by(reaction)
            .into_iter()
            .flat_map(|generation| partitions(reaction, &generation));
        partitions.any(|partition| {
            let progress = self.load(&partition).map(|state| state.progress);
            let now = self.ports.now();
            progress.is_ok_and(|progress| {
                progress.tried > 0 && !self.is_leased_elsewhere(&progress, now)
            })
        })
    }

    /// Delivers to all partitions of the generations that this version of the reaction serves.
    pub(super) fn deliver_to(
        &self,
        reaction: &Reaction,
        deadline: u64,
        failing: Failing,
    ) -> Result<Pumped, StoreError> {
        let control: Control = self.control(reaction)?;
        let mut pumped = Pumped::default();
        for generation in control.served_by(reaction) {
            let mut all: Vec<_> = partitions(reaction, &generation).collect();
            let first = self.ports.random() % all.len().max(1) as u64;
            all.rotate_left(usize::try_from(first).unwrap_or_default());
            let mut caught_up = true;
            for partition in &all {
                let (ended, delivered) = self.deliver(partition, deadline, failing)?;
                caught_up &= ended == Ended::Idle;
                pumped.count(ended, delivered);
            }
            if caught_up && generation.number > control.active {
                self.switch_to(reaction, generation.number)?;
            }
        }
        Ok(pumped)
    }
}
