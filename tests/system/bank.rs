//! The bank on real hosts, which are killed in the middle. The oracle judges the results.

use crate::support;
use annals_tests::bank::{self, check_log};
use annals_tests::server::Kind;
use serde_json::json;

fn plays_to_the_oracle(host: Kind) {
    let mut served = support::bank(host);
    let tally = bank::play(&mut served.server, 2).expect("the host comes back");
    assert!(tally.wrong.is_empty(), "{:#?}", tally.wrong);
    assert_eq!(tally.lost, 0);
    assert_eq!(tally.restarts, 2);
    assert!(
        tally.commands >= 2000
            && tally.rejected > 100
            && tally.duplicates > 100
            && tally.malformed > 10,
        "{tally:?}"
    );
}

#[test]
fn every_outcome_and_balance_survives_kills_on_annals_host() {
    plays_to_the_oracle(Kind::Annals);
}

#[test]
fn every_outcome_and_balance_survives_kills_on_wasmtime_serve() {
    plays_to_the_oracle(Kind::Wasmtime);
}

#[test]
fn every_outcome_and_balance_survives_kills_where_wasmtime_keeps_instances() {
    plays_to_the_oracle(Kind::WasmtimeKept);
}

#[test]
fn the_log_check_notices_gaps_repeats_and_double_effects() {
    let event = |position: u64, version: u64, command: &str| json!({"position": position.to_string(), "subject": "a-1", "streamversion": version.to_string(), "commandid": command});
    assert!(check_log(&[event(1, 1, "x"), event(2, 2, "x"), event(9, 3, "y")]).is_empty());
    assert!(
        !check_log(&[event(1, 1, "x"), event(9, 3, "y")]).is_empty(),
        "a version is missing"
    );
    assert!(
        !check_log(&[event(9, 1, "x"), event(9, 2, "y")]).is_empty(),
        "a position repeats"
    );
    assert!(
        !check_log(&[event(1, 1, "x"), event(9, 2, "x")]).is_empty(),
        "a command took effect twice"
    );
}
