//! The store adapters on their real hosts have every behaviour of the conformance suite.

use annals_store_conformance::{Hosted, run};
use annals_tests::server::Kind;

/// What cannot be tried from outside.
const SKIPPED: [&str; 1] = ["snapshots.damaged"];

fn conforms(kind: Kind) {
    let store = Hosted::ours(kind).expect("the host starts");
    let report = run(&store, "");
    println!("{report}");
    assert!(report.failed().is_empty(), "{report}");
    assert_eq!(report.skipped(), SKIPPED);
}

#[test]
fn the_keyvalue_adapter_conforms_on_annals_host() {
    conforms(Kind::Annals);
}

#[test]
fn the_filesystem_adapter_conforms_on_wasmtime_serve() {
    conforms(Kind::Wasmtime);
}
