//! The process manager `{{name}}`: whenever there is a `{{event}}`, it sees to it that something is begun, and
//! waits until it is finished.
//!
//! Process managers are pure, too: they fold events into the state of a process, and answer with commands, which
//! Annals sends to the deciders that take them. The decider of this one's commands is in the same component;
//! it might as well be another handler.

mod decider;

use annals::{
    Command, Event, EventMetadata, Interest, ProcessContext, ProcessManager, Reaction, Refusal, StartFrom,
};

pub use decider::{{Name}}Decider;

/// The events that it follows, of any number of deciders. Name the fields that you need.
#[derive(Event)]
pub enum Seen {
    {{EventType}}{{Event}} {},
    {{Name}}Finished {},
}

/// The commands that it sends, with the types and payloads of the deciders that take them.
#[derive(Command)]
pub enum Order {
    Begin{{Name}} { id: String },
}

/// What a process remembers while it runs.
#[annals::data]
pub struct {{Name}}Process {
    /// When it began, in milliseconds since 1970-01-01T00:00:00Z.
    pub since: u64,
}

/// The process manager itself. It holds nothing: it is a name for the functions below.
pub struct {{Name}}Manager;

impl ProcessManager for {{Name}}Manager {
    type State = {{Name}}Process;
    type Event = Seen;
    type Command = Order;

    /// What the store knows it by: its place in the log, its processes, and the ids of its commands. Keep it,
    /// wherever the code moves; `formerly` in `annals.toml` renames it.
    const NAME: &'static str = "{{name}}";

    /// Where it starts when it is first deployed: here with every event since the beginning. `Now` begins with
    /// what is recorded from then on.
    const FROM: StartFrom = StartFrom::Origin;

    /// Which process an event concerns, by an id of your choice, and whether it starts or stops it.
    fn interest(event: &Seen, metadata: &EventMetadata) -> Vec<Interest> {
        match event {
            Seen::{{Event}} {} => vec![Interest::start(metadata.subject())],
            Seen::{{Name}}Finished {} => vec![Interest::stop(metadata.subject())],
        }
    }

    /// One step of one process. There is no state if it starts.
    fn react(
        state: Option<{{Name}}Process>,
        event: &Seen,
        _: &EventMetadata,
        process: &ProcessContext,
    ) -> Reaction<{{Name}}Process, Order> {
        match (event, state) {
            (Seen::{{Event}} {}, None) => Reaction::running({{Name}}Process { since: process.now }).send(
                Order::Begin{{Name}} {
                    id: process.id.clone(),
                },
            ),
            // It runs already.
            (Seen::{{Event}} {}, Some(state)) => Reaction::running(state),
            (Seen::{{Name}}Finished {}, _) => Reaction::stopped(),
        }
    }

    /// A command was refused: here there is nothing left to do. A process that moves money
    /// would bring it back.
    fn refused(
        _: {{Name}}Process,
        refusal: Refusal<Order>,
        _: &ProcessContext,
    ) -> Reaction<{{Name}}Process, Order> {
        Reaction::stopped().note(refusal.to_string())
    }
}

// Makes a component of this crate when it is built for WebAssembly, and checks it in any case.
annals::export! {
    deciders: [{{Name}}Decider],
    process_managers: [{{Name}}Manager],
}

#[cfg(test)]
mod tests;
