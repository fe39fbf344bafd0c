//! Runs an actor on recorded answers, up to its first question that has none.

use std::cell::{Cell, RefCell};

use annals_event_log::*;

use crate::names::Names;

/// What an actor wants of the slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verb {
    Get,
    Create,
    Put,
    Delete,
}

/// An operation on the slots, by the numbers of its key and value.
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
    Created,
    Exists,
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
}

/// What one run of an actor works with: its slots, and a place for its notes.
pub struct Actor<'a> {
    /// How often it has crashed before.
    pub life: u32,
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
    pub fn new(life: u32, script: &'a [(Op, Answer)], texts: &'a RefCell<Texts>) -> Self {
        Self {
            life,
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

    fn ask(&self, verb: Verb, key: &str, value: &[u8]) -> Answer {
        if self.cut.get() || self.asked.get().is_some() {
            return Answer::Unavailable;
        }
        let mut texts = self.texts.borrow_mut();
        let op = Op {
            verb,
            key: texts.keys.number(&key.to_owned()),
            value: texts.values.number(&value.to_vec()),
        };
        let Some((asked, answer)) = self.script.get(self.next.get()) else {
            self.asked.set(Some(op));
            return Answer::Unavailable;
        };
        assert_eq!(*asked, op, "an actor must do the same when told the same");
        self.next.set(self.next.get() + 1);
        self.cut.set(*answer == Answer::Cut);
        *answer
    }

    fn write(&self, verb: Verb, key: &str, value: &[u8]) -> Result<Answer, SlotError> {
        match self.ask(verb, key, value) {
            Answer::Unavailable => Err(SlotError::Unavailable("it failed".into())),
            Answer::InDoubt | Answer::Cut => Err(SlotError::InDoubt("no answer".into())),
            answer => Ok(answer),
        }
    }
}

impl Slots for Actor<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        match self.ask(Verb::Get, key, &[]) {
            Answer::Absent => Ok(None),
            Answer::Value(value) => Ok(Some(self.texts.borrow().values.thing(value).clone())),
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
}
