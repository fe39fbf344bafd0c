//! Transfers from one account to another: a decider that keeps the book of transfers, and a process
//! manager that moves the money.

mod decider;
mod flow;

pub use decider::{Fact, No, Request, Transfer};
pub use flow::{Order, Seen, Stage, State, TransferFlow};

annals::export!(Transfer, process_manager TransferFlow);

#[cfg(test)]
mod tests;
