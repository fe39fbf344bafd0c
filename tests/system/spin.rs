//! The bank composed for Spin and wasmCloud, on stand-ins whose stores behave like those of these hosts.

use crate::support;
use annals_tests::bank;
use annals_tests::server::Kind;

fn plays_to_the_oracle(host: Kind, kills: usize) {
    let mut served = support::bank(host);
    let tally = bank::play(&mut served.server, kills).expect("the host comes back");
    assert!(tally.wrong.is_empty(), "{:#?}", tally.wrong);
    assert_eq!((tally.lost, tally.restarts as usize), (0, kills));
    assert!(tally.commands >= 2000, "{tally:?}");
}

#[test]
fn every_outcome_and_balance_survives_kills_on_a_host_like_spin_on_sqlite() {
    plays_to_the_oracle(Kind::SpinSqlite, 2);
}

#[test]
fn every_outcome_and_balance_survives_kills_on_a_host_like_spin_on_redis() {
    plays_to_the_oracle(Kind::SpinRedis, 2);
}

#[test]
fn every_outcome_and_balance_is_right_on_a_host_like_wasmcloud() {
    // After a kill, this store may need an operator's repair: see `increment.rs`.
    plays_to_the_oracle(Kind::WasmCloud, 0);
}
