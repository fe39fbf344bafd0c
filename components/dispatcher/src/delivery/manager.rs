//! Delivers events to process managers: new states of processes, and commands.
//!
//! An event that leads to commands ends a batch: the dispatcher sends the commands and stores their outcomes
//! before it delivers the next event. The ids of the commands are derived from the event, so a command that
//! is sent again has no further effect. The sourcer records each command's outcome under its id, so every
//! deliverer receives the same outcome.

use super::Partition;
use super::ids::{self, MAX_COMMANDS_PER_EVENT};
use super::outcome::{Batch, Failure, PartitionState, shorten};
use super::outgoing::Outgoing;
use super::processes::{self, MAX_ID_BYTES, Process, Processes};
use super::progress::{MAX_EFFECT_BYTES, PendingRow, Step, Work};
use crate::annals::es::process_managers::{Input, Interest, Reaction as ProcessReaction, Refusal};
use crate::annals::es::sourcer::Request;
use crate::annals::es::types::{
    Context, Malformed, OutgoingCommand, RecordedEvent, Rejection, StoreError,
};
use crate::annals::framework::sourcing::ProcessCommand;
use crate::catalogue::Reaction;
use crate::ports::Ports;
use std::rc::Rc;

/// Number of notes that a process keeps.
const MAX_NOTES: usize = 20;
/// Size of the changed states at which a batch ends, in bytes.
const BATCH_BYTES: usize = 256 << 10;

pub fn batch(
    ports: &impl Ports,
    partition: &Partition<'_>,
    events: &[Rc<RecordedEvent>],
) -> Result<Batch, StoreError> {
    let mut processes = Processes::default();
    let mut batch = Batch {
        done: 0,
        work: Work::default(),
        failed: None,
    };
    for event in events {
        let interests = match ports.interested(partition.reaction.index, event) {
            Ok(interests) => interests,
            Err(fault) => {
                batch.failed = Some(Failure::again(fault.message));
                break;
            }
        };
        match step(ports, partition, event, interests, &mut processes)? {
            Ok((step, changed)) => {
                // One checkpoint cannot hold the event's effects together with those of the events before it.
                let effects = changed.size() + step.size();
                if batch.done > 0 && processes.size() + effects > MAX_EFFECT_BYTES {
                    break;
                }
                processes.extend(changed);
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
        if processes.size() >= BATCH_BYTES {
            break;
        }
    }
    batch.work.rows = processes.rows(partition);
    Ok(batch)
}

/// Retries a parked event that no process waits for. Processes that have taken later events do not receive
/// it. Waiting processes do not receive it here either: they reach this event when they catch up.
pub fn retry(
    ports: &impl Ports,
    partition: &Partition<'_>,
    event: &RecordedEvent,
) -> Result<Result<Work, Failure>, StoreError> {
    let interests = match ports.interested(partition.reaction.index, event) {
        Ok(interests) => interests,
        Err(fault) => return Ok(Err(Failure::again(fault.message))),
    };
    let (mut gone, mut concerned) = (None, Vec::new());
    let mut processes = Processes::default();
    for interest in interests {
        let id = process_of(&interest);
        if processes::is_legal(id) {
            let process = processes.get(ports, partition, id)?;
            if process.now.position > event.position {
                gone = Some(id.clone());
                continue;
            }
        }
        concerned.push(interest);
    }
    if let (Some(id), true) = (gone, concerned.is_empty()) {
        return Ok(Err(Failure::never(format!(
            "the process `{id}` has taken later events: skip this event"
        ))));
    }
    Ok(
        match step(ports, partition, event, concerned, &mut processes)? {
            Ok((step, changed)) => Ok(Work {
                rows: changed.rows(partition),
                step: Some(step),
                ..Work::default()
            }),
            Err(failure) => Err(failure),
        },
    )
}

/// Delivers an event to every process that it concerns, except waiting ones. Returns the commands that
/// follow, and the changed processes.
fn step(
    ports: &impl Ports,
    partition: &Partition<'_>,
    event: &RecordedEvent,
    interests: Vec<Interest>,
    processes: &mut Processes,
) -> Result<Result<(Step, Processes), Failure>, StoreError> {
    let mut step = Step {
        cause: event.position,
        next: ids::first_index(event),
        commands: Vec::new(),
    };
    let mut changed = Processes::default();
    for interest in interests {
        let id = process_of(&interest);
        if !processes::is_legal(id) {
            let why = format!(
                "the id of a process has {} bytes; 1 to {MAX_ID_BYTES} are allowed",
                id.len()
            );
            return Ok(Err(Failure::again(why)));
        }
        let process = match changed.known(id) {
            Some(process) => process.clone(),
            None => processes.get(ports, partition, id)?.clone(),
        };
        if process.now.waits_for.is_some() {
            continue;
        }
        match deliver_to_process(ports, partition, event, &interest, process, &mut step) {
            Ok(Some(process)) => {
                changed.put(id, process);
            }
            Ok(None) => {}
            Err(failure) => return Ok(Err(failure)),
        }
    }
    let bytes = changed.size() + step.size();
    if bytes > MAX_EFFECT_BYTES {
        return Ok(Err(Failure::again(format!(
            "the event led to {} process states and {} commands of {bytes} bytes in all; at most {MAX_EFFECT_BYTES} bytes per event are allowed",
            changed.len(),
            step.commands.len()
        ))));
    }
    Ok(Ok((step, changed)))
}

/// Delivers an event to one process. `None` if the event does not concern the process in its present state.
pub(super) fn deliver_to_process(
    ports: &impl Ports,
    partition: &Partition<'_>,
    event: &RecordedEvent,
    interest: &Interest,
    mut process: Process,
    step: &mut Step,
) -> Result<Option<Process>, Failure> {
    let id = process_of(interest);
    let runs = process.now.state.is_some();
    match interest {
        Interest::StartStrict(_) if runs => {
            let why = format!(
                "the process manager starts the process `{id}`, which runs already (start-strict)"
            );
            return Err(Failure::again(why));
        }
        Interest::ProceedStrict(_) if !runs => {
            let why = format!(
                "the process manager continues the process `{id}`, which does not run (proceed-strict)"
            );
            return Err(Failure::again(why));
        }
        Interest::Proceed(_) | Interest::Stop(_) if !runs => return Ok(None),
        _ => {}
    }
    let input = Input::Event(event.clone());
    let context = context(event, partition.reaction, id, step.next);
    let answer = ports
        .react(
            partition.reaction.index,
            id,
            process.now.state.as_deref(),
            &input,
            &context,
        )
        .map_err(|fault| Failure::again(fault.message))?;
    if !answer.commands.is_empty() && ids::chain(event) >= ids::MAX_CHAIN_COMMANDS {
        return Err(Failure::never(format!(
            "a chain of {} process managers' commands led to this event, and the process `{id}` would send another one: do the process managers feed each other?",
            ids::MAX_CHAIN_COMMANDS
        )));
    }
    let ends = matches!(interest, Interest::Stop(_));
    apply(&mut process, step, id, answer, ends)?;
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

/// Makes the processes that an event concerns wait for the event's dead letter. Returns the processes' rows
/// and ids.
pub fn park(
    ports: &impl Ports,
    partition: &Partition<'_>,
    event: &RecordedEvent,
    dead_letter: &str,
) -> Result<(Vec<PendingRow>, Vec<String>), StoreError> {
    // If the process manager fails, the concerned processes are unknown, so no process waits. A later retry
    // of the dead letter leaves out the processes that have taken later events.
    let interests = ports
        .interested(partition.reaction.index, event)
        .unwrap_or_default();
    let mut processes = Processes::default();
    let mut waiting = Vec::new();
    for interest in interests {
        let id = process_of(&interest);
        if !processes::is_legal(id) {
            continue;
        }
        let process = processes.get(ports, partition, id)?;
        let passes = matches!(interest, Interest::Proceed(_) | Interest::Stop(_));
        if process.now.waits_for.is_some() || (passes && process.now.state.is_none()) {
            continue;
        }
        process.now.waits_for = Some(dead_letter.into());
        process.now.position = event.position - 1;
        process.changed = true;
        waiting.push(id.clone());
    }
    match processes.size() > MAX_EFFECT_BYTES {
        // The rows do not fit into a checkpoint, so no process waits.
        true => Ok((Vec::new(), Vec::new())),
        false => Ok((processes.rows(partition), waiting)),
    }
}

fn apply(
    process: &mut Process,
    step: &mut Step,
    id: &str,
    reaction: ProcessReaction,
    ends: bool,
) -> Result<(), Failure> {
    process.changed = true;
    process.now.state = match ends || reaction.stop {
        true => None,
        false => Some(reaction.state),
    };
    process
        .now
        .notes
        .extend(reaction.notes.into_iter().map(shorten));
    let notes = process.now.notes.len();
    process.now.notes.drain(..notes.saturating_sub(MAX_NOTES));
    let later = reaction
        .commands
        .iter()
        .find(|command| command.deliver_at.is_some());
    if let Some(OutgoingCommand { command_type, .. }) = later {
        return Err(Failure::again(format!(
            "the process manager set deliver-at for `{command_type}`, which this version of Annals does not support"
        )));
    }
    for command in reaction.commands {
        if ids::is_last(step.next) {
            return Err(Failure::never(format!(
                "one event led to more than {MAX_COMMANDS_PER_EVENT} commands: does the process answer each refusal with the same command?"
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

/// Delivers the refusal of the first outstanding command to its process. Returns the remaining work.
pub fn refuse(
    ports: &impl Ports,
    partition: &Partition<'_>,
    partition_state: &PartitionState,
    cause: &RecordedEvent,
    reason: Rejection,
) -> Result<Result<Work, Failure>, StoreError> {
    let mut work = partition_state.progress.work.clone();
    let Some(mut step) = work.step.take() else {
        return Ok(Ok(work));
    };
    if step.commands.is_empty() {
        return Ok(Ok(work));
    }
    let outgoing = step.commands.remove(0);
    let mut processes = Processes::pending(partition, &work.rows)?;
    let id = outgoing.process.clone();
    let process = processes.get(ports, partition, &id)?;
    let why = format!("{}: {}", reason.code, reason.message);
    let Some(state) = process.now.state.clone() else {
        ports.log(&format!(
            "{}: the command {} of the ended process `{id}` was refused: {why}",
            partition.reaction.name, outgoing.command_type
        ));
        work.step = Some(step);
        return Ok(Ok(work));
    };
    let context = context(cause, partition.reaction, &id, outgoing.index + 1);
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
    let answer = ports.react(
        partition.reaction.index,
        &id,
        Some(&state),
        &input,
        &context,
    );
    match answer {
        Ok(answer) => {
            if let Err(failure) = apply(process, &mut step, &id, answer, false) {
                return Ok(Err(failure));
            }
            let bytes = processes.size() + step.size();
            if bytes > MAX_EFFECT_BYTES {
                return Ok(Err(Failure::again(format!(
                    "the refusal of a command led to process states and commands of {bytes} bytes in all; at most {MAX_EFFECT_BYTES} bytes per event are allowed"
                ))));
            }
        }
        Err(fault) => return Ok(Err(Failure::again(fault.message))),
    }
    work.rows = processes.rows(partition);
    work.step = Some(step);
    Ok(Ok(work))
}

/// The context of a call. Time and seed are derived from the event, so a repeated call gets the same context.
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

/// The step that retries one parked command. The commands that follow from its refusal get a separate range
/// of indices.
pub fn retried_step(cause: u64, command: Outgoing) -> Step {
    Step {
        cause,
        next: ids::retried_index(command.index),
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

/// The refusal that a process receives when its command is skipped.
pub fn skipped(after: &str) -> Rejection {
    Rejection {
        code: "command-skipped".into(),
        message: format!("the command was skipped after it failed: {after}"),
        details: None,
    }
}

/// The refusal that a process receives when the decider could not decode its command.
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
