use annals::test::given;

use super::*;
use crate::{Fact, No, Request, Transfer};

fn request(from: &str, to: &str, amount: Cents) -> Request {
    Request::RequestTransfer {
        transfer: transfer(),
        from: from.into(),
        to: to.into(),
        amount,
    }
}

fn complete() -> Request {
    Request::CompleteTransfer {
        transfer: transfer(),
    }
}

fn fail() -> Request {
    Request::FailTransfer {
        transfer: transfer(),
        reason: "account-not-open".into(),
    }
}

#[test]
fn a_transfer_is_requested_once() {
    given::<Transfer>([])
        .when(request("1", "2", AMOUNT))
        .on_stream("transfer-t1")
        .then([Fact::TransferRequested(requested())]);
    for amount in [AMOUNT, 0] {
        given::<Transfer>([Fact::TransferRequested(requested())])
            .when(request("1", "2", amount))
            .then_rejected(No::TransferExists {
                transfer: transfer(),
            });
    }
}

#[test]
fn it_moves_something_somewhere_else() {
    for amount in [0, -1, Cents::MIN] {
        given::<Transfer>([])
            .when(request("1", "1", amount))
            .then_rejected(No::AmountNotPositive { amount });
    }
    given::<Transfer>([])
        .when(request("1", "1", 1))
        .then_rejected(No::SameAccount {
            account: "1".into(),
        });
}

#[test]
fn it_ends_in_one_way() {
    let open = given::<Transfer>([Fact::TransferRequested(requested())]);
    open.when(complete())
        .on_stream("transfer-t1")
        .then([Fact::TransferCompleted(completed())]);
    open.when(fail())
        .on_stream("transfer-t1")
        .then([Fact::TransferFailed(failed("account-not-open"))]);

    let over = given::<Transfer>([
        Fact::TransferRequested(requested()),
        Fact::TransferCompleted(completed()),
    ]);
    over.when(complete()).then_nothing();
    over.when(fail()).then_rejected("transfer-ended");

    let over = given::<Transfer>([
        Fact::TransferRequested(requested()),
        Fact::TransferFailed(failed("x")),
    ]);
    over.when(fail()).then_nothing();
    over.when(complete()).then_rejected("transfer-ended");
}

#[test]
fn what_nobody_requested_does_not_end() {
    for command in [complete(), fail()] {
        given::<Transfer>([])
            .when(command)
            .then_rejected("transfer-not-requested");
    }
}
