//! A domain small enough to be taken in at a glance: a counter that goes up to 10.

#![allow(dead_code)]

use annals::{Command, Context, Decider, Decision, Event, Rejection, Snapshots};

#[derive(Command)]
pub enum Ask {
    Add {
        #[annals(stream)]
        counter: String,
        by: u32,
    },
    AddTwice {
        #[annals(stream)]
        counter: String,
        by: u32,
    },
    #[annals(stream_exists)]
    Finish {
        #[annals(stream)]
        counter: String,
    },
    /// Closes without an event, which no decision can.
    Vanish {
        #[annals(stream)]
        counter: String,
    },
    /// Emits what is not among EMITS.
    Cheat {
        #[annals(stream)]
        counter: String,
    },
}

#[derive(Event)]
pub enum Fact {
    #[annals(version = 2)]
    Added {
        by: u32,
        /// Since version 2.
        #[serde(default)]
        at: u64,
    },
    Finished,
    Forged,
}

#[derive(Rejection)]
pub enum No {
    #[annals(message = "{by} more than {value} is too much")]
    TooMuch { value: u32, by: u32 },
}

pub struct Counter;

impl Decider for Counter {
    type State = u32;
    type Command = Ask;
    type Event = Fact;
    type Rejection = No;
    const CATEGORY: &'static str = "counter";
    const EMITS: &'static [&'static str] = &["Added", "Finished"];
    const SNAPSHOTS: Snapshots = Snapshots::Every(3);
    const STATE_VERSION: u32 = 7;

    fn initial() -> u32 {
        0
    }

    fn evolve(value: &mut u32, event: &Fact) {
        if let Fact::Added { by, .. } = event {
            *value += by;
        }
    }

    fn decide(value: &u32, command: Ask, context: &Context) -> Result<Decision<Fact>, No> {
        let add = |by: u32, value: &u32| match by {
            0 => Ok(Decision::none()),
            by if value + by > 10 => Err(No::TooMuch { value: *value, by }),
            by => Ok(Fact::Added {
                by,
                at: context.now,
            }
            .into()),
        };
        match command {
            Ask::Add { by, .. } => add(by, value),
            Ask::AddTwice { by, .. } => Ok(annals::steps::<Self>(value)
                .then(|value| add(by, value))?
                .then(|value| add(by, value))?
                .decision()),
            Ask::Finish { .. } => Ok(Decision::from(Fact::Finished).closing()),
            Ask::Vanish { .. } => Ok(Decision::none().closing()),
            Ask::Cheat { .. } => Ok(Fact::Forged.into()),
        }
    }
}

annals::export! { deciders: [Counter] }
