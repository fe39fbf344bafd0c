//! Exports the table of process managers as the interface `process-managers`.

use super::{begin, lookup};
use crate::erased::{ProcessManagerEntry, ProcessManagers};
use crate::{ProcessContext, wire};

wit_bindgen::generate!({
    world: "process-manager",
    path: "wit",
    pub_export_macro: true,
    export_macro_name: "export_world",
    default_bindings_module: "annals::__private::bindings::process_managers",
    with: { "annals:es/types@0.2.0": crate::bindings::deciders::annals::es::types },
});

use exports::annals::es::process_managers::{
    Context, Fault, Guest, Input, Interest, OutgoingCommand, Reaction, ReactionDescriptor,
    RecordedEvent, Refusal,
};

impl<T: ProcessManagers> Guest for T {
    fn describe() -> Vec<ReactionDescriptor> {
        begin();
        T::TABLE
            .iter()
            .map(|entry| (entry.describe)().into())
            .collect()
    }

    fn interested(manager: u32, event: RecordedEvent) -> Result<Vec<Interest>, Fault> {
        let interests = (entry::<T>(manager)?.interested)(&event.into())?;
        Ok(interests.into_iter().map(Into::into).collect())
    }

    fn react(
        manager: u32,
        process: String,
        state: Option<Vec<u8>>,
        input: Input,
        context: Context,
    ) -> Result<Reaction, Fault> {
        let process = ProcessContext {
            id: process,
            now: context.now,
            seed: context.seed,
            actor: context.actor,
        };
        let reaction = (entry::<T>(manager)?.react)(&process, state.as_deref(), input.into())?;
        Ok(Reaction {
            state: reaction.state,
            commands: reaction.commands.into_iter().map(Into::into).collect(),
            cancellations: Vec::new(),
            notes: reaction.notes,
            stop: reaction.stop,
        })
    }
}

fn entry<T: ProcessManagers>(manager: u32) -> Result<&'static ProcessManagerEntry, Fault> {
    Ok(lookup(T::TABLE, manager, "process manager")?)
}

impl From<crate::Interest> for Interest {
    fn from(interest: crate::Interest) -> Self {
        match interest {
            crate::Interest::Start(process) => Self::Start(process),
            crate::Interest::StartStrict(process) => Self::StartStrict(process),
            crate::Interest::Proceed(process) => Self::Proceed(process),
            crate::Interest::ProceedStrict(process) => Self::ProceedStrict(process),
            crate::Interest::Stop(process) => Self::Stop(process),
        }
    }
}

impl From<Input> for wire::Input {
    fn from(input: Input) -> Self {
        match input {
            Input::Event(event) => Self::Event(event.into()),
            Input::Refused(refusal) => Self::Refused(refusal.into()),
        }
    }
}

impl From<Refusal> for wire::RawRefusal {
    fn from(refusal: Refusal) -> Self {
        Self {
            command: wire::OutgoingCommand {
                command_type: refusal.command.command_type,
                content_type: refusal.command.content_type,
                payload: refusal.command.payload,
            },
            code: refusal.reason.code,
            message: refusal.reason.message,
            details: refusal.reason.details,
            cause: refusal.cause.into(),
        }
    }
}

impl From<wire::OutgoingCommand> for OutgoingCommand {
    fn from(command: wire::OutgoingCommand) -> Self {
        Self {
            command_type: command.command_type,
            content_type: command.content_type,
            payload: command.payload,
            deliver_at: None,
            name: None,
        }
    }
}
