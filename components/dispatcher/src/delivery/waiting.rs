//! Processes that wait for a dead letter.
//!
//! A process takes in its events in the order of the log. When one of them is parked, the lane goes on, and the process
//! waits: its row names the dead letter, and the lane passes the process over. When the letter is retried or skipped, the
//! process catches up: it takes in the parked event and all later ones up to where the lane is, while the lane stands still.
//! Each step is written down like one of the lane's, and the row says how far the process is. So whoever dies in the middle
//! leaves a process that still waits, and a letter that can be retried.

use super::late::{Late, Refused};
use super::letters::{self, Found};
use super::manager;
use super::outcome::{Failure, Held};
use super::processes::Processes;
use super::progress::{Step, Work};
use super::{Engine, Lane, ids};
use crate::annals::es::process_managers::Interest;
use crate::annals::es::types::RecordedEvent;
use crate::annals::es::types::StoreError;
use crate::ports::Ports;
use std::rc::Rc;

/// How long one call lets processes catch up, in milliseconds.
const CATCH_UP_BUDGET: u64 = 2_000;

/// How far a process came.
enum Came {
    /// It does not wait for this letter any more.
    Through,
    /// The letter's event failed again.
    Failed(Failure),
    /// A command that followed is being tried again, for this reason.
    Sending(String),
    /// The time was up.
    Short,
}

/// What a process is to do next.
enum Due {
    /// The process has no event to take in up to the lane's position.
    Nothing,
    /// It was not decided up to this position whether there is anything.
    Later(u64),
    Event(Rc<RecordedEvent>, Interest),
    Failed(Rc<RecordedEvent>, Failure),
}

impl<P: Ports> Engine<'_, P> {
    /// Retries a letter that processes wait for.
    pub(super) fn release(
        &self,
        lane: &Lane<'_>,
        mut held: Held,
        found: Found,
    ) -> Result<Late, Refused> {
        let deadline = self.ports.ticks() + CATCH_UP_BUDGET;
        for process in &found.waiting {
            let failed = match self.catch_up(lane, &mut held, process, &found, deadline)? {
                Came::Through => continue,
                Came::Failed(failure) => {
                    self.unborrow(lane, &mut held)?;
                    return self.still_failing(found, failure);
                }
                Came::Sending(reason) => {
                    format!("a command of the process `{process}` is being tried again: {reason}")
                }
                Came::Short => {
                    self.unborrow(lane, &mut held)?;
                    format!(
                        "the process `{process}` takes in the events that came meanwhile: retry again, and it goes on"
                    )
                }
            };
            return Ok(Late::Failed(failed));
        }
        letters::remove(self.ports, &found.id)?;
        self.unborrow(lane, &mut held)?;
        Ok(Late::Done)
    }

    /// Skips a letter that processes wait for.
    pub(super) fn skip_waiting(&self, found: Found) -> Result<(), Refused> {
        let (_, lane) = match self.lane_of(&found) {
            Ok(found) => found,
            // The reaction is gone, so no process waits for this letter.
            Err(Refused::Because(_)) => return Ok(letters::remove(self.ports, &found.id)?),
            Err(other) => return Err(other),
        };
        let mut held = self.borrow(&lane)?;
        let deadline = self.ports.ticks() + CATCH_UP_BUDGET;
        let mut processes = Processes::default();
        for id in &found.waiting {
            let process = processes.get(self.ports, &lane, id)?;
            if process.now.waits_for.as_ref() != Some(&found.id) {
                continue;
            }
            let before = process.now.position;
            process.changed = true;
            process.now.position = match before < found.letter.position {
                true => found.letter.position,
                // This one is dealt with: what is in the way is the event behind it.
                false => match self.due(&lane, &held, id, before, deadline)? {
                    Due::Event(event, _) | Due::Failed(event, _) => event.position,
                    Due::Later(position) => position,
                    Due::Nothing => before,
                },
            };
        }
        let work = Work {
            rows: processes.rows(&lane),
            ..Work::default()
        };
        self.bring_about(&lane, &mut held, work)?;
        match self.release(&lane, held, found)? {
            Late::Done => Ok(()),
            Late::Failed(reason) => Err(Refused::Because(format!("it is skipped, and {reason}"))),
        }
    }

    /// Lets one process take in its events after the one that it has dealt with, up to where the lane is.
    fn catch_up(
        &self,
        lane: &Lane<'_>,
        held: &mut Held,
        id: &str,
        found: &Found,
        deadline: u64,
    ) -> Result<Came, Refused> {
        loop {
            let mut processes = Processes::default();
            let process = processes.get(self.ports, lane, id)?;
            if process.now.waits_for.as_ref() != Some(&found.id) {
                return Ok(Came::Through);
            }
            let mut step = None;
            let mut came = None;
            let mut failed = None;
            match self.due(lane, held, id, process.now.position, deadline)? {
                Due::Nothing => {
                    process.now.waits_for = None;
                    process.now.position = held.position;
                    came = Some(Came::Through);
                }
                Due::Later(position) => {
                    process.now.position = position;
                    came = Some(Came::Short);
                }
                Due::Event(event, interest) => {
                    let mut taken = Step {
                        cause: event.position,
                        next: ids::late_index(&event, id),
                        commands: Vec::new(),
                    };
                    let before = process.clone();
                    match manager::tell(self.ports, lane, &event, &interest, before, &mut taken) {
                        Ok(told) => {
                            if let Some(told) = told {
                                *process = told;
                            }
                            process.now.position = event.position;
                            step = Some(taken);
                        }
                        Err(failure) => failed = Some((event, failure)),
                    }
                }
                Due::Failed(event, failure) => failed = Some((event, failure)),
            }
            if let Some((event, failure)) = failed {
                if event.position == found.letter.position {
                    return Ok(Came::Failed(failure));
                }
                process.now.waits_for = Some(self.park_again(lane, id, &event, &failure)?);
                process.now.position = event.position - 1;
                came = Some(Came::Through);
            }
            process.changed = true;
            let work = Work {
                rows: processes.rows(lane),
                step,
                ..Work::default()
            };
            if let Some(reason) = self.bring_about(lane, held, work)? {
                return Ok(Came::Sending(reason));
            }
            if let Some(came) = came {
                return Ok(came);
            }
            if self.ports.ticks() >= deadline {
                return Ok(Came::Short);
            }
        }
    }

    /// The next event that concerns a process, after a position and up to where the lane is.
    fn due(
        &self,
        lane: &Lane<'_>,
        held: &Held,
        id: &str,
        after: u64,
        deadline: u64,
    ) -> Result<Due, StoreError> {
        let mut after = after;
        loop {
            let next = self
                .window
                .next(self.ports, after, usize::MAX, |event| lane.wants(event))?;
            for event in next.events {
                if event.position > held.position {
                    return Ok(Due::Nothing);
                }
                let interests = match self.ports.interested(lane.reaction.index, &event) {
                    Ok(interests) => interests,
                    Err(fault) => return Ok(Due::Failed(event, Failure::again(fault.message))),
                };
                let mut interests = interests.into_iter();
                if let Some(interest) = interests.find(|one| manager::process_of(one) == id) {
                    return Ok(Due::Event(event, interest));
                }
            }
            after = after.max(next.reach);
            if next.end || after >= held.position {
                return Ok(Due::Nothing);
            }
            if self.ports.ticks() >= deadline {
                return Ok(Due::Later(after));
            }
        }
    }

    /// Parks a later event that failed for a process, under a letter of its own, and answers its id.
    fn park_again(
        &self,
        lane: &Lane<'_>,
        process: &str,
        event: &RecordedEvent,
        failure: &Failure,
    ) -> Result<String, StoreError> {
        let letter = self.letter(lane, event, 1, &failure.reason);
        let id = letter.id_for(process);
        // Before the process waits for it: a process must never wait for a letter that nobody can find.
        letters::file(self.ports, &id, &letter, &[process.to_owned()])?;
        Ok(id)
    }

    /// Writes work down, and does it. Answers why a command that belongs to it did not end, if so.
    fn bring_about(
        &self,
        lane: &Lane<'_>,
        held: &mut Held,
        work: Work,
    ) -> Result<Option<String>, Refused> {
        held.progress.work = work;
        self.renew(lane, held);
        self.save(lane, held)?;
        Ok(self
            .finish_work(lane, held)?
            .map(|_| held.progress.reason.clone().unwrap_or_default()))
    }
}
