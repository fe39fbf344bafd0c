//! Type-erased process managers.

use std::collections::BTreeSet;

use super::{check_event_types, decode_recorded, names};
use crate::wire::{
    Fault, Input, OutgoingCommand, RawReaction, RawRefusal, ReactionDescriptor, Recorded,
};
use crate::{
    Codec, Command, Event, Interest, Json, ProcessContext, ProcessManager, Reaction, Refusal, name,
};

/// All process managers of a component, in the order of `export!`.
pub trait ProcessManagers: 'static {
    const TABLE: &'static [ProcessManagerEntry];
}

/// The functions of one process manager.
pub struct ProcessManagerEntry {
    pub describe: fn() -> ReactionDescriptor,
    /// Returns the processes that an event concerns, each at most once.
    pub interested: fn(&Recorded) -> Result<Vec<Interest>, Fault>,
    /// Performs one step of a process. The state is absent for a process that starts.
    pub react: React,
}

type React = fn(&ProcessContext, Option<&[u8]>, Input) -> Result<RawReaction, Fault>;

impl ProcessManagerEntry {
    #[must_use]
    pub const fn of<P: ProcessManager>() -> Self {
        check_process_manager::<P>();
        Self {
            describe: describe::<P>,
            interested: interested::<P>,
            react: react::<P>,
        }
    }
}

/// Checks the process manager's constants at compile time.
pub const fn check_process_manager<P: ProcessManager>() {
    assert!(
        name::is_reaction(P::NAME),
        "NAME must be 1 to 64 letters, digits, `-` or `_`"
    );
    assert!(P::VERSION > 0, "versions count from 1");
    check_event_types(<P::Event as Event>::TYPES);
}

fn describe<P: ProcessManager>() -> ReactionDescriptor {
    ReactionDescriptor {
        name: P::NAME.to_owned(),
        version: P::VERSION,
        event_types: names::<P::Event>(),
        emits: <P::Command as Command>::TYPES.to_vec(),
        views: Vec::new(),
        from: P::FROM,
        concurrency: 1,
        schemas: <P::Event as Event>::TYPES,
    }
}

fn interested<P: ProcessManager>(recorded: &Recorded) -> Result<Vec<Interest>, Fault> {
    let Some(event) = decode_recorded::<P::Event>(recorded, who::<P>)? else {
        return Ok(Vec::new());
    };
    let interests = P::interest(&event, &recorded.about);
    let mut seen = BTreeSet::new();
    for interest in &interests {
        let process = interest.process();
        let twice = || format!("{} concerns it twice", recorded.event_type);
        name::check_key("the id of a process", process)
            .and_then(|()| seen.insert(process).then_some(()).ok_or_else(twice))
            .map_err(|reason| fault::<P>(process, &reason))?;
    }
    Ok(interests)
}

fn react<P: ProcessManager>(
    process: &ProcessContext,
    state: Option<&[u8]>,
    input: Input,
) -> Result<RawReaction, Fault> {
    let state = state
        .map(Json::decode::<P::State>)
        .transpose()
        .map_err(|error| fault::<P>(&process.id, &format!("its state cannot be read: {error}")))?;
    let reaction = match input {
        Input::Event(recorded) => {
            let event = decode_recorded::<P::Event>(&recorded, who::<P>)?.ok_or_else(|| {
                fault::<P>(&process.id, &format!("it knows no {}", recorded.event_type))
            })?;
            P::react(state, &event, &recorded.about, process)
        }
        Input::Refused(refusal) => {
            let state = state.ok_or_else(|| {
                fault::<P>(
                    &process.id,
                    "a command of it was refused, and it does not run",
                )
            })?;
            let refusal = typed::<P>(process, refusal)?;
            P::refused(state, refusal, process)
        }
    };
    encode::<P>(process, reaction)
}

fn typed<P: ProcessManager>(
    process: &ProcessContext,
    refusal: RawRefusal,
) -> Result<Refusal<P::Command>, Fault> {
    let RawRefusal {
        command,
        code,
        message,
        details,
        cause,
    } = refusal;
    let command_type = &command.command_type;
    let command = P::Command::decode(command_type, &command.payload)
        .map_err(|error| error.to_string())
        .and_then(|command| command.ok_or_else(|| "it has no such command".into()))
        .map_err(|reason| {
            let what = format!("{command_type} was refused, and cannot be read: {reason}");
            fault::<P>(&process.id, &what)
        })?;
    Ok(Refusal {
        command,
        code,
        message,
        details,
        cause: cause.about,
    })
}

fn encode<P: ProcessManager>(
    process: &ProcessContext,
    reaction: Reaction<P::State, P::Command>,
) -> Result<RawReaction, Fault> {
    let (state, commands, notes) = reaction.into_parts();
    let stop = state.is_none();
    let state = match state {
        None => Vec::new(),
        Some(state) => Json::encode(&state).map_err(|error| {
            fault::<P>(
                &process.id,
                &format!("its state cannot be encoded: {error}"),
            )
        })?,
    };
    let commands = commands
        .iter()
        .map(|command| encode_command::<P>(process, command))
        .collect::<Result<_, _>>()?;
    Ok(RawReaction {
        state,
        commands,
        notes,
        stop,
    })
}

fn encode_command<P: ProcessManager>(
    process: &ProcessContext,
    command: &P::Command,
) -> Result<OutgoingCommand, Fault> {
    let command_type = command.command_type();
    match command.encode() {
        Ok(payload) => Ok(OutgoingCommand {
            command_type: command_type.to_owned(),
            content_type: <P::Command as Command>::Codec::CONTENT_TYPE.to_owned(),
            payload,
        }),
        Err(error) => Err(fault::<P>(
            &process.id,
            &format!("{command_type} cannot be encoded: {error}"),
        )),
    }
}

fn who<P: ProcessManager>() -> String {
    format!("the process manager {}", P::NAME)
}

fn fault<P: ProcessManager>(process: &str, what: &str) -> Fault {
    Fault(format!("{}, process {process:?}: {what}", who::<P>()))
}
