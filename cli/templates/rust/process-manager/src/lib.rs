//! The process manager `{{name}}`: starts a process for each `{{event}}`, sends a command to begin some work, and
//! waits until the work is finished.
//!
//! Process managers are pure as well: they fold events into the state of a process, and return commands. Annals
//! sends these to the deciders that handle them. The decider of this one's commands is in the same component;
//! it could also be another handler.

mod decider;

use annals::{
    Command, Event, EventMetadata, Interest, ProcessContext, ProcessManager, Reaction, Refusal, StartFrom,
};

pub use decider::{{Name}}Decider;

/// The events that it receives, of any number of deciders. Declare the fields that you need.
#[derive(Event)]
pub enum Seen {
    {{EventType}}{{Event}} {},
    {{Name}}Finished {},
}

/// The commands that it sends, with the types and payloads that their deciders expect.
#[derive(Command)]
pub enum Order {
    Begin{{Name}} { id: String },
}

/// The state of a running process.
#[annals::data]
pub struct {{Name}}Process {
    /// The time of its start, in milliseconds since 1970-01-01T00:00:00Z.
    pub since: u64,
}

/// The process manager. It has no fields: the type only names the functions below.
pub struct {{Name}}Manager;

impl ProcessManager for {{Name}}Manager {
    type State = {{Name}}Process;
    type Event = Seen;
    type Command = Order;

    /// The name under which the store keeps its position in the log and its processes. The ids of its commands
    /// contain it too. Keep it when the code moves; to rename it, use `formerly` in `annals.toml`.
    const NAME: &'static str = "{{name}}";

    /// The first event after the first deployment: here the first event of the log. `Now` starts with the next
    /// event that is recorded.
    const FROM: StartFrom = StartFrom::Origin;

    /// The id of the process that an event concerns, and whether the event starts or stops the process. You choose
    /// the id.
    fn interest(event: &Seen, metadata: &EventMetadata) -> Vec<Interest> {
        match event {
            Seen::{{Event}} {} => vec![Interest::start(metadata.subject())],
            Seen::{{Name}}Finished {} => vec![Interest::stop(metadata.subject())],
        }
    }

    /// One step of one process. `state` is `None` when the process starts.
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
            // The process is already running.
            (Seen::{{Event}} {}, Some(state)) => Reaction::running(state),
            (Seen::{{Name}}Finished {}, _) => Reaction::stopped(),
        }
    }

    /// Called when a decider rejects a command. Here the process stops. A process that moves money
    /// would return it.
    fn refused(
        _: {{Name}}Process,
        refusal: Refusal<Order>,
        _: &ProcessContext,
    ) -> Reaction<{{Name}}Process, Order> {
        Reaction::stopped().note(refusal.to_string())
    }
}

// Exports the handlers when the crate is built for WebAssembly, and checks them in every build.
annals::export! {
    deciders: [{{Name}}Decider],
    process_managers: [{{Name}}Manager],
}

#[cfg(test)]
mod tests;
