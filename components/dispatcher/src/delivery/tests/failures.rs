//! Failed events and commands, and the events beside them.

use super::world::{Answer, Mishap, World, reaction};
use crate::annals::framework::settings::LastResort;
use crate::catalogue::{Kind, Reaction};
use crate::delivery::RetryOutcome;
use crate::delivery::dead_letters;
use crate::delivery::ids::MAX_CHAIN_COMMANDS;
use crate::exports::annals::es::administration::DeliveryState;
use crate::ports::Clock as _;

fn bad(world: &World, payload: &str, answer: Answer) {
    world.answers.borrow_mut().insert(payload.into(), answer);
}

fn mended(world: &World) {
    world.answers.borrow_mut().clear();
}

fn retry(world: &World, id: &str) -> RetryOutcome {
    let found = dead_letters::find(world, id)
        .unwrap()
        .expect("a dead letter");
    world.engine().retry(found).expect("tried")
}

fn notified(world: &World, position: u64) -> Vec<u32> {
    let notified = world.notified.borrow();
    let of = notified.iter().filter(|(at, _)| *at == position);
    of.map(|(_, attempt)| *attempt).collect()
}

fn two(then: LastResort) -> World {
    let mut mailer = reaction("mailer", Kind::Notifier);
    mailer.policy.last_resort = then;
    let world = World::new(vec![mailer, reaction("ledger", Kind::Projector)]);
    world.append("s-1", "Given", "bad 1");
    world.append("s-1", "Given", "a 1");
    world
}

#[test]
fn a_failing_event_is_tried_as_often_as_the_policy_says_then_parked() {
    let world = two(LastResort::Park);
    // Only the notifier reads this event, so only the notifier fails.
    bad(&world, "bad 1", Answer::RetryAfter(1));
    world.pump();
    assert_eq!(notified(&world, 1024), [1]);
    assert_eq!(
        world.rows("ledger@1").len(),
        2,
        "the other reaction goes on"
    );
    world.run_until_idle();
    assert_eq!(notified(&world, 1024), [1, 2, 3]);
    assert_eq!(notified(&world, 2048), [1]);
    assert_eq!(world.dead_letters(), ["mailer.1.1024"]);
}

#[test]
fn a_projector_that_asks_for_ever_more_rows_is_parked_with_the_reason() {
    let world = World::new(vec![reaction("ledger", Kind::Projector)]);
    world.append("s-1", "Given", "a 1");
    world.append("s-1", "Greedy", "a");
    world.append("s-1", "Given", "a 1");
    world.run_until_idle();
    assert_eq!(world.dead_letters(), ["ledger.1.2048"]);
    let found = dead_letters::find(&world, "ledger.1.2048")
        .unwrap()
        .expect("is filed");
    let reason = &found.dead_letter.reason;
    assert!(
        reason.contains("asked for further rows 32 times"),
        "{reason}"
    );
    assert_eq!(world.rows("ledger@1")["a"], "2", "the other events count");
}

#[test]
fn an_event_that_changes_too_many_rows_is_parked_with_the_reason() {
    let world = World::new(vec![reaction("ledger", Kind::Projector)]);
    world.append("s-1", "Filled", "a 9 100000");
    // The event's rows fit into a checkpoint, but not together with the rows of the event before it.
    world.append("s-1", "Filled", "b 9 100000");
    world.append("s-1", "Filled", "c 11 100000");
    world.append("s-1", "Filled", "d 20000 1");
    world.append("s-1", "Given", "e 1");
    world.run_until_idle();
    assert_eq!(world.dead_letters(), ["ledger.1.3072", "ledger.1.4096"]);
    let reason = |id: &str| {
        let found = dead_letters::find(&world, id)
            .unwrap()
            .expect("a dead letter");
        found.dead_letter.reason
    };
    let many = reason("ledger.1.3072");
    assert!(
        many.starts_with("the projector changed 11 rows of 110") && many.contains("1024000 bytes"),
        "{many}"
    );
    let many = reason("ledger.1.4096");
    assert!(
        many.starts_with("the projector changed 20000 rows"),
        "{many}"
    );
    let rows = world.rows("ledger@1");
    assert_eq!(rows.len(), 9 + 9 + 1);
}

#[test]
fn an_event_that_leads_to_too_much_is_parked_and_its_processes_wait() {
    let world = World::new(vec![reaction("transfer", Kind::ProcessManager)]);
    let word = "w".repeat(200_000);
    world.append("s-1", "Noted", &format!("{word} p1"));
    world.append("s-1", "Noted", &format!("{word} p1 p2 p3"));
    world.append("s-1", "Noted", "x p4");
    world.run_until_idle();
    assert_eq!(world.dead_letters(), ["transfer.1.2048"]);
    let found = dead_letters::find(&world, "transfer.1.2048");
    let found = found.unwrap().expect("a dead letter");
    let reason = &found.dead_letter.reason;
    assert!(
        reason.starts_with("the event led to 3 process states and 3 commands of 1"),
        "{reason}"
    );
    assert_eq!(found.waiting, ["p1", "p2", "p3"]);
    assert_eq!(world.balances.borrow()[&word], 1);
    assert_eq!(world.balances.borrow()["x"], 1);
}

#[test]
fn a_pause_is_kept() {
    let world = two(LastResort::Park);
    bad(&world, "bad 1", Answer::RetryAfter(5_000));
    world.pump();
    world.pass(4_000);
    world.pump();
    assert_eq!(notified(&world, 1024), [1]);
    world.pass(2_000);
    world.pump();
    assert_eq!(notified(&world, 1024), [1, 2]);
}

#[test]
fn a_rejected_event_is_parked_at_once() {
    let world = two(LastResort::Park);
    bad(&world, "bad 1", Answer::Reject);
    world.pump();
    assert_eq!(notified(&world, 1024), [1]);
    assert_eq!(notified(&world, 2048), [1]);
    assert_eq!(world.dead_letters(), ["mailer.1.1024"]);
}

#[test]
fn skipping_leaves_no_letter() {
    let world = two(LastResort::Skip);
    bad(&world, "bad 1", Answer::RetryAfter(1));
    world.run_until_idle();
    assert_eq!(world.dead_letters(), [""; 0]);
    assert_eq!(notified(&world, 2048), [1]);
}

#[test]
fn a_stopped_reaction_goes_on_when_it_is_resumed() {
    let world = two(LastResort::Stop);
    bad(&world, "bad 1", Answer::RetryAfter(1));
    world.run_until_idle();
    assert_eq!(notified(&world, 1024).len(), 3);
    assert_eq!(notified(&world, 2048), [0; 0]);
    mended(&world);
    world.run_until_idle();
    assert_eq!(notified(&world, 2048), [0; 0], "it stays stopped");
    let engine = world.engine();
    let control = engine.control(&world.reactions[0]).unwrap();
    for partition in crate::delivery::partitions(&world.reactions[0], &control.generations[0]) {
        engine.end_pause(&partition).unwrap();
    }
    world.pump();
    assert_eq!(notified(&world, 1024).len(), 4);
    assert_eq!(notified(&world, 2048), [1]);
}

fn traps_are_parked(kind: Kind) {
    let world = World::new(vec![reaction("it", kind)]);
    for (number, name) in ["a", "b", "bad", "c", "d"].iter().enumerate() {
        match kind {
            Kind::ProcessManager => {
                let payload = format!("{name} x 1 t{number}");
                world.append("s-1", "Requested", &payload);
            }
            _ => {
                world.append("s-1", "Given", &format!("{name} 1"));
            }
        }
    }
    bad(&world, "bad 1", Answer::Trap);
    bad(&world, "bad x 1 t2", Answer::Trap);
    world.run_until_idle();
    assert_eq!(world.dead_letters(), ["it.1.3072"], "{kind:?}");
    let found = dead_letters::find(&world, "it.1.3072").unwrap().unwrap();
    assert_eq!(found.dead_letter.attempts, 3, "{kind:?}");
    // The events beside it were delivered and are not parked.
    match kind {
        Kind::Projector => assert_eq!(world.rows("it@1").len(), 4),
        // The fifth process waits.
        Kind::ProcessManager => assert_eq!(world.rows("~it@1").len(), 5),
        Kind::Notifier => {
            for slot in [1, 2, 4, 5] {
                assert_eq!(notified(&world, slot * 1024).len(), 1);
            }
        }
    }
}

#[test]
fn a_projector_that_traps_is_parked_like_one_that_fails() {
    traps_are_parked(Kind::Projector);
}

#[test]
fn a_process_manager_that_traps_is_parked_like_one_that_fails() {
    traps_are_parked(Kind::ProcessManager);
}

#[test]
fn a_notifier_that_traps_is_parked_like_one_that_fails() {
    traps_are_parked(Kind::Notifier);
}

fn transfer() -> World {
    let world = World::new(vec![reaction("transfer", Kind::ProcessManager)]);
    world.balances.borrow_mut().insert("a".into(), 10);
    world.append("t-1", "Requested", "a b 4 t1");
    world
}

fn balance(world: &World, account: &str) -> i64 {
    let balances = world.balances.borrow();
    balances.get(account).copied().unwrap_or_default()
}

#[test]
fn a_command_that_fails_is_parked_and_retried_with_the_same_id() {
    for answer in [Answer::Fault, Answer::Trap] {
        let world = transfer();
        bad(&world, "b 4 t1", answer);
        world.run_until_idle();
        assert_eq!(world.dead_letters(), ["transfer.1.2048.0"]);
        assert_eq!((balance(&world, "a"), balance(&world, "b")), (6, 0));
        mended(&world);
        assert_eq!(retry(&world, "transfer.1.2048.0"), RetryOutcome::Done);
        world.run_until_idle();
        assert_eq!((balance(&world, "a"), balance(&world, "b")), (6, 4));
        assert_eq!(world.dead_letters(), [""; 0]);
    }
}

#[test]
fn a_parked_command_that_fails_again_stays_parked() {
    for answer in [Answer::Fault, Answer::Trap] {
        let world = transfer();
        bad(&world, "b 4 t1", answer);
        world.run_until_idle();
        let id = "transfer.1.2048.0";
        let found = dead_letters::find(&world, id)
            .unwrap()
            .expect("a dead letter");
        world.alive(|world| {
            let outcome = world.engine().retry(found).expect("tried");
            assert!(matches!(outcome, RetryOutcome::Failed(_)), "{outcome:?}");
        });
        world.run_until_idle();
        assert_eq!(world.dead_letters(), [id]);
        mended(&world);
        assert_eq!(retry(&world, id), RetryOutcome::Done);
        assert_eq!((balance(&world, "a"), balance(&world, "b")), (6, 4));
    }
}

#[test]
fn the_process_of_a_command_that_is_skipped_by_policy_is_told() {
    let mut world = transfer();
    world.reactions[0].policy.last_resort = LastResort::Skip;
    bad(&world, "b 4 t1", Answer::Fault);
    world.run_until_idle();
    assert_eq!((balance(&world, "a"), balance(&world, "b")), (10, 0));
    assert_eq!(world.dead_letters(), [""; 0]);
}

#[test]
fn a_parked_command_that_is_refused_in_the_end_is_compensated() {
    let world = World::new(vec![reaction("transfer", Kind::ProcessManager)]);
    world.balances.borrow_mut().insert("a".into(), 10);
    world.append("t-1", "Requested", "a closed 4 t1");
    bad(&world, "closed 4 t1", Answer::Fault);
    world.run_until_idle();
    mended(&world);
    assert_eq!(retry(&world, "transfer.1.2048.0"), RetryOutcome::Done);
    world.run_until_idle();
    assert_eq!(balance(&world, "a"), 10);
}

#[test]
fn skipping_a_parked_command_tells_the_process() {
    let world = transfer();
    bad(&world, "b 4 t1", Answer::Fault);
    world.run_until_idle();
    let found = dead_letters::find(&world, "transfer.1.2048.0")
        .unwrap()
        .unwrap();
    world.engine().skip(found).expect("skipped");
    world.run_until_idle();
    assert_eq!((balance(&world, "a"), balance(&world, "b")), (10, 0));
    assert_eq!(world.dead_letters(), [""; 0]);
}

#[test]
fn a_parked_event_of_a_projector_is_not_folded_behind_later_ones() {
    let world = World::new(vec![reaction("ledger", Kind::Projector)]);
    world.append("s-1", "Given", "a 1");
    world.append("s-1", "Given", "bad 1");
    bad(&world, "bad 1", Answer::Fault);
    world.run_until_idle();
    world.append("s-1", "Given", "bad 2");
    world.run_until_idle();
    assert_eq!(world.rows("ledger@1")["bad"], "2");
    mended(&world);
    let RetryOutcome::Failed(reason) = retry(&world, "ledger.1.2048") else {
        panic!("it was folded");
    };
    assert!(reason.contains("rebuild"), "{reason}");
    assert_eq!(world.dead_letters().len(), 1);
}

#[test]
fn a_parked_event_of_a_projector_is_not_folded_behind_a_deletion() {
    let world = World::new(vec![reaction("ledger", Kind::Projector)]);
    world.append("s-1", "Given", "bad 1");
    bad(&world, "bad 1", Answer::Fault);
    world.run_until_idle();
    world.append("s-1", "Given", "bad 2");
    world.pump();
    world.append("s-1", "Emptied", "bad");
    world.run_until_idle();
    assert!(world.rows("ledger@1").is_empty());
    mended(&world);
    let RetryOutcome::Failed(reason) = retry(&world, "ledger.1.1024") else {
        panic!("it was folded");
    };
    assert!(reason.contains("rebuild"), "{reason}");
    assert_eq!(world.dead_letters().len(), 1);
}

#[test]
fn a_parked_event_of_a_projector_is_folded_into_rows_that_wait_for_it() {
    let world = World::new(vec![reaction("ledger", Kind::Projector)]);
    world.append("s-1", "Given", "bad 1");
    world.append("s-1", "Given", "a 1");
    bad(&world, "bad 1", Answer::Fault);
    world.run_until_idle();
    mended(&world);
    assert_eq!(retry(&world, "ledger.1.1024"), RetryOutcome::Done);
    assert_eq!(world.rows("ledger@1"), world.expected());
    assert_eq!(world.dead_letters(), [""; 0]);
}

/// The result of a wait of a minute, and its duration in milliseconds.
fn waited(world: &World, position: u64) -> (Vec<String>, u64) {
    let before = world.ticks();
    let lagging = world.engine().wait(position, 60_000).unwrap();
    (lagging, world.ticks() - before)
}

#[test]
fn waiting_ends_at_once_for_a_reaction_that_pauses() {
    let world = two(LastResort::Park);
    bad(&world, "bad 1", Answer::RetryAfter(60_000));
    let (lagging, time) = waited(&world, 2048);
    assert_eq!(lagging, ["mailer"]);
    assert!(time < 1_000, "the attempt failed meanwhile: {time}");
    assert_eq!(world.rows("ledger@1").len(), 2, "the other one is served");
    let reached = world.engine().reached(&world.reactions[0]).unwrap();
    assert!(!reached.due && reached.position < 1024, "{reached:?}");
    mended(&world);
    world.pass(120_000);
    assert!(world.engine().reached(&world.reactions[0]).unwrap().due);
    world.pump();
    assert_eq!(waited(&world, 2048).0, [""; 0]);
}

#[test]
fn waiting_ends_at_once_for_a_reaction_that_is_stopped() {
    let world = two(LastResort::Stop);
    bad(&world, "bad 1", Answer::RetryAfter(1));
    world.run_until_idle();
    let position = world.append("s-1", "Given", "a 2");
    let (lagging, time) = waited(&world, position);
    assert_eq!(lagging, ["mailer"]);
    assert!(time < 1_000, "{time}");
    assert_eq!(world.rows("ledger@1")["a"], "3", "the other one is served");
    let reached = world.engine().reached(&world.reactions[1]).unwrap();
    assert!(reached.due && reached.position >= position, "{reached:?}");
}

#[test]
fn a_reaction_has_dealt_with_what_it_does_not_want() {
    let mut world = two(LastResort::Park);
    world.reactions[1].event_types = vec!["Moved".into()];
    let reached = |world: &World| world.engine().reached(&world.reactions[1]).unwrap();
    assert!(reached(&world).position >= 2048);
    let position = world.append("s-1", "Moved", "a b 1");
    assert_eq!(reached(&world).position, position - 1);
}

#[test]
fn waiting_delivers() {
    let world = two(LastResort::Park);
    assert_eq!(world.engine().wait(2048, 500).unwrap(), [""; 0]);
    assert_eq!(world.rows("ledger@1"), world.expected());
}

#[test]
fn a_reaction_that_wants_none_of_it_does_not_lag() {
    let mut picky: Reaction = reaction("picky", Kind::Notifier);
    picky.event_types = vec!["Never".into()];
    picky.policy.attempts = 1;
    let world = World::new(vec![picky]);
    let position = world.append("s-1", "Given", "a 1");
    assert_eq!(world.engine().wait(position, 0).unwrap(), [""; 0]);
    assert_eq!(world.notified.borrow().len(), 0);
}

#[test]
fn of_several_commands_the_one_that_traps_is_parked() {
    let world = World::new(vec![reaction("transfer", Kind::ProcessManager)]);
    world.append("t-1", "Given twice", "a b 4 t1");
    bad(&world, "b 4 t1", Answer::Trap);
    world.run_until_idle();
    assert_eq!(world.dead_letters(), ["transfer.1.1024.1"]);
    assert_eq!((balance(&world, "a"), balance(&world, "b")), (4, 0));
}

#[test]
fn who_died_with_nothing_left_to_do_is_not_held_against_the_reaction() {
    let world = two(LastResort::Park);
    let engine = world.engine();
    let ledger = &world.reactions[1];
    world.pump();
    let control = engine.control(ledger).unwrap();
    let partition = crate::delivery::partitions(ledger, &control.generations[0])
        .next()
        .unwrap();
    let mut state = engine.load(&partition).unwrap();
    assert!(
        engine.acquire(&partition, &mut state).is_ok(),
        "and never comes back"
    );
    world.pass(60_000);
    assert!(engine.is_failing(ledger));
    world.pump();
    assert!(!engine.is_failing(ledger));
}

#[test]
fn whoever_traps_comes_after_the_others() {
    for round in 0..10 {
        let world = two(LastResort::Park);
        bad(&world, "bad 1", Answer::Trap);
        // Both reactions trap on the first event; afterwards only the notifier does.
        let mut ledger = reaction("other", Kind::Projector);
        ledger.event_types = vec!["Moved".into()];
        let mut world = world;
        world.reactions = vec![world.reactions[0].clone(), ledger];
        world.append("s-1", "Moved", "a b 1");
        (0..round).for_each(|_| {
            crate::ports::Clock::random(&world);
        });
        assert!(!world.pump(), "the notifier takes the instance with it");
        world.pass(60_000);
        world.append("s-1", "Moved", "b c 1");
        assert!(!world.pump());
        assert_eq!(world.rows("other@1").len(), 3, "the other one came first");
    }
}

#[test]
fn rows_that_are_not_written_yet_lag() {
    let mut lagged = 0;
    for call in 1..40 {
        let world = World::new(vec![reaction("ledger", Kind::Projector)]);
        let position = world.append("s-1", "Given", "a 1");
        world.arm(call, Mishap::DieBefore);
        world.pump();
        if world.disarm() {
            break;
        }
        let lags = !world.engine().wait(position, 0).unwrap().is_empty();
        let written = world.rows("ledger@1").contains_key("a");
        assert!(lags || written, "died before call {call}");
        lagged += u32::from(lags);
    }
    assert!(lagged > 3);
}

#[test]
fn waiting_does_not_call_what_has_trapped() {
    let mut world = two(LastResort::Park);
    world.reactions[1].event_types = vec!["Moved".into()];
    bad(&world, "bad 1", Answer::Trap);
    world.settle_until(|world| !notified(world, 1024).is_empty());
    world.pass(60_000);
    let before = world.notified.borrow().len();
    assert!(world.alive(|world| {
        let lagging = world.engine().wait(2048, 500).unwrap();
        assert!(lagging.contains(&"mailer".to_owned()));
    }));
    assert_eq!(world.notified.borrow().len(), before);
}

#[test]
fn an_attempt_by_hand_is_counted() {
    let world = two(LastResort::Park);
    bad(&world, "bad 1", Answer::Reject);
    world.pump();
    for attempts in 2..5 {
        assert_eq!(
            retry(&world, "mailer.1.1024"),
            RetryOutcome::Failed("never".into())
        );
        let found = dead_letters::find(&world, "mailer.1.1024")
            .unwrap()
            .unwrap();
        assert_eq!(found.dead_letter.attempts, attempts);
    }
    mended(&world);
    assert_eq!(retry(&world, "mailer.1.1024"), RetryOutcome::Done);
    assert_eq!(notified(&world, 1024), [1, 2, 3, 4, 5]);
}

#[test]
fn process_managers_that_feed_each_other_are_stopped() {
    let world = World::new(vec![reaction("it", Kind::ProcessManager)]);
    world.append("s-1", "Fed", "s-1 1 p1");
    world.run_until_idle();
    let longest = usize::try_from(MAX_CHAIN_COMMANDS).unwrap();
    assert_eq!(world.events.borrow().len(), 1 + longest);
    let dead_letters = world.dead_letters();
    assert_eq!(dead_letters.len(), 1, "{dead_letters:?}");
    let found = dead_letters::find(&world, &dead_letters[0])
        .unwrap()
        .unwrap();
    assert!(found.dead_letter.reason.contains("feed each other"));
    // A command from outside starts a new chain, for another process too.
    world.append("s-2", "Fed", "s-2 1 p2");
    world.run_until_idle();
    assert_eq!(world.events.borrow().len(), 2 * (1 + longest));
}

#[test]
fn a_reaction_that_loops_or_traps_is_not_shown_as_running() {
    for kind in [Kind::Projector, Kind::ProcessManager, Kind::Notifier] {
        let world = World::new(vec![reaction("it", kind)]);
        let state = || {
            let status = world.engine().status(&world.reactions[0], 0).unwrap();
            (status.state, status.reason)
        };
        world.append("s-1", "Noted", "a p1");
        if kind == Kind::Projector {
            world.append("s-1", "Given", "a p1");
        }
        assert_eq!(state(), (DeliveryState::Running, None));
        bad(&world, "a p1", Answer::Trap);
        assert!(!world.pump());
        for _ in 0..2 {
            world.pass(60_000);
            let (now, reason) = state();
            assert_eq!(now, DeliveryState::Retrying, "{kind:?}");
            assert!(reason.unwrap().contains("did not come back"));
            assert!(!world.pump());
            assert_eq!(state().0, DeliveryState::Retrying, "{kind:?}, at once");
        }
        world.run_until_idle();
        assert_eq!(state().0, DeliveryState::Running, "parked");
    }
}
