//! Runs an actor on recorded answers, up to its first question that has none.

use std::cell::{Cell, RefCell};

use annals_event_log::*;

use crate::names::Names;

/// What an actor wants of the slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verb {
    Get,
    GetMany,
    Create,
    CreateAll,
    Draw,
    Put,
    Delete,
}

/// An operation on the slots, by the numbers of its key and value. `GetMany` and `CreateAll` have the number of a group in
/// place of a key. The value of `Draw` is the text of the number above which it draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Op {
    pub verb: Verb,
    pub key: u32,
    pub value: u32,
}

/// What an actor is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    Absent,
    Value(u32),
    /// The number of a list of values.
    Values(u32),
    Created,
    Exists,
    /// The entry with this index exists.
    ExistsAt(u8),
    /// The text of the number.
    Drawn(u32),
    Done,
    Unavailable,
    InDoubt,
    /// In doubt if it is a write, and every later operation of the attempt fails.
    Cut,
    /// None: the process ends. If it comes back, it has forgotten everything.
    Crash,
}

/// What an actor has seen or was told, for the verdict.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// An append is about to begin. Its events have the tag as their type.
    Began {
        tag: String,
        stream: String,
        expected: Precondition,
        closes: bool,
    },
    /// It ended.
    Ended {
        tag: String,
        result: Result<Appended, AppendError>,
    },
    /// The submission of a command ended.
    Submitted {
        command: String,
        result: Result<Outcome, StoreError>,
    },
    /// The log was read.
    Read {
        after: u64,
        result: Result<LogPage, StoreError>,
        /// It waited for nobody.
        impatient: bool,
    },
}

/// Keys and values by number.
#[derive(Default)]
pub struct Texts {
    pub keys: Names<String>,
    pub values: Names<Vec<u8>>,
    /// Keys with values, of operations on several keys.
    pub groups: Names<Vec<(u32, u32)>>,
    /// Answers to reads of several keys.
    pub lists: Names<Vec<Option<u32>>>,
}

/// The text of a counter.
pub fn counter(number: u64) -> Vec<u8> {
    number.to_string().into_bytes()
}

/// The number of a counter; 0 for anything else.
pub fn counted(bytes: &[u8]) -> u64 {
    let text = std::str::from_utf8(bytes).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// What one run of an actor works with: its slots, and a place for its notes.
pub struct Actor<'a> {
    /// How often it has crashed before.
    pub life: u32,
    /// It has steps on several keys.
    is_atomic: bool,
    /// What it has asked for so far and was answered.
    script: &'a [(Op, Answer)],
    texts: &'a RefCell<Texts>,
    next: Cell<usize>,
    cut: Cell<bool>,
    /// The question without an answer. From then on the run is void.
    asked: Cell<Option<Op>>,
    notes: RefCell<Vec<Note>>,
}

impl<'a> Actor<'a> {
    pub fn new(
        life: u32,
        is_atomic: bool,
        script: &'a [(Op, Answer)],
        texts: &'a RefCell<Texts>,
    ) -> Self {
        Self {
            life,
            is_atomic,
            script,
            texts,
            next: Cell::new(0),
            cut: Cell::new(false),
            asked: Cell::new(None),
            notes: RefCell::default(),
        }
    }

    /// A new attempt reaches the store again.
    pub fn reconnect(&self) {
        self.cut.set(false);
    }

    pub fn note(&self, note: Note) {
        if self.asked.get().is_none() {
            self.notes.borrow_mut().push(note);
        }
    }

    /// The first question without an answer, nothing if the actor has ended; and its notes.
    pub fn finish(self) -> (Option<Op>, Vec<Note>) {
        (self.asked.get(), self.notes.into_inner())
    }

    fn ask(&self, verb: Verb, key: u32, value: u32) -> Answer {
        if self.cut.get() || self.asked.get().is_some() {
            return Answer::Unavailable;
        }
        let op = Op { verb, key, value };
        let Some((asked, answer)) = self.script.get(self.next.get()) else {
            self.asked.set(Some(op));
            return Answer::Unavailable;
        };
        assert_eq!(*asked, op, "an actor must do the same when told the same");
        self.next.set(self.next.get() + 1);
        self.cut.set(*answer == Answer::Cut);
        *answer
    }

    fn ask_about(&self, verb: Verb, key: &str, value: &[u8]) -> Answer {
        let (key, value) = (self.key(key), self.value(value));
        self.ask(verb, key, value)
    }

    fn key(&self, key: &str) -> u32 {
        self.texts.borrow_mut().keys.number(&key.to_owned())
    }

    fn value(&self, value: &[u8]) -> u32 {
        self.texts.borrow_mut().values.number(&value.to_vec())
    }

    fn thing(&self, value: u32) -> Vec<u8> {
        self.texts.borrow().values.thing(value).clone()
    }

    fn group(&self, entries: Vec<(u32, u32)>) -> u32 {
        self.texts.borrow_mut().groups.number(&entries)
    }

    fn write(&self, verb: Verb, key: &str, value: &[u8]) -> Result<Answer, SlotError> {
        written(self.ask_about(verb, key, value))
    }
}

fn written(answer: Answer) -> Result<Answer, SlotError> {
    match answer {
        Answer::Unavailable => Err(SlotError::Unavailable("it failed".into())),
        Answer::InDoubt | Answer::Cut => Err(SlotError::InDoubt("no answer".into())),
        answer => Ok(answer),
    }
}

impl Slots for Actor<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        match self.ask_about(Verb::Get, key, &[]) {
            Answer::Absent => Ok(None),
            Answer::Value(value) => Ok(Some(self.thing(value))),
            _ => Err(SlotError::Unavailable("it failed".into())),
        }
    }

    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        Ok(match self.write(Verb::Create, key, value)? {
            Answer::Created => Creation::Created,
            _ => Creation::Exists,
        })
    }

    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
        self.write(Verb::Put, key, value).map(drop)
    }

    fn delete(&self, key: &str) -> Result<(), SlotError> {
        self.write(Verb::Delete, key, &[]).map(drop)
    }

    fn conditional(&self) -> Option<&dyn Conditional> {
        self.is_atomic.then_some(self as &dyn Conditional)
    }
}

impl Conditional for Actor<'_> {
    fn create_all(&self, entries: &[(&str, &[u8])]) -> Result<GroupCreation, SlotError> {
        let entries = entries.iter();
        let group = self.group(
            entries
                .map(|(key, value)| (self.key(key), self.value(value)))
                .collect(),
        );
        Ok(match written(self.ask(Verb::CreateAll, group, 0))? {
            Answer::ExistsAt(index) => GroupCreation::Exists(index.into()),
            _ => GroupCreation::Created,
        })
    }

    fn draw(&self, key: &str, above: u64) -> Result<u64, SlotError> {
        Ok(match self.write(Verb::Draw, key, &counter(above))? {
            Answer::Drawn(number) => counted(&self.thing(number)),
            other => panic!("{other:?} is no number"),
        })
    }

    fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, SlotError> {
        let group = self.group(keys.iter().map(|key| (self.key(key), 0)).collect());
        match self.ask(Verb::GetMany, group, 0) {
            Answer::Values(list) => {
                let values = self.texts.borrow().lists.thing(list).clone();
                let read = |value: Option<u32>| value.map(|value| self.thing(value));
                Ok(values.into_iter().map(read).collect())
            }
            _ => Err(SlotError::Unavailable("it failed".into())),
        }
    }
}
