//! Broken stores: lost data after a crash.

use std::time::Duration;

use annals_history::check::Kind;
use annals_history::crashing::{Crashing, Durability, Journal};
use annals_history::workload::{Options, Workload};

use super::{history, judge, options, settings};

#[test]
fn a_store_that_acknowledges_before_it_syncs_is_caught() {
    for workload in [Workload::Hot, Workload::Spread] {
        let options = Options {
            workload,
            kills: 5,
            ..options()
        };
        let pretended = Durability::Pretended { every: 100 };
        let journal = Journal::new(pretended, Duration::ZERO, options.seed);
        let backend = Crashing::new(
            "pretends to sync",
            journal,
            settings(),
            Duration::from_millis(1),
        );
        // A lost event violates several rules.
        let report = judge(&history(&backend, &options));
        assert!(
            report.kinds.contains_key(&Kind::LostCommit),
            "{:?}",
            report.kinds
        );
    }
}
