//! Stores with deliberate defects. The checker must report the defect of each.
//!
//! | module | defects |
//! |---|---|
//! | `twist` | a store whose calls a test can change |
//! | `appends` | preconditions, atomicity, effects |
//! | `reads` | stale and torn reads |
//! | `logs` | the order and completeness of the log |
//! | `crashes` | lost data after a crash |
//! | `tampered` | correct histories with changes: kinds that no broken store here shows |
#![allow(clippy::unwrap_used)]

mod appends;
mod crashes;
mod logs;
mod reads;
mod tampered;
mod twist;

use std::collections::BTreeSet;
use std::time::Duration;

use annals_event_log::Settings;
use annals_history::check::{Kind, Report, check};
use annals_history::record::History;
use annals_history::workload::{Options, run};
use annals_store_conformance::Backend;

fn settings() -> Settings {
    Settings {
        grace_ms: 20,
        ..Settings::default()
    }
}

fn options() -> Options {
    Options {
        seed: fastrand::u64(..),
        operations: 2000,
        streams: 20,
        patience: Duration::from_millis(300),
        ..Options::default()
    }
}

fn history(backend: &dyn Backend, options: &Options) -> History {
    println!("{}, seed {}", backend.name(), options.seed);
    run(backend, options)
}

fn judge(history: &History) -> Report {
    let report = check(history);
    println!("{:?}", report.kinds);
    for violation in report.violations.iter().take(3) {
        println!("{violation}");
    }
    report
}

/// Asserts that the first kind is reported, and that all other reported kinds are in `kinds`.
fn caught(backend: &dyn Backend, options: &Options, kinds: &[Kind]) {
    let report = judge(&history(backend, options));
    only(&report, kinds);
}

fn only(report: &Report, kinds: &[Kind]) {
    assert!(
        report.kinds.contains_key(&kinds[0]),
        "not caught: {:?}",
        report.kinds
    );
    let allowed: BTreeSet<Kind> = kinds.iter().copied().collect();
    let violations: Vec<String> = report
        .violations
        .iter()
        .filter(|violation| !allowed.contains(&violation.kind))
        .map(ToString::to_string)
        .collect();
    assert!(
        violations.is_empty(),
        "{:?}\n{}",
        report.kinds,
        violations.join("\n")
    );
}
