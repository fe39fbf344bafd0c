//! What must be true at the end of a schedule, of the store and of what everybody was told.

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use annals_event_log::*;

use crate::actor::Note;
use crate::common::sourcer::{check_once, submit};
use crate::common::{check, open};
use crate::world::{State, World};

/// What a store says, to whoever asks last.
struct Truth {
    log: Vec<RecordedEvent>,
    outcomes: BTreeMap<&'static str, Option<Outcome>>,
}

/// Judges ends of schedules. What depends on the store alone is found out once.
#[derive(Default)]
pub struct Judge {
    truths: HashMap<u32, Rc<Result<Truth, String>>>,
}

macro_rules! demand {
    ($holds:expr, $($message:tt)*) => {
        if !$holds {
            return Err(format!($($message)*));
        }
    };
}

impl Judge {
    /// Different contents of the store at the ends.
    pub fn stores(&self) -> usize {
        self.truths.len()
    }

    /// # Errors
    /// What is wrong. `faults` says whether there were any.
    pub fn judge(&mut self, world: &World<'_>, state: &State, faults: bool) -> Result<(), String> {
        let truth = Rc::clone(
            self.truths
                .entry(state.store)
                .or_insert_with(|| Rc::new(truth(world, state.store))),
        );
        let truth = truth.as_ref().as_ref().map_err(String::clone)?;
        let mut tags = Vec::new();
        for node in state.nodes {
            let notes = world.notes_at(node);
            attempts(truth, notes, faults, &mut tags)?;
            commands(truth, notes, faults)?;
            pages(truth, notes, faults)?;
        }
        let known = world.history.commands();
        for event in &truth.log {
            let id = event.metadata.command_id.as_str();
            demand!(
                id.starts_with("fill-")
                    || known.iter().any(|(command, _)| *command == id)
                    || tags.contains(&event.event_type.as_str()),
                "nobody appended {event:?}"
            );
        }
        Ok(())
    }
}

/// Runs checks that panic.
fn quietly<T>(what: &str, check: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(check)).map_err(|panic| {
        let message = panic
            .downcast_ref::<String>()
            .map(String::as_str)
            .or_else(|| panic.downcast_ref::<&str>().copied());
        format!("{what}: {}", message.unwrap_or("it panicked"))
    })
}

/// Reads a store as it is left, when nobody writes any more.
fn truth(world: &World<'_>, store: u32) -> Result<Truth, String> {
    let slots = world.slots(store);
    let streams = world.history.streams();
    let log = quietly("the store", || check(&slots, &streams))?;
    let mut outcomes = BTreeMap::new();
    for (command, stream) in world.history.commands() {
        let outcome = quietly("the outcome", || outcome(&slots, &log, command, stream))??;
        outcomes.insert(command, outcome);
    }
    // Ids of commands go on taking effect once.
    for (command, stream) in world.history.commands() {
        let again = quietly("asking again", || {
            let again = submit(&mut open(&slots), stream, command, 9_999_999, |_| false);
            let again = again.expect("the store answers");
            check_once(&slots, stream, command, &again);
            again
        })?;
        let told = &outcomes[command];
        demand!(
            told.is_none() || *told == Some(again.clone()),
            "{command} ended by {told:?}, and asking again gave {again:?}"
        );
    }
    quietly("the store after asking again", || check(&slots, &streams))?;
    Ok(Truth { log, outcomes })
}

/// How a command ended, if it did. Wherever it is found, it is the same.
fn outcome(
    slots: &MemorySlots,
    log: &[RecordedEvent],
    command: &str,
    stream: &str,
) -> Result<Option<Outcome>, String> {
    let find = |cursor| open(slots).find_outcome(command, stream, cursor);
    let mut found = None;
    let end = open(slots)
        .load(stream, Head::default(), u32::MAX)
        .map_err(|error| error.to_string())?
        .head
        .cursor;
    for cursor in (0..=end).rev() {
        let here = find(cursor).map_err(|error| error.to_string())?;
        demand!(
            found.is_none() || found == here,
            "{command} ended twice: {found:?}, {here:?}"
        );
        found = here;
    }
    let events = log.iter().filter(|e| e.metadata.command_id == command);
    let ids: Vec<_> = events.map(|event| event.id.clone()).collect();
    let told = match &found {
        Some(Outcome::Accepted(appended)) => appended.events.iter().map(|e| e.id.clone()).collect(),
        Some(Outcome::Rejected(_)) | None => Vec::new(),
    };
    demand!(
        ids == told,
        "{command} ended by {found:?}, and its events are {ids:?}"
    );
    Ok(found)
}

/// Is it an error that the store may give? Without faults it gives none.
fn allowed(error: &StoreError, faults: bool) -> Result<(), String> {
    match error {
        StoreError::Unavailable(_) | StoreError::InDoubt(_) if faults => Ok(()),
        error => Err(format!("an error that nothing explains: {error:?}")),
    }
}

/// Appends are there as often, and where, their callers were told.
fn attempts<'n>(
    truth: &Truth,
    notes: &'n [Note],
    faults: bool,
    tags: &mut Vec<&'n str>,
) -> Result<(), String> {
    let mut acknowledged = 0;
    for note in notes {
        let Note::Began {
            tag,
            stream,
            expected,
            closes,
        } = note
        else {
            continue;
        };
        tags.push(tag);
        let found: Vec<_> = truth.log.iter().filter(|e| e.event_type == *tag).collect();
        demand!(found.len() <= 1, "{tag} is there twice: {found:?}");
        if let [event] = found[..] {
            demand!(
                event.stream == *stream && expected.holds(event.version - 1),
                "{expected:?} did not hold when {event:?} was appended to {stream}"
            );
        }
        if let ([event], true) = (&found[..], closes) {
            let last = truth.log.iter().rfind(|e| e.stream == *stream);
            demand!(
                last == Some(event),
                "{last:?} follows {event:?}, which closed {stream}"
            );
        }
        let ended = notes.iter().find_map(|note| match note {
            Note::Ended { tag: it, result } if it == tag => Some(result),
            _ => None,
        });
        match ended {
            // It crashed.
            None => {}
            Some(Ok(told)) => {
                demand!(found.len() == 1, "{tag} was acknowledged and is lost");
                demand!(
                    told.version == found[0].version
                        && told.position == found[0].position
                        && told.events.len() == 1
                        && told.events[0].id == found[0].id
                        && told.events[0].version == found[0].version,
                    "{tag} was told {told:?} and is {:?}",
                    found[0]
                );
                demand!(
                    told.position > acknowledged,
                    "{tag} is in front of what its writer appended before"
                );
                acknowledged = told.position;
            }
            Some(Err(error)) => {
                let doubtful = matches!(error, AppendError::Store(StoreError::InDoubt(_)));
                demand!(
                    doubtful || found.is_empty(),
                    "{tag} was told {error:?} and is there: {found:?}"
                );
                match error {
                    AppendError::Store(error) => allowed(error, faults)?,
                    AppendError::Conflict { actual, .. } => {
                        let events = || truth.log.iter().filter(|e| e.stream == *stream);
                        let last = events().count();
                        demand!(
                            !expected.holds(*actual) && *actual <= last as u64,
                            "{tag} was told {error:?}, and the stream ended at version {last}"
                        );
                    }
                    AppendError::Claimed => {
                        return Err(format!("{tag} claims no command, and was told {error:?}"));
                    }
                    AppendError::Closed(version) => {
                        let last = truth.log.iter().rfind(|e| e.stream == *stream);
                        demand!(
                            last.map(|event| event.version) == Some(*version),
                            "{tag} was told {error:?}, and the stream's last event is {last:?}"
                        );
                    }
                }
            }
        }
    }
    Ok(())
}

/// Everybody was told the same about a command.
fn commands(truth: &Truth, notes: &[Note], faults: bool) -> Result<(), String> {
    for note in notes {
        match note {
            Note::Submitted {
                command,
                result: Ok(told),
            } => {
                let ended = &truth.outcomes[command.as_str()];
                demand!(
                    ended.as_ref() == Some(told),
                    "somebody was told that {command} ended by {told:?}, and it did by {ended:?}"
                );
            }
            Note::Submitted {
                result: Err(error), ..
            } => allowed(error, faults)?,
            _ => {}
        }
    }
    Ok(())
}

/// What a reader has passed is what is there now.
fn pages(truth: &Truth, notes: &[Note], faults: bool) -> Result<(), String> {
    let mut acknowledged = 0;
    for note in notes {
        match note {
            Note::Ended { result: Ok(it), .. } => acknowledged = it.position,
            Note::Read {
                after,
                result: Ok(page),
                impatient,
            } => {
                let there = truth.log.iter();
                let there: Vec<_> = there
                    .filter(|e| *after < e.position && e.position <= page.next)
                    .collect();
                demand!(
                    there == page.events.iter().collect::<Vec<_>>() && *after <= page.next,
                    "a reader passed {} after {after} and saw {:?}, and there is {there:?}",
                    page.next,
                    page.events
                );
                demand!(
                    !(page.end && *impatient) || page.next >= acknowledged,
                    "a reader saw the log end at {}, after {acknowledged} had been acknowledged",
                    page.next
                );
            }
            Note::Read {
                result: Err(error), ..
            } => allowed(error, faults)?,
            _ => {}
        }
    }
    Ok(())
}
