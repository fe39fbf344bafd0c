//! Dead letters, taken up again: one more attempt, out of order, when somebody asks for it.

use super::letters::{self, Found};
use super::outcome::{Ended, Failure, Held, Stop};
use super::progress::Work;
use super::{Engine, Lane, lanes, manager, notifier, projector};
use crate::annals::es::reaction_store::WriteError;
use crate::annals::es::types::StoreError;
use crate::catalogue::{Kind, Reaction};
use crate::ports::Ports;

/// How long to wait for the lane, in milliseconds.
const PATIENCE: u64 = 2_000;

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Late {
    Done,
    /// It stays where it is, for this reason.
    Failed(String),
}

/// Why it was not even tried.
#[derive(Debug)]
pub enum Refused {
    /// It cannot be done.
    Because(String),
    /// Another instance is at it.
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
    /// Tries once more what was put aside.
    pub fn retry(&self, mut found: Found) -> Result<Late, Refused> {
        let (reaction, lane) = self.lane_of(&found)?;
        let event = self.window.event(self.ports, found.letter.position)?;
        // An attempt that does not come back is counted, too.
        found.letter.attempts = found.letter.attempts.saturating_add(1);
        self.write(&mut found)?;
        if reaction.kind == Kind::Notifier {
            return match notifier::call(self.ports, reaction.index, &event, found.letter.attempts) {
                None => {
                    letters::remove(self.ports, &found.id)?;
                    Ok(Late::Done)
                }
                Some(failure) => self.still_failing(found, failure),
            };
        }
        let mut held = self.borrow(&lane)?;
        if !found.waiting.is_empty() {
            return self.release(&lane, held, found);
        }
        let work = match (&found.letter.command, reaction.kind) {
            (Some((_, command)), _) => Ok(Work {
                step: Some(manager::taken_up(event.position, command.clone())),
                ..Work::default()
            }),
            (None, Kind::ProcessManager) => manager::late(self.ports, &lane, &event)?,
            (None, _) => projector::late(self.ports, &lane, &event)?,
        };
        match work {
            Ok(work) => self.settle(&lane, &mut held, work, found.id),
            Err(failure) => {
                self.unborrow(&lane, &mut held)?;
                self.still_failing(found, failure)
            }
        }
    }

    /// Forgets what was put aside. The process of a command is told.
    pub fn skip(&self, found: Found) -> Result<(), Refused> {
        let Some((_, command)) = found.letter.command.clone() else {
            return match found.waiting.is_empty() {
                true => Ok(letters::remove(self.ports, &found.id)?),
                false => self.skip_waiting(found),
            };
        };
        let (_, lane) = match self.lane_of(&found) {
            Ok(found) => found,
            // Nobody is left to be told.
            Err(Refused::Because(_)) => return Ok(letters::remove(self.ports, &found.id)?),
            Err(other) => return Err(other),
        };
        let cause = self.window.event(self.ports, found.letter.position)?;
        let mut held = self.borrow(&lane)?;
        held.progress.work.step = Some(manager::taken_up(cause.position, command));
        let reason = manager::skipped(&found.letter.reason);
        match manager::refuse(self.ports, &lane, &held, &cause, reason)? {
            Ok(work) => self.settle(&lane, &mut held, work, found.id).map(|_| ()),
            Err(failure) => {
                held.progress.work = Work::default();
                self.unborrow(&lane, &mut held)?;
                Err(Refused::Because(failure.reason))
            }
        }
    }

    pub(super) fn lane_of(&self, found: &Found) -> Result<(&Reaction, Lane<'_>), Refused> {
        let name = &found.letter.reaction;
        let reaction = self
            .reaction_of_key(name)
            .ok_or_else(|| Refused::Because(format!("there is no reaction `{name}` any more")))?;
        let control = self.control(reaction)?;
        let generation = control.get(found.letter.generation);
        let Some(generation) = generation.filter(|generation| {
            // What a notifier was to be told does not depend on its lanes.
            !generation.retired || reaction.kind == Kind::Notifier
        }) else {
            let why = format!(
                "generation {} of `{name}` has been replaced, and the new one took all events anew",
                found.letter.generation
            );
            return Err(Refused::Because(why));
        };
        match lanes(reaction, generation).next() {
            Some(lane) => Ok((reaction, lane)),
            None => Err(Refused::Because(format!("`{name}` has no lanes"))),
        }
    }

    /// Takes the lane for something beside its events, whose attempts are not touched.
    pub(super) fn borrow(&self, lane: &Lane<'_>) -> Result<Held, Refused> {
        let patience = self.ports.ticks() + PATIENCE;
        loop {
            let mut held = self.load(lane)?;
            if !self.is_taken(&held.progress, self.ports.now()) {
                self.renew(lane, &mut held);
                match self.save(lane, &mut held) {
                    Ok(()) => {
                        self.forget_done();
                        return match self.finish_work(lane, &mut held)? {
                            None => Ok(held),
                            Some(_) => Err(Refused::Busy),
                        };
                    }
                    Err(Stop::Lost) => {}
                    Err(other) => return Err(other.into()),
                }
            }
            if self.ports.ticks() >= patience {
                return Err(Refused::Busy);
            }
            self.ports.pause(20);
        }
    }

    pub(super) fn unborrow(&self, lane: &Lane<'_>, held: &mut Held) -> Result<(), Refused> {
        held.progress.lease = None;
        Ok(self.save(lane, held)?)
    }

    /// Writes down what follows, the end of the letter among it, and brings it about.
    fn settle(
        &self,
        lane: &Lane<'_>,
        held: &mut Held,
        mut work: Work,
        id: String,
    ) -> Result<Late, Refused> {
        work.settled = Some(id);
        held.progress.work = work;
        self.renew(lane, held);
        self.save(lane, held)?;
        match self.finish_work(lane, held)? {
            None => {
                self.unborrow(lane, held)?;
                Ok(Late::Done)
            }
            Some(Ended::Stopped) => Ok(Late::Failed("the reaction stopped over it".into())),
            Some(_) => {
                let reason = held.progress.reason.clone().unwrap_or_default();
                Ok(Late::Failed(format!(
                    "a command that follows from it is being tried again: {reason}"
                )))
            }
        }
    }

    pub(super) fn still_failing(
        &self,
        mut found: Found,
        failure: Failure,
    ) -> Result<Late, Refused> {
        found.letter.reason = failure.reason.clone();
        self.write(&mut found)?;
        Ok(Late::Failed(failure.reason))
    }

    fn write(&self, found: &mut Found) -> Result<(), Refused> {
        match letters::update(self.ports, found) {
            Ok(()) => {
                found.revision += 1;
                Ok(())
            }
            Err(WriteError::Stale) => Err(Refused::Busy),
            Err(WriteError::Store(error)) => Err(error.into()),
        }
    }
}
