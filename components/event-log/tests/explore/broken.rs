//! The explorer finds out adapters that break their promises, and its own short cuts lose nothing.

use std::collections::HashSet;

use annals_event_log::Precondition::{Any, At, NoStream};
use annals_event_log::{Conditional, Creation, GroupCreation, SlotError, Slots};

use crate::actor::Actor;
use crate::programs::{History, actor, append, command, history, read};
use crate::search::{Violation, search, search_once};
use crate::world::{State, World};

/// The violation that is found with the fewest faults.
fn found_out(history: &History, faults: u32) -> Violation {
    for faults in 0..=faults {
        if let Err(violation) = search(history, faults) {
            println!("{}, {faults} faults:\n{violation}", history.name);
            return violation;
        }
    }
    panic!("{}: nothing was found", history.name);
}

/// An adapter with one operation replaced.
macro_rules! broken {
    ($name:ident, $doc:literal, |$slots:ident, $key:ident, $value:ident| $create:expr) => {
        #[doc = $doc]
        struct $name<'a>(&'a Actor<'a>);

        impl $name<'_> {
            fn through<'a>(actor: &'a Actor<'a>) -> Box<dyn Slots + 'a> {
                Box::new($name(actor))
            }
        }

        impl Slots for $name<'_> {
            fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
                self.0.get(key)
            }
            fn create(&self, $key: &str, $value: &[u8]) -> Result<Creation, SlotError> {
                let $slots = self.0;
                $create
            }
            fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
                self.0.put(key, value)
            }
            fn delete(&self, key: &str) -> Result<(), SlotError> {
                self.0.delete(key)
            }
        }
    };
}

broken!(
    Divided,
    "Looks, then writes: two can create.",
    |slots, key, value| {
        if slots.get(key)?.is_some() {
            return Ok(Creation::Exists);
        }
        slots.put(key, value).map(|()| Creation::Created)
    }
);

broken!(
    Flattering,
    "Says `Created` though the key existed.",
    |slots, key, value| slots.create(key, value).map(|_| Creation::Created)
);

broken!(
    Discouraging,
    "Says `Exists` though it has created.",
    |slots, key, value| slots.create(key, value).map(|_| Creation::Exists)
);

broken!(
    Certain,
    "Says that nothing was written though it does not know.",
    |slots, key, value| {
        slots.create(key, value).map_err(|error| match error {
            SlotError::InDoubt(why) | SlotError::Unavailable(why) => SlotError::Unavailable(why),
        })
    }
);

broken!(
    Forgetful,
    "Tries again by itself, and forgets that its first attempt may have created.",
    |slots, key, value| match slots.create(key, value) {
        Err(SlotError::InDoubt(_)) => slots.create(key, value),
        answer => answer,
    }
);

/// An adapter whose steps on several keys break their promises.
struct BrokenSteps<'a> {
    slots: &'a Actor<'a>,
    /// Creates the keys of a group one after the other.
    scatters: bool,
    /// Later draws return lower numbers.
    descends: bool,
}

impl BrokenSteps<'_> {
    fn scattering<'a>(slots: &'a Actor<'a>) -> Box<dyn Slots + 'a> {
        let (scatters, descends) = (true, false);
        Box::new(BrokenSteps {
            slots,
            scatters,
            descends,
        })
    }

    fn descending<'a>(slots: &'a Actor<'a>) -> Box<dyn Slots + 'a> {
        let (scatters, descends) = (false, true);
        Box::new(BrokenSteps {
            slots,
            scatters,
            descends,
        })
    }
}

impl Slots for BrokenSteps<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        self.slots.get(key)
    }
    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        self.slots.create(key, value)
    }
    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
        self.slots.put(key, value)
    }
    fn delete(&self, key: &str) -> Result<(), SlotError> {
        self.slots.delete(key)
    }
    fn conditional(&self) -> Option<&dyn Conditional> {
        Some(self)
    }
}

impl Conditional for BrokenSteps<'_> {
    fn create_all(&self, entries: &[(&str, &[u8])]) -> Result<GroupCreation, SlotError> {
        if !self.scatters {
            return self.slots.create_all(entries);
        }
        for (index, (key, value)) in entries.iter().enumerate() {
            if self.slots.create(key, value)? == Creation::Exists {
                return Ok(GroupCreation::Exists(index));
            }
        }
        Ok(GroupCreation::Created)
    }
    fn draw(&self, counter: &str, above: u64) -> Result<u64, SlotError> {
        let number = self
            .slots
            .draw(counter, if self.descends { 0 } else { above })?;
        Ok(if self.descends { 100 - number } else { number })
    }
    fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, SlotError> {
        self.slots.get_many(keys)
    }
}

#[test]
fn steps_on_several_keys_that_are_no_single_steps_are_found_out() {
    let history = two_writers("scattered").atomic();
    let violation = found_out(&history.through(BrokenSteps::scattering), 1);
    assert!(
        violation.what.contains("the log and the stream agree"),
        "{violation}"
    );
}

#[test]
fn draws_that_go_back_are_found_out() {
    let ann = actor("ann", [append("a-1", Any), append("a-1", Any)]);
    let history = history("descending", [ann]).atomic();
    let violation = found_out(&history.through(BrokenSteps::descending), 0);
    assert!(
        violation.what.contains("the log and the stream agree"),
        "{violation}"
    );
}

fn two_writers(name: &'static str) -> History {
    let writers = [
        actor("ann", [append("a-1", NoStream)]),
        actor("bob", [append("a-1", NoStream)]),
    ];
    history(name, writers)
}

#[test]
fn a_create_in_two_steps_is_found_out() {
    let violation = found_out(
        &two_writers("create in two steps").through(Divided::through),
        0,
    );
    assert!(violation.what.contains("is lost"), "{violation}");
}

#[test]
fn a_create_that_always_says_created_is_found_out() {
    let violation = found_out(
        &two_writers("always created").through(Flattering::through),
        0,
    );
    assert!(violation.what.contains("is lost"), "{violation}");
}

#[test]
fn a_create_that_always_says_exists_is_found_out() {
    let history = history("always exists", [actor("ann", [append("a-1", Any)])]);
    let violation = found_out(&history.through(Discouraging::through), 0);
    assert!(violation.what.contains("does not end"), "{violation}");
}

#[test]
fn an_adapter_that_takes_doubt_for_failure_is_found_out() {
    let violation = found_out(
        &two_writers("doubt is failure").through(Certain::through),
        1,
    );
    assert!(violation.what.contains("and is there"), "{violation}");
}

#[test]
fn an_adapter_that_forgets_its_doubt_is_found_out() {
    let violation = found_out(
        &two_writers("forgotten doubt").through(Forgetful::through),
        1,
    );
    assert!(violation.what.contains("and is there"), "{violation}");
}

/// The ends of a history, in a world where they can be compared.
fn ends(world: &mut World<'_>, faults: u32, reduces: bool) -> (HashSet<State>, f64, usize) {
    world.reduces = reduces;
    loop {
        let mut ends = HashSet::new();
        let figures = search_once(world, faults, |_, state| {
            ends.insert(*state);
        });
        let figures = figures.unwrap_or_else(|violation| panic!("{violation}"));
        if !world.learnt() {
            return (ends, figures.schedules, figures.states);
        }
    }
}

#[test]
fn steps_that_are_left_out_change_no_end() {
    let histories = [
        two_writers("no stream"),
        history(
            "hints",
            [
                actor("ann", [append("a-1", At(15))]),
                actor("bob", [append("a-1", Any)]),
            ],
        )
        .after("a-1", 15),
        history(
            "a command, and a reader",
            [
                actor("ann", [command("a-1", "c", |_| false)]).comes_back(),
                actor("eve", [read()]).dies_after(8),
            ],
        ),
    ];
    for (history, faults) in histories.iter().zip([1, 0, 1]) {
        let mut world = World::new(history);
        let (all, _, states) = ends(&mut world, faults, false);
        let (some, _, fewer) = ends(&mut world, faults, true);
        println!("{}: {fewer} states instead of {states}", history.name);
        assert!(some == all, "{}: other ends", history.name);
        assert!(fewer < states);
    }
}

/// Goes through every schedule by itself.
fn every_schedule(world: &mut World<'_>, state: &State, ends: &mut HashSet<State>) -> u64 {
    let steps = world.steps(state);
    if world.is_end(state) {
        ends.insert(*state);
    }
    if steps.is_empty() {
        return 1;
    }
    let mut schedules = 0;
    for step in steps {
        let next = world.take(state, step).unwrap();
        schedules += every_schedule(world, &next, ends);
    }
    schedules
}

#[test]
fn going_through_equal_states_once_changes_no_end() {
    let history = two_writers("no stream");
    let mut world = World::new(&history);
    let (merged, schedules, states) = ends(&mut world, 0, true);
    let start = world.start(0);
    let mut all = HashSet::new();
    let counted = every_schedule(&mut world, &start, &mut all);
    println!("{counted} schedules by themselves, {states} states");
    assert_eq!(counted as f64, schedules);
    assert!(all == merged);
}
