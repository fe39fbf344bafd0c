//! What customers look up: their balance, and what came in and went out.

mod balances;
mod statements;

pub use balances::{Balance, Balances};
pub use statements::{Movement, Statement, Statements};

annals::export!(projector Balances, projector Statements);

#[cfg(test)]
mod tests;
