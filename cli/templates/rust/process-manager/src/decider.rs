//! Decides on the commands that the process manager sends, and on the command that ends a process.

use annals::{Command, Context, Decider, Decision, Event, Rejection};

/// The commands. The client that has done the work posts `Finish{{Name}}`.
#[derive(Command)]
pub enum {{Name}}Command {
    Begin{{Name}} {
        #[annals(stream)]
        id: String,
    },
    Finish{{Name}} {
        #[annals(stream)]
        id: String,
    },
}

/// The events.
#[derive(Event)]
pub enum {{Name}}Event {
    {{Name}}Begun {},
    {{Name}}Finished {},
}

/// The reasons for rejecting a command.
#[derive(Rejection)]
pub enum {{Name}}Rejection {
    #[annals(message = "{id} has already begun")]
    AlreadyBegun { id: String },
    #[annals(message = "{id} is not in progress")]
    NotInProgress { id: String },
}

/// The progress of the work.
#[annals::data(Default, PartialEq)]
pub enum {{Name}}State {
    #[default]
    New,
    InProgress,
    Finished,
}

/// The decider.
pub struct {{Name}}Decider;

impl Decider for {{Name}}Decider {
    type State = {{Name}}State;
    type Command = {{Name}}Command;
    type Event = {{Name}}Event;
    type Rejection = {{Name}}Rejection;
    const CATEGORY: &'static str = "{{snake}}";

    fn initial() -> {{Name}}State {
        {{Name}}State::default()
    }

    fn evolve(state: &mut {{Name}}State, event: &{{Name}}Event) {
        *state = match event {
            {{Name}}Event::{{Name}}Begun {} => {{Name}}State::InProgress,
            {{Name}}Event::{{Name}}Finished {} => {{Name}}State::Finished,
        };
    }

    fn decide(
        state: &{{Name}}State,
        command: {{Name}}Command,
        _: &Context,
    ) -> Result<Decision<{{Name}}Event>, {{Name}}Rejection> {
        match (command, state) {
            ({{Name}}Command::Begin{{Name}} { .. }, {{Name}}State::New) => Ok({{Name}}Event::{{Name}}Begun {}.into()),
            ({{Name}}Command::Begin{{Name}} { id }, _) => Err({{Name}}Rejection::AlreadyBegun { id }),
            ({{Name}}Command::Finish{{Name}} { .. }, {{Name}}State::InProgress) => {
                Ok({{Name}}Event::{{Name}}Finished {}.into())
            }
            ({{Name}}Command::Finish{{Name}} { id }, _) => Err({{Name}}Rejection::NotInProgress { id }),
        }
    }
}
