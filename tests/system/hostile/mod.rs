//! Clients that harm, and what it does to the others: a plain command is answered while the attack
//! lasts, nothing is poisoned, and what is refused is told. `annals-bench` measures plain commands beside the
//! same attacks.
//!
//! Each attack is played small; with `ANNALS_HOSTILE=long` at the size that it was first seen at.

mod connections;
mod operators;
mod waits;

use annals_tests::client::Client;
use annals_tests::hostile::plain;

/// The size of an attack: small, or as it was first seen.
fn size<T>(small: T, long: T) -> T {
    match std::env::var("ANNALS_HOSTILE").as_deref() {
        Ok("long") => long,
        _ => small,
    }
}

/// One plain command of the bank, which is accepted like any other.
fn plain_command(client: &Client) {
    plain::command(client).expect("accepted");
}
