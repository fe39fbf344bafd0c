//! The library itself passes all cases.

use annals_event_log::Settings;
use annals_store_conformance::{Native, all, run};

#[test]
fn the_library_conforms() {
    let report = run(&Native::in_memory(Settings::default()), "");
    println!("{report}");
    assert!(report.failed().is_empty(), "{report}");
    assert!(report.skipped().is_empty(), "{report}");
    assert_eq!(report.passed().len(), all().count());
}

#[test]
fn a_store_may_be_used_again() {
    let store = Native::in_memory(Settings::default());
    for _ in 0..2 {
        let report = run(&store, "log.");
        assert!(report.failed().is_empty(), "{report}");
    }
}

#[test]
fn names_are_unique_and_descriptions_are_a_line() {
    let mut names: Vec<_> = all().map(|case| case.name).collect();
    names.sort_unstable();
    assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
    for case in all() {
        assert!(!case.about.contains('\n'), "{case:?}");
    }
}
