//! Decides on the commands that the process manager sends, and on the one by which others end it.

use annals::{Command, Context, Decider, Decision, Event, Rejection};

/// What can be asked for. Whoever has done the work posts `Finish{{Name}}`.
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

/// What can happen.
#[derive(Event)]
pub enum {{Name}}Event {
    {{Name}}Begun {},
    {{Name}}Finished {},
}

/// Why a command is refused.
#[derive(Rejection)]
pub enum {{Name}}Rejection {
    #[annals(message = "{id} was begun before")]
    BegunBefore { id: String },
    #[annals(message = "{id} is not under way")]
    NotUnderWay { id: String },
}

/// How far it is.
#[annals::data(Default, PartialEq)]
pub enum {{Name}}State {
    #[default]
    New,
    UnderWay,
    Finished,
}

/// The decider itself.
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
            {{Name}}Event::{{Name}}Begun {} => {{Name}}State::UnderWay,
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
            ({{Name}}Command::Begin{{Name}} { id }, _) => Err({{Name}}Rejection::BegunBefore { id }),
            ({{Name}}Command::Finish{{Name}} { .. }, {{Name}}State::UnderWay) => {
                Ok({{Name}}Event::{{Name}}Finished {}.into())
            }
            ({{Name}}Command::Finish{{Name}} { id }, _) => Err({{Name}}Rejection::NotUnderWay { id }),
        }
    }
}
