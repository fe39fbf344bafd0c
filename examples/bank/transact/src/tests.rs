use annals::test::given;

use super::*;

fn account() -> String {
    "42".into()
}

fn deposit(amount: Cents) -> Deposit {
    Deposit {
        account: account(),
        amount,
        transfer: None,
    }
}

fn withdraw(amount: Cents) -> Withdraw {
    Withdraw {
        account: account(),
        amount,
        transfer: None,
    }
}

fn opened(deposit: Cents) -> AccountEvent {
    AccountEvent::AccountOpened(AccountOpened {
        account: account(),
        owner: "Ada".into(),
        deposit,
    })
}

fn deposited(amount: Cents) -> AccountEvent {
    AccountEvent::Deposited(Deposited {
        account: account(),
        amount,
        transfer: None,
    })
}

fn withdrawn(amount: Cents) -> AccountEvent {
    AccountEvent::Withdrawn(Withdrawn {
        account: account(),
        amount,
        transfer: None,
    })
}

#[test]
fn money_moves() {
    given::<Transact>([opened(0)])
        .when(deposit(5))
        .on_stream("account-42")
        .then([deposited(5)]);
    given::<Transact>([opened(5)])
        .when(withdraw(5))
        .on_stream("account-42")
        .then([withdrawn(5)]);
}

#[test]
fn money_may_move_for_a_transfer() {
    let transfer = || Some("t1".to_owned());
    given::<Transact>([opened(5)])
        .when(Withdraw {
            account: account(),
            amount: 2,
            transfer: transfer(),
        })
        .then([AccountEvent::Withdrawn(Withdrawn {
            account: account(),
            amount: 2,
            transfer: transfer(),
        })]);
    given::<Transact>([opened(5)])
        .when(Deposit {
            account: account(),
            amount: 2,
            transfer: transfer(),
        })
        .then([AccountEvent::Deposited(Deposited {
            account: account(),
            amount: 2,
            transfer: transfer(),
        })]);
}

#[test]
fn without_a_transfer_payloads_are_what_they_always_were() {
    use annals::Event as _;
    let moved =
        given::<Transact>([opened(5)]).when_raw("Deposit", r#"{"account":"42","amount":2}"#);
    moved.then([deposited(2)]);
    for fact in [deposited(2), withdrawn(2)] {
        let payload = fact.encode().expect("it can be encoded");
        assert_eq!(payload, br#"{"account":"42","amount":2}"#);
    }
}

#[test]
fn the_balance_is_what_came_in_less_what_went_out() {
    let account = given::<Transact>([opened(100), deposited(50), withdrawn(30)]);
    account.when(withdraw(120)).then([withdrawn(120)]);
    account
        .when(withdraw(121))
        .then_rejected(AccountRejection::InsufficientFunds {
            amount: 121,
            balance: 120,
        });
}

#[test]
fn nothing_moves_where_no_account_is() {
    let commands: [AccountCommand; 4] = [
        deposit(1).into(),
        withdraw(1).into(),
        deposit(0).into(),
        withdraw(-1).into(),
    ];
    for command in commands {
        given::<Transact>([])
            .when(command)
            .then_rejected(AccountRejection::AccountNotOpen { account: account() });
    }
}

#[test]
fn amounts_are_positive() {
    for amount in [0, -1, Cents::MIN] {
        let account = given::<Transact>([opened(5)]);
        account
            .when(deposit(amount))
            .then_rejected(AccountRejection::AmountNotPositive { amount });
        account
            .when(withdraw(amount))
            .then_rejected(AccountRejection::AmountNotPositive { amount });
    }
}

#[test]
fn a_balance_that_cannot_be_counted_is_refused() {
    let account = given::<Transact>([opened(Cents::MAX - 1)]);
    account.when(deposit(1)).then([deposited(1)]);
    account
        .when(deposit(2))
        .then_rejected(AccountRejection::AmountTooLarge {
            amount: 2,
            balance: Cents::MAX - 1,
        });
    account
        .when(withdraw(Cents::MAX))
        .then_rejected("insufficient-funds");
}

#[test]
fn what_cannot_be_read_is_malformed() {
    let when = |payload: &str| given::<Transact>([opened(5)]).when_raw("Deposit", payload);
    when(r#"{"account":"42"}"#).then_malformed("missing field `amount`");
    when(r#"{"account":"42","amount":"5"}"#).then_malformed("field amount");
    when("not json").then_malformed("line 1 column 2");
}
