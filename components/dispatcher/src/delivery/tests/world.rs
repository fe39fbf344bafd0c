//! A world for deliveries: a store, a log, a bank behind the sourcer, and some handlers.
//!
//! Every call of a port counts. At a chosen call the deliverer dies, before or after the call took
//! effect; or it is paused for a minute, while another one does everything that is due.

use crate::annals::es::event_store::Appended;
use crate::annals::es::event_store::{LogFilter, LogPage, StoreError};
use crate::annals::es::notifiers::Delivery;
use crate::annals::es::process_managers::{Input, Interest, Reaction as Told};
use crate::annals::es::reaction_store::{Checkpoint, RowPage, StoredRow, WriteError};
use crate::annals::es::settings::{FailurePolicy, LastResort};
use crate::annals::es::sourcer::{Accepted, HandlerFault, Refused, Request, SubmitError};
use crate::annals::es::types::{
    Context, Fault, Metadata, OutgoingCommand, RecordedEvent, Rejection, Row, RowChange, RowKey,
};
use crate::catalogue::{Kind, Reaction};
use crate::delivery::Engine;
use crate::ports::{Clock, Commands, EventRef, Handlers, Log, ReactionStore};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// What happens at a chosen call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mishap {
    DieBefore,
    DieAfter,
    /// Another deliverer takes over meanwhile.
    Pause,
    /// Somebody appends an event and tries to deliver it, meanwhile and at once.
    Append,
}

/// How the deliverer ended.
struct Death;

/// A row: what it reflects, and its content type and value unless it was deleted.
type Stored = (u64, Option<(String, Vec<u8>)>);

#[derive(Clone, Default)]
struct StoredView(BTreeMap<String, Stored>);

/// A command's payload, and how it ended.
type Ended = (Vec<u8>, Result<(), Rejection>);

#[derive(Default)]
pub struct World {
    pub reactions: Vec<Reaction>,
    checkpoints: RefCell<BTreeMap<String, Checkpoint>>,
    views: RefCell<BTreeMap<String, StoredView>>,
    pub events: RefCell<Vec<RecordedEvent>>,
    outcomes: RefCell<BTreeMap<String, Ended>>,
    pub balances: RefCell<BTreeMap<String, i64>>,
    /// Positions, in the order of the calls.
    pub notified: RefCell<Vec<(u64, u32)>>,
    pub projected: Cell<u32>,
    /// What the notifier answers, by payload; and commands that fail, by payload.
    pub answers: RefCell<BTreeMap<String, Answer>>,
    pub log: RefCell<Vec<String>>,
    time: Cell<u64>,
    luck: Cell<u64>,
    calls: Cell<u32>,
    mishap: Cell<Option<(u32, Mishap)>>,
}

#[derive(Clone, Debug)]
pub enum Answer {
    Fault,
    Reject,
    RetryAfter(u64),
    Trap,
}

pub fn reaction(name: &str, kind: Kind) -> Reaction {
    Reaction {
        name: name.into(),
        kind,
        index: 0,
        version: 1,
        wants: Vec::new(),
        views: vec!["ledger".into()],
        from_now: false,
        lanes: 1,
        policy: FailurePolicy {
            attempts: 3,
            backoff: 100,
            max_backoff: 1_000,
            then: LastResort::Park,
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
            id: format!("e{slot}"),
            stream: stream.into(),
            version: 1,
            position: slot * 1024,
            recorded_at: self.time.get(),
            event_type: event_type.into(),
            schema_version: 1,
            content_type: "text/plain".into(),
            payload: payload.into(),
            metadata: Metadata {
                command_id: cause.into(),
                command_type: "Test".into(),
                correlation_id: cause.into(),
                causation_id: cause.into(),
                actor: None,
                traceparent: None,
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

    /// Delivers, with time passing and deaths forgiven, until nothing is left.
    pub fn settle(&self) {
        for _ in 0..60 {
            self.pass(60_000);
            self.pump();
        }
    }

    /// Pumps once and again until something is the case.
    pub fn settle_until(&self, done: impl Fn(&Self) -> bool) {
        for _ in 0..10 {
            if done(self) {
                return;
            }
            self.pump();
        }
        assert!(done(self), "it never was the case");
    }

    /// Arms a mishap at a call from now on; answers nothing once it is beyond the last call.
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
        // Time passes slowly, so that nothing takes for ever.
        self.pass(1);
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
            Mishap::Pause => {
                self.pass(60_000);
                self.engine().pump(None, 10_000).expect("the store works");
                effect()
            }
        }
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
    pub fn letters(&self) -> Vec<String> {
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

impl ReactionStore for World {
    fn load_checkpoint(&self, name: &str) -> Result<Option<Checkpoint>, StoreError> {
        self.call(|| Ok(self.checkpoints.borrow().get(name).cloned()))
    }

    fn save_checkpoint(&self, name: &str, next: &Checkpoint) -> Result<(), WriteError> {
        self.call(|| {
            let mut checkpoints = self.checkpoints.borrow_mut();
            let stored = checkpoints.get(name);
            if stored.map_or(0, |stored| stored.revision) != next.revision {
                return Err(WriteError::Stale);
            }
            assert!(
                stored.is_none_or(|stored| stored.position <= next.position),
                "{name} goes back"
            );
            let next = Checkpoint {
                revision: next.revision + 1,
                ..next.clone()
            };
            checkpoints.insert(name.into(), next);
            Ok(())
        })
    }

    fn get_row(&self, row: &RowKey) -> Result<Option<StoredRow>, StoreError> {
        self.call(|| {
            let views = self.views.borrow();
            let found = views.get(&row.view).and_then(|view| view.0.get(&row.key));
            Ok(found.and_then(|(position, content)| {
                let (content_type, value) = content.clone()?;
                Some(StoredRow {
                    key: row.key.clone(),
                    content_type,
                    value,
                    position: *position,
                })
            }))
        })
    }

    fn put_row(&self, view: &str, row: &StoredRow, seen: u64) -> Result<(), WriteError> {
        let content = Some((row.content_type.clone(), row.value.clone()));
        self.write(view, &row.key, seen, row.position, content)
    }

    fn delete_row(&self, row: &RowKey, seen: u64, position: u64) -> Result<(), WriteError> {
        self.write(&row.view, &row.key, seen, position, None)
    }

    fn scan_rows(
        &self,
        view: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<RowPage, StoreError> {
        self.call(|| {
            let views = self.views.borrow();
            let all = views.get(view).cloned().unwrap_or_default().0;
            let mut rows = all.into_iter().filter_map(|(key, (position, content))| {
                let (content_type, value) = content?;
                after
                    .is_none_or(|after| key.as_str() > after)
                    .then_some(StoredRow {
                        key,
                        content_type,
                        value,
                        position,
                    })
            });
            let page: Vec<_> = rows.by_ref().take(limit as usize).collect();
            Ok(RowPage {
                rows: page,
                end: rows.next().is_none(),
            })
        })
    }

    fn drop_rows(&self, view: &str, _: u32) -> Result<bool, StoreError> {
        self.call(|| {
            self.views.borrow_mut().remove(view);
            Ok(true)
        })
    }
}

impl World {
    fn write(
        &self,
        view: &str,
        key: &str,
        seen: u64,
        position: u64,
        content: Option<(String, Vec<u8>)>,
    ) -> Result<(), WriteError> {
        self.call(|| {
            let mut views = self.views.borrow_mut();
            let rows = &mut views.entry(view.into()).or_default().0;
            let (at, present) = rows
                .get(key)
                .map_or((0, false), |(at, content)| (*at, content.is_some()));
            let visible = if present { at } else { 0 };
            if visible != seen || position <= at {
                return Err(WriteError::Stale);
            }
            rows.insert(key.into(), (position, content));
            Ok(())
        })
    }
}

impl Log for World {
    fn read_log(&self, after: u64, limit: u32, filter: &LogFilter) -> Result<LogPage, StoreError> {
        self.call(|| {
            let events = self.events.borrow();
            let types = &filter.event_types;
            let new: Vec<_> = events
                .iter()
                .filter(|event| event.position > after)
                .collect();
            let read: Vec<_> = new.iter().take(limit as usize).collect();
            Ok(LogPage {
                next: read.last().map_or(after, |last| last.position),
                end: read.len() == new.len(),
                events: read
                    .into_iter()
                    .filter(|event| types.is_empty() || types.contains(&event.event_type))
                    .map(|event| (*event).clone())
                    .collect(),
            })
        })
    }

    fn log_end(&self) -> Result<u64, StoreError> {
        self.call(|| Ok(self.events.borrow().last().map_or(0, |last| last.position)))
    }
}

fn words(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    text.split(' ').map(str::to_owned).collect()
}

/// A ledger whose rows depend on each other: `Moved a b n` moves what `a` has, `n` at most.
fn ledger(rows: &mut BTreeMap<String, i64>, event_type: &str, payload: &[u8]) {
    let words = words(payload);
    match event_type {
        "Given" => *rows.entry(words[0].clone()).or_default() += words[1].parse::<i64>().unwrap(),
        "Moved" => {
            let has = rows.get(&words[0]).copied().unwrap_or_default();
            let moved = has.min(words[2].parse().unwrap());
            rows.insert(words[0].clone(), has - moved);
            *rows.entry(words[1].clone()).or_default() += moved;
        }
        "Emptied" => {
            rows.remove(&words[0]);
        }
        _ => {}
    }
}

impl World {
    /// What the ledger must say.
    pub fn expected(&self) -> BTreeMap<String, String> {
        let mut rows = BTreeMap::new();
        for event in self.events.borrow().iter() {
            ledger(&mut rows, &event.event_type, &event.payload);
        }
        rows.into_iter()
            .map(|(key, n)| (key, n.to_string()))
            .collect()
    }
}

impl Handlers for World {
    fn touches(&self, _: u32, event: EventRef<'_>) -> Result<Vec<RowKey>, Fault> {
        let words = words(&event.payload);
        let keys = match event.event_type.as_str() {
            "Given" | "Emptied" => &words[..1],
            "Moved" => &words[..2],
            _ => &[],
        };
        Ok(keys
            .iter()
            .map(|key| RowKey {
                view: "ledger".into(),
                key: key.clone(),
            })
            .collect())
    }

    fn project(&self, _: u32, event: EventRef<'_>, given: &[Row]) -> Result<Vec<RowChange>, Fault> {
        self.fail(event)?;
        self.projected.set(self.projected.get() + 1);
        let number = |row: &Row| String::from_utf8_lossy(&row.value).parse().unwrap();
        let mut rows = given
            .iter()
            .map(|row| (row.key.clone(), number(row)))
            .collect();
        ledger(&mut rows, &event.event_type, &event.payload);
        let put = |(key, n): (String, i64)| {
            RowChange::Put(Row {
                view: "ledger".into(),
                key,
                content_type: "text/plain".into(),
                value: n.to_string().into_bytes(),
            })
        };
        let gone = given
            .iter()
            .filter(|row| !rows.contains_key(&row.key))
            .map(|row| {
                RowChange::Delete(RowKey {
                    view: "ledger".into(),
                    key: row.key.clone(),
                })
            })
            .collect::<Vec<_>>();
        Ok(rows.into_iter().map(put).chain(gone).collect())
    }

    fn interested(&self, _: u32, event: EventRef<'_>) -> Result<Vec<Interest>, Fault> {
        let words = words(&event.payload);
        let id = words.last().cloned().unwrap_or_default();
        Ok(match event.event_type.as_str() {
            "Requested" => vec![Interest::StartStrict(id)],
            "Given twice" => vec![Interest::Start(id)],
            "Withdrawn" => vec![Interest::Proceed(id)],
            "Deposited" => vec![Interest::Stop(id)],
            _ => Vec::new(),
        })
    }

    /// State: `from to amount`. A transfer, with its compensation.
    fn react(
        &self,
        _: u32,
        process: &str,
        state: Option<&[u8]>,
        what: &Input,
        _: &Context,
    ) -> Result<Told, Fault> {
        let send = |kind: &str, account: &str, amount: &str| OutgoingCommand {
            command_type: kind.into(),
            content_type: "text/plain".into(),
            payload: format!("{account} {amount} {process}").into_bytes(),
        };
        let mut told = Told {
            state: state.unwrap_or_default().to_vec(),
            commands: Vec::new(),
            notes: Vec::new(),
            stop: false,
        };
        match what {
            Input::Event(event) => {
                self.fail(event)?;
                let now = words(&event.payload);
                match event.event_type.as_str() {
                    "Requested" => {
                        told.state = now[..3].join(" ").into_bytes();
                        told.commands.push(send("Withdraw", &now[0], &now[2]));
                    }
                    "Given twice" => {
                        told.commands.push(send("Deposit", &now[0], &now[2]));
                        told.commands.push(send("Deposit", &now[1], &now[2]));
                    }
                    "Withdrawn" => {
                        let state = words(&told.state);
                        told.commands.push(send("Deposit", &state[1], &state[2]));
                    }
                    _ => {}
                }
            }
            Input::Refused(refusal) => {
                let state = words(&told.state);
                told.notes.push(refusal.reason.code.clone());
                match refusal.command.command_type.as_str() {
                    "Deposit" => told.commands.push(send("Deposit", &state[0], &state[2])),
                    _ => told.stop = true,
                }
            }
        }
        Ok(told)
    }

    fn notify(&self, _: u32, event: EventRef<'_>, attempt: u32) -> Result<Delivery, Fault> {
        self.call(|| self.notified.borrow_mut().push((event.position, attempt)));
        Ok(match self.answer(event) {
            Some(Answer::Reject) => Delivery::Reject("never".into()),
            Some(Answer::RetryAfter(pause)) => Delivery::RetryAfter(pause),
            _ => {
                self.fail(event)?;
                Delivery::Done
            }
        })
    }
}

impl Commands for World {
    /// A bank: accounts named `closed..` take no deposits.
    fn submit(&self, request: &Request) -> Result<Accepted, SubmitError> {
        self.call(|| {
            let id = request.command_id.clone().unwrap();
            let payload = String::from_utf8_lossy(&request.payload).into_owned();
            let words = words(&request.payload);
            if let Some(answer) = self.answers.borrow().get(&payload) {
                match answer {
                    Answer::Trap => resume_unwind(Box::new(Death)),
                    _ => {
                        return Err(SubmitError::Fault(HandlerFault {
                            handler: "bank".into(),
                            message: "no".into(),
                        }));
                    }
                }
            }
            let known = self.outcomes.borrow().get(&id).cloned();
            let (duplicate, outcome) = match known {
                Some((payload, outcome)) => {
                    assert_eq!(
                        payload, request.payload,
                        "{id} was sent with another payload"
                    );
                    (true, outcome)
                }
                None => {
                    let amount: i64 = words[1].parse().unwrap();
                    let mut balances = self.balances.borrow_mut();
                    let balance = balances.entry(words[0].clone()).or_default();
                    let no = |code: &str| {
                        Err(Rejection {
                            code: code.into(),
                            message: String::new(),
                            details: None,
                        })
                    };
                    let outcome = match request.command_type.as_str() {
                        "Withdraw" if *balance < amount => no("insufficient"),
                        "Withdraw" => {
                            *balance -= amount;
                            self.append_of(&words[0], "Withdrawn", &payload, &id);
                            Ok(())
                        }
                        _ if words[0].starts_with("closed") => no("closed"),
                        _ => {
                            *balance += amount;
                            self.append_of(&words[0], "Deposited", &payload, &id);
                            Ok(())
                        }
                    };
                    let record = (request.payload.clone(), outcome.clone());
                    self.outcomes.borrow_mut().insert(id.clone(), record);
                    (false, outcome)
                }
            };
            match outcome {
                Ok(()) => Ok(Accepted {
                    command_id: id,
                    stream: words[0].clone(),
                    appended: Appended {
                        version: 1,
                        position: 1,
                        cursor: 1,
                        events: Vec::new(),
                    },
                    duplicate,
                    attempts: 1,
                }),
                Err(reason) => Err(SubmitError::Rejected(Refused {
                    command_id: id,
                    reason,
                    duplicate,
                })),
            }
        })
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
