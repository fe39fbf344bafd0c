//! The generations of a reaction, and the choice of the active one.
//!
//! A generation is the result of one version of a reaction's code, from one position on. A projector whose
//! version was raised builds a new generation beside the active one. The switch is one write of the record
//! that this module keeps, so a reader sees either the old or the new generation. A notifier whose
//! concurrency changed continues in a new generation.
//!
//! Generation numbers are never reused: rows of a dropped generation cannot reappear in another one.

use super::Engine;
use super::progress;
use crate::annals::es::reaction_store::{Checkpoint, WriteError};
use crate::annals::es::types::StoreError;
use crate::catalogue::{Kind, Reaction};
use crate::ports::Ports;
use serde::{Deserialize, Serialize};

/// Number of stored replaced generations up to which an operator may request another rebuild.
pub const MAX_REPLACED: usize = 8;

/// The record of a reaction's generations.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Control {
    /// Number of the generation that answers queries.
    pub active: u32,
    /// The highest number that was ever assigned.
    pub last: u32,
    /// Oldest first.
    pub generations: Vec<Generation>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Generation {
    pub number: u32,
    /// The reaction's declared version.
    pub version: u32,
    /// Number of partitions of its events.
    pub partitions: u32,
    /// The generation takes the events after this position.
    pub from: u64,
    /// The generation was replaced, or its rebuild was abandoned.
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

    /// The generation that is being built, if there is one.
    pub fn building(&self) -> Option<&Generation> {
        let mut newer = self.generations.iter().rev();
        newer.find(|generation| !generation.retired && generation.number > self.active)
    }

    /// The generations that this version of the reaction delivers to, the active one first.
    pub fn served_by(&self, reaction: &Reaction) -> Vec<Generation> {
        let live = |generation: &&Generation| {
            let same = match reaction.kind {
                Kind::Projector => generation.version == reaction.version,
                // Their effects cannot be repeated, so only the active generation continues.
                Kind::ProcessManager | Kind::Notifier => generation.number == self.active,
            };
            same && !generation.retired
        };
        self.generations.iter().filter(live).cloned().collect()
    }

    /// The newest generation that is not retired. It may have a lower version than the one it replaces: an
    /// operator can accept an older version, which then rebuilds its view.
    fn newest(&self) -> Option<&Generation> {
        let mut newer = self.generations.iter().rev();
        newer.find(|generation| !generation.retired)
    }

    fn add(&mut self, reaction: &Reaction, from: u64) {
        self.last += 1;
        self.generations.push(Generation {
            number: self.last,
            version: reaction.version,
            partitions: reaction.partitions,
            from,
            retired: false,
            views: reaction.stored_views(),
        });
    }

    /// Adds a generation if the deployed version of the reaction needs one. Returns whether anything changed.
    fn adapt(
        &mut self,
        reaction: &Reaction,
        partitions_from: impl FnOnce() -> Result<u64, StoreError>,
    ) -> Result<bool, StoreError> {
        let newest = self.newest();
        let active = self.active;
        match reaction.kind {
            // An older deployment may still run. It must not undo the generation that a newer deployment
            // builds.
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
            Kind::Notifier
                if self
                    .answering()
                    .is_none_or(|it| it.partitions != reaction.partitions) =>
            {
                let from = partitions_from()?;
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
    /// A reaction's generations. The first call for a reaction creates its first generation.
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
                control.adapt(reaction, || self.slowest_partition(reaction, &before))?
            };
            if !changed || self.save_control(&reaction.key, &control, revision)? {
                let known = &mut self.controls.borrow_mut();
                known.insert(reaction.key.clone(), control.clone());
                return Ok(control);
            }
        }
    }

    /// The version of the newest generation that is not retired, complete or not. 0 if the store has no
    /// record of the reaction.
    pub(crate) fn built(&self, reaction: &Reaction) -> Result<u32, StoreError> {
        let (control, _) = self.load_control(&reaction.key)?;
        let newest = control.as_ref().and_then(Control::newest);
        Ok(newest.map_or(0, |newest| newest.version))
    }

    /// The stored record of a reaction's generations, if there is one, and the record's revision.
    pub(crate) fn load_control(&self, name: &str) -> Result<(Option<Control>, u64), StoreError> {
        let Some(checkpoint) = self.ports.load_checkpoint(name)? else {
            return Ok((None, 0));
        };
        let control = progress::decode(&checkpoint.state).map_err(|reason| {
            StoreError::Corrupt(format!("the record of the generations of {name}: {reason}"))
        })?;
        Ok((Some(control), checkpoint.revision))
    }

    /// Replaces a revision of the record. `false` if another instance has replaced it already.
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

    /// Applies `change` to the record until no other instance interferes. `change` returns `None` if there is
    /// nothing to change.
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

    /// Begins a new generation of a projector and returns its number, or the number of the generation that is
    /// already being built. `None` if too many replaced generations are stored.
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
                self.clear_idle_hint();
                Ok(Some(number))
            }
            None => Ok(self.control(reaction)?.building().map(|it| it.number)),
        }
    }

    /// Makes a generation that has caught up the active one.
    pub(crate) fn switch_to(&self, reaction: &Reaction, number: u32) -> Result<(), StoreError> {
        let switched = self.change_control(reaction, |control| {
            let building = control.building().is_some_and(|it| it.number == number);
            building.then(|| control.switch(number))
        })?;
        if switched.is_some() {
            let name = &reaction.name;
            self.ports
                .log(&format!("{name}: generation {number} is now active"));
        }
        Ok(())
    }

    fn slowest_partition(&self, reaction: &Reaction, control: &Control) -> Result<u64, StoreError> {
        let Some(active) = control.answering() else {
            return Ok(0);
        };
        let mut slowest = u64::MAX;
        for partition in super::partitions(reaction, active) {
            slowest = slowest.min(self.load(&partition)?.position);
        }
        Ok(slowest)
    }
}
