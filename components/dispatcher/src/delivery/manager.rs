//! What events mean to a process manager: new states of processes, and commands.
//!
//! The state of a process is a row of an internal view that counts its own revisions. It stays when
//! the process has ended, so that a late deliverer of an earlier step cannot bring it back.
//!
//! An event that leads to commands ends a batch: their outcomes come before the next event. The
//! commands' ids are derived from the event, so sending them again changes nothing; and how each of
//! them ended is recorded under its id, so whoever asks is told the same.

use super::failure::Failure;
use super::lane::{Batch, Held};
use super::progress::{self, Content, Outgoing, PendingRow, Step, Work};
use super::{Lane, generations};
use crate::annals::es::event_store::StoreError;
use crate::annals::es::process_managers::{Input, Interest, Reaction as Told, Refusal};
use crate::annals::es::sourcer::Request;
use crate::annals::es::types::{
    Context, Malformed, OutgoingCommand, RecordedEvent, Rejection, RowKey,
};
use crate::catalogue::Reaction;
use crate::ports::{Ports, ReactionStore};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Notes that are kept of a process.
const NOTES: usize = 20;
/// States are written down together until they are this long, in bytes.
const BYTES: usize = 256 << 10;
/// Longest id of a process, in bytes.
const PROCESS: usize = 1_024;
/// Most commands that one event may lead to, those after refusals included.
const COMMANDS: u64 = 1_000;

/// A process, as it is stored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProcessState {
    /// Nothing: it has ended.
    pub state: Option<Vec<u8>>,
    /// What it said last, oldest first.
    pub notes: Vec<String>,
}

/// The view that holds a process manager's processes.
pub fn process_view(reaction: &str, generation: u32) -> String {
    generations::stored_view(&format!("~{reaction}"), generation)
}

#[derive(Clone)]
struct Process {
    /// Revision that is stored; 0: none.
    seen: u64,
    now: ProcessState,
    changed: bool,
}

#[derive(Default)]
struct Processes(BTreeMap<String, Process>);

impl Processes {
    /// Those whose new states are written down already.
    fn pending(lane: &Lane<'_>, rows: &[PendingRow]) -> Result<Self, StoreError> {
        let view = process_view(&lane.reaction.name, lane.generation);
        let mut known = BTreeMap::new();
        for row in rows.iter().filter(|row| row.view == view) {
            let bytes = row
                .content
                .as_ref()
                .map_or(&[][..], |content| &content.value);
            let process = Process {
                seen: row.seen,
                now: decode(&row.key, bytes)?,
                changed: true,
            };
            known.insert(row.key.clone(), process);
        }
        Ok(Self(known))
    }

    fn get(
        &mut self,
        store: &impl ReactionStore,
        lane: &Lane<'_>,
        id: &str,
    ) -> Result<&mut Process, StoreError> {
        if !self.0.contains_key(id) {
            let row = store.get_row(&RowKey {
                view: process_view(&lane.reaction.name, lane.generation),
                key: id.into(),
            })?;
            let process = match row {
                Some(row) => Process {
                    seen: row.position,
                    now: decode(id, &row.value)?,
                    changed: false,
                },
                None => Process {
                    seen: 0,
                    now: ProcessState::default(),
                    changed: false,
                },
            };
            self.0.insert(id.into(), process);
        }
        // It was put there if it was not.
        Ok(self.0.entry(id.into()).or_insert(Process {
            seen: 0,
            now: ProcessState::default(),
            changed: false,
        }))
    }

    fn size(&self) -> usize {
        let state = |process: &Process| process.now.state.as_ref().map_or(0, Vec::len);
        self.0
            .iter()
            .map(|(id, process)| id.len() + state(process) + 64)
            .sum()
    }

    fn rows(self, lane: &Lane<'_>) -> Vec<PendingRow> {
        let view = process_view(&lane.reaction.name, lane.generation);
        let changed = self.0.into_iter().filter(|(_, process)| process.changed);
        changed
            .map(|(key, process)| PendingRow {
                view: view.clone(),
                key,
                seen: process.seen,
                position: process.seen + 1,
                content: Some(Content {
                    content_type: "application/octet-stream".into(),
                    value: progress::encode(&process.now),
                }),
            })
            .collect()
    }
}

/// What is stored of a process.
pub fn decode(id: &str, bytes: &[u8]) -> Result<ProcessState, StoreError> {
    progress::decode(bytes)
        .map_err(|reason| StoreError::Corrupt(format!("the state of process {id}: {reason}")))
}

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
        match step(ports, lane, event, &mut processes)? {
            Ok(step) => {
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

/// What an event that was put aside leads to now.
pub fn late(
    ports: &impl Ports,
    lane: &Lane<'_>,
    event: &RecordedEvent,
) -> Result<Result<Work, Failure>, StoreError> {
    let mut processes = Processes::default();
    Ok(match step(ports, lane, event, &mut processes)? {
        Ok(step) => Ok(Work {
            rows: processes.rows(lane),
            step: Some(step),
            ..Work::default()
        }),
        Err(failure) => Err(failure),
    })
}

/// Tells an event to every process that it concerns, or to none of them.
fn step(
    ports: &impl Ports,
    lane: &Lane<'_>,
    event: &RecordedEvent,
    processes: &mut Processes,
) -> Result<Result<Step, Failure>, StoreError> {
    let mut step = Step {
        cause: event.position,
        next: 0,
        commands: Vec::new(),
    };
    let interests = match ports.interested(lane.reaction.index, event) {
        Ok(interests) => interests,
        Err(fault) => return Ok(Err(Failure::again(fault.message))),
    };
    // Changed only when all of them have answered.
    let mut told: BTreeMap<String, Process> = BTreeMap::new();
    for interest in interests {
        let (id, starts, ends) = match &interest {
            Interest::Start(id) | Interest::StartStrict(id) => (id, true, false),
            Interest::Proceed(id) | Interest::ProceedStrict(id) => (id, false, false),
            Interest::Stop(id) => (id, false, true),
        };
        if id.is_empty() || id.len() > PROCESS {
            let why = format!(
                "the id of a process has {} bytes, it must have 1 to {PROCESS}",
                id.len()
            );
            return Ok(Err(Failure::again(why)));
        }
        let mut process = match told.get(id) {
            Some(process) => process.clone(),
            None => processes.get(ports, lane, id)?.clone(),
        };
        let runs = process.now.state.is_some();
        match interest {
            Interest::StartStrict(_) if runs => {
                let why = format!("process `{id}` is to be started, and runs already");
                return Ok(Err(Failure::again(why)));
            }
            Interest::ProceedStrict(_) if !runs => {
                let why = format!("process `{id}` is to go on, and does not run");
                return Ok(Err(Failure::again(why)));
            }
            _ if !runs && !starts => continue,
            _ => {}
        }
        let input = Input::Event(event.clone());
        let context = context(event, lane.reaction, id, step.next);
        let answer = ports.react(
            lane.reaction.index,
            id,
            process.now.state.as_deref(),
            &input,
            &context,
        );
        match answer {
            Ok(answer) => {
                if let Err(failure) = take_in(&mut process, &mut step, id, answer, ends) {
                    return Ok(Err(failure));
                }
                told.insert(id.clone(), process);
            }
            Err(fault) => return Ok(Err(Failure::again(fault.message))),
        }
    }
    processes.0.extend(told);
    Ok(Ok(step))
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
    process.now.notes.extend(told.notes);
    let notes = process.now.notes.len();
    process.now.notes.drain(..notes.saturating_sub(NOTES));
    for command in told.commands {
        if step.next % COMMANDS == COMMANDS - 1 {
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
        }
        Err(fault) => return Ok(Err(Failure::again(fault.message))),
    }
    work.rows = processes.rows(lane);
    work.step = Some(step);
    Ok(Ok(work))
}

/// Time and seed come from the event: a step that is made again is the same step.
fn context(event: &RecordedEvent, reaction: &Reaction, process: &str, salt: u64) -> Context {
    let parts = format!("{}\n{}\n{process}\n{salt}", event.id, reaction.name);
    Context {
        now: event.recorded_at,
        seed: super::hash(parts.as_bytes()),
        actor: event.metadata.actor.clone(),
    }
}

/// The step that is left when one command is taken up again that had been put aside. What follows from
/// its refusal has indices of its own, whatever else followed from the event.
pub fn taken_up(cause: u64, command: Outgoing) -> Step {
    Step {
        cause,
        next: command.index.saturating_add(1).saturating_mul(COMMANDS),
        commands: vec![command],
    }
}

/// The id of a command: whoever derives it from the same event derives the same.
pub fn command_id(reaction: &Reaction, cause: &RecordedEvent, index: u64) -> String {
    format!("{}:{}:{index}", cause.id, reaction.name)
}

pub fn request(reaction: &Reaction, cause: &RecordedEvent, command: &Outgoing) -> Request {
    Request {
        command_type: command.command_type.clone(),
        content_type: command.content_type.clone(),
        payload: command.payload.clone(),
        command_id: Some(command_id(reaction, cause, command.index)),
        expected: None,
        correlation_id: Some(cause.metadata.correlation_id.clone()),
        causation_id: Some(cause.id.clone()),
        actor: cause.metadata.actor.clone(),
        traceparent: cause.metadata.traceparent.clone(),
        settle_unmet: true,
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
