//! Exports deciders of contract 0.1.0 under the present contract.
#![allow(missing_docs, reason = "generated bindings")]

use annals_allocator as _;

wit_bindgen::generate!({
    path: ["../wit", "../../../wit"],
    inline: "
        package annals:shim;
        world shim {
            import annals:es/deciders@0.1.0;
            export annals:es/deciders@0.2.0;
        }
    ",
    world: "annals:shim/shim",
    with: {
        "annals:es/types@0.1.0": annals_shim_0_1::former,
        "annals:es/types@0.2.0": annals_shim_0_1::current,
    },
    generate_all,
});

use annals::es0_1_0::deciders as former;
use annals_shim_0_1::{self as convert, former as old};
use exports::annals::es0_2_0::deciders::{
    Command, CommandSpec, Context, DecideError, DeciderDescriptor, Decision, Event, Fault, Guest,
    GuestSession, Malformed, NewEvent, Precondition, Rejection, Session,
};

struct Shim;

impl Guest for Shim {
    type Session = Behind;

    fn describe() -> Vec<DeciderDescriptor> {
        former::describe().into_iter().map(descriptor).collect()
    }

    fn stream_id(decider: u32, command: Command) -> Result<String, DecideError> {
        former::stream_id(decider, &self::command(command)).map_err(error)
    }
}

/// A session of the handler.
struct Behind(former::Session);

impl GuestSession for Behind {
    fn new(decider: u32) -> Self {
        Self(former::Session::new(decider))
    }

    fn restore(decider: u32, state: Vec<u8>) -> Result<Session, Fault> {
        let session = former::Session::restore(decider, &state).map_err(convert::fault)?;
        Ok(Session::new(Self(session)))
    }

    fn evolve(&self, events: Vec<Event>) -> Result<(), Fault> {
        let events: Vec<old::Event> = events.into_iter().map(event).collect();
        self.0.evolve(&events).map_err(convert::fault)
    }

    fn decide(
        &self,
        events: Vec<Event>,
        command: Command,
        context: Context,
    ) -> Result<Decision, DecideError> {
        if !events.is_empty() {
            self.evolve(events).map_err(DecideError::Failed)?;
        }
        let (command, context) = (self::command(command), convert::context(context));
        let decision = self.0.decide(&command, &context).map_err(error)?;
        Ok(Decision {
            events: decision.events.into_iter().map(new_event).collect(),
            close: decision.close,
        })
    }

    fn snapshot(&self) -> Option<Vec<u8>> {
        self.0.snapshot()
    }
}

fn command(command: Command) -> old::Command {
    old::Command {
        id: command.id,
        command_type: command.command_type,
        content_type: command.content_type,
        payload: command.payload,
    }
}

fn event(event: Event) -> old::Event {
    old::Event {
        version: event.version,
        event_type: event.event_type,
        schema_version: event.schema_version,
        content_type: event.content_type,
        payload: event.payload,
    }
}

fn new_event(event: old::NewEvent) -> NewEvent {
    NewEvent {
        event_type: event.event_type,
        schema_version: event.schema_version,
        content_type: event.content_type,
        payload: event.payload,
        tags: Vec::new(),
    }
}

fn error(error: old::DecideError) -> DecideError {
    match error {
        old::DecideError::Malformed(malformed) => DecideError::Malformed(Malformed {
            message: malformed.message,
            at: malformed.at,
        }),
        old::DecideError::Rejected(rejection) => DecideError::Rejected(Rejection {
            code: rejection.code,
            message: rejection.message,
            details: rejection.details,
        }),
        old::DecideError::Failed(fault) => DecideError::Failed(convert::fault(fault)),
    }
}

fn descriptor(described: old::DeciderDescriptor) -> DeciderDescriptor {
    let command = |command: old::CommandSpec| CommandSpec {
        command_type: command.command_type,
        precondition: match command.precondition {
            old::Precondition::Any => Precondition::Any,
            old::Precondition::NoStream => Precondition::NoStream,
            old::Precondition::StreamExists => Precondition::StreamExists,
            old::Precondition::At(version) => Precondition::At(version),
        },
        schema: command.schema,
        internal: command.internal,
    };
    DeciderDescriptor {
        name: described.name,
        version: described.version,
        category: described.category,
        commands: described.commands.into_iter().map(command).collect(),
        emits: described.emits,
        folds: described.folds,
        snapshot_every: described.snapshot_every,
        state_version: described.state_version,
        schemas: convert::schemas(described.schemas),
        annotations: Vec::new(),
    }
}

export!(Shim);
