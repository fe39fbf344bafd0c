//! All cases, and running them.

use std::time::Instant;

use crate::case::{Case, Ran, Report};
use crate::cases;
use crate::store::Backend;

/// All cases, grouped by subject.
pub fn all() -> impl Iterator<Item = &'static Case> {
    cases::ALL.iter().copied().flatten()
}

/// Runs all cases whose name contains the filter (empty: all of them), one after the other. The same store can be
/// used again, because every case has its own streams, commands, handlers and views.
pub fn run(backend: &dyn Backend, filter: &str) -> Report {
    run_observed(backend, filter, |_| {})
}

/// The same; `observe` gets each case when it ends.
pub fn run_observed(backend: &dyn Backend, filter: &str, mut observe: impl FnMut(&Ran)) -> Report {
    let ran = all()
        .filter(|case| case.name.contains(filter))
        .map(|case| {
            let start = Instant::now();
            let verdict = case.run(backend);
            let ran = Ran {
                case: *case,
                verdict,
                took: start.elapsed(),
            };
            observe(&ran);
            ran
        })
        .collect();
    Report {
        backend: backend.name(),
        ran,
    }
}
