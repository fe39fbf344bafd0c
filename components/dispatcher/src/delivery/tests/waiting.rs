//! Processes that wait for a parked event.

use super::world::{Answer, Mishap, World, reaction};
use crate::annals::es::types::RowKey;
use crate::catalogue::Kind;
use crate::delivery::RetryOutcome;
use crate::delivery::dead_letters::{self, Found};
use crate::delivery::processes::{ProcessState, decode};
use crate::delivery::retry::Refused;
use crate::ports::ReactionStore as _;

/// Notes of two processes; `bad` is for the first one.
fn notes(answer: Answer) -> World {
    let world = World::new(vec![reaction("it", Kind::ProcessManager)]);
    for note in ["one p1", "bad p1", "two p1", "one p2", "both p1 p2"] {
        world.append("s-1", "Noted", note);
    }
    bad(&world, "bad p1", answer);
    world.run_until_idle();
    world
}

const BAD: &str = "it.1.2048";

fn bad(world: &World, payload: &str, answer: Answer) {
    world.answers.borrow_mut().insert(payload.into(), answer);
}

fn mended(world: &World) {
    world.answers.borrow_mut().clear();
}

fn process(world: &World, id: &str) -> ProcessState {
    let key = RowKey {
        view: "~it@1".into(),
        key: id.into(),
    };
    let row = world.get_row(&key).unwrap().expect("a process");
    decode(id, &row.value).unwrap()
}

/// The events that a process has taken, in order.
fn taken(world: &World, id: &str) -> String {
    let state = process(world, id).state.unwrap_or_default();
    String::from_utf8(state).unwrap().trim_end().into()
}

fn found(world: &World, id: &str) -> Found {
    dead_letters::find(world, id)
        .unwrap()
        .expect("a dead letter")
}

fn retry(world: &World, id: &str) -> RetryOutcome {
    world.engine().retry(found(world, id)).expect("tried")
}

/// How often the commands of a note took effect.
fn sent(world: &World, note: &str) -> i64 {
    world
        .balances
        .borrow()
        .get(note)
        .copied()
        .unwrap_or_default()
}

fn waits(world: &World) {
    assert_eq!(world.dead_letters(), [BAD]);
    assert_eq!(found(world, BAD).waiting, ["p1"]);
    assert_eq!(taken(world, "p1"), "one");
    assert_eq!(process(world, "p1").waits_for.as_deref(), Some(BAD));
    assert_eq!(taken(world, "p2"), "one both", "others go on");
    assert_eq!(process(world, "p2").waits_for, None);
    assert_eq!((sent(world, "two"), sent(world, "both")), (0, 1));
}

fn all_taken(world: &World) {
    assert_eq!(world.dead_letters(), [""; 0]);
    assert_eq!(taken(world, "p1"), "one bad two both");
    assert_eq!(taken(world, "p2"), "one both");
    assert_eq!(process(world, "p1").waits_for, None);
    for (note, times) in [("one", 2), ("bad", 1), ("two", 1), ("both", 2)] {
        assert_eq!(sent(world, note), times, "{note}");
    }
}

#[test]
fn a_process_waits_for_its_parked_event_and_others_go_on() {
    for answer in [Answer::Fault, Answer::Trap] {
        let world = notes(answer);
        waits(&world);
        assert_eq!(found(&world, BAD).dead_letter.attempts, 3);
        mended(&world);
        assert_eq!(retry(&world, BAD), RetryOutcome::Done);
        all_taken(&world);
        world.append("s-1", "Noted", "after p1");
        world.run_until_idle();
        assert_eq!(taken(&world, "p1"), "one bad two both after");
    }
}

#[test]
fn a_process_goes_on_without_an_event_that_is_skipped() {
    let world = notes(Answer::Fault);
    world.engine().skip(found(&world, BAD)).expect("skipped");
    assert_eq!(world.dead_letters(), [""; 0]);
    assert_eq!(taken(&world, "p1"), "one two both");
    assert_eq!((sent(&world, "two"), sent(&world, "both")), (1, 2));
}

#[test]
fn a_process_waits_on_while_its_event_fails() {
    let world = notes(Answer::Fault);
    for attempts in 4..6 {
        assert_eq!(retry(&world, BAD), RetryOutcome::Failed("no".into()));
        waits(&world);
        assert_eq!(found(&world, BAD).dead_letter.attempts, attempts);
    }
    world.append("s-1", "Noted", "three p2");
    world.run_until_idle();
    assert_eq!(taken(&world, "p2"), "one both three");
}

#[test]
fn a_later_event_that_fails_is_parked_in_its_turn() {
    let world = notes(Answer::Fault);
    mended(&world);
    bad(&world, "two p1", Answer::Fault);
    assert_eq!(retry(&world, BAD), RetryOutcome::Done);
    assert_eq!(taken(&world, "p1"), "one bad");
    let dead_letters = world.dead_letters();
    assert_eq!(dead_letters.len(), 1, "{dead_letters:?}");
    assert!(
        dead_letters[0].starts_with("it.1.3072.p"),
        "{dead_letters:?}"
    );
    assert_eq!(
        process(&world, "p1").waits_for.as_ref(),
        Some(&dead_letters[0])
    );
    world.append("s-1", "Noted", "last p1");
    world.run_until_idle();
    assert_eq!(taken(&world, "p1"), "one bad");
    mended(&world);
    assert_eq!(retry(&world, &dead_letters[0]), RetryOutcome::Done);
    assert_eq!(taken(&world, "p1"), "one bad two both last");
    assert_eq!(world.dead_letters(), [""; 0]);
}

#[test]
fn an_event_that_concerns_nobody_knows_whom_is_not_taken_in_after_later_ones() {
    let world = notes(Answer::Deaf);
    assert_eq!(taken(&world, "p1"), "one two both");
    assert_eq!(found(&world, BAD).waiting, [""; 0]);
    mended(&world);
    let RetryOutcome::Failed(reason) = retry(&world, BAD) else {
        panic!("it was taken in");
    };
    assert!(reason.contains("later events"), "{reason}");
    assert_eq!(taken(&world, "p1"), "one two both");
    world.engine().skip(found(&world, BAD)).expect("skipped");
    assert_eq!(world.dead_letters(), [""; 0]);
}

#[test]
fn a_mended_manager_that_ignores_the_event_lets_the_process_go_on() {
    let world = notes(Answer::Fault);
    mended(&world);
    world.events.borrow_mut()[1].event_type = "Unnoted".into();
    assert_eq!(retry(&world, BAD), RetryOutcome::Done);
    assert_eq!(taken(&world, "p1"), "one two both");
}

#[test]
fn whoever_dies_while_a_process_catches_up_leaves_it_waiting_and_nothing_twice() {
    for mishap in [Mishap::DieBefore, Mishap::DieAfter, Mishap::Pause] {
        for call in 1.. {
            let world = notes(Answer::Fault);
            mended(&world);
            world.arm(call, mishap);
            world.alive(|world| {
                // A pause may cost the deliverer its lease.
                let _ = world.engine().retry(found(world, BAD));
            });
            if world.disarm() {
                assert!(call > 10, "only {call} calls");
                break;
            }
            for _ in 0..3 {
                world.run_until_idle();
                if let Some(found) = dead_letters::find(&world, BAD).unwrap() {
                    match world.engine().retry(found) {
                        Ok(RetryOutcome::Done) | Err(Refused::Busy) => {}
                        other => panic!("{mishap:?} at call {call}: {other:?}"),
                    }
                }
            }
            all_taken(&world);
        }
    }
}

#[test]
fn an_event_in_the_way_that_traps_can_be_skipped() {
    let world = notes(Answer::Fault);
    mended(&world);
    bad(&world, "two p1", Answer::Trap);
    for _ in 0..2 {
        assert!(!world.alive(|world| {
            let _ = world.engine().retry(found(world, BAD));
        }));
        world.run_until_idle();
        assert_eq!(world.dead_letters(), [BAD]);
        assert_eq!(taken(&world, "p1"), "one bad");
    }
    world.engine().skip(found(&world, BAD)).expect("skipped");
    assert_eq!(taken(&world, "p1"), "one bad both");
    assert_eq!(world.dead_letters(), [""; 0]);
}
