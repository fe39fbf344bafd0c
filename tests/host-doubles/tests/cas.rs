//! `store-keyvalue` on hosts with the defects of real ones.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use annals_host_doubles::bucket::Closed;
use annals_host_doubles::host::Crash;
use annals_host_doubles::workload::{STREAMS, begun, check, recover, request, run};
use annals_host_doubles::{Adapter, Defects, Double, Kind};

const KIND: Kind = Kind::Cas;
const SEEDS: std::ops::Range<u64> = 0..40;

/// Runs three writers on a host with these defects, and checks the rules afterwards without any repair. Returns the
/// number of commands sent and acknowledged.
fn survives(defects: &Defects) -> (usize, usize) {
    let (mut sent, mut acknowledged) = (0, 0);
    for seed in SEEDS {
        let double = begun(KIND, seed, defects.clone());
        let told = run(KIND, &double, 3, 8);
        assert!(recover(KIND, &double).is_empty(), "seed {seed}");
        if let Err(broken) = check(KIND, &double, &told) {
            panic!("seed {seed}: {broken}");
        }
        sent += told.len();
        acknowledged += told.iter().filter(|told| told.answer.is_ok()).count();
    }
    (sent, acknowledged)
}

fn all_acknowledged(defects: &Defects) {
    let (sent, acknowledged) = survives(defects);
    assert_eq!(sent, acknowledged);
}

#[test]
fn on_a_faithful_host_everything_is_acknowledged() {
    all_acknowledged(&Defects::default());
}

#[test]
fn a_swap_that_is_reported_as_failed_after_it_was_done_counts_as_done() {
    let swaps_denied = 40;
    all_acknowledged(&Defects {
        swaps_denied,
        ..Defects::default()
    });
}

#[test]
fn a_write_whose_answer_is_lost_is_found_out() {
    let answers_lost = 40;
    all_acknowledged(&Defects {
        answers_lost,
        ..Defects::default()
    });
}

#[test]
fn refused_writes_are_tried_again_and_then_told() {
    let (sent, acknowledged) = survives(&Defects {
        writes_refused: 40,
        ..Defects::default()
    });
    assert!(acknowledged > sent / 2 && acknowledged < sent);
}

#[test]
fn a_write_that_times_out_and_comes_later_overwrites_nothing() {
    for calls in [1, 10, 100] {
        let (_, acknowledged) = survives(&Defects {
            writes_late: (30, calls),
            ..Defects::default()
        });
        assert!(acknowledged > 0);
    }
}

#[test]
fn all_failures_together_lose_nothing() {
    survives(&Defects {
        swaps_denied: 25,
        answers_lost: 25,
        writes_refused: 25,
        ..Defects::default()
    });
}

#[test]
fn late_reads_lose_nothing() {
    for lag in [3, 30, 300] {
        let (_, acknowledged) = survives(&Defects {
            lag,
            ..Defects::default()
        });
        assert!(acknowledged > 0);
    }
}

#[test]
fn a_host_that_overwrites_is_refused_before_the_first_record() {
    let double = Arc::new(Double::new(
        1,
        Defects {
            swap_overwrites: true,
            ..Defects::default()
        },
    ));
    for told in run(KIND, &double, 2, 3) {
        let stopped = told.answer.unwrap_err();
        let text = stopped.text().unwrap();
        assert!(
            text.contains("two creators of one key both win") && text.contains("another"),
            "{text}"
        );
    }
    assert!(double.slots().is_empty(), "{:?}", double.slots().keys());
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
fn a_host_without_the_bucket_is_told_with_a_remedy() {
    for (how, remedy) in [
        (Closed::Gone, "configure it on the host"),
        (Closed::Denied, "grant it to this component"),
    ] {
        let defects = Defects {
            closed: Some((how, 0)),
            ..Defects::default()
        };
        let double = Arc::new(Double::new(1, defects));
        let told = run(KIND, &double, 1, 1);
        let text = told[0].answer.as_ref().unwrap_err().text().unwrap();
        assert!(text.contains(remedy), "{text}");
    }
}

#[test]
fn a_bucket_that_vanishes_and_comes_back_has_lost_nothing() {
    for from in (20..140).step_by(3) {
        let closed = Some((Closed::Gone, from));
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
        assert!(recover(KIND, &double).is_empty(), "gone from call {from}");
        check(KIND, &double, &told).unwrap();
    }
}

#[test]
fn a_writer_that_dies_anywhere_stops_nobody() {
    for done in [false, true] {
        for call in 1.. {
            let double = begun(KIND, 1, Defects::default());
            let mut dying = Adapter::crashing(KIND, &double, 0, Some(Crash { call, done }));
            let survived = dying.append(&request(STREAMS[0], "w0-0", 7)).is_ok();
            assert!(recover(KIND, &double).is_empty(), "dead at {call}, {done}");
            check(KIND, &double, &[]).unwrap();
            if survived {
                assert!(call > 4, "the append takes host calls");
                break;
            }
        }
    }
}

#[test]
fn it_asks_for_nothing_that_hosts_disagree_on() {
    let imports = KIND.imports();
    assert!(
        imports
            .iter()
            .any(|import| import.ends_with("atomics@0.2.0-draft2#swap"))
    );
    for import in imports {
        assert!(
            !import.contains("batch")
                && !import.contains("list-keys")
                && !import.contains("increment"),
            "{import}"
        );
    }
}
