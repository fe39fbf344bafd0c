//! Exports the table of deciders as the interface `deciders`.

use core::cell::{Cell, RefCell};
use core::marker::PhantomData;

use super::{begin, lookup, schemas};
use crate::erased::{Deciders, Prepared};
use crate::{Context, erased, wire};

wit_bindgen::generate!({
    world: "decider",
    path: "wit",
    pub_export_macro: true,
    export_macro_name: "export_world",
    default_bindings_module: "annals::__private::bindings::deciders",
    // The bindings of the other kinds use the types from here.
    generate_unused_types: true,
});

use exports::annals::es::deciders::{
    Command, CommandSpec, Context as WitContext, DecideError, DeciderDescriptor, Decision, Event,
    Fault, Guest, GuestSession, Malformed, NewEvent, Precondition, Rejection, Session,
};

impl<T: Deciders> Guest for T {
    type Session = Resource<T>;

    fn describe() -> Vec<DeciderDescriptor> {
        begin();
        T::TABLE
            .iter()
            .map(|entry| descriptor((entry.describe)(), T::VERSION))
            .collect()
    }

    fn stream_id(decider: u32, command: Command) -> Result<String, DecideError> {
        let entry = entry::<T>(decider).map_err(DecideError::Failed)?;
        let prepared = (entry.prepare)(raw(&command))?;
        begin();
        let stream = (entry.stream_of)(&prepared)?;
        PREPARED.set(Some((decider, command, prepared)));
        Ok(stream)
    }
}

thread_local! {
    /// The command of the last `stream_id` call, decoded. A decision on the same command takes it and decodes
    /// nothing. Decoding depends on the command alone, so the domain cannot observe the difference.
    static PREPARED: Cell<Option<(u32, Command, Prepared)>> = const { Cell::new(None) };
}

/// Returns the decoded command, if it is the command of the last `stream_id` call.
fn prepared(decider: u32, wanted: &Command) -> Option<Prepared> {
    let (of, command, prepared) = PREPARED.take()?;
    let same = of == decider
        && command.command_type == wanted.command_type
        && command.content_type == wanted.content_type
        && command.payload == wanted.payload;
    same.then_some(prepared)
}

/// A session: the resource that the framework holds.
pub struct Resource<T> {
    decider: u32,
    /// A WIT constructor cannot fail, so the first call after it returns its fault.
    session: Result<RefCell<Box<dyn erased::Session>>, Fault>,
    deciders: PhantomData<T>,
}

impl<T: Deciders> GuestSession for Resource<T> {
    fn new(decider: u32) -> Self {
        Self {
            decider,
            session: entry::<T>(decider).map(|entry| RefCell::new((entry.open)())),
            deciders: PhantomData,
        }
    }

    fn restore(decider: u32, state: Vec<u8>) -> Result<Session, Fault> {
        let session = (entry::<T>(decider)?.restore)(&state)?;
        Ok(Session::new(Self {
            decider,
            session: Ok(RefCell::new(session)),
            deciders: PhantomData,
        }))
    }

    fn evolve(&self, events: Vec<Event>) -> Result<(), Fault> {
        // The borrow cannot fail: no call into a session is under way at this point, because the domain's code calls
        // nothing outside.
        let mut session = self.session.as_ref().map_err(Clone::clone)?.borrow_mut();
        session.evolve(&mut events.iter().map(|event| {
            // Resets before each event, so that the domain cannot observe the size of a page.
            begin();
            wire::RawEvent {
                version: event.version,
                event_type: &event.event_type,
                schema_version: event.schema_version,
                content_type: &event.content_type,
                payload: &event.payload,
            }
        }))?;
        Ok(())
    }

    fn decide(
        &self,
        events: Vec<Event>,
        command: Command,
        context: WitContext,
    ) -> Result<Decision, DecideError> {
        self.evolve(events).map_err(DecideError::Failed)?;
        let session = self
            .session
            .as_ref()
            .map_err(|fault| DecideError::Failed(fault.clone()))?
            .borrow();
        begin();
        let prepared = match prepared(self.decider, &command) {
            Some(prepared) => prepared,
            None => {
                let prepared = session.prepare(raw(&command))?;
                // Resets after decoding, so that the domain cannot observe whether the command was decoded just now.
                begin();
                prepared
            }
        };
        let decision = session.decide_prepared(
            prepared,
            &Context {
                now: context.now,
                seed: context.seed,
                command_id: command.id,
                actor: context.actor,
                extensions: context.extensions,
            },
        )?;
        Ok(Decision {
            events: decision.events.into_iter().map(Into::into).collect(),
            close: decision.close,
        })
    }

    fn snapshot(&self) -> Option<Vec<u8>> {
        begin();
        self.session.as_ref().ok()?.borrow().snapshot()
    }
}

fn entry<T: Deciders>(decider: u32) -> Result<&'static erased::Entry, Fault> {
    Ok(lookup(T::TABLE, decider, "decider")?)
}

fn raw(command: &Command) -> wire::RawCommand<'_> {
    wire::RawCommand {
        command_type: &command.command_type,
        content_type: &command.content_type,
        payload: &command.payload,
    }
}

fn descriptor(decider: wire::Descriptor, version: &str) -> DeciderDescriptor {
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
    DeciderDescriptor {
        name: decider.name,
        version: version.to_owned(),
        category: decider.category.to_owned(),
        commands: decider
            .commands
            .into_iter()
            .map(|(command_type, precondition)| CommandSpec {
                command_type: command_type.to_owned(),
                precondition: precondition.into(),
                schema: None,
                internal: decider.internal.contains(&command_type),
            })
            .collect(),
        emits: owned(decider.emits),
        folds: owned(decider.folds),
        snapshot_every: decider.snapshot_every,
        state_version: decider.state_version,
        schemas: schemas(decider.schemas),
        annotations: Vec::new(),
    }
}

impl From<crate::Precondition> for Precondition {
    fn from(precondition: crate::Precondition) -> Self {
        match precondition {
            crate::Precondition::Any => Self::Any,
            crate::Precondition::NoStream => Self::NoStream,
            crate::Precondition::StreamExists => Self::StreamExists,
        }
    }
}

impl From<wire::NewEvent> for NewEvent {
    fn from(event: wire::NewEvent) -> Self {
        Self {
            event_type: event.event_type.name.to_owned(),
            schema_version: event.event_type.version,
            content_type: event.content_type.to_owned(),
            payload: event.payload,
            tags: event.tags,
        }
    }
}

impl From<wire::Failure> for DecideError {
    fn from(failure: wire::Failure) -> Self {
        match failure {
            wire::Failure::Malformed(error) => Self::Malformed(Malformed {
                message: error.message,
                at: error.at,
            }),
            wire::Failure::Rejected(refusal) => Self::Rejected(Rejection {
                code: refusal.code.to_owned(),
                message: refusal.message,
                details: refusal.details,
            }),
            wire::Failure::Failed(fault) => Self::Failed(fault.into()),
        }
    }
}
