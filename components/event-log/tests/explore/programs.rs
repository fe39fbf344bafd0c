//! What actors do, and histories made of them.

use std::collections::BTreeMap;

use annals_event_log::*;

use crate::actor::{Actor, Note};
use crate::common::sourcer::{Claims, submit_with};
use crate::common::{LATER, NOW, fill, is_atomic, open, request};

/// How an actor reaches its slots: directly, or by an adapter that breaks its promises.
pub type Adapter = for<'a> fn(&'a Actor<'a>) -> Box<dyn Slots + 'a>;

/// An adapter that keeps its promises.
pub fn honest<'a>(actor: &'a Actor<'a>) -> Box<dyn Slots + 'a> {
    Box::new(actor)
}

/// One thing to do.
#[derive(Clone, Debug)]
pub enum Task {
    /// Appends one event, for no command.
    Append {
        stream: &'static str,
        expected: Precondition,
        close: bool,
    },
    /// Submits a command, which is rejected at the versions that `rejects` names.
    Submit {
        stream: &'static str,
        command: &'static str,
        rejects: fn(u64) -> bool,
        claims: Claims,
    },
    /// Reads the log once, on from where it was read before. Impatient: takes pending writers for dead.
    Read { impatient: bool, limit: u32 },
}

pub fn append(stream: &'static str, expected: Precondition) -> Task {
    Task::Append {
        stream,
        expected,
        close: false,
    }
}

pub fn close(stream: &'static str, expected: Precondition) -> Task {
    Task::Append {
        stream,
        expected,
        close: true,
    }
}

pub fn command(stream: &'static str, command: &'static str, rejects: fn(u64) -> bool) -> Task {
    Task::Submit {
        stream,
        command,
        rejects,
        claims: Claims::WithAppend,
    }
}

pub fn claimed_first(
    stream: &'static str,
    command: &'static str,
    rejects: fn(u64) -> bool,
) -> Task {
    Task::Submit {
        stream,
        command,
        rejects,
        claims: Claims::First,
    }
}

pub fn read() -> Task {
    Task::Read {
        impatient: true,
        limit: 10,
    }
}

pub fn read_patiently() -> Task {
    Task::Read {
        impatient: false,
        limit: 10,
    }
}

/// An actor: its tasks, one after the other.
#[derive(Clone, Debug)]
pub struct Program {
    pub name: &'static str,
    pub tasks: Vec<Task>,
    /// It comes back from a crash until this many lives are spent, and begins anew.
    pub lives: u32,
    /// A task that the store does not answer is tried this often, each time with a new `EventLog`.
    pub attempts: u64,
    /// It ends for good when it has done this many operations in one life.
    pub operations: u32,
    /// All attempts of a life have one seed. Commits then differ only by where they are.
    pub repeats: bool,
}

/// Does its tasks; tries again once; does not come back.
pub fn actor(name: &'static str, tasks: impl Into<Vec<Task>>) -> Program {
    Program {
        name,
        tasks: tasks.into(),
        lives: 1,
        attempts: 2,
        operations: u32::MAX,
        repeats: false,
    }
}

impl Program {
    /// It comes back from a crash once.
    pub fn comes_back(self) -> Self {
        Self { lives: 2, ..self }
    }

    /// A bound for readers: one that takes living writers for dead can go on for ever, by voiding
    /// whatever they try next.
    pub fn dies_after(self, operations: u32) -> Self {
        Self { operations, ..self }
    }

    fn run(&self, number: u64, actor: &Actor<'_>, adapter: Adapter) {
        let mut log = open(adapter(actor));
        let mut after = 0;
        for (t, task) in (0u64..).zip(&self.tasks) {
            for attempt in 0..self.attempts {
                if attempt > 0 {
                    log = open(adapter(actor));
                }
                actor.reconnect();
                // Different for every attempt of everybody.
                let which = ((number * 10 + t) * 10 + u64::from(actor.life)) * 10 + attempt;
                if self.attempt(task, actor, &mut log, &mut after, which) {
                    break;
                }
            }
        }
    }

    /// One attempt; `false` if the store did not answer.
    fn attempt<S: Slots>(
        &self,
        task: &Task,
        actor: &Actor<'_>,
        log: &mut EventLog<S>,
        after: &mut u64,
        which: u64,
    ) -> bool {
        let seed = if self.repeats { which / 10 } else { which };
        match task {
            Task::Append {
                stream,
                expected,
                close,
            } => {
                let tag = format!("{}-{which}", self.name);
                actor.note(Note::Began {
                    tag: tag.clone(),
                    stream: (*stream).into(),
                    expected: *expected,
                    closes: *close,
                });
                let result = log.append(AppendRequest {
                    close: *close,
                    ..request(stream, *expected, "", seed, &[&tag])
                });
                let answered = !matches!(result, Err(AppendError::Store(_)));
                actor.note(Note::Ended { tag, result });
                answered
            }
            Task::Submit {
                stream,
                command,
                rejects,
                claims,
            } => {
                let result = submit_with(*claims, log, stream, command, seed, rejects);
                let answered = result.is_ok();
                actor.note(Note::Submitted {
                    command: (*command).into(),
                    result,
                });
                answered
            }
            Task::Read { impatient, limit } => {
                let now = if *impatient { LATER } else { NOW };
                let result = log.read_log(*after, *limit, &LogFilter::default(), now);
                let passed = result.as_ref().map(|page| page.next);
                actor.note(Note::Read {
                    after: *after,
                    impatient: *impatient,
                    result: result.clone(),
                });
                *after = passed.unwrap_or(*after);
                result.is_ok()
            }
        }
    }
}

/// Who does what, on which slots.
pub struct History {
    pub name: &'static str,
    pub programs: Vec<Program>,
    pub before: BTreeMap<String, Vec<u8>>,
    pub adapter: Adapter,
    /// The slots have steps on several keys, so the actors write by the atomic protocol.
    pub is_atomic: bool,
}

/// A history on empty slots.
pub fn history(name: &'static str, programs: impl Into<Vec<Program>>) -> History {
    History {
        name,
        programs: programs.into(),
        before: BTreeMap::new(),
        adapter: honest,
        is_atomic: is_atomic(),
    }
}

impl History {
    /// A stream has this many commits of one event before.
    pub fn after(self, stream: &str, commits: usize) -> Self {
        let slots = MemorySlots::new().made_conditional(self.is_atomic);
        fill(&mut open(&slots), stream, &vec![1; commits]);
        Self {
            before: slots.dump(),
            ..self
        }
    }

    /// With steps on several keys. Comes before [`History::after`].
    pub fn atomic(self) -> Self {
        Self {
            is_atomic: true,
            ..self
        }
    }

    pub fn through(self, adapter: Adapter) -> Self {
        Self { adapter, ..self }
    }

    pub fn run(&self, number: usize, actor: &Actor<'_>) {
        self.programs[number].run(number as u64, actor, self.adapter);
    }

    /// The streams that are written to.
    pub fn streams(&self) -> Vec<&'static str> {
        let mut streams: Vec<_> = self
            .tasks()
            .filter_map(|task| match task {
                Task::Append { stream, .. } | Task::Submit { stream, .. } => Some(*stream),
                Task::Read { .. } => None,
            })
            .collect();
        streams.sort_unstable();
        streams.dedup();
        streams
    }

    /// The commands, and their streams.
    pub fn commands(&self) -> Vec<(&'static str, &'static str)> {
        let mut commands: Vec<_> = self
            .tasks()
            .filter_map(|task| match task {
                Task::Submit {
                    stream, command, ..
                } => Some((*command, *stream)),
                Task::Append { .. } | Task::Read { .. } => None,
            })
            .collect();
        commands.sort_unstable();
        commands.dedup();
        commands
    }

    fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.programs.iter().flat_map(|program| &program.tasks)
    }
}
