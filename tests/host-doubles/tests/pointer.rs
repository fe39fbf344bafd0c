//! `store-keyvalue-pointer` on hosts like Spin, and on hosts with more defects.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use annals_host_doubles::bucket::Closed;
use annals_host_doubles::host::Crash;
use annals_host_doubles::workload::{STREAMS, check, recover_as, request, run};
use annals_host_doubles::{Adapter, Defects, Double, Kind};

const KIND: Kind = Kind::Pointer;
const SEEDS: std::ops::Range<u64> = 0..40;

/// The hosts that the adapter is for, and a host without defects.
fn hosts() -> [Defects; 3] {
    [
        Defects::spin_sqlite(),
        Defects::spin_redis(),
        Defects::default(),
    ]
}

/// A store with a first record on a host. A host cannot always read a counter that another host has written.
fn begun_on(seed: u64, host: &Defects) -> Arc<Double> {
    let double = Arc::new(Double::new(seed, host.clone()));
    let first = request(STREAMS[0], "first", 1);
    Adapter::new(KIND, &double, 99).append(&first).unwrap();
    double
}

/// Runs three writers on each host with additional defects, and checks the rules afterwards without any repair.
/// Returns the number of commands sent and acknowledged.
fn survives(worse: impl Fn(Defects) -> Defects) -> (usize, usize) {
    let (mut sent, mut acknowledged) = (0, 0);
    for host in hosts() {
        for seed in SEEDS {
            let double = begun_on(seed, &host);
            double.become_like(worse(host.clone()));
            let told = run(KIND, &double, 3, 8);
            let repaired = recover_as(KIND, &double, host.clone());
            assert!(repaired.is_empty(), "{host:?}, seed {seed}");
            if let Err(broken) = check(KIND, &double, &told) {
                panic!("{host:?}, seed {seed}: {broken}");
            }
            sent += told.len();
            acknowledged += told.iter().filter(|told| told.answer.is_ok()).count();
        }
    }
    (sent, acknowledged)
}

#[test]
fn on_hosts_like_spin_everything_is_acknowledged() {
    let (sent, acknowledged) = survives(|host| host);
    assert_eq!((sent, acknowledged), (3 * 40 * 24, sent));
}

#[test]
fn a_write_whose_answer_is_lost_is_found_out() {
    let (sent, acknowledged) = survives(|host| Defects {
        answers_lost: 25,
        ..host
    });
    assert!(acknowledged > sent / 2, "{acknowledged} of {sent}");
}

#[test]
fn refused_writes_are_told() {
    let (sent, acknowledged) = survives(|host| Defects {
        writes_refused: 10,
        ..host
    });
    assert!(acknowledged > sent / 4, "{acknowledged} of {sent}");
}

#[test]
fn a_write_that_times_out_and_comes_later_overwrites_nothing() {
    for calls in [1, 10, 100] {
        let (_, acknowledged) = survives(|host| Defects {
            writes_late: (15, calls),
            ..host
        });
        assert!(acknowledged > 0);
    }
}

#[test]
fn all_failures_together_lose_nothing() {
    survives(|host| Defects {
        answers_lost: 15,
        writes_refused: 15,
        writes_late: (10, 20),
        ..host
    });
}

#[test]
fn late_reads_lose_nothing() {
    for lag in [3, 30, 300] {
        survives(|host| Defects { lag, ..host });
    }
}

#[test]
fn a_writer_that_dies_anywhere_stops_nobody_and_leaves_nothing_to_repair() {
    for host in hosts() {
        for done in [false, true] {
            for call in 1.. {
                let double = begun_on(1, &host);
                let mut dying = Adapter::crashing(KIND, &double, 0, Some(Crash { call, done }));
                let survived = dying.append(&request(STREAMS[0], "w0-0", 7)).is_ok();
                let repaired = recover_as(KIND, &double, host.clone());
                assert!(repaired.is_empty(), "dead at {call}, {done}");
                check(KIND, &double, &[]).unwrap();
                if survived {
                    assert!(call > 8, "the append takes host calls");
                    break;
                }
            }
        }
    }
}

#[test]
fn a_bucket_that_vanishes_and_comes_back_has_lost_nothing() {
    for from in (30..300).step_by(7) {
        let closed = Some((Closed::Denied, from));
        let double = begun_on(from, &Defects::spin_sqlite());
        double.become_like(Defects {
            closed,
            ..Defects::spin_sqlite()
        });
        let told = run(KIND, &double, 2, 8);
        let repaired = recover_as(KIND, &double, Defects::spin_sqlite());
        assert!(repaired.is_empty(), "gone from call {from}");
        check(KIND, &double, &told).unwrap();
    }
}

#[test]
fn hosts_that_cannot_do_even_this_are_refused_before_the_first_record() {
    let forgets = Defects {
        forgets: true,
        ..Defects::default()
    };
    let counts = Defects {
        counts_anything: true,
        ..Defects::default()
    };
    for (defects, words) in [
        (forgets, "does not keep what was written"),
        (counts, "increments a value that is not a counter"),
    ] {
        let double = Arc::new(Double::new(1, defects));
        let told = run(KIND, &double, 1, 1);
        let text = told[0].answer.as_ref().unwrap_err().text().unwrap();
        assert!(text.contains(words), "{text}");
        let left: Vec<_> = double.slots().into_keys().collect();
        assert!(left.iter().all(|key| key.contains(".check.")), "{left:?}");
    }
}

#[test]
fn the_other_adapter_refuses_spins_sqlite() {
    let double = Arc::new(Double::new(1, Defects::spin_sqlite()));
    let told = run(Kind::Cas, &double, 1, 1);
    let text = told[0].answer.as_ref().unwrap_err().text().unwrap();
    assert!(text.contains("two creators of one key both win"), "{text}");
}

#[test]
fn it_asks_for_nothing_that_hosts_disagree_on() {
    let imports = KIND.imports();
    for wanted in ["#swap", "#increment"] {
        let wanted = format!("atomics@0.2.0-draft2{wanted}");
        assert!(imports.iter().any(|import| import.ends_with(&wanted)));
    }
    for import in imports {
        assert!(
            !import.contains("batch") && !import.contains("list-keys"),
            "{import}"
        );
    }
}
