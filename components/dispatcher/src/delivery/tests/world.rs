//! A world for deliveries: a store, a log, a bank behind the sourcer, and some handlers.
//!
//! The world counts every call of a port. At a chosen call the deliverer dies before or after the call takes
//! effect, or it pauses for a minute while another deliverer does everything that is due.

use crate::annals::es::reaction_store::Checkpoint;
use crate::annals::es::types::{Fault, Metadata, RecordedEvent, Rejection};
use crate::annals::framework::settings::{FailurePolicy, LastResort};
use crate::catalogue::{Kind, Reaction};
use crate::delivery::Engine;
use crate::ports::Clock;
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

mod handlers;
mod store;

/// What happens at a chosen call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mishap {
    DieBefore,
    DieAfter,
    /// Another deliverer takes over meanwhile.
    Pause,
    /// A request appends an event and tries to deliver it during the call.
    Append,
    /// A request appends an event and delivers after its answer, with a budget of this many milliseconds.
    AppendAndAnswer(u64),
}

/// How the deliverer ended.
struct Death;

/// A row: its position, and its content type and value unless it is deleted.
type Stored = (u64, Option<(String, Vec<u8>)>);

#[derive(Clone, Default)]
struct StoredView(BTreeMap<String, Stored>);

/// A command's payload and its outcome.
type Ended = (Vec<u8>, Result<(), Rejection>);

#[derive(Default)]
pub struct World {
    pub reactions: Vec<Reaction>,
    pub checkpoints: RefCell<BTreeMap<String, Checkpoint>>,
    hints: RefCell<BTreeMap<String, u64>>,
    views: RefCell<BTreeMap<String, StoredView>>,
    pub events: RefCell<Vec<RecordedEvent>>,
    outcomes: RefCell<BTreeMap<String, Ended>>,
    pub balances: RefCell<BTreeMap<String, i64>>,
    /// Positions of the notified events, in the order of the calls.
    pub notified: RefCell<Vec<(u64, u32)>>,
    pub projected: Cell<u32>,
    /// The notifier's answers by payload, and the failing commands by payload.
    pub answers: RefCell<BTreeMap<String, Answer>>,
    pub log: RefCell<Vec<String>>,
    time: Cell<u64>,
    luck: Cell<u64>,
    calls: Cell<u32>,
    mishap: Cell<Option<(u32, Mishap)>>,
    /// Duration of a call, in milliseconds.
    pub pace: Cell<u64>,
    announcements: Cell<u32>,
    /// From this call on, a request ends beside every call, with this budget. The counters hold the number of
    /// requests and of their calls.
    crowd: Cell<Option<(u32, u64)>>,
    crowded: Cell<(u32, u32)>,
    saved: RefCell<Vec<u64>>,
}

#[derive(Clone, Debug)]
pub enum Answer {
    Fault,
    Reject,
    RetryAfter(u64),
    Trap,
    /// The process manager fails to name the processes that an event concerns.
    Deaf,
}

pub fn reaction(name: &str, kind: Kind) -> Reaction {
    Reaction {
        name: name.into(),
        key: name.into(),
        kind,
        index: 0,
        version: 1,
        event_types: Vec::new(),
        views: vec!["ledger".into()],
        from_now: false,
        partitions: 1,
        policy: FailurePolicy {
            attempts: 3,
            backoff: 100,
            max_backoff: 1_000,
            last_resort: LastResort::Park,
        },
    }
}

impl World {
    pub fn new(reactions: Vec<Reaction>) -> Self {
        let world = Self {
            reactions,
            ..Self::default()
        };
        world.time.set(1_000_000);
        world.pace.set(1);
        world
    }

    pub fn engine(&self) -> Engine<'_, Self> {
        Engine::new(self, &self.reactions)
    }

    pub fn append(&self, stream: &str, event_type: &str, payload: &str) -> u64 {
        self.append_of(stream, event_type, payload, "outside")
    }

    fn append_of(&self, stream: &str, event_type: &str, payload: &str, cause: &str) -> u64 {
        let mut events = self.events.borrow_mut();
        let slot = events.len() as u64 + 1;
        events.push(RecordedEvent {
            id: format!("{slot:032x}-0"),
            stream: stream.into(),
            version: 1,
            position: slot * 1024,
            recorded_at: self.time.get(),
            event_type: event_type.into(),
            schema_version: 1,
            content_type: "text/plain".into(),
            payload: payload.into(),
            tags: Vec::new(),
            metadata: Metadata {
                command_id: cause.into(),
                command_type: "Test".into(),
                correlation_id: cause.into(),
                causation_id: cause.into(),
                actor: None,
                traceparent: None,
                extensions: Vec::new(),
            },
        });
        slot * 1024
    }

    pub fn pass(&self, milliseconds: u64) {
        self.time.set(self.time.get() + milliseconds);
    }

    /// Delivers; `false` if the deliverer died.
    pub fn pump(&self) -> bool {
        self.alive(|world| {
            world.engine().pump(None, 10_000).expect("the store works");
        })
    }

    pub fn alive(&self, act: impl FnOnce(&Self)) -> bool {
        match catch_unwind(AssertUnwindSafe(|| act(self))) {
            Ok(()) => true,
            Err(panic) if panic.is::<Death>() => false,
            Err(panic) => resume_unwind(panic),
        }
    }

    /// Delivers until nothing is due. Time passes, and a dead deliverer is replaced.
    pub fn run_until_idle(&self) {
        for _ in 0..60 {
            self.pass(60_000);
            self.pump();
        }
    }

    /// Pumps until a condition holds.
    pub fn settle_until(&self, done: impl Fn(&Self) -> bool) {
        for _ in 0..10 {
            if done(self) {
                return;
            }
            self.pump();
        }
        assert!(done(self), "it never was the case");
    }

    /// Arms a mishap at a call, counted from now.
    pub fn arm(&self, call: u32, mishap: Mishap) {
        self.calls.set(0);
        self.mishap.set(Some((call, mishap)));
    }

    pub fn disarm(&self) -> bool {
        self.mishap.replace(None).is_some()
    }

    pub fn calls(&self) -> u32 {
        self.calls.replace(0)
    }

    fn call<T>(&self, effect: impl FnOnce() -> T) -> T {
        self.calls.set(self.calls.get() + 1);
        // Each call advances the clock, so that every loop with a deadline ends.
        self.pass(self.pace.get());
        if let Some((from, slice)) = self.crowd.get()
            && self.calls.get() >= from
        {
            self.crowd.set(None);
            let (time, calls) = (self.time.get(), self.calls.get());
            self.engine().after_answer(slice);
            let (requests, all) = self.crowded.get();
            let made = self.calls.replace(calls) - calls;
            self.crowded.set((requests + 1, all + made));
            // The requests run at the same time, so the clock does not advance between them.
            self.time.set(time);
            self.crowd.set(Some((from, slice)));
        }
        let due = self
            .mishap
            .get()
            .filter(|(call, _)| *call == self.calls.get());
        let Some((_, mishap)) = due else {
            return effect();
        };
        self.mishap.set(None);
        match mishap {
            Mishap::DieBefore => resume_unwind(Box::new(Death)),
            Mishap::DieAfter => {
                effect();
                resume_unwind(Box::new(Death))
            }
            Mishap::Append => {
                self.append("s-9", "Given", "z 1");
                self.engine().pump(None, 100).expect("the store works");
                effect()
            }
            Mishap::AppendAndAnswer(slice) => {
                self.append("s-9", "Given", "z 1");
                self.engine().after_answer(slice);
                effect()
            }
            Mishap::Pause => {
                self.pass(60_000);
                self.engine().pump(None, 10_000).expect("the store works");
                effect()
            }
        }
    }

    /// From a call on, counted from now, a request ends beside every call.
    pub fn beside_every_call(&self, from: u32, slice: u64) {
        self.calls.set(0);
        self.crowd.set(Some((from, slice)));
    }

    /// Ends the concurrent requests. Returns their number and the number of their calls.
    pub fn alone(&self) -> (u32, u32) {
        self.crowd.set(None);
        self.crowded.get()
    }

    /// Announces another deliverer for this many milliseconds.
    pub fn announce(&self, reaction: &str, milliseconds: u64) {
        let until = self.time.get() + milliseconds;
        self.hints
            .borrow_mut()
            .insert(format!("turn {reaction}"), until);
    }

    pub fn announced_until(&self, reaction: &str) -> u64 {
        let name = format!("turn {reaction}");
        self.hints.borrow().get(&name).copied().unwrap_or(0)
    }

    /// The number of announcements.
    pub fn announcements(&self) -> u32 {
        self.announcements.get()
    }

    pub fn longest_between_checkpoints(&self) -> u64 {
        let saved = self.saved.borrow();
        let gaps = saved.windows(2).map(|two| two[1] - two[0]);
        gaps.max().unwrap_or(0)
    }

    /// Rows of a stored view.
    pub fn rows(&self, view: &str) -> BTreeMap<String, String> {
        let views = self.views.borrow();
        let Some(view) = views.get(view) else {
            return BTreeMap::new();
        };
        let text = |bytes: &Vec<u8>| String::from_utf8_lossy(bytes).into_owned();
        view.0
            .iter()
            .filter_map(|(key, (_, content))| {
                content
                    .as_ref()
                    .map(|(_, value)| (key.clone(), text(value)))
            })
            .collect()
    }

    /// The position that a row reflects.
    pub fn reflects(&self, view: &str, key: &str) -> u64 {
        self.views.borrow()[view].0[key].0
    }

    /// Ids of dead letters.
    pub fn dead_letters(&self) -> Vec<String> {
        self.rows("~dead-letters").into_keys().collect()
    }

    fn answer(&self, event: &RecordedEvent) -> Option<Answer> {
        let payload = String::from_utf8_lossy(&event.payload).into_owned();
        self.answers.borrow().get(&payload).cloned()
    }

    fn fail(&self, event: &RecordedEvent) -> Result<(), Fault> {
        match self.answer(event) {
            Some(Answer::Fault) => Err(Fault {
                message: "no".into(),
            }),
            Some(Answer::Trap) => resume_unwind(Box::new(Death)),
            _ => Ok(()),
        }
    }
}

impl Clock for World {
    fn now(&self) -> u64 {
        self.time.get()
    }

    fn ticks(&self) -> u64 {
        self.time.get()
    }

    fn random(&self) -> u64 {
        self.luck.set(self.luck.get() + 7);
        self.luck.get()
    }

    fn pause(&self, milliseconds: u64) {
        self.pass(milliseconds);
    }

    fn log(&self, line: &str) {
        self.log.borrow_mut().push(line.into());
    }
}
