//! What customers look up: their balance, and what came in and went out.

mod balances;
mod statements;

pub use balances::{Balance, Balances};
pub use statements::{Line, Movement, Statements, UnderWay, movement_key, transfer_key};

annals::export! { projectors: [Balances, Statements] }

#[cfg(test)]
mod tests;
