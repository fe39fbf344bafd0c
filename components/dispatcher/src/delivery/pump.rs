//! All that is due, within a time.

use super::generations::Control;
use super::outcome::{Ended, Failing, store_error};
use super::{Engine, lanes};
use crate::annals::es::types::StoreError;
use crate::catalogue::Reaction;
use crate::ports::Ports;

/// What a round, or all of them, came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pumped {
    pub delivered: u64,
    /// Something is due now.
    pub more: bool,
    /// Milliseconds until something is due.
    pub next: Option<u64>,
    /// Another instance delivers, at least to a part.
    pub busy: bool,
    /// Something was left alone because its last attempt failed.
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
    /// Delivers what is due to one reaction or to all, for about so many milliseconds. What one
    /// delivery leads to is due, too. A reaction that fails does not keep the others from theirs.
    pub fn pump(&self, only: Option<&Reaction>, budget: u64) -> Result<Pumped, StoreError> {
        let deadline = self.ports.ticks().saturating_add(budget);
        let order = self.in_turn(only);
        let mut total = 0;
        loop {
            let mut round = Pumped::default();
            let mut failure = None;
            self.window.refresh();
            for (reaction, ailing) in self.ailing_last(&order) {
                let now = self.ports.ticks();
                let slice = deadline.saturating_sub(now) / if ailing { 4 } else { 2 };
                // Whoever comes last still gets a look.
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

    /// The reactions, beginning with any of them: whoever is first gets the most.
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

    /// Those whose last attempt failed or did not come back come last: what they do to this
    /// instance must not keep it from the others.
    fn ailing_last<'r>(&self, order: &[&'r Reaction]) -> Vec<(&'r Reaction, bool)> {
        let (ailing, mut sorted): (Vec<_>, Vec<_>) = order
            .iter()
            .map(|reaction| (*reaction, self.is_ailing(reaction)))
            .partition(|(_, ailing)| *ailing);
        sorted.extend(ailing);
        sorted
    }

    pub(super) fn is_ailing(&self, reaction: &Reaction) -> bool {
        let Ok(control) = self.control(reaction) else {
            return false;
        };
        let mut lanes = control
            .served_by(reaction)
            .into_iter()
            .flat_map(|generation| lanes(reaction, &generation));
        lanes.any(|lane| {
            let progress = self.load(&lane).map(|held| held.progress);
            let now = self.ports.now();
            progress.is_ok_and(|progress| progress.tried > 0 && !self.is_taken(&progress, now))
        })
    }

    /// Delivers to all lanes of the generations that this version of the reaction serves.
    pub(super) fn deliver_to(
        &self,
        reaction: &Reaction,
        deadline: u64,
        failing: Failing,
    ) -> Result<Pumped, StoreError> {
        let control: Control = self.control(reaction)?;
        let mut pumped = Pumped::default();
        for generation in control.served_by(reaction) {
            let mut all: Vec<_> = lanes(reaction, &generation).collect();
            let first = self.ports.random() % all.len().max(1) as u64;
            all.rotate_left(usize::try_from(first).unwrap_or_default());
            let mut caught_up = true;
            for lane in &all {
                let (ended, delivered) = self.deliver(lane, deadline, failing)?;
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
