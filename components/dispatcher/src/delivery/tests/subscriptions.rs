//! Properties that users of other systems expect of a subscription, under the names known there.

use super::world::{Answer, Mishap, World, reaction};
use crate::catalogue::Kind;

fn mailer() -> World {
    World::new(vec![reaction("mailer", Kind::Notifier)])
}

fn notified_of(world: &World) -> Vec<u64> {
    let notified = world.notified.borrow();
    notified.iter().map(|(at, _)| at / 1024).collect()
}

#[test]
fn events_arrive_in_the_order_of_the_log() {
    let world = mailer();
    for number in 0..500 {
        world.append(&format!("s-{}", number % 7), "Given", "a 1");
    }
    world.pump();
    assert_eq!(notified_of(&world), (1..=500).collect::<Vec<_>>());
}

#[test]
fn a_subscription_resumes_from_the_last_acknowledged_event() {
    let world = mailer();
    world.append("s-1", "Given", "a 1");
    world.pump();
    world.append("s-1", "Given", "a 2");
    world.pump();
    world.pump();
    assert_eq!(notified_of(&world), [1, 2]);
}

#[test]
fn an_unacknowledged_event_is_redelivered() {
    let world = mailer();
    world.append("s-1", "Given", "bad");
    let answers = [("bad".to_owned(), Answer::Trap)];
    world.answers.borrow_mut().extend(answers);
    assert!(!world.pump(), "the deliverer died");
    world.answers.borrow_mut().clear();
    world.pass(60_000);
    world.pump();
    assert_eq!(notified_of(&world), [1, 1]);
}

#[test]
fn from_origin_takes_everything_and_from_now_what_comes() {
    let mut late = reaction("late", Kind::Notifier);
    late.from_now = true;
    let mut world = mailer();
    world.append("s-1", "Given", "a 1");
    world.pump();
    assert_eq!(notified_of(&world), [1]);
    world.reactions = vec![late];
    world.pump();
    world.append("s-1", "Given", "a 2");
    world.pump();
    assert_eq!(
        notified_of(&world),
        [1, 2],
        "`late` was notified of the second event only"
    );
}

#[test]
fn events_are_filtered_by_type() {
    let mut world = mailer();
    world.reactions[0].event_types = vec!["Moved".into()];
    for number in 0..1_000 {
        let kind = match number % 100 {
            0 => "Moved",
            _ => "Given",
        };
        world.append("s-1", kind, "a b 1");
    }
    world.pump();
    let moved: Vec<u64> = (0..10).map(|number| number * 100 + 1).collect();
    assert_eq!(notified_of(&world), moved);
}

#[test]
fn there_are_no_duplicates_where_catching_up_meets_what_is_new() {
    let world = mailer();
    for round in 0..50 {
        for _ in 0..=round % 5 {
            world.append("s-1", "Given", "a 1");
        }
        // Many deliverers run, one after the other and concurrently.
        world.pump();
        world.engine().wait(1024, 10).unwrap();
        world.pump();
    }
    let all: Vec<u64> = (1..=world.events.borrow().len() as u64).collect();
    assert_eq!(notified_of(&world), all);
}

#[test]
fn with_partitions_the_events_of_a_stream_stay_in_order() {
    let mut world = mailer();
    world.reactions[0].partitions = 4;
    for number in 0..200 {
        world.append(&format!("s-{}", number % 9), "Given", "a 1");
    }
    world.pump();
    let positions = notified_of(&world);
    for stream in 0..9 {
        let of_stream: Vec<u64> = positions
            .iter()
            .filter(|slot| (*slot - 1) % 9 == stream)
            .copied()
            .collect();
        assert!(of_stream.is_sorted(), "{of_stream:?}");
    }
    assert_eq!(positions.len(), 200);
    assert!(!positions.is_sorted(), "nothing was divided");
}

#[test]
fn one_partition_that_fails_does_not_hold_back_the_others() {
    let mut world = mailer();
    world.reactions[0].partitions = 4;
    world.append("s-1", "Given", "bad");
    let answers = [("bad".to_owned(), Answer::Fault)];
    world.answers.borrow_mut().extend(answers);
    for number in 0..40 {
        world.append(&format!("s-{number}"), "Given", "a 1");
    }
    world.pump();
    assert!(notified_of(&world).len() > 25, "{:?}", notified_of(&world));
}

#[test]
fn a_subscription_can_be_reset() {
    let world = World::new(vec![reaction("ledger", Kind::Projector)]);
    world.append("s-1", "Given", "a 1");
    world.pump();
    world
        .engine()
        .begin_generation(&world.reactions[0])
        .unwrap();
    world.pump();
    assert_eq!(world.projected.get(), 2, "the event was taken anew");
    assert_eq!(world.rows("ledger@2"), world.expected());
}

#[test]
fn only_one_deliverer_is_active() {
    let world = mailer();
    world.append("s-1", "Given", "a 1");
    let engine = world.engine();
    let control = engine.control(&world.reactions[0]).unwrap();
    let partition = crate::delivery::partitions(&world.reactions[0], &control.generations[0])
        .next()
        .unwrap();
    let mut state = engine.load(&partition).unwrap();
    assert!(engine.acquire(&partition, &mut state).is_ok());
    let pumped = world.engine().pump(None, 100).unwrap();
    assert_eq!(
        (pumped.delivered, pumped.more),
        (0, true),
        "the partition is leased"
    );
    // A lease from a clock that is far ahead is ignored.
    state.progress.lease.as_mut().unwrap().until += 1_000_000_000;
    assert!(engine.save(&partition, &mut state).is_ok());
    world.pump();
    assert_eq!(notified_of(&world), [1]);
}

#[test]
fn what_is_appended_while_another_delivers_is_delivered() {
    for call in 1.. {
        let world = mailer();
        world.append("s-1", "Given", "a 1");
        world.arm(call, Mishap::Append);
        world.pump();
        if world.disarm() {
            assert!(call > 10);
            break;
        }
        // No deliverer follows the two.
        assert_eq!(notified_of(&world), [1, 2], "appended at call {call}");
    }
}

#[test]
fn what_is_appended_while_somebody_waits_is_delivered() {
    for call in 1.. {
        let world = mailer();
        let position = world.append("s-1", "Given", "a 1");
        world.arm(call, Mishap::Append);
        assert_eq!(world.engine().wait(position, 1_000).unwrap(), [""; 0]);
        if world.disarm() {
            assert!(call > 5);
            break;
        }
        assert_eq!(notified_of(&world), [1, 2], "appended at call {call}");
    }
}

#[test]
fn a_row_reflects_the_last_event_that_changed_it() {
    let world = World::new(vec![reaction("ledger", Kind::Projector)]);
    world.append("s-1", "Given", "a 10");
    world.append("s-1", "Moved", "a b 7");
    world.append("s-1", "Moved", "b c 5");
    world.pump();
    let reflects = |key: &str| world.reflects("ledger@1", key);
    assert_eq!(
        (reflects("a"), reflects("b"), reflects("c")),
        (2048, 3072, 3072)
    );
}

#[test]
fn a_row_never_takes_an_event_twice_whatever_is_known_of_its_projector() {
    let world = World::new(vec![reaction("ledger", Kind::Projector)]);
    world.append("s-1", "Given", "a 10");
    world.append("s-1", "Moved", "a b 7");
    world.pump();
    // Without a checkpoint the projector is given the log from the origin again, over the same rows.
    world.checkpoints.borrow_mut().clear();
    world.append("s-1", "Given", "b 1");
    world.pump();
    assert_eq!(world.rows("ledger@1"), world.expected());
    let reflects = |key: &str| world.reflects("ledger@1", key);
    assert_eq!((reflects("a"), reflects("b")), (2048, 3072));
}

#[test]
fn a_projector_may_look_at_a_row_before_it_says_which_row_it_changes() {
    let world = World::new(vec![reaction("ledger", Kind::Projector)]);
    // Each look-up depends on the event before it, so a page of 128 events needs 64 rounds, more than the limit of 32.
    for _ in 0..120 {
        world.append("s-1", "Given", "a 1");
        world.append("s-1", "Counted", "a");
    }
    world.append("s-1", "Counted", "a");
    world.pump();
    assert_eq!(world.rows("ledger@1"), world.expected());
    assert_eq!(world.rows("ledger@1")["h120"], "2");
    // The rows that the projector asked for take no event twice either.
    world.checkpoints.borrow_mut().clear();
    world.append("s-1", "Counted", "a");
    world.pump();
    assert_eq!(world.rows("ledger@1"), world.expected());
}
