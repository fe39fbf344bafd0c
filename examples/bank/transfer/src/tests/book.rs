use annals::test::given;
use bank_events::commands::{CompleteTransfer, FailTransfer};

use super::*;
use crate::{Transfer, TransferCommand, TransferEvent, TransferRejection};

fn request(from: &str, to: &str, amount: Cents) -> TransferCommand {
    TransferCommand::RequestTransfer {
        transfer: transfer(),
        from: from.into(),
        to: to.into(),
        amount,
    }
}

fn complete() -> CompleteTransfer {
    CompleteTransfer {
        transfer: transfer(),
    }
}

fn fail() -> FailTransfer {
    FailTransfer {
        transfer: transfer(),
        reason: "account-not-open".into(),
    }
}

#[test]
fn a_transfer_is_requested_once() {
    given::<Transfer>([])
        .when(request("1", "2", AMOUNT))
        .on_stream("transfer-t1")
        .then([TransferEvent::TransferRequested(requested())]);
    for amount in [AMOUNT, 0] {
        given::<Transfer>([TransferEvent::TransferRequested(requested())])
            .when(request("1", "2", amount))
            .then_rejected(TransferRejection::TransferExists {
                transfer: transfer(),
            });
    }
}

#[test]
fn it_moves_something_somewhere_else() {
    for amount in [0, -1, Cents::MIN] {
        given::<Transfer>([])
            .when(request("1", "1", amount))
            .then_rejected(TransferRejection::AmountNotPositive { amount });
    }
    given::<Transfer>([])
        .when(request("1", "1", 1))
        .then_rejected(TransferRejection::SameAccount {
            account: "1".into(),
        });
}

#[test]
fn it_ends_in_one_way() {
    let open = given::<Transfer>([TransferEvent::TransferRequested(requested())]);
    open.when(complete())
        .on_stream("transfer-t1")
        .then([TransferEvent::TransferCompleted(completed())]);
    open.when(fail())
        .on_stream("transfer-t1")
        .then([TransferEvent::TransferFailed(failed("account-not-open"))]);

    let over = given::<Transfer>([
        TransferEvent::TransferRequested(requested()),
        TransferEvent::TransferCompleted(completed()),
    ]);
    over.when(complete()).then_nothing();
    over.when(fail()).then_rejected("transfer-ended");

    let over = given::<Transfer>([
        TransferEvent::TransferRequested(requested()),
        TransferEvent::TransferFailed(failed("x")),
    ]);
    over.when(fail()).then_nothing();
    over.when(complete()).then_rejected("transfer-ended");
}

#[test]
fn what_nobody_requested_does_not_end() {
    for command in [TransferCommand::from(complete()), fail().into()] {
        given::<Transfer>([])
            .when(command)
            .then_rejected("transfer-not-requested");
    }
}
