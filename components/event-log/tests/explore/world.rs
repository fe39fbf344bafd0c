//! States of a history, and the steps from one to the next.
//!
//! # Which steps are left out
//!
//! A step of an actor is *decided* if it reads or creates a key that exists, and nobody ever puts
//! to or deletes that key: its answer is the same now and at any later time, and it changes nothing.
//! It commutes with every step of everybody else. So where an actor's next operation is decided,
//! only that actor's steps are taken (those with faults as well): every schedule has an equivalent
//! one that begins with one of them, and has as many faults. Keys that are put to are learnt on the
//! way; [`World::learnt`] then demands another search.
//!
//! An actor that has crashed and not yet come back is an exception, since it may never come back.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use annals_event_log::MemorySlots;
use annals_event_log::Slots as _;

use crate::actor::{Actor, Answer, Note, Op, Texts, Verb, counted, counter};
use crate::names::Names;
use crate::programs::History;

/// Actors of a history, at most.
pub const ACTORS: usize = 4;
/// An actor that asks for more in one life does not end.
const STEP_LIMIT: u32 = 250;
/// The number of no writes.
const NONE_LATE: u32 = 0;

/// All that the future depends on, and what actors have noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct State {
    pub nodes: [u32; ACTORS],
    pub store: u32,
    /// Writes under way, in a fixed order.
    late: u32,
    pub faults: u32,
}

/// What becomes of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Happens,
    /// It fails, without effect.
    Fails,
    /// Its answer is lost.
    Lost(Effect),
    /// Its answer is lost, and the store is out of reach for the rest of the attempt.
    Cut(Effect),
    /// The actor crashes during it.
    Crash(Effect),
}

/// Whether an operation without an answer takes effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Never,
    Now,
    /// At some later step.
    Later,
}

/// One step of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Act(usize, Fate),
    /// A write that was under way takes effect.
    Arrive(usize),
}

/// What an actor has come to.
struct Node {
    actor: usize,
    life: u32,
    /// The node and answer that led here; nothing at the beginning of a life.
    from: Option<(u32, Answer)>,
    /// Operations in this life.
    length: u32,
    next: Option<Op>,
    notes: u32,
    /// Notes of earlier lives are the first ones.
    earlier: u32,
}

/// The trees of actors, and everything else that has a number.
pub struct World<'a> {
    pub history: &'a History,
    pub texts: RefCell<Texts>,
    pub stores: Names<Vec<(u32, u32)>>,
    lates: Names<Vec<Op>>,
    nodes: Vec<Node>,
    branches: HashMap<(u32, Answer), u32>,
    /// Where only notes matter: at an actor's end (no life), and at the beginning of a life.
    rests: HashMap<(usize, Option<u32>, u32), u32>,
    notes: Vec<Vec<Note>>,
    notes_by_text: HashMap<String, u32>,
    changing: HashSet<u32>,
    learnt: bool,
    /// Are decided steps taken at once?
    pub reduces: bool,
}

impl<'a> World<'a> {
    pub fn new(history: &'a History) -> Self {
        let mut world = Self {
            history,
            texts: RefCell::default(),
            stores: Names::default(),
            lates: Names::default(),
            nodes: Vec::new(),
            branches: HashMap::new(),
            rests: HashMap::new(),
            notes: vec![Vec::new()],
            notes_by_text: HashMap::from([("[]".to_owned(), 0)]),
            changing: HashSet::new(),
            learnt: false,
            reduces: true,
        };
        // Nodes of actors that the history does not have.
        world.end(usize::MAX, 0);
        assert_eq!(world.lates.number(&Vec::new()), NONE_LATE);
        world
    }

    /// Where a history begins.
    pub fn start(&mut self, faults: u32) -> State {
        assert!(self.history.programs.len() <= ACTORS);
        let mut nodes = [0; ACTORS];
        let actors = self.history.programs.len();
        for (actor, node) in nodes.iter_mut().enumerate().take(actors) {
            *node = self.begin(actor, 0, 0);
        }
        let mut texts = self.texts.borrow_mut();
        let mut store: Vec<_> = self
            .history
            .before
            .iter()
            .map(|(key, value)| (texts.keys.number(key), texts.values.number(value)))
            .collect();
        drop(texts);
        store.sort_unstable();
        State {
            nodes,
            store: self.stores.number(&store),
            late: NONE_LATE,
            faults,
        }
    }

    /// Keys were found to change that had been taken for slots: what was left out may matter.
    pub fn learnt(&mut self) -> bool {
        std::mem::take(&mut self.learnt)
    }

    /// Has everybody ended, or crashed for good?
    pub fn is_end(&self, state: &State) -> bool {
        state.late == NONE_LATE && state.nodes.iter().all(|node| self.rests_at(*node))
    }

    fn rests_at(&self, node: u32) -> bool {
        let node = &self.nodes[node as usize];
        node.next.is_none() || (node.life > 0 && node.length == 0)
    }

    /// Notes of an actor at a node.
    pub fn notes_at(&self, node: u32) -> &[Note] {
        &self.notes[self.nodes[node as usize].notes as usize]
    }

    /// The contents of a store, for reading them with the library.
    pub fn slots(&self, store: u32) -> MemorySlots {
        let texts = self.texts.borrow();
        let slots = MemorySlots::new().made_conditional(self.history.is_atomic);
        for (key, value) in self.stores.thing(store) {
            let (key, value) = (texts.keys.thing(*key), texts.values.thing(*value));
            slots.create(key, value).expect("memory does not fail");
        }
        slots
    }

    /// Local histories that were run.
    pub fn local_histories(&self) -> usize {
        self.nodes.len()
    }

    /// What can happen next.
    pub fn steps(&self, state: &State) -> Vec<Step> {
        let mut steps = Vec::new();
        for (actor, node) in state.nodes.iter().enumerate() {
            let here = &self.nodes[*node as usize];
            let Some(op) = here.next else { continue };
            let first = steps.len();
            steps.push(Step::Act(actor, Fate::Happens));
            if state.faults > 0 {
                self.faults(state.store, op, |fate| steps.push(Step::Act(actor, fate)));
            }
            if self.reduces && !self.rests_at(*node) && self.is_decided(state.store, op) {
                return steps.split_off(first);
            }
        }
        steps.extend((0..self.lates.thing(state.late).len()).map(Step::Arrive));
        steps
    }

    fn faults(&self, store: u32, op: Op, mut may: impl FnMut(Fate)) {
        may(Fate::Fails);
        may(Fate::Cut(Effect::Never));
        may(Fate::Crash(Effect::Never));
        if matches!(op.verb, Verb::Get | Verb::GetMany) {
            return;
        }
        may(Fate::Lost(Effect::Never));
        // Without an effect it is all the same when that happens.
        if self.has_no_effect(store, op) {
            return;
        }
        for effect in [Effect::Now, Effect::Later] {
            may(Fate::Lost(effect));
            may(Fate::Cut(effect));
            may(Fate::Crash(effect));
        }
    }

    /// The state after a step.
    ///
    /// # Errors
    /// What is wrong with the actor that took it.
    pub fn take(&mut self, state: &State, step: Step) -> Result<State, String> {
        let mut next = *state;
        match step {
            Step::Arrive(index) => {
                let mut late = self.lates.thing(state.late).clone();
                next.store = self.write(state.store, late.remove(index));
                next.late = self.lates.number(&late);
            }
            Step::Act(actor, fate) => {
                let node = state.nodes[actor];
                let op = self.nodes[node as usize].next.expect("it has not ended");
                let (answer, effect) = match fate {
                    Fate::Happens => (self.answer(state.store, op), Effect::Now),
                    Fate::Fails => (Answer::Unavailable, Effect::Never),
                    Fate::Lost(effect) => (Answer::InDoubt, effect),
                    Fate::Cut(effect) => (Answer::Cut, effect),
                    Fate::Crash(effect) => (Answer::Crash, effect),
                };
                next.faults -= u32::from(fate != Fate::Happens);
                if matches!(op.verb, Verb::Put | Verb::Delete | Verb::Draw) {
                    self.learnt |= self.changing.insert(op.key);
                }
                match effect {
                    Effect::Never => {}
                    Effect::Now => next.store = self.write(state.store, op),
                    Effect::Later => {
                        let mut late = self.lates.thing(state.late).clone();
                        late.push(op);
                        late.sort_unstable();
                        next.late = self.lates.number(&late);
                    }
                }
                next.nodes[actor] = self.branch(node, op, answer)?;
            }
        }
        if next.late != NONE_LATE {
            let late = self.lates.thing(next.late).iter().copied();
            let late = late
                .filter(|op| !self.has_no_effect(next.store, *op))
                .collect();
            next.late = self.lates.number(&late);
        }
        Ok(next)
    }

    /// Tells a step to people.
    pub fn describe(&self, state: &State, step: Step) -> String {
        match step {
            Step::Arrive(index) => {
                format!("late: {}", self.name(self.lates.thing(state.late)[index]))
            }
            Step::Act(actor, fate) => {
                let name = self.history.programs[actor].name;
                let Some(op) = self.nodes[state.nodes[actor] as usize].next else {
                    return format!("{name} has ended");
                };
                let told = self.name(op);
                match fate {
                    Fate::Happens => {
                        format!("{name}: {told} -> {:?}", self.answer(state.store, op))
                    }
                    fate => format!("{name}: {told} -> FAULT {fate:?}"),
                }
            }
        }
    }

    fn name(&self, op: Op) -> String {
        let texts = self.texts.borrow();
        match op.verb {
            Verb::CreateAll | Verb::GetMany => {
                let group = texts.groups.thing(op.key).iter();
                let keys: Vec<_> = group.map(|(key, _)| texts.keys.thing(*key)).collect();
                format!("{:?} {keys:?}", op.verb)
            }
            _ => format!("{:?} {}", op.verb, texts.keys.thing(op.key)),
        }
    }

    fn value(&self, store: u32, key: u32) -> Option<u32> {
        let store = self.stores.thing(store);
        let index = store.binary_search_by_key(&key, |(key, _)| *key).ok()?;
        Some(store[index].1)
    }

    /// Whether the answer is the same at any later time, and the operation changes nothing.
    fn is_decided(&self, store: u32, op: Op) -> bool {
        match op.verb {
            Verb::Get | Verb::Create => self.is_fixed(store, op.key),
            Verb::GetMany => {
                let group = self.group(op.key);
                group.iter().all(|(key, _)| self.is_fixed(store, *key))
            }
            // A key before the first existing one may be created later, which changes the answer.
            Verb::CreateAll => self.is_fixed(store, self.group(op.key)[0].0),
            Verb::Draw | Verb::Put | Verb::Delete => false,
        }
    }

    /// Whether the operation changes nothing, now or at any later time.
    fn has_no_effect(&self, store: u32, op: Op) -> bool {
        match op.verb {
            Verb::Get | Verb::GetMany => true,
            Verb::Create => self.is_fixed(store, op.key),
            Verb::CreateAll => {
                let group = self.group(op.key);
                group.iter().any(|(key, _)| self.is_fixed(store, *key))
            }
            Verb::Delete => self.value(store, op.key).is_none(),
            Verb::Draw | Verb::Put => false,
        }
    }

    /// Whether a key has a value that never changes.
    fn is_fixed(&self, store: u32, key: u32) -> bool {
        !self.changing.contains(&key) && self.value(store, key).is_some()
    }

    fn group(&self, number: u32) -> Vec<(u32, u32)> {
        self.texts.borrow().groups.thing(number).clone()
    }

    fn answer(&self, store: u32, op: Op) -> Answer {
        match op.verb {
            Verb::Get => match self.value(store, op.key) {
                None => Answer::Absent,
                Some(value) => Answer::Value(value),
            },
            Verb::GetMany => {
                let group = self.group(op.key);
                let values = group.iter().map(|(key, _)| self.value(store, *key));
                let values = values.collect();
                Answer::Values(self.texts.borrow_mut().lists.number(&values))
            }
            Verb::Create => match self.value(store, op.key) {
                None => Answer::Created,
                Some(_) => Answer::Exists,
            },
            Verb::CreateAll => match self.first_existing(store, op) {
                None => Answer::Created,
                Some(index) => Answer::ExistsAt(index as u8),
            },
            Verb::Draw => Answer::Drawn(self.drawn(store, op)),
            Verb::Put | Verb::Delete => Answer::Done,
        }
    }

    fn first_existing(&self, store: u32, op: Op) -> Option<usize> {
        let group = self.group(op.key);
        group
            .iter()
            .position(|(key, _)| self.value(store, *key).is_some())
    }

    /// The text of the number that a counter has after an operation.
    fn drawn(&self, store: u32, op: Op) -> u32 {
        let last = self.value(store, op.key);
        let mut texts = self.texts.borrow_mut();
        let last = last.map_or(0, |last| counted(texts.values.thing(last)));
        let next = last.max(counted(texts.values.thing(op.value))) + 1;
        texts.values.number(&counter(next))
    }

    /// The contents after an operation.
    fn write(&mut self, store: u32, op: Op) -> u32 {
        let mut contents = self.stores.thing(store).clone();
        let find = |contents: &Vec<(u32, u32)>, key| {
            contents.binary_search_by_key(&key, |(key, _): &(u32, u32)| *key)
        };
        match op.verb {
            Verb::Get | Verb::GetMany => return store,
            Verb::Create => match find(&contents, op.key) {
                Ok(_) => return store,
                Err(index) => contents.insert(index, (op.key, op.value)),
            },
            Verb::CreateAll => {
                if self.first_existing(store, op).is_some() {
                    return store;
                }
                contents.extend(self.group(op.key));
                contents.sort_unstable();
            }
            Verb::Delete => match find(&contents, op.key) {
                Ok(index) => drop(contents.remove(index)),
                Err(_) => return store,
            },
            Verb::Put | Verb::Draw => {
                let value = match op.verb {
                    Verb::Draw => self.drawn(store, op),
                    _ => op.value,
                };
                match find(&contents, op.key) {
                    Ok(index) => contents[index].1 = value,
                    Err(index) => contents.insert(index, (op.key, value)),
                }
            }
        }
        self.stores.number(&contents)
    }

    fn branch(&mut self, node: u32, op: Op, answer: Answer) -> Result<u32, String> {
        if let Some(next) = self.branches.get(&(node, answer)) {
            return Ok(*next);
        }
        let here = &self.nodes[node as usize];
        let (actor, life) = (here.actor, here.life);
        let next = if answer == Answer::Crash {
            let notes = here.notes;
            if life + 1 < self.history.programs[actor].lives {
                self.begin(actor, life + 1, notes)
            } else {
                self.end(actor, notes)
            }
        } else {
            let (length, notes, earlier) = (here.length + 1, here.notes, here.earlier);
            let program = &self.history.programs[actor];
            if length > STEP_LIMIT {
                return Err(format!("{} does not end", program.name));
            }
            let dies = length >= program.operations;
            let mut script = self.script(node);
            script.push((op, answer));
            let (next, new) = self.run(actor, life, &script);
            let before = self.notes[notes as usize].len() - self.notes[earlier as usize].len();
            let notes = if new.len() == before {
                notes
            } else {
                let mut all = self.notes[earlier as usize].clone();
                all.extend(new);
                self.number_notes(all)
            };
            if next.is_none() || dies {
                self.end(actor, notes)
            } else {
                self.push(Node {
                    actor,
                    life,
                    from: Some((node, answer)),
                    length,
                    next,
                    notes,
                    earlier,
                })
            }
        };
        self.branches.insert((node, answer), next);
        Ok(next)
    }

    fn begin(&mut self, actor: usize, life: u32, earlier: u32) -> u32 {
        if let Some(node) = self.rests.get(&(actor, Some(life), earlier)) {
            return *node;
        }
        let (next, new) = self.run(actor, life, &[]);
        let mut notes = self.notes[earlier as usize].clone();
        notes.extend(new);
        let notes = self.number_notes(notes);
        let node = self.push(Node {
            actor,
            life,
            from: None,
            length: 0,
            next,
            notes,
            earlier,
        });
        self.rests.insert((actor, Some(life), earlier), node);
        node
    }

    fn end(&mut self, actor: usize, notes: u32) -> u32 {
        if let Some(node) = self.rests.get(&(actor, None, notes)) {
            return *node;
        }
        let node = self.push(Node {
            actor,
            life: 0,
            from: None,
            length: 0,
            next: None,
            notes,
            earlier: notes,
        });
        self.rests.insert((actor, None, notes), node);
        node
    }

    fn run(&self, actor: usize, life: u32, script: &[(Op, Answer)]) -> (Option<Op>, Vec<Note>) {
        let run = Actor::new(life, self.history.is_atomic, script, &self.texts);
        self.history.run(actor, &run);
        run.finish()
    }

    /// What an actor was told in its life up to a node.
    fn script(&self, mut node: u32) -> Vec<(Op, Answer)> {
        let mut script = Vec::new();
        while let Some((before, answer)) = self.nodes[node as usize].from {
            let op = self.nodes[before as usize].next.expect("it went on");
            script.push((op, answer));
            node = before;
        }
        script.reverse();
        script
    }

    fn number_notes(&mut self, notes: Vec<Note>) -> u32 {
        let text = format!("{notes:?}");
        let next = self.notes.len() as u32;
        let number = *self.notes_by_text.entry(text).or_insert(next);
        if number == next {
            self.notes.push(notes);
        }
        number
    }

    fn push(&mut self, node: Node) -> u32 {
        self.nodes.push(node);
        self.nodes.len() as u32 - 1
    }
}
