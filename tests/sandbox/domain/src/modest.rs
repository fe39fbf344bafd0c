//! Uses features of every toolchain: maps, print, panics. It also looks for things that are missing: variables,
//! arguments, input.

use annals::{Command, Context, Decider, Decision, Event, Rejection};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

#[derive(Command)]
pub enum Use {
    /// Puts words into a map, and returns the iteration order of this map and of the state's maps.
    Count {
        id: String,
        words: Vec<String>,
    },
    /// Prints lines in pieces.
    Print {
        id: String,
    },
    /// Writes lines into the log.
    Log {
        id: String,
    },
    Environment {
        id: String,
    },
    Arguments {
        id: String,
    },
    Stdin {
        id: String,
    },
    Spawn {
        id: String,
    },
    Exit {
        id: String,
    },
    Panic {
        id: String,
    },
}

#[derive(Event)]
pub enum Used {
    Counted {
        /// The order of a map that lives as long as the decision.
        order: Vec<String>,
        /// The order of the state's map.
        known: Vec<String>,
        /// The orders of the maps that were made for each event.
        each: Vec<String>,
    },
    Printed {},
    Found {
        what: String,
    },
}

#[derive(Rejection)]
pub enum Never {
    #[annals(message = "never")]
    Never {},
}

/// Maps whose iteration order is that of their hashes.
#[derive(Default, Serialize, Deserialize)]
pub struct Words {
    all: HashMap<String, u32>,
    each: Vec<HashMap<String, ()>>,
}

pub struct Modest;

impl Decider for Modest {
    type State = Words;
    type Command = Use;
    type Event = Used;
    type Rejection = Never;
    const CATEGORY: &'static str = "modest";

    fn initial() -> Words {
        Words::default()
    }

    fn stream_id(command: &Use) -> String {
        match command {
            Use::Count { id, .. }
            | Use::Print { id }
            | Use::Log { id }
            | Use::Environment { id }
            | Use::Arguments { id }
            | Use::Stdin { id }
            | Use::Spawn { id }
            | Use::Exit { id }
            | Use::Panic { id } => id.clone(),
        }
    }

    fn evolve(words: &mut Words, event: &Used) {
        if let Used::Counted { order, .. } = event {
            for word in order {
                *words.all.entry(word.clone()).or_default() += 1;
            }
            words
                .each
                .push(order.iter().map(|word| (word.clone(), ())).collect());
        }
    }

    fn decide(state: &Words, command: Use, _: &Context) -> Result<Decision<Used>, Never> {
        let what = match command {
            Use::Count { words, .. } => {
                let counted: HashMap<String, ()> =
                    words.into_iter().map(|word| (word, ())).collect();
                return Ok(Used::Counted {
                    order: counted.into_keys().collect(),
                    known: state.all.keys().cloned().collect(),
                    each: state.each.iter().flat_map(HashMap::keys).cloned().collect(),
                }
                .into());
            }
            Use::Print { .. } => {
                println!("to stdout, {} and {}", 1, 2);
                eprintln!("to stderr, {} and {}", 3, 4);
                eprint!("two halves ");
                eprintln!("of a line");
                return Ok(Used::Printed {}.into());
            }
            Use::Log { id } => {
                annals::log!("of {id}: ä€😀");
                annals::log!("{}", "long ".repeat(1000));
                annals::log!("two\nlines");
                return Ok(Used::Printed {}.into());
            }
            Use::Environment { .. } => format!("{:?}", std::env::var("HOME")),
            Use::Arguments { .. } => format!("{:?}", std::env::args().collect::<Vec<_>>()),
            Use::Stdin { .. } => {
                let mut line = String::new();
                format!("{:?} {line:?}", std::io::stdin().read_line(&mut line))
            }
            Use::Spawn { .. } => format!("{:?}", std::thread::spawn(|| 1).join()),
            Use::Exit { .. } => std::process::exit(3),
            Use::Panic { .. } => fails(),
        };
        Ok(Used::Found { what }.into())
    }
}

/// The place of a panic, as a backtrace shows it.
#[inline(never)]
fn fails() -> String {
    panic!("as {}\nasked", "was")
}
