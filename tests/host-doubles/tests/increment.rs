//! `store-keyvalue-increment` on hosts with the defects of real ones.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use annals_host_doubles::adapter::Stopped;
use annals_host_doubles::adapter::event_store::{Claim, RepairOutcome, StoreError};
use annals_host_doubles::bucket::Closed;
use annals_host_doubles::host::Crash;
use annals_host_doubles::workload::{STREAMS, begun, check, recover, request, run};
use annals_host_doubles::{Adapter, Defects, Double, Kind};

const KIND: Kind = Kind::Increment;
const SEEDS: std::ops::Range<u64> = 0..40;

/// The results of many runs.
#[derive(Debug, Default)]
struct Tally {
    sent: usize,
    acknowledged: usize,
    repaired: usize,
}

/// Runs three writers on a host with these defects. Afterwards it makes the repairs that the store asks for, and
/// checks the rules.
fn survives(defects: &Defects) -> Tally {
    let mut tally = Tally::default();
    for seed in SEEDS {
        let double = begun(KIND, seed, defects.clone());
        let told = run(KIND, &double, 3, 8);
        tally.repaired += recover(KIND, &double).len();
        if let Err(broken) = check(KIND, &double, &told) {
            panic!("seed {seed}: {broken}");
        }
        tally.sent += told.len();
        tally.acknowledged += told.iter().filter(|told| told.answer.is_ok()).count();
    }
    tally
}

#[test]
fn on_a_faithful_host_everything_is_acknowledged_and_nothing_is_in_doubt() {
    let tally = survives(&Defects::default());
    assert_eq!((tally.sent, tally.repaired), (tally.acknowledged, 0));
}

#[test]
fn lost_answers_lose_nothing() {
    let tally = survives(&Defects {
        answers_lost: 10,
        ..Defects::default()
    });
    assert!(tally.acknowledged > 0, "{tally:?}");
}

#[test]
fn a_lone_writer_survives_lost_answers_without_a_repair() {
    for seed in SEEDS {
        let answers_lost = 30;
        let double = begun(
            KIND,
            seed,
            Defects {
                answers_lost,
                ..Defects::default()
            },
        );
        let told = run(KIND, &double, 1, 20);
        let acknowledged = told.iter().filter(|told| told.answer.is_ok()).count();
        assert!(acknowledged > 10, "seed {seed}: {acknowledged} of 20");
        // The instance that owns the begun slot continues where the host had stopped it.
        assert!(recover(KIND, &double).len() <= 1, "seed {seed}");
        check(KIND, &double, &told).unwrap();
    }
}

#[test]
fn refused_writes_are_tried_again_and_then_told() {
    let tally = survives(&Defects {
        writes_refused: 20,
        ..Defects::default()
    });
    assert!(tally.acknowledged > tally.sent / 2, "{tally:?}");
}

#[test]
fn a_write_that_times_out_and_comes_later_overwrites_nothing() {
    for (percent, calls) in [(20, 1), (20, 10), (40, 100)] {
        let tally = survives(&Defects {
            writes_late: (percent, calls),
            ..Defects::default()
        });
        assert!(tally.acknowledged > 0, "{tally:?}");
    }
}

#[test]
fn all_failures_together_lose_nothing() {
    survives(&Defects {
        answers_lost: 10,
        writes_refused: 20,
        sets_refused: 20,
        ..Defects::default()
    });
}

#[test]
fn late_reads_lose_nothing() {
    for lag in [3, 30, 300] {
        let tally = survives(&Defects {
            lag,
            ..Defects::default()
        });
        assert!(tally.acknowledged > 0 && tally.repaired == 0, "{tally:?}");
    }
}

#[test]
fn an_instance_finishes_what_it_owns_when_the_host_recovers() {
    let double = begun(KIND, 1, Defects::default());
    let mut owner = Adapter::new(KIND, &double, 0);
    owner.append(&request(STREAMS[0], "w0-0", 1)).unwrap();
    double.become_like(Defects {
        sets_refused: 100,
        ..Defects::default()
    });
    let stopped = owner.append(&request(STREAMS[0], "w0-1", 2)).unwrap_err();
    assert!(stopped.text().unwrap().contains("a.log."), "{stopped:?}");

    double.become_like(Defects::default());
    let mut other = Adapter::new(KIND, &double, 1);
    let stopped = other.append(&request(STREAMS[1], "w1-0", 3)).unwrap_err();
    assert!(stopped.to_repair().is_some(), "{stopped:?}");

    owner.append(&request(STREAMS[0], "w0-2", 4)).unwrap();
    other.append(&request(STREAMS[1], "w1-1", 5)).unwrap();
    assert!(recover(KIND, &double).is_empty());
    check(KIND, &double, &[]).unwrap();
}

#[test]
fn a_repair_in_the_owners_instance_keeps_what_the_owner_wanted() {
    let double = begun(KIND, 1, Defects::default());
    let mut owner = Adapter::new(KIND, &double, 0);
    double.become_like(Defects {
        sets_refused: 100,
        ..Defects::default()
    });
    let stopped = owner.append(&request(STREAMS[0], "w0-0", 1)).unwrap_err();
    double.become_like(Defects::default());
    let other = Adapter::new(KIND, &double, 1).append(&request(STREAMS[1], "w1-0", 2));
    let key = other.unwrap_err().to_repair().unwrap();
    assert!(stopped.text().unwrap().contains(&key), "{stopped:?}");
    assert!(matches!(owner.repair(&key), Ok(RepairOutcome::Decided)));
    assert!(recover(KIND, &double).is_empty());
    check(KIND, &double, &[]).unwrap();
}

#[test]
fn a_writer_that_dies_anywhere_leaves_at_most_one_slot_to_repair_by_name() {
    let mut repairs = 0;
    for done in [false, true] {
        for call in 1.. {
            let double = begun(KIND, 1, Defects::default());
            let mut dying = Adapter::crashing(KIND, &double, 0, Some(Crash { call, done }));
            let answer = dying.append(&request(STREAMS[0], "w0-0", 7));
            let survived = answer.is_ok();
            let repaired = recover(KIND, &double);
            assert!(repaired.len() <= 1, "dead at {call}, {done}: {repaired:?}");
            repairs += repaired.len();
            check(KIND, &double, &[]).unwrap();
            if survived {
                assert!(repaired.is_empty());
                break;
            }
        }
    }
    // A crash between increment and set of the log's slot, and of the stream's slot, needs a repair: at four calls
    // each.
    assert!(repairs >= 4, "{repairs}");
}

#[test]
fn a_repair_is_idempotent_and_leaves_alone_what_nobody_began() {
    let double = begun(KIND, 1, Defects::default());
    let mut adapter = Adapter::new(KIND, &double, 0);
    let before = double.slots();
    for key in [
        "a.log.0000000000000002",
        "a.stream.account-1.0000000000000002",
    ] {
        assert!(
            matches!(adapter.repair(key), Ok(RepairOutcome::Untouched)),
            "{key}"
        );
    }
    assert!(matches!(
        adapter.repair("a.log.0000000000000001"),
        Ok(RepairOutcome::Decided)
    ));
    assert_eq!(double.slots(), before);
    adapter.append(&request(STREAMS[0], "w0-0", 7)).unwrap();
}

#[test]
fn a_command_id_whose_claim_died_can_go_on_after_the_repair() {
    let double = begun(KIND, 1, Defects::default());
    let mut stuck = None;
    for call in 1..20 {
        let crash = Crash { call, done: false };
        let mut dying = Adapter::crashing(KIND, &double, 0, Some(crash));
        let id = format!("w{call}");
        if dying.claim(&id, STREAMS[0], 1).is_ok() {
            break;
        }
        let mut other = Adapter::new(KIND, &double, 1);
        match other.claim(&id, STREAMS[0], 1) {
            Ok(Claim::Fresh | Claim::Pending) => {}
            Err(stopped) => {
                let key = stopped.to_repair().unwrap();
                assert!(matches!(other.repair(&key), Ok(RepairOutcome::Written)));
                let again = Adapter::new(KIND, &double, 2).claim(&id, STREAMS[0], 1);
                assert!(matches!(again, Ok(Claim::Pending)), "{again:?}");
                stuck = Some(key);
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(stuck.unwrap().starts_with("a.command.w"));
}

#[test]
fn a_store_that_was_copied_without_its_counters_goes_on() {
    let original = begun(Kind::Cas, 1, Defects::default());
    let _ = run(Kind::Cas, &original, 2, 6);
    let claim = Adapter::new(Kind::Cas, &original, 9).claim("w0-0", STREAMS[0], 0);
    assert!(matches!(claim, Ok(Claim::Fresh)));
    let copy = Arc::new(Double::new(1, Defects::default()));
    for (key, value) in original.slots() {
        copy.import(&key, value);
    }
    let mut second = run(KIND, &copy, 2, 6);
    for told in &mut second {
        assert!(told.answer.is_ok(), "{told:?}");
    }
    // The copy contains the command's effect, so another claim must find it.
    let claim = Adapter::new(KIND, &copy, 9).claim("w0-0", STREAMS[0], 13);
    assert!(matches!(claim, Ok(Claim::Done(_))), "{claim:?}");
    let events = Adapter::new(KIND, &copy, 9)
        .read_stream(STREAMS[0])
        .unwrap();
    assert_eq!(events.len(), 1 + 2 * 6);
    assert!(events.iter().map(|event| event.version).eq(1..=13));
}

/// The store reports most of the cases that it cannot survive. The other cases are the reason why such a backend is
/// not supported.
#[test]
fn two_owners_on_a_host_whose_first_increment_is_not_atomic_are_told_when_it_shows() {
    let (mut sound, mut told_so, mut silent) = (0, 0, 0);
    for seed in 0..200 {
        let first_increment_in_two_steps = true;
        let double = begun(
            KIND,
            seed,
            Defects {
                first_increment_in_two_steps,
                ..Defects::default()
            },
        );
        let told = run(KIND, &double, 2, 6);
        double.become_like(Defects::default());
        let detected = told.iter().any(|told| match &told.answer {
            Err(Stopped::Store(StoreError::Unavailable(why))) => why.contains("two writers"),
            _ => false,
        });
        match (check(KIND, &double, &told), detected) {
            (_, true) => told_so += 1,
            (Ok(()), false) => sound += 1,
            (Err(_), false) => silent += 1,
        }
    }
    eprintln!("{sound} sound, {told_so} detected, {silent} not detected");
    assert!(
        told_so > 100,
        "{sound} sound, {told_so} detected, {silent} not detected"
    );
}

#[test]
fn a_host_that_forgets_is_refused_before_the_first_record() {
    let forgets = true;
    let double = Arc::new(Double::new(
        1,
        Defects {
            forgets,
            ..Defects::default()
        },
    ));
    let told = run(KIND, &double, 1, 1);
    let text = told[0].answer.as_ref().unwrap_err().text().unwrap();
    assert!(text.contains("does not keep what was written"), "{text}");
}

#[test]
fn the_one_host_that_is_known_for_that_is_refused_before_the_first_record() {
    let first_increment_in_two_steps = true;
    let double = Arc::new(Double::new(
        1,
        Defects {
            first_increment_in_two_steps,
            ..Defects::default()
        },
    ));
    for told in run(KIND, &double, 2, 2) {
        let stopped = told.answer.unwrap_err();
        assert!(stopped.text().unwrap().contains("NATS"), "{stopped:?}");
    }
    assert!(double.slots().is_empty());
}

#[test]
fn a_bucket_that_vanishes_and_comes_back_has_lost_nothing() {
    for from in (20..160).step_by(3) {
        let closed = Some((Closed::Denied, from));
        let double = begun(
            KIND,
            from,
            Defects {
                closed,
                ..Defects::default()
            },
        );
        let told = run(KIND, &double, 2, 8);
        assert!(told.iter().any(|told| told.answer.is_err()));
        let _ = recover(KIND, &double);
        check(KIND, &double, &told).unwrap();
    }
}

#[test]
fn it_asks_for_nothing_that_hosts_disagree_on() {
    let imports = KIND.imports();
    assert!(
        imports
            .iter()
            .any(|import| import.ends_with("atomics@0.2.0-draft#increment"))
    );
    for import in imports {
        assert!(
            !import.contains("batch") && !import.contains("list-keys") && !import.contains("swap"),
            "{import}"
        );
    }
}
