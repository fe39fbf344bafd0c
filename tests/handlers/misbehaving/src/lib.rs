//! A decider that does everything wrong, for tests of the hosts.

use std::sync::atomic::{AtomicU64, Ordering};

use annals::{Command, Context, Decider, Decision, Event, Rejection, Snapshots};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// State outside of the decider's state, which no decider should have.
static REMEMBERED: AtomicU64 = AtomicU64::new(0);

#[derive(Command)]
pub enum Request {
    Behave { id: String },
    Trap { id: String },
    Loop { id: String },
    Allocate { id: String },
    Recurse { id: String },
    Garbage { id: String },
    /// Emits an event that it cannot fold later.
    Poison { id: String },
    /// Emits this many events of this many bytes each.
    Gush { id: String, events: usize, bytes: usize },
    /// Rejects with a message of this many bytes.
    Rant { id: String, bytes: usize },
    /// Returns how often this instance got this request.
    Remember { id: String },
}

#[derive(Event)]
pub enum Fact {
    Behaved { id: String },
    Poisoned { id: String },
    Remembered { times: u64 },
}

#[derive(Rejection)]
pub enum No {
    #[annals(message = "{text}")]
    Garbage { text: String },
}

pub struct Misbehaving;

impl Decider for Misbehaving {
    type State = u64;
    type Command = Request;
    type Event = Fact;
    type Rejection = No;
    const CATEGORY: &'static str = "bad";

    fn initial() -> u64 {
        0
    }

    fn stream_id(command: &Request) -> String {
        match command {
            Request::Behave { id }
            | Request::Trap { id }
            | Request::Loop { id }
            | Request::Allocate { id }
            | Request::Recurse { id }
            | Request::Garbage { id }
            | Request::Gush { id, .. }
            | Request::Rant { id, .. }
            | Request::Poison { id }
            | Request::Remember { id } => id.clone(),
        }
    }

    fn evolve(count: &mut u64, event: &Fact) {
        match event {
            Fact::Behaved { .. } => *count += 1,
            Fact::Poisoned { .. } => panic!("poisoned"),
            Fact::Remembered { .. } => {}
        }
    }

    fn decide(count: &u64, command: Request, _: &Context) -> Result<Decision<Fact>, No> {
        match command {
            Request::Behave { id } => Ok(Fact::Behaved { id }.into()),
            Request::Poison { id } => Ok(Fact::Poisoned { id }.into()),
            Request::Remember { .. } => {
                let times = REMEMBERED.fetch_add(1, Ordering::Relaxed) + 1;
                Ok(Fact::Remembered { times }.into())
            }
            Request::Gush { events, bytes, .. } => {
                let gush = |_| Fact::Behaved { id: "x".repeat(bytes) };
                Ok((0..events).map(gush).collect::<Vec<_>>().into())
            }
            Request::Rant { bytes, .. } => Err(No::Garbage { text: "x".repeat(bytes) }),
            Request::Trap { .. } => panic!("as asked"),
            Request::Loop { .. } => loop {
                std::hint::black_box(count);
            },
            Request::Allocate { .. } => {
                let mut hoard: Vec<Vec<u8>> = Vec::new();
                loop {
                    hoard.push(std::hint::black_box(vec![1; 1 << 20]));
                }
            }
            Request::Recurse { id } => {
                std::hint::black_box(recurse(id.len() as u64));
                Ok(Decision::none())
            }
            // SAFETY: none, on purpose: the text that leaves the component violates the guarantee of its type.
            Request::Garbage { .. } => Err(No::Garbage {
                text: unsafe { String::from_utf8_unchecked(vec![0xff, 0xfe]) },
            }),
        }
    }
}

#[allow(unconditional_recursion, reason = "it overflows the stack, as asked")]
fn recurse(n: u64) -> u64 {
    std::hint::black_box(recurse(std::hint::black_box(n + 1))) + 1
}

/// A second, correct decider in the same component.
pub struct Bystander;

#[derive(Command)]
pub enum Look {
    Look { id: String },
}

#[derive(Event)]
pub enum Seen {
    Looked { times: u64 },
}

impl Decider for Bystander {
    type State = u64;
    type Command = Look;
    type Event = Seen;
    type Rejection = No;
    const CATEGORY: &'static str = "witness";

    fn initial() -> u64 {
        0
    }

    fn stream_id(command: &Look) -> String {
        let Look::Look { id } = command;
        id.clone()
    }

    fn evolve(times: &mut u64, event: &Seen) {
        let Seen::Looked { times: now } = event;
        *times = *now;
    }

    fn decide(times: &u64, _: Look, _: &Context) -> Result<Decision<Seen>, No> {
        Ok(Seen::Looked { times: times + 1 }.into())
    }
}

/// A third decider, whose state traps when it is serialized. That happens only after the answer.
pub struct Secretive;

/// A state that traps when it is serialized.
pub struct Secret(u64);

#[derive(Command)]
pub enum Ask {
    Ask { id: String },
}

#[derive(Event)]
pub enum Asked {
    Asked { times: u64 },
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("a secret")
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        u64::deserialize(from).map(Self)
    }
}

impl Decider for Secretive {
    type State = Secret;
    type Command = Ask;
    type Event = Asked;
    type Rejection = No;
    const CATEGORY: &'static str = "secret";
    const SNAPSHOTS: Snapshots = Snapshots::Every(1);

    fn initial() -> Secret {
        Secret(0)
    }

    fn stream_id(command: &Ask) -> String {
        let Ask::Ask { id } = command;
        id.clone()
    }

    fn evolve(secret: &mut Secret, event: &Asked) {
        let Asked::Asked { times } = event;
        secret.0 = *times;
    }

    fn decide(secret: &Secret, _: Ask, _: &Context) -> Result<Decision<Asked>, No> {
        let times = secret.0 + 1;
        Ok(Asked::Asked { times }.into())
    }
}

annals::export! { deciders: [Misbehaving, Bystander, Secretive] }
