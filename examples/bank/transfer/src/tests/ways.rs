use annals::test::{On, Processes, on, process};
use bank_events::commands::{CompleteTransfer, Deposit, FailTransfer, Withdraw};
use bank_events::{Deposited, Withdrawn};

use super::*;
use crate::{Order, Seen, Stage, State, TransferFlow};

fn begun() -> On<Seen> {
    on("transfer-t1", Seen::TransferRequested(requested()))
}

fn withdrawn(account: &str, amount: Cents, transfer: Option<String>) -> On<Seen> {
    let event = Withdrawn {
        account: account.into(),
        amount,
        transfer,
    };
    on(format!("account-{account}"), Seen::Withdrawn(event))
}

fn deposited(account: &str, amount: Cents, transfer: Option<String>) -> On<Seen> {
    let event = Deposited {
        account: account.into(),
        amount,
        transfer,
    };
    on(format!("account-{account}"), Seen::Deposited(event))
}

fn taken() -> On<Seen> {
    withdrawn("1", AMOUNT, Some(transfer()))
}

fn arrived(account: &str) -> On<Seen> {
    deposited(account, AMOUNT, Some(transfer()))
}

fn withdraw() -> Order {
    Order::from(Withdraw {
        account: "1".into(),
        amount: AMOUNT,
        transfer: Some(transfer()),
    })
}

fn deposit(account: &str) -> Order {
    Order::from(Deposit {
        account: account.into(),
        amount: AMOUNT,
        transfer: Some(transfer()),
    })
}

fn complete() -> Order {
    Order::from(CompleteTransfer {
        transfer: transfer(),
    })
}

fn fail(reason: &str) -> Order {
    Order::from(FailTransfer {
        transfer: transfer(),
        reason: reason.into(),
    })
}

fn returning() -> Processes<TransferFlow> {
    process([begun(), taken()]).when_refused(deposit("2"), "account-not-open")
}

#[test]
fn the_money_is_taken_then_brought_then_the_book_is_closed() {
    let begun = process::<TransferFlow>([]).when(begun());
    begun.then_commands([withdraw()]).then_running("t1");
    let taken = begun.when(taken());
    taken.then_commands([deposit("2")]).then_running("t1");
    let arrived = taken.when(arrived("2"));
    arrived.then_commands([complete()]).then_running("t1");
    arrived
        .when(on("transfer-t1", Seen::TransferCompleted(completed())))
        .then_no_commands()
        .then_stopped("t1");
}

#[test]
fn what_cannot_be_taken_fails() {
    let refused = process::<TransferFlow>([begun()]).when_refused(withdraw(), "insufficient-funds");
    refused
        .then_commands([fail("insufficient-funds")])
        .then_notes(["Withdraw was refused: insufficient-funds (insufficient funds)"])
        .then_running("t1");
    refused
        .when(on(
            "transfer-t1",
            Seen::TransferFailed(failed("insufficient-funds")),
        ))
        .then_no_commands()
        .then_stopped("t1");
}

#[test]
fn what_cannot_be_brought_is_given_back_and_then_fails() {
    let returning = returning();
    returning.then_commands([deposit("1")]).then_state(
        "t1",
        State {
            from: "1".into(),
            to: "2".into(),
            amount: AMOUNT,
            stage: Stage::Returning {
                reason: "account-not-open".into(),
            },
        },
    );
    returning
        .when(arrived("1"))
        .then_commands([fail("account-not-open")])
        .then_running("t1")
        .when(on(
            "transfer-t1",
            Seen::TransferFailed(failed("account-not-open")),
        ))
        .then_no_commands()
        .then_stopped("t1");
}

#[test]
fn what_cannot_be_given_back_is_noted_and_fails() {
    returning()
        .when_refused(deposit("1"), "amount-too-large")
        .then_commands([fail("not-returned")])
        .then_notes([
            "Deposit was refused: amount-too-large (amount too large)",
            "30 cents of 1 are in no account",
        ])
        .then_running("t1");
}

#[test]
fn a_book_that_cannot_be_closed_is_noted() {
    let closing = process::<TransferFlow>([begun(), taken(), arrived("2")]);
    closing
        .when_refused(complete(), "transfer-ended")
        .then_no_commands()
        .then_notes(["CompleteTransfer was refused: transfer-ended (transfer ended)"])
        .then_stopped("t1");
}

#[test]
fn money_that_moves_twice_or_otherwise_changes_nothing() {
    let depositing = process::<TransferFlow>([begun(), taken()]);
    for stray in [
        taken(),
        arrived("1"),
        deposited("2", AMOUNT + 1, Some(transfer())),
        deposited("3", AMOUNT, Some(transfer())),
    ] {
        depositing.when(stray).then_no_commands().then_state(
            "t1",
            State {
                from: "1".into(),
                to: "2".into(),
                amount: AMOUNT,
                stage: Stage::Depositing,
            },
        );
    }
    let withdrawing = process::<TransferFlow>([begun()]);
    for stray in [
        arrived("2"),
        withdrawn("1", AMOUNT - 1, Some(transfer())),
        withdrawn("2", AMOUNT, Some(transfer())),
    ] {
        withdrawing
            .when(stray)
            .then_no_commands()
            .then_running("t1")
            .when(taken())
            .then_commands([deposit("2")]);
    }
    // On the way back, only what arrives at its origin counts.
    returning()
        .when(arrived("2"))
        .then_no_commands()
        .then_running("t1");
    // An end that nobody asked for is an end.
    depositing
        .when(on("transfer-t1", Seen::TransferFailed(failed("x"))))
        .then_no_commands()
        .then_stopped("t1");
}

#[test]
fn a_request_that_is_seen_again_asks_for_the_same() {
    process::<TransferFlow>([begun()])
        .when(begun())
        .then_commands([withdraw()])
        .then_running("t1");
}

#[test]
fn movements_of_no_transfer_or_one_that_is_over_concern_nobody() {
    let over = process::<TransferFlow>([
        begun(),
        taken(),
        arrived("2"),
        on("transfer-t1", Seen::TransferCompleted(completed())),
    ]);
    over.when(taken()).then_ignored();
    over.when(arrived("2")).then_ignored();
    over.when(withdrawn("1", AMOUNT, None)).then_ignored();
    over.when(deposited("2", AMOUNT, None)).then_ignored();
    over.when(on("transfer-t1", Seen::TransferCompleted(completed())))
        .then_ignored();
}

#[test]
fn transfers_do_not_mix() {
    let other = TransferRequested {
        transfer: "t2".into(),
        from: "2".into(),
        to: "1".into(),
        amount: 5,
    };
    process::<TransferFlow>([begun(), on("transfer-t2", Seen::TransferRequested(other))])
        .when(withdrawn("2", 5, Some("t2".into())))
        .then_commands([Order::from(Deposit {
            account: "1".into(),
            amount: 5,
            transfer: Some("t2".into()),
        })])
        .when(taken())
        .then_commands([deposit("2")]);
}
