use std::collections::BTreeMap;

use annals::test::{On, on, project};
use bank_events::{
    AccountOpened, Cents, Deposited, TransferCompleted, TransferFailed, TransferRequested,
    Withdrawn,
};

use super::*;
use crate::balances::Fact as Moved;
use crate::statements::Fact;

fn opened(account: &str, deposit: Cents) -> AccountOpened {
    AccountOpened {
        account: account.into(),
        owner: "Ada".into(),
        deposit,
    }
}

fn deposited(account: &str, amount: Cents, transfer: Option<&str>) -> Deposited {
    Deposited {
        account: account.into(),
        amount,
        transfer: transfer.map(Into::into),
    }
}

fn withdrawn(account: &str, amount: Cents, transfer: Option<&str>) -> Withdrawn {
    Withdrawn {
        account: account.into(),
        amount,
        transfer: transfer.map(Into::into),
    }
}

fn balance(account: &str, balance: Cents) -> Balance {
    Balance {
        account: account.into(),
        owner: "Ada".into(),
        balance,
    }
}

#[test]
fn a_balance_is_what_came_in_less_what_went_out() {
    project::<Balances>([
        on("account-1", Moved::AccountOpened(opened("1", 100))),
        on("account-2", Moved::AccountOpened(opened("2", 0))),
        on("account-1", Moved::Withdrawn(withdrawn("1", 30, None))),
        on("account-2", Moved::Deposited(deposited("2", 30, None))),
        on("account-2", Moved::Deposited(deposited("2", 5, None))),
    ])
    .row("1", balance("1", 70))
    .row("2", balance("2", 35))
    .keys(["1", "2"]);
}

#[test]
fn what_was_never_opened_has_no_balance() {
    project::<Balances>([on("account-1", Moved::Deposited(deposited("1", 5, None)))]).keys([]);
}

fn open(account: &str) -> On<Fact> {
    on(
        format!("account-{account}"),
        Fact::AccountOpened(opened(account, 100)),
    )
}

fn give(account: &str, transfer: Option<&str>) -> On<Fact> {
    on(
        format!("account-{account}"),
        Fact::Deposited(deposited(account, 30, transfer)),
    )
}

fn take(account: &str, transfer: Option<&str>) -> On<Fact> {
    on(
        format!("account-{account}"),
        Fact::Withdrawn(withdrawn(account, 30, transfer)),
    )
}

fn request(transfer: &str, from: &str, to: &str) -> On<Fact> {
    let event = TransferRequested {
        transfer: transfer.into(),
        from: from.into(),
        to: to.into(),
        amount: 30,
    };
    on(
        format!("transfer-{transfer}"),
        Fact::TransferRequested(event),
    )
}

fn complete(transfer: &str, from: &str, to: &str) -> On<Fact> {
    let event = TransferCompleted {
        transfer: transfer.into(),
        from: from.into(),
        to: to.into(),
        amount: 30,
    };
    on(
        format!("transfer-{transfer}"),
        Fact::TransferCompleted(event),
    )
}

fn fail(transfer: &str, from: &str, to: &str) -> On<Fact> {
    let event = TransferFailed {
        transfer: transfer.into(),
        from: from.into(),
        to: to.into(),
        amount: 30,
        reason: "account-not-open".into(),
    };
    on(format!("transfer-{transfer}"), Fact::TransferFailed(event))
}

fn movement(position: u64, event_type: &str, amount: Cents) -> Movement {
    Movement {
        position,
        r#type: event_type.into(),
        amount,
        transfer: None,
        other: None,
    }
}

fn of_transfer(movement: Movement, transfer: &str, other: &str) -> Movement {
    Movement {
        transfer: Some(transfer.into()),
        other: Some(other.into()),
        ..movement
    }
}

fn statement(account: &str, movements: Vec<Movement>) -> Statement {
    Statement {
        account: account.into(),
        movements,
        transfers: BTreeMap::new(),
    }
}

#[test]
fn a_statement_lists_movements_with_their_positions() {
    project::<Statements>([open("1"), open("2"), take("1", None), give("1", None)])
        .row(
            "1",
            statement(
                "1",
                vec![
                    movement(1, "AccountOpened", 100),
                    movement(3, "Withdrawn", 30),
                    movement(4, "Deposited", 30),
                ],
            ),
        )
        .row("2", statement("2", vec![movement(2, "AccountOpened", 100)]));
}

#[test]
fn a_movement_of_a_transfer_names_the_other_account() {
    let under_way = project::<Statements>([
        open("1"),
        open("2"),
        request("t1", "1", "2"),
        take("1", Some("t1")),
        give("2", Some("t1")),
    ]);
    let from = || {
        statement(
            "1",
            vec![
                movement(1, "AccountOpened", 100),
                of_transfer(movement(4, "Withdrawn", 30), "t1", "2"),
            ],
        )
    };
    under_way.row(
        "1",
        Statement {
            transfers: [("t1".to_owned(), "2".to_owned())].into(),
            ..from()
        },
    );
    under_way
        .and([complete("t1", "1", "2")])
        .row("1", from())
        .row(
            "2",
            statement(
                "2",
                vec![
                    movement(2, "AccountOpened", 100),
                    of_transfer(movement(5, "Deposited", 30), "t1", "1"),
                ],
            ),
        );
}

#[test]
fn money_that_comes_back_names_where_it_could_not_go() {
    let under_way = project::<Statements>([
        open("1"),
        request("t1", "1", "9"),
        take("1", Some("t1")),
        give("1", Some("t1")),
    ]);
    under_way.and([fail("t1", "1", "9")]).keys(["1"]).row(
        "1",
        statement(
            "1",
            vec![
                movement(1, "AccountOpened", 100),
                of_transfer(movement(3, "Withdrawn", 30), "t1", "9"),
                of_transfer(movement(4, "Deposited", 30), "t1", "9"),
            ],
        ),
    );
}

#[test]
fn an_account_that_opens_in_the_middle_of_a_transfer_knows_where_it_comes_from() {
    project::<Statements>([
        open("1"),
        request("t1", "1", "2"),
        take("1", Some("t1")),
        open("2"),
        give("2", Some("t1")),
        complete("t1", "1", "2"),
    ])
    .row(
        "2",
        statement(
            "2",
            vec![
                movement(4, "AccountOpened", 100),
                of_transfer(movement(5, "Deposited", 30), "t1", "1"),
            ],
        ),
    );
}

#[test]
fn rows_are_json_without_what_they_lack() {
    let row = statement(
        "1",
        vec![
            movement(1, "AccountOpened", 100),
            of_transfer(movement(4, "Withdrawn", 30), "t1", "2"),
        ],
    );
    let json = <annals::Json as annals::Codec>::encode(&row).expect("it can be encoded");
    assert_eq!(
        String::from_utf8(json).expect("JSON is UTF-8"),
        r#"{"account":"1","movements":[{"position":1,"type":"AccountOpened","amount":100},{"position":4,"type":"Withdrawn","amount":30,"transfer":"t1","other":"2"}]}"#
    );
}
