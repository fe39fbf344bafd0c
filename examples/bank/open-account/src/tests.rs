use annals::test::given;

use super::*;

fn open(deposit: Cents) -> AccountCommand {
    AccountCommand::OpenAccount {
        account: "42".into(),
        owner: "Ada".into(),
        deposit,
    }
}

fn opened(deposit: Cents) -> AccountEvent {
    AccountEvent::AccountOpened(AccountOpened {
        account: "42".into(),
        owner: "Ada".into(),
        deposit,
    })
}

#[test]
fn an_account_is_opened_once() {
    given::<OpenAccount>([])
        .when(open(500))
        .on_stream("account-42")
        .then([opened(500)]);
    given::<OpenAccount>([opened(500)])
        .when(open(500))
        .then_rejected(AccountRejection::AccountExists {
            account: "42".into(),
        });
}

#[test]
fn it_may_start_empty_but_not_in_debt() {
    given::<OpenAccount>([]).when(open(0)).then([opened(0)]);
    given::<OpenAccount>([])
        .when(open(-1))
        .then_rejected(AccountRejection::AmountNegative { deposit: -1 });
}

#[test]
fn existence_comes_before_the_amount() {
    given::<OpenAccount>([opened(0)])
        .when(open(-1))
        .then_rejected("account-exists");
}

#[test]
fn what_cannot_be_read_is_malformed() {
    let when = |payload: &str| given::<OpenAccount>([]).when_raw("OpenAccount", payload);
    when(r#"{"account":"42","owner":"Ada"}"#).then_malformed("missing field `deposit`");
    when(r#"{"account":"42","owner":"Ada","deposit":1.5}"#).then_malformed("field deposit");
    when(r#"{"account":"42","owner":"Ada","deposit":9223372036854775808}"#)
        .then_malformed("field deposit");
    when(r#"{"account":"","owner":"Ada","deposit":1}"#)
        .then_malformed("the id of the account is empty");
    when("").then_malformed("line 1 column 0");
}
