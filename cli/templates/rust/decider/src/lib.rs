//! The decider `{{name}}`: decides on the commands for a {{name}}.
//!
//! All functions depend only on their arguments. Annals stores the events and passes them back. It also
//! prevents two commands from deciding on the same state of a stream.

use annals::{Command, Context, Decider, Decision, Event, Rejection};

/// The commands. The name of a variant is the command's type, and its fields are the payload:
/// `POST /commands/Create{{Name}}` with `{"id": "1", "title": "First"}`.
#[derive(Command)]
pub enum {{Name}}Command {
    Create{{Name}} {
        /// The id of the {{name}}. Each has a stream of its own: the events of `1` are in the stream `{{snake}}-1`.
        #[annals(stream)]
        id: String,
        title: String,
    },
    Rename{{Name}} {
        #[annals(stream)]
        id: String,
        title: String,
    },
}

/// The events: facts in the past tense. Annals stores them as JSON and never changes them.
#[derive(Event)]
pub enum {{Name}}Event {
    {{Name}}Created { id: String, title: String },
    {{Name}}Renamed { title: String },
}

/// The reasons for rejecting a command. The client receives the variant's name in kebab-case as the code
/// (`already-exists`), the message, and the fields as details.
#[derive(Rejection)]
pub enum {{Name}}Rejection {
    #[annals(message = "{id} already exists")]
    AlreadyExists { id: String },
    #[annals(message = "{id} does not exist")]
    NotFound { id: String },
    #[annals(message = "the title is empty")]
    TitleEmpty,
}

/// The state of a stream, reduced to what decisions need: here the title, after the creation.
/// Other handlers may fold the same events into another state.
#[annals::data(Default)]
pub struct {{Name}}State {
    title: Option<String>,
}

/// The decider. It has no fields: the type only names the functions below.
pub struct {{Name}}Decider;

impl Decider for {{Name}}Decider {
    type State = {{Name}}State;
    type Command = {{Name}}Command;
    type Event = {{Name}}Event;
    type Rejection = {{Name}}Rejection;

    /// The prefix of the streams' names.
    const CATEGORY: &'static str = "{{snake}}";

    /// The state of a stream without events.
    fn initial() -> {{Name}}State {
        {{Name}}State::default()
    }

    /// Applies an event to the state. An event has already happened, so this cannot fail.
    fn evolve(state: &mut {{Name}}State, event: &{{Name}}Event) {
        match event {
            {{Name}}Event::{{Name}}Created { title, .. } | {{Name}}Event::{{Name}}Renamed { title } => {
                state.title = Some(title.clone());
            }
        }
    }

    /// Decides on a command: returns events, or a rejection. The context contains the time, a random seed
    /// and the caller; a decider has no clock and no network.
    fn decide(
        state: &{{Name}}State,
        command: {{Name}}Command,
        _: &Context,
    ) -> Result<Decision<{{Name}}Event>, {{Name}}Rejection> {
        match (command, &state.title) {
            ({{Name}}Command::Create{{Name}} { title, .. } | {{Name}}Command::Rename{{Name}} { title, .. }, _)
                if title.is_empty() =>
            {
                Err({{Name}}Rejection::TitleEmpty)
            }
            ({{Name}}Command::Create{{Name}} { id, .. }, Some(_)) => Err({{Name}}Rejection::AlreadyExists { id }),
            ({{Name}}Command::Create{{Name}} { id, title }, None) => {
                Ok({{Name}}Event::{{Name}}Created { id, title }.into())
            }
            ({{Name}}Command::Rename{{Name}} { id, .. }, None) => Err({{Name}}Rejection::NotFound { id }),
            // The title is the same: record no event, and report success.
            ({{Name}}Command::Rename{{Name}} { title, .. }, Some(now)) if title == *now => Ok(Decision::none()),
            ({{Name}}Command::Rename{{Name}} { title, .. }, Some(_)) => {
                Ok({{Name}}Event::{{Name}}Renamed { title }.into())
            }
        }
    }
}

// Exports the handlers when the crate is built for WebAssembly, and checks them in every build.
annals::export! { deciders: [{{Name}}Decider] }

#[cfg(test)]
mod tests;
