//! A decider whose command can make many events.

use annals::{Command, Context, Decider, Decision, Event};
use std::convert::Infallible;

#[derive(Command)]
pub enum Request {
    /// Events `from` to `from + count - 1`, all on one stream.
    Count {
        stream: String,
        from: u64,
        count: u64,
    },
    /// An event that makes some handlers fail.
    Poison { stream: String },
}

#[derive(Event)]
pub enum Fact {
    Counted { number: u64 },
    Poisoned {},
}

pub struct Burst;

impl Decider for Burst {
    type State = ();
    type Command = Request;
    type Event = Fact;
    type Rejection = Infallible;
    const CATEGORY: &'static str = "burst";

    fn initial() {}

    fn stream_id(command: &Request) -> String {
        let (Request::Count { stream, .. } | Request::Poison { stream }) = command;
        stream.clone()
    }

    fn evolve((): &mut (), _: &Fact) {}

    fn decide((): &(), command: Request, _: &Context) -> Result<Decision<Fact>, Infallible> {
        Ok(match command {
            Request::Count { from, count, .. } => {
                let numbers = from..from + count;
                let events: Vec<Fact> = numbers.map(|number| Fact::Counted { number }).collect();
                events.into()
            }
            Request::Poison { .. } => Fact::Poisoned {}.into(),
        })
    }
}

annals::export! { deciders: [Burst] }
