//! The book of transfers, and every way that a transfer can go.

mod book;
mod ways;

use bank_events::{Cents, TransferCompleted, TransferFailed, TransferRequested};

const AMOUNT: Cents = 30;

fn transfer() -> String {
    "t1".into()
}

fn requested() -> TransferRequested {
    TransferRequested {
        transfer: transfer(),
        from: "1".into(),
        to: "2".into(),
        amount: AMOUNT,
    }
}

fn completed() -> TransferCompleted {
    TransferCompleted {
        transfer: transfer(),
        from: "1".into(),
        to: "2".into(),
        amount: AMOUNT,
    }
}

fn failed(reason: &str) -> TransferFailed {
    TransferFailed {
        transfer: transfer(),
        from: "1".into(),
        to: "2".into(),
        amount: AMOUNT,
        reason: reason.into(),
    }
}
