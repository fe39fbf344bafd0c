use annals::test::{On, on, project};
use bank_events::{
    AccountOpened, Cents, Deposited, TransferCompleted, TransferFailed, TransferRequested,
    Withdrawn,
};

use super::*;
use crate::balances::BalanceEvent as Moved;
use crate::statements::StatementEvent;

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

fn open(account: &str) -> On<StatementEvent> {
    on(
        format!("account-{account}"),
        StatementEvent::AccountOpened(opened(account, 100)),
    )
}

fn give(account: &str, transfer: Option<&str>) -> On<StatementEvent> {
    on(
        format!("account-{account}"),
        StatementEvent::Deposited(deposited(account, 30, transfer)),
    )
}

fn take(account: &str, transfer: Option<&str>) -> On<StatementEvent> {
    on(
        format!("account-{account}"),
        StatementEvent::Withdrawn(withdrawn(account, 30, transfer)),
    )
}

fn request(transfer: &str, from: &str, to: &str) -> On<StatementEvent> {
    let event = TransferRequested {
        transfer: transfer.into(),
        from: from.into(),
        to: to.into(),
        amount: 30,
    };
    on(
        format!("transfer-{transfer}"),
        StatementEvent::TransferRequested(event),
    )
}

fn complete(transfer: &str, from: &str, to: &str) -> On<StatementEvent> {
    let event = TransferCompleted {
        transfer: transfer.into(),
        from: from.into(),
        to: to.into(),
        amount: 30,
    };
    on(
        format!("transfer-{transfer}"),
        StatementEvent::TransferCompleted(event),
    )
}

fn fail(transfer: &str, from: &str, to: &str) -> On<StatementEvent> {
    let event = TransferFailed {
        transfer: transfer.into(),
        from: from.into(),
        to: to.into(),
        amount: 30,
        reason: "account-not-open".into(),
    };
    on(
        format!("transfer-{transfer}"),
        StatementEvent::TransferFailed(event),
    )
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

/// Rows of the view, by key.
type Lines = Vec<(String, Line)>;

fn statement(account: &str, movements: Vec<Movement>) -> Lines {
    let line = |movement: Movement| {
        let key = movement_key(account, movement.position);
        (key, Line::Movement(movement))
    };
    movements.into_iter().map(line).collect()
}

fn under_way(transfer: &str, from: &str, to: &str) -> (String, Line) {
    let ends = UnderWay {
        from: from.into(),
        to: to.into(),
    };
    (transfer_key(transfer), Line::UnderWay(ends))
}

/// The view has these rows and no others.
fn holds(events: Vec<On<StatementEvent>>, statements: Vec<Lines>) {
    let lines: Lines = statements.into_iter().flatten().collect();
    let mut keys: Vec<String> = lines.iter().map(|(key, _)| key.clone()).collect();
    keys.sort();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let view = project::<Statements>(events);
    view.keys(keys);
    for (key, line) in lines {
        view.row(&key, line);
    }
}

#[test]
fn a_statement_lists_movements_by_their_positions() {
    holds(
        vec![open("1"), open("2"), take("1", None), give("1", None)],
        vec![
            statement(
                "1",
                vec![
                    movement(1, "AccountOpened", 100),
                    movement(3, "Withdrawn", 30),
                    movement(4, "Deposited", 30),
                ],
            ),
            statement("2", vec![movement(2, "AccountOpened", 100)]),
        ],
    );
    assert_eq!(movement_key("1", 3), "1/00000000000000000003");
}

#[test]
fn a_movement_of_a_transfer_names_the_other_account() {
    let events = || {
        vec![
            open("1"),
            open("2"),
            request("t1", "1", "2"),
            take("1", Some("t1")),
            give("2", Some("t1")),
        ]
    };
    let statements = || {
        vec![
            statement(
                "1",
                vec![
                    movement(1, "AccountOpened", 100),
                    of_transfer(movement(4, "Withdrawn", 30), "t1", "2"),
                ],
            ),
            statement(
                "2",
                vec![
                    movement(2, "AccountOpened", 100),
                    of_transfer(movement(5, "Deposited", 30), "t1", "1"),
                ],
            ),
        ]
    };
    let mut before = statements();
    before.push(vec![under_way("t1", "1", "2")]);
    holds(events(), before);
    let mut ended = events();
    ended.push(complete("t1", "1", "2"));
    holds(ended, statements());
}

#[test]
fn money_that_comes_back_names_where_it_could_not_go() {
    holds(
        vec![
            open("1"),
            request("t1", "1", "9"),
            take("1", Some("t1")),
            give("1", Some("t1")),
            fail("t1", "1", "9"),
        ],
        vec![statement(
            "1",
            vec![
                movement(1, "AccountOpened", 100),
                of_transfer(movement(3, "Withdrawn", 30), "t1", "9"),
                of_transfer(movement(4, "Deposited", 30), "t1", "9"),
            ],
        )],
    );
}

#[test]
fn an_account_that_opens_in_the_middle_of_a_transfer_knows_where_it_comes_from() {
    holds(
        vec![
            open("1"),
            request("t1", "1", "2"),
            take("1", Some("t1")),
            open("2"),
            give("2", Some("t1")),
            complete("t1", "1", "2"),
        ],
        vec![
            statement(
                "1",
                vec![
                    movement(1, "AccountOpened", 100),
                    of_transfer(movement(3, "Withdrawn", 30), "t1", "2"),
                ],
            ),
            statement(
                "2",
                vec![
                    movement(4, "AccountOpened", 100),
                    of_transfer(movement(5, "Deposited", 30), "t1", "1"),
                ],
            ),
        ],
    );
}

#[test]
fn a_transfer_under_way_is_in_nobodys_statement() {
    assert_eq!(transfer_key("a/1%2F"), "~a%2F1%252F");
    assert!(!transfer_key("a/1").contains('/'));
}

#[test]
fn rows_are_json_without_what_they_lack() {
    for (line, json) in [
        (
            Line::Movement(movement(1, "AccountOpened", 100)),
            r#"{"position":1,"type":"AccountOpened","amount":100}"#,
        ),
        (
            Line::Movement(of_transfer(movement(4, "Withdrawn", 30), "t1", "2")),
            r#"{"position":4,"type":"Withdrawn","amount":30,"transfer":"t1","other":"2"}"#,
        ),
        (under_way("t1", "1", "2").1, r#"{"from":"1","to":"2"}"#),
    ] {
        let bytes = <annals::Json as annals::Codec>::encode(&line).expect("it can be encoded");
        assert_eq!(String::from_utf8(bytes).expect("JSON is UTF-8"), json);
    }
}
