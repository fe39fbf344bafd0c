//! Which generations a reaction has, and which one answers.
//!
//! A generation is what a reaction derived from some position on, by one version of its code. A
//! projector whose version was raised builds a new one beside the one that answers; the switch is
//! one write of the record kept here, so a reader sees one or the other. A notifier whose number
//! of lanes changed goes on in a new one.
//!
//! Numbers are never used again: rows of a generation that was dropped cannot come back to life in
//! another one.

use super::Engine;
use super::progress;
use crate::annals::es::reaction_store::{Checkpoint, WriteError};
use crate::annals::es::types::StoreError;
use crate::catalogue::{Kind, Reaction};
use crate::ports::Ports;
use serde::{Deserialize, Serialize};

/// Replaced generations that are kept, beside which another one may be asked for.
pub const MAX_REPLACED: usize = 8;

/// What is known of a reaction's generations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Control {
    /// Number of the one that answers.
    pub active: u32,
    /// The highest number that was ever given.
    pub last: u32,
    /// Oldest first.
    pub generations: Vec<Generation>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Generation {
    pub number: u32,
    /// The reaction's declared version.
    pub version: u32,
    /// Lanes that its events are divided into.
    pub lanes: u32,
    /// Events after this position are delivered to it.
    pub from: u64,
    /// It has been replaced, or was given up.
    pub retired: bool,
    pub views: Vec<String>,
}

impl Control {
    pub fn get(&self, number: u32) -> Option<&Generation> {
        self.generations
            .iter()
            .find(|generation| generation.number == number)
    }

    pub fn answering(&self) -> Option<&Generation> {
        self.get(self.active)
    }

    /// The one that is being built, if any.
    pub fn building(&self) -> Option<&Generation> {
        let mut newer = self.generations.iter().rev();
        newer.find(|generation| !generation.retired && generation.number > self.active)
    }

    /// Those that this version of the reaction delivers to, the one that answers first.
    pub fn served_by(&self, reaction: &Reaction) -> Vec<Generation> {
        let live = |generation: &&Generation| {
            let same = match reaction.kind {
                Kind::Projector => generation.version == reaction.version,
                // What they did cannot be done anew, so there is one that goes on.
                Kind::ProcessManager | Kind::Notifier => generation.number == self.active,
            };
            same && !generation.retired
        };
        self.generations.iter().filter(live).cloned().collect()
    }

    /// The newest one that is not retired: what an accepted older version has built anew is newer than what it replaces.
    fn newest(&self) -> Option<&Generation> {
        let mut newer = self.generations.iter().rev();
        newer.find(|generation| !generation.retired)
    }

    fn add(&mut self, reaction: &Reaction, from: u64) {
        self.last += 1;
        self.generations.push(Generation {
            number: self.last,
            version: reaction.version,
            lanes: reaction.lanes,
            from,
            retired: false,
            views: reaction.stored_views(),
        });
    }

    /// What has to change so that the reaction, as it is deployed now, is served.
    fn adapt(
        &mut self,
        reaction: &Reaction,
        lanes_at: impl FnOnce() -> Result<u64, StoreError>,
    ) -> Result<bool, StoreError> {
        let newest = self.newest();
        let active = self.active;
        match reaction.kind {
            // An older deployment may still run: it does not undo what a newer one builds.
            Kind::Projector
                if newest.is_none_or(|newest| {
                    newest.version < reaction.version
                        || newest.version == reaction.version
                            && newest.views != reaction.stored_views()
                }) =>
            {
                for generation in &mut self.generations {
                    generation.retired |= generation.number > active;
                }
                self.add(reaction, 0);
                Ok(true)
            }
            Kind::Notifier if self.answering().is_none_or(|it| it.lanes != reaction.lanes) => {
                let from = lanes_at()?;
                self.add(reaction, from);
                self.switch(self.last);
                Ok(true)
            }
            _ => Ok(false),
        }
    }

    fn switch(&mut self, number: u32) {
        self.active = number;
        for generation in &mut self.generations {
            generation.retired |= generation.number < number;
        }
    }
}

impl<P: Ports> Engine<'_, P> {
    /// A reaction's generations; the first call ever makes the first one.
    pub(crate) fn control(&self, reaction: &Reaction) -> Result<Control, StoreError> {
        if let Some(known) = self.controls.borrow().get(&reaction.key) {
            return Ok(known.clone());
        }
        loop {
            let (stored, revision) = self.load_control(&reaction.key)?;
            let mut control = stored.clone().unwrap_or_default();
            let changed = if stored.is_none() {
                let from = match reaction.from_now {
                    true => self.ports.log_end()?,
                    false => 0,
                };
                control.add(reaction, from);
                control.active = control.last;
                true
            } else {
                let before = control.clone();
                control.adapt(reaction, || self.slowest_lane(reaction, &before))?
            };
            if !changed || self.save_control(&reaction.key, &control, revision)? {
                let known = &mut self.controls.borrow_mut();
                known.insert(reaction.key.clone(), control.clone());
                return Ok(control);
            }
        }
    }

    /// The version that the newest view of a reaction was built by, or is being; 0: nothing is known of it.
    pub(crate) fn built(&self, reaction: &Reaction) -> Result<u32, StoreError> {
        let (control, _) = self.load_control(&reaction.key)?;
        let newest = control.as_ref().and_then(Control::newest);
        Ok(newest.map_or(0, |newest| newest.version))
    }

    /// A reaction's generations, if it ever had any, and the revision of what says so.
    pub(crate) fn load_control(&self, name: &str) -> Result<(Option<Control>, u64), StoreError> {
        let Some(checkpoint) = self.ports.load_checkpoint(name)? else {
            return Ok((None, 0));
        };
        let control = progress::decode(&checkpoint.state).map_err(|reason| {
            StoreError::Corrupt(format!("the generations of {name}: {reason}"))
        })?;
        Ok((Some(control), checkpoint.revision))
    }

    /// Replaces a revision; `false` if somebody else did.
    pub(crate) fn save_control(
        &self,
        name: &str,
        control: &Control,
        revision: u64,
    ) -> Result<bool, StoreError> {
        let next = Checkpoint {
            position: 0,
            generation: 0,
            revision,
            state: progress::encode(control),
        };
        match self.ports.save_checkpoint(name, &next) {
            Ok(()) => Ok(true),
            Err(WriteError::Stale) => Ok(false),
            Err(WriteError::Store(error)) => Err(error),
        }
    }

    /// Changes the generations. `change` answers whether anything changed.
    pub(crate) fn change_control<T>(
        &self,
        reaction: &Reaction,
        change: impl Fn(&mut Control) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        loop {
            self.controls.borrow_mut().remove(&reaction.key);
            self.control(reaction)?;
            let (control, revision) = self.load_control(&reaction.key)?;
            let mut control = control.unwrap_or_default();
            let Some(answer) = change(&mut control) else {
                return Ok(None);
            };
            if self.save_control(&reaction.key, &control, revision)? {
                self.controls.borrow_mut().remove(&reaction.key);
                return Ok(Some(answer));
            }
        }
    }

    /// Begins a new generation of a projector; answers its number, or that of the one being built. None:
    /// so many that were replaced have not been dropped that there is no room for another.
    pub(crate) fn begin_generation(&self, reaction: &Reaction) -> Result<Option<u32>, StoreError> {
        let begun = self.change_control(reaction, |control| {
            let full = control.generations.len() > MAX_REPLACED;
            if full || control.building().is_some() {
                return None;
            }
            control.add(reaction, 0);
            Some(control.last)
        })?;
        match begun {
            Some(number) => {
                self.forget_done();
                Ok(Some(number))
            }
            None => Ok(self.control(reaction)?.building().map(|it| it.number)),
        }
    }

    /// Lets a generation that has caught up answer from now on.
    pub(crate) fn switch_to(&self, reaction: &Reaction, number: u32) -> Result<(), StoreError> {
        let switched = self.change_control(reaction, |control| {
            let building = control.building().is_some_and(|it| it.number == number);
            building.then(|| control.switch(number))
        })?;
        if switched.is_some() {
            let name = &reaction.name;
            self.ports
                .log(&format!("{name}: generation {number} answers from now on"));
        }
        Ok(())
    }

    fn slowest_lane(&self, reaction: &Reaction, control: &Control) -> Result<u64, StoreError> {
        let Some(active) = control.answering() else {
            return Ok(0);
        };
        let mut slowest = u64::MAX;
        for lane in super::lanes(reaction, active) {
            slowest = slowest.min(self.load(&lane)?.position);
        }
        Ok(slowest)
    }
}
