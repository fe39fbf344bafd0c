//! The store adapters on their real hosts have every behaviour of the conformance suite.

use annals_store_conformance::{Cluster, Hosted, Ours, run};
use annals_tests::tools;

/// A case that cannot run from outside.
const DAMAGE: &str = "snapshots.damaged";
/// An order that a log with several partitions does not guarantee.
const ORDER: &str = "log.order-of-appends";

fn conforms(which: Ours, partitions: u32, skipped: &[&str]) {
    let store = Hosted::ours(which, partitions).expect("the host starts");
    let report = run(&store, "");
    println!("{report}");
    assert!(report.failed().is_empty(), "{report}");
    assert_eq!(report.skipped(), skipped);
}

#[test]
fn the_conditional_adapter_conforms_on_annals_host() {
    conforms(Ours::Conditional, 1, &[DAMAGE]);
}

#[test]
fn the_keyvalue_adapter_conforms_on_annals_host() {
    conforms(Ours::Keyvalue, 1, &[DAMAGE]);
}

#[test]
fn a_divided_log_conforms_on_annals_host() {
    conforms(Ours::Conditional, 3, &[ORDER, DAMAGE]);
    conforms(Ours::Keyvalue, 3, &[ORDER, DAMAGE]);
}

#[test]
fn two_annals_hosts_on_postgres_conform() {
    shared_store_conforms(Cluster::on_postgres(2, 1, 0).expect("the hosts start"));
}

#[test]
fn two_annals_hosts_on_nats_conform() {
    shared_store_conforms(Cluster::on_nats(3, 2, 1, 0).expect("the hosts start"));
}

fn shared_store_conforms(hosts: Option<Cluster>) {
    let Some(hosts) = hosts else {
        return;
    };
    let report = run(&hosts, "");
    println!("{report}");
    assert!(report.failed().is_empty(), "{report}");
    assert_eq!(report.skipped(), [DAMAGE]);
}

/// After a crash, `store-keyvalue-increment` may need an operator's repair; `increment.rs` tests that.
const CRASHES: [&str; 7] = [
    "crash.everything-is-still-there",
    "crash.reactions-are-still-there",
    "crash.drop-goes-on",
    "crash.log-end",
    "crash.same-command-again",
    "crash.no-acknowledged-commit-is-lost",
    "crash.retries-take-effect-once",
];

#[test]
fn the_increment_adapter_conforms_on_annals_host() {
    conforms(Ours::Increment, 1, &[&[DAMAGE], &CRASHES[..]].concat());
}

#[test]
fn the_increment_adapter_conforms_on_a_host_like_wasmcloud() {
    conforms(Ours::WasmCloud, 1, &[&[DAMAGE], &CRASHES[..]].concat());
}

#[test]
fn the_pointer_adapter_conforms_on_a_host_like_spin_on_sqlite() {
    conforms(Ours::SpinSqlite, 1, &[DAMAGE]);
}

#[test]
fn the_pointer_adapter_conforms_on_a_host_like_spin_on_redis() {
    conforms(Ours::SpinRedis, 1, &[DAMAGE]);
}

#[test]
fn the_filesystem_adapter_conforms_on_wasmtime_serve() {
    conforms(Ours::Filesystem, 1, &[DAMAGE]);
}

/// Runs the cases that depend on the host. `cargo xtask conformance` runs all cases, which takes minutes: jco
/// transpiles another component for every prefix.
#[test]
fn the_filesystem_adapter_conforms_on_jco() {
    let store = Hosted::ours(Ours::Jco, 1).expect("the host starts");
    for part in ["append.", "crash.", "names."] {
        let report = run(&store, part);
        println!("{report}");
        assert!(report.failed().is_empty(), "{report}");
        assert!(report.passed().len() >= 5, "{report}");
        assert!(report.skipped().is_empty(), "{report}");
    }
}

/// A third-party adapter, served by the user's command.
fn foreign(flags: &str) -> Hosted {
    let target = tools::target_folder().expect("the target folder");
    let component = target.join("wasm32-unknown-unknown/wasm/annals_store_filesystem.wasm");
    let wasmtime = tools::wasmtime().expect("wasmtime is there");
    let serve = format!(
        "{} serve -S cli --addr 127.0.0.1:{{port}} {flags} {{app}}",
        wasmtime.display()
    );
    Hosted::foreign(&component, &serve).expect("the host starts")
}

#[test]
fn anybodys_adapter_is_played_on_anybodys_host() {
    let report = run(&foreign("--dir {data}::/data"), "append.");
    assert!(report.failed().is_empty(), "{report}");
    assert!(report.passed().len() >= 20, "{report}");
}

#[test]
fn a_store_that_cannot_write_fails_by_name() {
    let report = run(&foreign(""), "append.any-on");
    assert_eq!(report.failed(), ["append.any-on-any-stream"]);
    let said = report.to_string();
    assert!(said.contains("no directory is preopened"), "{said}");
}

#[test]
fn a_component_that_is_no_store_adapter_is_refused() {
    let target = tools::target_folder().expect("the target folder");
    let component = target.join("wasm32-unknown-unknown/wasm/annals_dispatcher.wasm");
    let error = Hosted::foreign(&component, "true").err().expect("refused");
    assert!(
        error.to_string().contains("annals:es/event-reader"),
        "{error:#}"
    );
}
