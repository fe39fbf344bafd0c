//! Deliveries after answers: one deliverer for each reaction, and no event left behind.

use super::world::{Answer, Mishap, World, reaction};
use crate::catalogue::Kind;
use crate::ports::Clock as _;
use std::collections::BTreeSet;

/// Milliseconds of a budget. A call of the world takes one millisecond.
const SLICE: u64 = 20;

fn bank() -> World {
    World::new(vec![
        reaction("ledger", Kind::Projector),
        reaction("mailer", Kind::Notifier),
    ])
}

fn notified_of(world: &World) -> BTreeSet<u64> {
    let notified = world.notified.borrow();
    notified.iter().map(|(at, _)| at / 1024).collect()
}

fn all(world: &World) -> BTreeSet<u64> {
    (1..=world.events.borrow().len() as u64).collect()
}

#[test]
fn a_request_delivers_what_its_command_led_to_and_announces_nothing_for_a_moment_s_work() {
    let world = bank();
    world.append("s-1", "Given", "a 1");
    world.engine().after_answer(200);
    assert_eq!(notified_of(&world), all(&world));
    assert_eq!(world.rows("ledger@1"), world.expected());
    assert_eq!(world.announcements(), 0);
}

#[test]
fn whoever_finds_announcements_looks_at_nothing_else() {
    let world = bank();
    world.append("s-1", "Given", "a 1");
    for name in ["ledger", "mailer"] {
        world.announce(name, 500);
    }
    world.calls();
    world.engine().after_answer(200);
    assert!(world.calls() <= 3, "one record for all, and one for each");
    assert!(notified_of(&world).is_empty());
    // The author of the announcements is gone, and they have expired.
    world.pass(500);
    world.engine().after_answer(200);
    assert_eq!(notified_of(&world), all(&world));
}

#[test]
fn where_nothing_is_due_two_records_say_so() {
    let world = bank();
    world.append("s-1", "Given", "a 1");
    world.engine().after_answer(200);
    world.calls();
    for _ in 0..64 {
        world.engine().after_answer(200);
    }
    // Some requests ignore the hint and read both partitions.
    let calls = world.calls();
    assert!(calls < 64 * 4, "{calls} calls of 64 requests");
    world.append("s-1", "Given", "b 1");
    world.engine().after_answer(200);
    assert_eq!(notified_of(&world), all(&world));
}

#[test]
fn what_is_due_although_nothing_was_appended_is_done_by_the_next_request() {
    let mut world = bank();
    world.append("s-1", "Given", "a 1");
    world.engine().after_answer(200);
    let engine = world.engine();
    let rebuilt = engine.begin_generation(&world.reactions[0]);
    assert_eq!(rebuilt.expect("the store works"), Some(2));
    world.engine().after_answer(200);
    assert_eq!(world.rows("ledger@2"), world.expected(), "a rebuild");
    world.reactions[0].version += 1;
    world.engine().after_answer(200);
    assert_eq!(world.rows("ledger@3"), world.expected(), "a new version");
}

#[test]
fn what_a_delivery_leads_to_is_delivered_by_the_same_request() {
    for luck in 0..6 {
        let world = World::new(vec![
            reaction("ledger", Kind::Projector),
            reaction("transfers", Kind::ProcessManager),
            reaction("mailer", Kind::Notifier),
        ]);
        for _ in 0..luck {
            world.random();
        }
        world.balances.borrow_mut().insert("a".into(), 10);
        world.append("s-1", "Requested", "a b 5 t1");
        world.engine().after_answer(200);
        assert!(world.events.borrow().len() > 1, "a command took effect");
        assert_eq!(notified_of(&world), all(&world), "luck {luck}");
    }
}

#[test]
fn an_announcement_of_a_clock_that_is_wrong_binds_nobody() {
    let world = bank();
    world.append("s-1", "Given", "a 1");
    world.announce("mailer", 3_600_000);
    world.engine().after_answer(200);
    assert_eq!(notified_of(&world), all(&world));
}

#[test]
fn a_deliverer_with_more_to_do_announces_itself_and_takes_that_back() {
    let world = bank();
    for number in 0..60 {
        world.append("s-1", "Given", &format!("a{number} 1"));
    }
    world.engine().after_answer(SLICE);
    assert_eq!(notified_of(&world), all(&world));
    assert!(world.announcements() > 0);
    assert_eq!(world.announced_until("mailer"), 0);
    assert_eq!(world.announced_until("ledger"), 0);
}

/// A request appends at any call of a delivery, looks for a deliverer, and is the last request.
#[test]
fn an_event_that_comes_at_any_moment_is_delivered_although_no_request_follows() {
    // A moment's work, more than that, and so much that the deliverer hands over in between.
    for events in [1, 20, 120] {
        for call in 1.. {
            let world = bank();
            for number in 0..events {
                world.append("s-1", "Given", &format!("a{} 1", number % 7));
            }
            world.arm(call, Mishap::AppendAndAnswer(SLICE));
            world.engine().after_answer(SLICE);
            if world.disarm() {
                assert!(call > 10, "the run has only {call} calls");
                break;
            }
            let place = format!("{events} events, at call {call}");
            assert_eq!(notified_of(&world), all(&world), "{place}");
            assert_eq!(world.rows("ledger@1"), world.expected(), "{place}");
        }
    }
}

/// One request ends beside every call of a delivery.
#[test]
fn requests_that_end_beside_a_deliverer_look_once_and_write_nothing() {
    let world = World::new(vec![reaction("mailer", Kind::Notifier)]);
    for _ in 0..90 {
        world.append("s-1", "Given", "a 1");
    }
    // The first calls acquire the lease.
    world.beside_every_call(9, 4 * SLICE);
    world.engine().after_answer(4 * SLICE);
    let (requests, calls) = world.alone();
    assert_eq!(notified_of(&world).len(), 90);
    assert!(requests > 100, "{requests} requests");
    assert!(
        calls * 2 < requests * 5,
        "{requests} requests beside the deliverer made {calls} calls"
    );
}

#[test]
fn a_reaction_whose_last_attempt_trapped_keeps_nobody_from_theirs() {
    for luck in 0..8 {
        let mut world = bank();
        world.reactions[1].event_types = vec!["Emptied".into()];
        for _ in 0..luck {
            world.random();
        }
        world.append("s-1", "Given", "bad 1");
        world.append("s-1", "Emptied", "q");
        let answers = [("bad 1".to_owned(), Answer::Trap)];
        world.answers.borrow_mut().extend(answers);
        // The first request does not know of the failure. The second one traps too, but delivers to the other
        // reactions first.
        for _ in 0..2 {
            assert!(!world.alive(|world| world.engine().after_answer(200)));
            world.pass(60_000);
        }
        assert_eq!(notified_of(&world), BTreeSet::from([2]), "luck {luck}");
    }
}

#[test]
fn a_batch_ends_before_its_lease_does_also_on_a_slow_store() {
    let world = World::new(vec![reaction("ledger", Kind::Projector)]);
    for number in 0..300 {
        world.append("s-1", "Given", &format!("a{number} 1"));
    }
    world.pace.set(20);
    world.engine().pump(None, 60_000).expect("the store works");
    assert_eq!(world.rows("ledger@1"), world.expected());
    let longest = world.longest_between_checkpoints();
    assert!(longest < 2_000, "{longest} ms without a sign of life");
}
