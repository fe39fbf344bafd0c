//! A decider that counts each time twice, and one that notes.

use annals::{Command, Context, Decider, Decision, Event};
use std::convert::Infallible;

#[derive(Command)]
pub enum Order {
    Count { counter: String },
}

#[derive(Event)]
pub enum Fact {
    /// How often it was counted, this time included.
    Counted { nth: u32 },
}

pub struct Counter;

impl Decider for Counter {
    type State = u32;
    type Command = Order;
    type Event = Fact;
    type Rejection = Infallible;
    const CATEGORY: &'static str = "counter";

    fn initial() -> u32 {
        0
    }

    fn stream_id(order: &Order) -> String {
        let Order::Count { counter } = order;
        counter.clone()
    }

    fn evolve(count: &mut u32, fact: &Fact) {
        match fact {
            Fact::Counted { .. } => *count += 2,
        }
    }

    fn decide(count: &u32, order: Order, _: &Context) -> Result<Decision<Fact>, Infallible> {
        Ok(match order {
            Order::Count { .. } => Fact::Counted { nth: count + 1 }.into(),
        })
    }
}

#[derive(Command)]
pub enum Wish {
    Note { about: String },
}

#[derive(Event)]
pub enum Noted {
    Noted {},
}

pub struct Notebook;

impl Decider for Notebook {
    type State = ();
    type Command = Wish;
    type Event = Noted;
    type Rejection = Infallible;
    const CATEGORY: &'static str = "note";

    fn initial() {}

    fn stream_id(Wish::Note { about }: &Wish) -> String {
        about.clone()
    }

    fn evolve((): &mut (), _: &Noted) {}

    fn decide((): &(), _: Wish, _: &Context) -> Result<Decision<Noted>, Infallible> {
        Ok(Noted::Noted {}.into())
    }
}

annals::export! { deciders: [Counter, Notebook] }
