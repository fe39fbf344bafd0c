//! The decider `{{name}}`: what may happen to a {{name}}, and why not.
//!
//! Everything in here is a pure function of its arguments. Annals stores the events, hands them back,
//! and sees to it that two commands never decide on the same past.

use annals::{Command, Context, Decider, Decision, Event, Rejection};

/// What can be asked for. The name of a variant is the command's type, its fields are the payload:
/// `POST /commands/Create{{Name}}` with `{"id": "1", "title": "First"}`.
#[derive(Command)]
pub enum {{Name}}Command {
    Create{{Name}} {
        /// Which {{name}} it is about. Each has a stream of its own: the events of `1` are in the stream `{{snake}}-1`.
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

/// What can happen: facts, in the past tense. They are stored as JSON, and are never changed.
#[derive(Event)]
pub enum {{Name}}Event {
    {{Name}}Created { id: String, title: String },
    {{Name}}Renamed { title: String },
}

/// Why a command is refused. The caller gets the variant's name in kebab-case as the code
/// (`already-there`), the message, and the fields as details.
#[derive(Rejection)]
pub enum {{Name}}Rejection {
    #[annals(message = "{id} is there already")]
    AlreadyThere { id: String },
    #[annals(message = "{id} is not there")]
    NotThere { id: String },
    #[annals(message = "the title is empty")]
    TitleEmpty,
}

/// What a decision needs to know of the past, and no more: here the title, once there is one.
/// Other handlers may make something else of the same events.
#[annals::data(Default)]
pub struct {{Name}}State {
    title: Option<String>,
}

/// The decider itself. It holds nothing: it is a name for the functions below.
pub struct {{Name}}Decider;

impl Decider for {{Name}}Decider {
    type State = {{Name}}State;
    type Command = {{Name}}Command;
    type Event = {{Name}}Event;
    type Rejection = {{Name}}Rejection;

    /// What the names of the streams begin with.
    const CATEGORY: &'static str = "{{snake}}";

    /// The state of a subject to which nothing has happened.
    fn initial() -> {{Name}}State {
        {{Name}}State::default()
    }

    /// Takes note of an event. It has happened: there is nothing to refuse here.
    fn evolve(state: &mut {{Name}}State, event: &{{Name}}Event) {
        match event {
            {{Name}}Event::{{Name}}Created { title, .. } | {{Name}}Event::{{Name}}Renamed { title } => {
                state.title = Some(title.clone());
            }
        }
    }

    /// Decides: events, or a rejection. Time, randomness and the caller are in the context, and
    /// nowhere else: there is no clock in here, and no network.
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
            ({{Name}}Command::Create{{Name}} { id, .. }, Some(_)) => Err({{Name}}Rejection::AlreadyThere { id }),
            ({{Name}}Command::Create{{Name}} { id, title }, None) => {
                Ok({{Name}}Event::{{Name}}Created { id, title }.into())
            }
            ({{Name}}Command::Rename{{Name}} { id, .. }, None) => Err({{Name}}Rejection::NotThere { id }),
            // It has that title: nothing happens, and that is no error.
            ({{Name}}Command::Rename{{Name}} { title, .. }, Some(now)) if title == *now => Ok(Decision::none()),
            ({{Name}}Command::Rename{{Name}} { title, .. }, Some(_)) => {
                Ok({{Name}}Event::{{Name}}Renamed { title }.into())
            }
        }
    }
}

// Makes a component of this crate when it is built for WebAssembly, and checks it in any case.
annals::export! { deciders: [{{Name}}Decider] }

#[cfg(test)]
mod tests;
