//! Correct stores: every workload, also with kills of the process, passes without a violation.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;
use std::time::Duration;

use annals_event_log::{MemorySlots, Settings};
use annals_history::check::{Report, check};
use annals_history::crashing::{Crashing, Durability, Flaky, Journal};
use annals_history::workload::{Options, Workload, run};
use annals_store_conformance::{Backend, Native};

/// Settings with a short grace period: readers soon treat a writer as dead, so many live writers meet a void.
fn impatient() -> Settings {
    Settings {
        grace_ms: 2,
        ..Settings::default()
    }
}

fn sound(backend: &dyn Backend, options: &Options) -> Report {
    println!("seed {}, {}", options.seed, options.workload);
    let history = run(backend, options);
    let report = check(&history);
    println!(
        "{:?}, {} kills, {} ms",
        report.counts, history.run.kills, history.run.milliseconds
    );
    let violations: Vec<String> = report
        .violations
        .iter()
        .map(|it| it.explain(&history))
        .collect();
    assert!(
        violations.is_empty(),
        "{:?}\n{}",
        report.kinds,
        violations.join("\n")
    );
    assert!(history.run.kills >= options.kills * 9 / 10);
    report
}

#[test]
fn the_library_over_memory_is_sound_under_every_workload() {
    for workload in [Workload::Hot, Workload::Spread, Workload::Mixed] {
        let backend = Native::new("memory", Arc::new(MemorySlots::new()), impatient());
        let options = Options {
            workload,
            seed: fastrand::u64(..),
            ..Options::default()
        };
        let counts = sound(&backend, &options).counts;
        assert!(
            counts.acknowledged > 2000 && counts.seen > counts.events,
            "{counts:?}"
        );
        assert!(
            workload == Workload::Spread || counts.refused > 100,
            "{counts:?}"
        );
    }
}

#[test]
fn the_library_is_sound_while_its_process_is_killed() {
    for workload in [Workload::Hot, Workload::Spread, Workload::Mixed] {
        let seed = fastrand::u64(..);
        let journal = Journal::new(Durability::Synced, Duration::from_micros(50), seed);
        let backend = Crashing::new("crashing", journal, impatient(), Duration::from_millis(1));
        let options = Options {
            workload,
            seed,
            kills: 200,
            ..Options::default()
        };
        let counts = sound(&backend, &options).counts;
        assert!(
            counts.in_doubt > 100 && counts.unavailable > 100,
            "{counts:?}"
        );
    }
}

#[test]
fn the_library_is_sound_when_answers_get_lost_and_writes_come_late() {
    for workload in [Workload::Hot, Workload::Spread, Workload::Mixed] {
        let seed = fastrand::u64(..);
        let slots = Flaky::new(Arc::new(MemorySlots::new()), seed);
        let options = Options {
            workload,
            seed,
            ..Options::default()
        };
        let counts = sound(&Native::new("flaky", slots, impatient()), &options).counts;
        assert!(counts.unavailable > 30, "{counts:?}");
    }
}
