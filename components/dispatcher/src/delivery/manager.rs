//! What events mean to a process manager: new states of processes, and commands.
//!
//! An event that leads to commands ends a batch: their outcomes come before the next event. The
//! commands' ids are derived from the event, so sending them again changes nothing; and how each of
//! them ended is recorded under its id, so whoever asks is told the same.

use super::Lane;
use super::ids::{self, COMMANDS};
use super::outcome::{Batch, Failure, Held, shorten};
use super::outgoing::Outgoing;
use super::processes::{self, MAX_ID, Process, Processes};
use super::progress::{MAX_EFFECTS, PendingRow, Step, Work};
use crate::annals::es::process_managers::{Input, Interest, Reaction as Told, Refusal};
use crate::annals::es::sourcer::Request;
use crate::annals::es::types::{
    Context, Malformed, OutgoingCommand, RecordedEvent, Rejection, StoreError,
};
use crate::annals::framework::sourcing::ProcessCommand;
use crate::catalogue::Reaction;
use crate::ports::Ports;
use std::rc::Rc;

/// Notes that are kept of a process.
const NOTES: usize = 20;
/// States are written down together until they are this long, in bytes.
const BYTES: usize = 256 << 10;

pub fn batch(
    ports: &impl Ports,
    lane: &Lane<'_>,
    events: &[Rc<RecordedEvent>],
) -> Result<Batch, StoreError> {
    let mut processes = Processes::default();
    let mut batch = Batch {
        done: 0,
        work: Work::default(),
        failed: None,
    };
    for event in events {
        let interests = match ports.interested(lane.reaction.index, event) {
            Ok(interests) => interests,
            Err(fault) => {
                batch.failed = Some(Failure::again(fault.message));
                break;
            }
        };
        match step(ports, lane, event, interests, &mut processes)? {
            Ok((step, told)) => {
                // Beside those of the events before it, its effects are too many for one checkpoint.
                let effects = told.size() + step.size();
                if batch.done > 0 && processes.size() + effects > MAX_EFFECTS {
                    break;
                }
                processes.extend(told);
                batch.done += 1;
                if !step.commands.is_empty() {
                    batch.work.step = Some(step);
                    break;
                }
            }
            Err(failure) => {
                batch.failed = Some(failure);
                break;
            }
        }
        if processes.size() >= BYTES {
            break;
        }
    }
    batch.work.rows = processes.rows(lane);
    Ok(batch)
}

/// What an event that was put aside, and that no process waits for, leads to now. Processes that have taken in later
/// events are passed over, and so are those that wait: they come to this event by themselves.
pub fn late(
    ports: &impl Ports,
    lane: &Lane<'_>,
    event: &RecordedEvent,
) -> Result<Result<Work, Failure>, StoreError> {
    let interests = match ports.interested(lane.reaction.index, event) {
        Ok(interests) => interests,
        Err(fault) => return Ok(Err(Failure::again(fault.message))),
    };
    let (mut gone, mut concerned) = (None, Vec::new());
    let mut processes = Processes::default();
    for interest in interests {
        let id = process_of(&interest);
        if processes::is_legal(id) {
            let process = processes.get(ports, lane, id)?;
            if process.now.position > event.position {
                gone = Some(id.clone());
                continue;
            }
        }
        concerned.push(interest);
    }
    if let (Some(id), true) = (gone, concerned.is_empty()) {
        return Ok(Err(Failure::never(format!(
            "the process `{id}` has taken in later events: skip this one"
        ))));
    }
    Ok(match step(ports, lane, event, concerned, &mut processes)? {
        Ok((step, told)) => Ok(Work {
            rows: told.rows(lane),
            step: Some(step),
            ..Work::default()
        }),
        Err(failure) => Err(failure),
    })
}

/// Tells an event to every process that it concerns. Those that wait are passed over. Answers what follows, with the
/// processes as they are then.
fn step(
    ports: &impl Ports,
    lane: &Lane<'_>,
    event: &RecordedEvent,
    interests: Vec<Interest>,
    processes: &mut Processes,
) -> Result<Result<(Step, Processes), Failure>, StoreError> {
    let mut step = Step {
        cause: event.position,
        next: ids::first_index(event),
        commands: Vec::new(),
    };
    let mut told = Processes::default();
    for interest in interests {
        let id = process_of(&interest);
        if !processes::is_legal(id) {
            let why = format!(
                "the id of a process has {} bytes, it must have 1 to {MAX_ID}",
                id.len()
            );
            return Ok(Err(Failure::again(why)));
        }
        let process = match told.known(id) {
            Some(process) => process.clone(),
            None => processes.get(ports, lane, id)?.clone(),
        };
        if process.now.waits_for.is_some() {
            continue;
        }
        match tell(ports, lane, event, &interest, process, &mut step) {
            Ok(Some(process)) => {
                told.put(id, process);
            }
            Ok(None) => {}
            Err(failure) => return Ok(Err(failure)),
        }
    }
    let bytes = told.size() + step.size();
    if bytes > MAX_EFFECTS {
        return Ok(Err(Failure::again(format!(
            "it led to {} states of processes and {} commands that take {bytes} bytes together, one event may lead to {MAX_EFFECTS} bytes",
            told.len(),
            step.commands.len()
        ))));
    }
    Ok(Ok((step, told)))
}

/// Tells one process of an event. Nothing: as it is, the event does not concern it.
pub(super) fn tell(
    ports: &impl Ports,
    lane: &Lane<'_>,
    event: &RecordedEvent,
    interest: &Interest,
    mut process: Process,
    step: &mut Step,
) -> Result<Option<Process>, Failure> {
    let id = process_of(interest);
    let runs = process.now.state.is_some();
    match interest {
        Interest::StartStrict(_) if runs => {
            let why = format!("process `{id}` is to be started, and runs already");
            return Err(Failure::again(why));
        }
        Interest::ProceedStrict(_) if !runs => {
            let why = format!("process `{id}` is to go on, and does not run");
            return Err(Failure::again(why));
        }
        Interest::Proceed(_) | Interest::Stop(_) if !runs => return Ok(None),
        _ => {}
    }
    let input = Input::Event(event.clone());
    let context = context(event, lane.reaction, id, step.next);
    let answer = ports
        .react(
            lane.reaction.index,
            id,
            process.now.state.as_deref(),
            &input,
            &context,
        )
        .map_err(|fault| Failure::again(fault.message))?;
    if !answer.commands.is_empty() && ids::chain(event) >= ids::LONGEST_CHAIN {
        return Err(Failure::never(format!(
            "{} commands of process managers led to this event, one after the other: do they feed each other? Process `{id}` would send another one",
            ids::LONGEST_CHAIN
        )));
    }
    let ends = matches!(interest, Interest::Stop(_));
    take_in(&mut process, step, id, answer, ends)?;
    process.now.position = event.position;
    Ok(Some(process))
}

/// The process that an interest is about.
pub(super) fn process_of(interest: &Interest) -> &String {
    match interest {
        Interest::Start(id)
        | Interest::StartStrict(id)
        | Interest::Proceed(id)
        | Interest::ProceedStrict(id)
        | Interest::Stop(id) => id,
    }
}

/// Lets the processes that an event concerns wait for its dead letter: their rows, and their ids.
pub fn park(
    ports: &impl Ports,
    lane: &Lane<'_>,
    event: &RecordedEvent,
    letter: &str,
) -> Result<(Vec<PendingRow>, Vec<String>), StoreError> {
    // Without an answer nobody knows whom it concerns. A process that has gone on is not told of it later.
    let interests = ports
        .interested(lane.reaction.index, event)
        .unwrap_or_default();
    let mut processes = Processes::default();
    let mut waiting = Vec::new();
    for interest in interests {
        let id = process_of(&interest);
        if !processes::is_legal(id) {
            continue;
        }
        let process = processes.get(ports, lane, id)?;
        let passes = matches!(interest, Interest::Proceed(_) | Interest::Stop(_));
        if process.now.waits_for.is_some() || (passes && process.now.state.is_none()) {
            continue;
        }
        process.now.waits_for = Some(letter.into());
        process.now.position = event.position - 1;
        process.changed = true;
        waiting.push(id.clone());
    }
    match processes.size() > MAX_EFFECTS {
        // A checkpoint has no room for their rows, so no process waits.
        true => Ok((Vec::new(), Vec::new())),
        false => Ok((processes.rows(lane), waiting)),
    }
}

fn take_in(
    process: &mut Process,
    step: &mut Step,
    id: &str,
    told: Told,
    ends: bool,
) -> Result<(), Failure> {
    process.changed = true;
    process.now.state = match ends || told.stop {
        true => None,
        false => Some(told.state),
    };
    process
        .now
        .notes
        .extend(told.notes.into_iter().map(shorten));
    let notes = process.now.notes.len();
    process.now.notes.drain(..notes.saturating_sub(NOTES));
    let later = told
        .commands
        .iter()
        .find(|command| command.deliver_at.is_some());
    if let Some(OutgoingCommand { command_type, .. }) = later {
        return Err(Failure::again(format!(
            "it wants `{command_type}` sent at a later time (deliver-at), which this version of Annals cannot do"
        )));
    }
    for command in told.commands {
        if ids::is_last(step.next) {
            return Err(Failure::never(format!(
                "one event led to more than {COMMANDS} commands: does the process answer each refusal with the same command?"
            )));
        }
        step.commands.push(Outgoing {
            process: id.into(),
            index: step.next,
            command_type: command.command_type,
            content_type: command.content_type,
            payload: command.payload,
        });
        step.next += 1;
    }
    Ok(())
}

/// Tells a process that the first outstanding command was refused, and answers the work that is
/// left then.
pub fn refuse(
    ports: &impl Ports,
    lane: &Lane<'_>,
    held: &Held,
    cause: &RecordedEvent,
    reason: Rejection,
) -> Result<Result<Work, Failure>, StoreError> {
    let mut work = held.progress.work.clone();
    let Some(mut step) = work.step.take() else {
        return Ok(Ok(work));
    };
    if step.commands.is_empty() {
        return Ok(Ok(work));
    }
    let outgoing = step.commands.remove(0);
    let mut processes = Processes::pending(lane, &work.rows)?;
    let id = outgoing.process.clone();
    let process = processes.get(ports, lane, &id)?;
    let why = format!("{}: {}", reason.code, reason.message);
    let Some(state) = process.now.state.clone() else {
        ports.log(&format!(
            "{}: process `{id}` has ended; its command {} was refused: {why}",
            lane.reaction.name, outgoing.command_type
        ));
        work.step = Some(step);
        return Ok(Ok(work));
    };
    let context = context(cause, lane.reaction, &id, outgoing.index + 1);
    let input = Input::Refused(Refusal {
        command: OutgoingCommand {
            command_type: outgoing.command_type,
            content_type: outgoing.content_type,
            payload: outgoing.payload,
            deliver_at: None,
            name: None,
        },
        reason,
        cause: cause.clone(),
    });
    let answer = ports.react(lane.reaction.index, &id, Some(&state), &input, &context);
    match answer {
        Ok(answer) => {
            if let Err(failure) = take_in(process, &mut step, &id, answer, false) {
                return Ok(Err(failure));
            }
            let bytes = processes.size() + step.size();
            if bytes > MAX_EFFECTS {
                return Ok(Err(Failure::again(format!(
                    "the refusal of a command led to states of processes and commands that take {bytes} bytes together, one event may lead to {MAX_EFFECTS} bytes"
                ))));
            }
        }
        Err(fault) => return Ok(Err(Failure::again(fault.message))),
    }
    work.rows = processes.rows(lane);
    work.step = Some(step);
    Ok(Ok(work))
}

/// Time and seed come from the event: a step that is made again is the same step.
fn context(event: &RecordedEvent, reaction: &Reaction, process: &str, salt: u64) -> Context {
    let salt = ids::number(salt);
    let parts = format!("{}\n{}\n{process}\n{salt}", event.id, reaction.key);
    Context {
        now: event.recorded_at,
        seed: super::hash(parts.as_bytes()),
        actor: event.metadata.actor.clone(),
        extensions: event.metadata.extensions.clone(),
    }
}

/// The step that is left when one command is taken up again that had been put aside. What follows from
/// its refusal has indices of its own, whatever else followed from the event.
pub fn taken_up(cause: u64, command: Outgoing) -> Step {
    Step {
        cause,
        next: ids::taken_up(command.index),
        commands: vec![command],
    }
}

pub fn request(reaction: &Reaction, cause: &RecordedEvent, command: &Outgoing) -> ProcessCommand {
    let request = Request {
        command_type: command.command_type.clone(),
        content_type: command.content_type.clone(),
        payload: command.payload.clone(),
        command_id: Some(ids::command_id(reaction, cause, command.index)),
        expected: None,
        correlation_id: Some(cause.metadata.correlation_id.clone()),
        causation_id: Some(cause.id.clone()),
        actor: cause.metadata.actor.clone(),
        traceparent: cause.metadata.traceparent.clone(),
        extensions: cause.metadata.extensions.clone(),
    };
    ProcessCommand {
        request,
        record_precondition_failure: true,
    }
}

/// A process is told of a command that was given up as of a rejection.
pub fn skipped(after: &str) -> Rejection {
    Rejection {
        code: "command-skipped".into(),
        message: format!("it was given up, after: {after}"),
        details: None,
    }
}

/// A process is told of a command that could not be decoded as of a rejection.
pub fn malformed(malformed: Malformed) -> Rejection {
    Rejection {
        code: "malformed-command".into(),
        message: match malformed.at {
            Some(at) => format!("{} at {at}", malformed.message),
            None => malformed.message,
        },
        details: None,
    }
}
