//! Has a note made of each count, as `chase`.

use annals::{
    Command, Event, EventMetadata, Interest, ProcessContext, ProcessManager, Reaction, StartFrom,
};

#[derive(Event)]
pub enum Fact {
    Counted {},
}

#[derive(Command)]
pub enum Wish {
    Note { about: String },
}

pub struct Follow;

impl ProcessManager for Follow {
    /// How many counts it has seen.
    type State = u64;
    type Event = Fact;
    type Command = Wish;
    const NAME: &'static str = "chase";
    const FROM: StartFrom = StartFrom::Origin;

    fn interest(_: &Fact, about: &EventMetadata) -> Vec<Interest> {
        vec![Interest::start(about.subject())]
    }

    fn react(
        state: Option<u64>,
        _: &Fact,
        _: &EventMetadata,
        process: &ProcessContext,
    ) -> Reaction<u64, Wish> {
        let about = process.id.clone();
        Reaction::running(state.unwrap_or_default() + 1).send(Wish::Note { about })
    }
}

annals::export! { process_managers: [Follow] }
