//! Hostile clients and their effect on others. The host answers a plain command during the attack, poisons nothing,
//! and reports every refusal. `annals-bench` measures plain commands beside the same attacks.
//!
//! Each attack is small by default. `ANNALS_HOSTILE=long` uses the size at which it was first observed.

mod connections;
mod operators;
mod waits;

use annals_tests::client::Client;
use annals_tests::hostile::plain;

/// The size of an attack: small, or as first observed.
fn size<T>(small: T, long: T) -> T {
    match std::env::var("ANNALS_HOSTILE").as_deref() {
        Ok("long") => long,
        _ => small,
    }
}

/// Sends one plain command of the bank, which must be accepted.
fn plain_command(client: &Client) {
    plain::command(client).expect("accepted");
}
