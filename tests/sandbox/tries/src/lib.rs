//! A decider that tries what a decider must not, one thing at a command.
//!
//! All of it is plain `std`: what a domain's own code or one of its dependencies may do.

use annals::{Command, Context, Decider, Decision, Event, Rejection};
use std::collections::HashMap;

#[derive(Command)]
pub enum Try {
    /// Puts words into a `HashMap` and tells in which order it gives them back.
    Count { id: String, words: Vec<String> },
    /// Prints a line and a half, and one to stderr.
    Print { id: String },
    WallClock { id: String },
    MonotonicClock { id: String },
    Sleep { id: String },
    ReadFile { id: String },
    WriteFile { id: String },
    Environment { id: String },
    Arguments { id: String },
    Stdin { id: String },
    Connect { id: String },
    Resolve { id: String },
    Spawn { id: String },
    Exit { id: String },
    Panic { id: String },
}

#[derive(Event)]
pub enum Tried {
    Counted { order: Vec<String>, known: Vec<String> },
    Printed {},
    /// Nothing stopped it.
    Done { what: String },
}

#[derive(Rejection)]
pub enum Never {
    #[annals(message = "never")]
    Never {},
}

/// What the stream's events told, in a map whose order is that of its hash.
#[derive(Default, serde::Serialize, serde::Deserialize)]
pub struct Words(HashMap<String, u32>);

pub struct Tries;

impl Decider for Tries {
    type State = Words;
    type Command = Try;
    type Event = Tried;
    type Rejection = Never;
    const CATEGORY: &'static str = "tries";

    fn initial() -> Words {
        Words::default()
    }

    fn stream_id(command: &Try) -> String {
        match command {
            Try::Count { id, .. }
            | Try::Print { id }
            | Try::WallClock { id }
            | Try::MonotonicClock { id }
            | Try::Sleep { id }
            | Try::ReadFile { id }
            | Try::WriteFile { id }
            | Try::Environment { id }
            | Try::Arguments { id }
            | Try::Stdin { id }
            | Try::Connect { id }
            | Try::Resolve { id }
            | Try::Spawn { id }
            | Try::Exit { id }
            | Try::Panic { id } => id.clone(),
        }
    }

    fn evolve(words: &mut Words, event: &Tried) {
        if let Tried::Counted { order, .. } = event {
            for word in order {
                *words.0.entry(word.clone()).or_default() += 1;
            }
        }
    }

    fn decide(state: &Words, command: Try, _: &Context) -> Result<Decision<Tried>, Never> {
        let what = match command {
            Try::Count { words, .. } => {
                let counted: HashMap<String, ()> =
                    words.into_iter().map(|word| (word, ())).collect();
                return Ok(Tried::Counted {
                    order: counted.into_keys().collect(),
                    known: state.0.keys().cloned().collect(),
                }
                .into());
            }
            Try::Print { .. } => {
                println!("to stdout, {} and {}", 1, 2);
                eprintln!("to stderr, {} and {}", 3, 4);
                eprint!("half a ");
                eprintln!("line");
                return Ok(Tried::Printed {}.into());
            }
            Try::WallClock { .. } => format!("{:?}", std::time::SystemTime::now()),
            Try::MonotonicClock { .. } => format!("{:?}", std::time::Instant::now()),
            Try::Sleep { .. } => {
                std::thread::sleep(std::time::Duration::from_millis(1));
                "slept".into()
            }
            Try::ReadFile { .. } => format!("{:?}", std::fs::read("settings.toml")),
            Try::WriteFile { .. } => format!("{:?}", std::fs::write("/tmp/notes.txt", "x")),
            Try::Environment { .. } => format!("{:?}", std::env::var("HOME")),
            Try::Arguments { .. } => format!("{:?}", std::env::args().collect::<Vec<_>>()),
            Try::Stdin { .. } => {
                let mut line = String::new();
                format!("{:?} {line:?}", std::io::stdin().read_line(&mut line))
            }
            Try::Connect { .. } => format!("{:?}", std::net::TcpStream::connect("127.0.0.1:80")),
            Try::Resolve { .. } => format!(
                "{:?}",
                std::net::ToSocketAddrs::to_socket_addrs("localhost:80").map(|all| all.count())
            ),
            Try::Spawn { .. } => format!("{:?}", std::thread::spawn(|| 1).join()),
            Try::Exit { .. } => std::process::exit(3),
            Try::Panic { .. } => panic!("as asked"),
        };
        Ok(Tried::Done { what }.into())
    }
}
