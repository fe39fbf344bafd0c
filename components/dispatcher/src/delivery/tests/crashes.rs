//! A deliverer that dies or is overtaken at any call does not change the results.

use super::world::{Mishap, World, reaction};
use crate::catalogue::Kind;

const MISHAPS: [Mishap; 3] = [Mishap::DieBefore, Mishap::DieAfter, Mishap::Pause];

/// Runs with a mishap at every call, and with a second one at every call of the recovery.
fn everywhere(make: impl Fn() -> World, check: impl Fn(&World, &str)) {
    let mut places = 0;
    for mishap in MISHAPS {
        for call in 1.. {
            let world = make();
            world.arm(call, mishap);
            world.pump();
            if world.disarm() {
                assert!(call > 5, "the run has only {call} calls");
                break;
            }
            places += 1;
            world.pass(60_000);
            let recovery = {
                world.calls();
                world.pump();
                world.calls()
            };
            world.run_until_idle();
            check(&world, &format!("{mishap:?} at call {call}"));
            for second in MISHAPS {
                for again in (1..=recovery).step_by(5) {
                    let world = make();
                    world.arm(call, mishap);
                    world.pump();
                    world.pass(60_000);
                    world.arm(again, second);
                    world.pump();
                    world.disarm();
                    world.run_until_idle();
                    check(
                        &world,
                        &format!("{mishap:?} at call {call}, {second:?} at call {again} after it"),
                    );
                }
            }
        }
    }
    assert!(places > 30, "{places} places were tried");
}

/// Every row of a ledger of these events, each a stream, a type and a payload, takes every event once.
fn every_row_takes_every_event_once(events: [(&str, &str, &str); 5]) {
    let make = || {
        let world = World::new(vec![reaction("ledger", Kind::Projector)]);
        for (stream, event_type, payload) in events {
            world.append(stream, event_type, payload);
        }
        world
    };
    everywhere(make, |world, place| {
        assert_eq!(world.rows("ledger@1"), world.expected(), "{place}");
        assert_eq!(world.dead_letters(), [""; 0], "{place}");
    });
}

#[test]
fn rows_that_depend_on_each_other_reflect_every_event_once() {
    every_row_takes_every_event_once([
        ("s-1", "Given", "a 10"),
        ("s-1", "Moved", "a b 7"),
        ("s-2", "Moved", "b c 5"),
        ("s-2", "Emptied", "a"),
        ("s-1", "Moved", "c a 3"),
    ]);
}

#[test]
fn rows_that_a_projector_asks_for_reflect_every_event_once() {
    every_row_takes_every_event_once([
        ("s-1", "Given", "a 1"),
        ("s-1", "Counted", "a"),
        ("s-2", "Given", "a 1"),
        ("s-1", "Counted", "a"),
        ("s-2", "Counted", "a"),
    ]);
}

/// Three transfers: one succeeds, one lacks the money, one goes to a closed account.
fn transfers() -> World {
    let world = World::new(vec![reaction("transfer", Kind::ProcessManager)]);
    world.balances.borrow_mut().insert("a".into(), 10);
    world.append("t-1", "Requested", "a b 4 t1");
    world.append("t-2", "Requested", "b a 40 t2");
    world.append("t-3", "Requested", "a closed 5 t3");
    world
}

#[test]
fn commands_of_processes_take_effect_once() {
    everywhere(transfers, |world, place| {
        let balances = world.balances.borrow();
        let of = |account: &str| balances.get(account).copied().unwrap_or_default();
        assert_eq!((of("a"), of("b"), of("closed")), (6, 4, 0), "{place}");
        let kinds = |kind: &str| {
            let events = world.events.borrow();
            events
                .iter()
                .filter(|event| event.event_type == kind)
                .count()
        };
        assert_eq!((kinds("Withdrawn"), kinds("Deposited")), (2, 2), "{place}");
        assert_eq!(world.dead_letters(), [""; 0], "{place}");
    });
}

#[test]
fn every_event_is_notified_and_only_a_mishap_repeats_one() {
    let make = || {
        let world = World::new(vec![reaction("mailer", Kind::Notifier)]);
        for number in 0..4 {
            world.append("s-1", "Given", &format!("a {number}"));
        }
        world
    };
    everywhere(make, |world, place| {
        let notified = world.notified.borrow();
        for position in (1..=4).map(|slot| slot * 1024) {
            let times = notified.iter().filter(|(at, _)| *at == position).count();
            assert!(
                (1..=3).contains(&times),
                "{place}: {position} {times} times"
            );
        }
        assert!(notified.len() <= 6, "{place}: {notified:?}");
    });
}

#[test]
fn dead_letters_are_filed_once_and_what_follows_goes_on() {
    let make = || {
        let world = World::new(vec![reaction("ledger", Kind::Projector)]);
        world.append("s-1", "Given", "a 1");
        world.append("s-1", "Given", "bad 1");
        world.append("s-1", "Given", "c 1");
        let answers = [("bad 1".to_owned(), super::world::Answer::Fault)];
        world.answers.borrow_mut().extend(answers);
        world
    };
    everywhere(make, |world, place| {
        assert_eq!(world.dead_letters(), ["ledger.1.2048"], "{place}");
        let rows: Vec<_> = world.rows("ledger@1").into_keys().collect();
        assert_eq!(rows, ["a", "c"], "{place}");
    });
}
