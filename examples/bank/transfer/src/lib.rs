//! Transfers from one account to another: a decider that keeps the book of transfers, and a process
//! manager that moves the money.

mod decider;
mod flow;

pub use decider::{Transfer, TransferCommand, TransferEvent, TransferRejection};
pub use flow::{Order, Seen, Stage, State, TransferFlow};

annals::export! {
    deciders: [Transfer],
    process_managers: [TransferFlow],
}

#[cfg(test)]
mod tests;
