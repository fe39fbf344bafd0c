//! What structs and fields say of commands and events: names, versions, former names, streams, preconditions and tags.

use annals::__private::Entry;
use annals::__private::wire::{RawCommand, RawEvent};
use annals::test::given;
use annals::{
    Command, Context, Decide, Decided, Decider, Decision, Event, EventType, Precondition,
    Rejection, Snapshots,
};

#[annals::event(Clone, Debug, PartialEq)]
struct AccountOpened {
    #[annals(tag)]
    account: u32,
    owner: String,
}

#[annals::event(name = "MoneyDeposited", version = 2, formerly = ["Deposited", "PaidIn"], Debug, PartialEq)]
struct Deposit {
    #[annals(tag = "account")]
    into: u32,
    amount: i64,
    /// Since version 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[annals(tag)]
    transfer: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[annals(tag = "label")]
    labels: Vec<String>,
}

#[derive(Event, Debug, PartialEq)]
enum AccountEvent {
    Opened(AccountOpened),
    Paid(Deposit),
    #[annals(formerly = ["Ended"])]
    Closed {
        #[annals(tag)]
        reason: String,
        #[allow(dead_code)]
        at: u64,
    },
    /// A value that says nothing of itself.
    Noted(String),
    Frozen,
}

#[annals::command(no_stream, formerly = ["CreateAccount"], Clone)]
struct OpenAccount {
    #[annals(stream)]
    account: u32,
    owner: String,
}

#[annals::command(name = "PayIn", stream_exists, internal, stream = "{branch}{number}")]
struct Pay {
    branch: u8,
    number: u8,
    amount: i64,
}

#[derive(Command)]
enum AccountCommand {
    Open(OpenAccount),
    Pay(Pay),
}

#[derive(Rejection)]
enum AccountRejection {
    NothingPaid,
}

struct Account;

impl Decider for Account {
    type State = i64;
    type Command = AccountCommand;
    type Event = AccountEvent;
    type Rejection = AccountRejection;
    const CATEGORY: &'static str = "account";
    const EMITS: &'static [&'static str] = &["AccountOpened", "MoneyDeposited"];
    const SNAPSHOTS: Snapshots = Snapshots::Every(4);

    fn initial() -> i64 {
        0
    }

    fn evolve(balance: &mut i64, event: &AccountEvent) {
        if let AccountEvent::Paid(deposit) = event {
            *balance += deposit.amount;
        }
    }

    fn decide(balance: &i64, command: AccountCommand, context: &Context) -> Decided<Self> {
        annals::dispatch::<Self>(balance, command, context)
    }
}

impl Decide<OpenAccount> for Account {
    fn decide(_: &i64, command: OpenAccount, _: &Context) -> Decided<Self> {
        let OpenAccount { account, owner } = command;
        Ok(Decision::of(AccountOpened { account, owner }).and(deposit(account, 0)))
    }
}

impl Decide<Pay> for Account {
    fn decide(balance: &i64, command: Pay, _: &Context) -> Decided<Self> {
        match command.amount {
            0 => Err(AccountRejection::NothingPaid),
            amount => Ok(Decision::of(deposit(
                u32::from(command.number),
                amount + balance,
            ))),
        }
    }
}

annals::export! {
    deciders: [Account],
}

fn deposit(into: u32, amount: i64) -> Deposit {
    Deposit {
        into,
        amount,
        transfer: None,
        labels: vec![],
    }
}

fn opened() -> AccountOpened {
    AccountOpened {
        account: 42,
        owner: "Ada".into(),
    }
}

#[test]
fn names_and_versions_are_those_of_the_structs() {
    let named = |name, version| EventType { name, version };
    assert_eq!(
        AccountEvent::TYPES,
        [
            named("AccountOpened", 1),
            named("MoneyDeposited", 2),
            named("Closed", 1),
            named("Noted", 1),
            named("Frozen", 1),
            named("Deposited", 2),
            named("PaidIn", 2),
            named("Ended", 1),
        ]
    );
    assert_eq!(
        AccountEvent::from(deposit(1, 2)).event_type(),
        named("MoneyDeposited", 2)
    );
    assert_eq!(
        AccountEvent::Paid(deposit(1, 2)).encode().expect("JSON"),
        br#"{"into":1,"amount":2}"#
    );
    assert_eq!(
        AccountCommand::TYPES,
        ["OpenAccount", "PayIn", "CreateAccount"]
    );
    assert_eq!(AccountCommand::INTERNAL, ["PayIn"]);
}

#[test]
fn former_names_are_read_and_never_written() {
    let payload = br#"{"into":1,"amount":2}"#;
    for name in ["MoneyDeposited", "Deposited", "PaidIn"] {
        let event = AccountEvent::decode(name, payload).expect("readable");
        assert_eq!(event, Some(AccountEvent::Paid(deposit(1, 2))));
    }
    assert_eq!(AccountEvent::decode("Paid", payload), Ok(None));
    let ended = AccountEvent::decode("Ended", br#"{"reason":"r","at":1}"#).expect("readable");
    assert_eq!(ended.map(|event| event.event_type().name), Some("Closed"));
    let open = AccountCommand::decode("CreateAccount", br#"{"account":1,"owner":"Ada"}"#);
    let open = open.expect("readable").expect("known");
    assert_eq!(
        (open.command_type(), open.stream()),
        ("OpenAccount", "1".into())
    );
}

#[test]
fn the_framework_is_told_former_names() {
    let entry = Entry::of::<Account>();
    let is = (entry.describe)();
    assert!(is.folds.ends_with(&["Deposited", "PaidIn", "Ended"]));
    assert_eq!(
        is.emits,
        ["AccountOpened", "MoneyDeposited", "Deposited", "PaidIn"]
    );
    assert_eq!(is.snapshot_every, 4);
    assert_eq!(
        is.commands,
        [
            ("OpenAccount", Precondition::NoStream),
            ("PayIn", Precondition::StreamExists),
            ("CreateAccount", Precondition::NoStream),
        ]
    );
    let mut session = (entry.open)();
    let mut events = [("PaidIn", 1), ("Deposited", 2)]
        .into_iter()
        .map(|(event_type, version)| RawEvent {
            version,
            event_type,
            schema_version: 1,
            content_type: "application/json",
            payload: br#"{"into":1,"amount":2}"#,
        });
    session.evolve(&mut events).expect("folded");
    assert_eq!(session.snapshot().expect("a state"), b"4");
}

#[test]
fn a_marked_field_is_the_stream() {
    given::<Account>([])
        .when(OpenAccount {
            account: 42,
            owner: "Ada".into(),
        })
        .on_stream("account-42")
        .then([opened().into(), deposit(42, 0).into()]);
    given::<Account>([])
        .when(Pay {
            branch: 4,
            number: 2,
            amount: 0,
        })
        .on_stream("account-42")
        .then_rejected("nothing-paid");
    let entry = Entry::of::<Account>();
    let command = RawCommand {
        command_type: "CreateAccount",
        content_type: "application/json",
        payload: br#"{"account":7,"owner":"Ada"}"#,
    };
    let prepared = (entry.prepare)(command).expect("a command");
    let stream = (entry.stream_of)(&prepared);
    assert_eq!(stream.as_deref(), Ok("account-7"));
}

#[test]
fn each_command_has_its_own_decide() {
    given::<Account>([opened().into(), deposit(42, 5).into()])
        .when(Pay {
            branch: 4,
            number: 2,
            amount: 1,
        })
        .then([deposit(2, 6).into()]);
}

#[test]
fn marked_fields_are_tags() {
    let tags = |event: AccountEvent| event.tags();
    assert_eq!(tags(opened().into()), ["account:42"]);
    let labelled = Deposit {
        transfer: Some("t1".into()),
        labels: vec!["a".into(), "b".into()],
        ..deposit(7, 1)
    };
    assert_eq!(
        tags(labelled.into()),
        ["account:7", "transfer:t1", "label:a", "label:b"]
    );
    assert_eq!(tags(deposit(7, 1).into()), ["account:7"]);
    let closed = AccountEvent::Closed {
        reason: "r".into(),
        at: 1,
    };
    assert_eq!(tags(closed), ["reason:r"]);
    assert_eq!(tags(AccountEvent::Noted("n".into())), [""; 0]);
    assert_eq!(tags(AccountEvent::Frozen), [""; 0]);
}

/// Names of fields that the derive might use itself.
#[derive(Event)]
#[allow(dead_code)]
enum Named {
    Fields {
        #[annals(tag)]
        tags: u8,
        #[annals(tag)]
        value: Option<u8>,
        #[annals(tag)]
        r#type: u8,
        field: u8,
    },
}

#[test]
fn fields_may_have_any_name() {
    let event = Named::Fields {
        tags: 1,
        value: Some(2),
        r#type: 3,
        field: 4,
    };
    assert_eq!(event.tags(), ["tags:1", "value:2", "type:3"]);
}

/// Streams and preconditions of variants, without structs.
#[derive(Command)]
#[allow(dead_code)]
enum Written {
    #[annals(no_stream)]
    Begin {
        #[annals(stream)]
        id: u64,
    },
    #[annals(any)]
    Go(#[annals(stream)] String),
    #[annals(stream_exists, stream = "{a}/{b}")]
    Pair { a: u8, b: u8, c: u8 },
    #[annals(stream = "<{0}>")]
    Wrapped(u8),
}

#[test]
fn variants_say_streams_and_preconditions_themselves() {
    const { assert!(Written::HAS_STREAM) };
    assert_eq!(
        Written::PRECONDITIONS,
        [
            Precondition::NoStream,
            Precondition::Any,
            Precondition::StreamExists,
            Precondition::Any
        ]
    );
    for (command, stream) in [
        (Written::Begin { id: 7 }, "7"),
        (Written::Go("x".into()), "x"),
        (Written::Pair { a: 1, b: 2, c: 3 }, "1/2"),
        (Written::Wrapped(1), "<1>"),
    ] {
        assert_eq!(command.stream(), stream);
    }
}

/// What a process manager sends needs no stream.
#[derive(Command)]
#[allow(dead_code)]
enum Sent {
    Go { id: u64 },
    Text(String),
}

#[test]
fn commands_may_leave_the_stream_open() {
    const { assert!(!Sent::HAS_STREAM) };
    assert_eq!(Sent::Go { id: 1 }.stream(), "");
}

/// Two variants of one type have no `From`, and neither has one that says so.
#[derive(Event)]
enum Numbers {
    Up(u8),
    Down(u8),
    Far(u64),
    #[annals(no_from)]
    Near(Near),
}

type Near = u64;

#[test]
fn values_of_one_variant_become_it() {
    assert!(matches!(Numbers::from(7_u64), Numbers::Far(7)));
    for (event, name) in [
        (Numbers::Up(1), "Up"),
        (Numbers::Down(1), "Down"),
        (Numbers::Near(1), "Near"),
    ] {
        assert_eq!(event.event_type().name, name);
    }
}

#[annals::data(Clone, Debug, Default, PartialEq)]
struct Plain {
    a: u8,
}

#[test]
fn data_derives_what_it_is_asked_for() {
    assert_eq!(Plain::default().clone(), Plain { a: 0 });
}
