//! Projectors: what becomes of rows, what the component exports, and tests that must fail.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use annals::__private::wire::{Fault, Recorded, Row, RowChange};
use annals::__private::{Folded, ProjectorEntry};
use annals::test::{On, on, project};
use annals::{Event, EventMetadata, Projector, Rows, StartFrom};

#[derive(Event, Clone)]
enum Played {
    #[annals(version = 2)]
    Won {
        player: String,
        /// Since version 2.
        #[serde(default)]
        points: u32,
    },
    /// Everything that one player has goes to another.
    Inherited {
        from: String,
        to: String,
    },
    Left {
        player: String,
    },
}

#[annals::data]
#[derive(Debug, PartialEq)]
struct Score {
    points: u32,
}

/// Points by player. What one inherits depends on the row of another.
struct Scores;

impl Projector for Scores {
    type Event = Played;
    type Row = Score;
    const VIEW: &'static str = "scores";
    const VERSION: u32 = 3;
    const FROM: StartFrom = StartFrom::Now;

    fn keys(event: &Played, _: &EventMetadata) -> Vec<String> {
        match event {
            Played::Won { player, .. } | Played::Left { player } => vec![player.clone()],
            Played::Inherited { from, to } => vec![to.clone(), from.clone()],
        }
    }

    fn fold(row: Option<Score>, _: &str, event: &Played, _: &EventMetadata) -> Option<Score> {
        match event {
            Played::Won { points, .. } => Some(Score {
                points: row.map_or(0, |row| row.points) + points,
            }),
            Played::Left { .. } => None,
            Played::Inherited { .. } => row,
        }
    }

    fn project(rows: &mut Rows<Score>, event: &Played, about: &EventMetadata) {
        let Played::Inherited { from, to } = event else {
            return rows.fold(|key, row| Self::fold(row, key, event, about));
        };
        let Some(points) = rows.get(from).map(|row| row.points) else {
            return;
        };
        match rows.get_mut(to) {
            Some(heir) => heir.points += points,
            None => rows.put(to, Score { points }),
        }
        rows.delete(from);
    }
}

annals::export! { projectors: [Scores] }

fn won(player: &str, points: u32) -> On<Played> {
    let player = player.to_owned();
    on("game-1", Played::Won { player, points })
}

fn inherited(from: &str, to: &str) -> On<Played> {
    let (from, to) = (from.to_owned(), to.to_owned());
    on("game-2", Played::Inherited { from, to })
}

fn left(player: &str) -> On<Played> {
    let player = player.to_owned();
    on("game-2", Played::Left { player })
}

#[test]
fn rows_come_change_and_go() {
    project::<Scores>([])
        .no_row("Ada")
        .and([won("Ada", 2)])
        .row("Ada", Score { points: 2 })
        .and([won("Bob", 1), won("Ada", 3)])
        .row("Ada", Score { points: 5 })
        .row("Bob", Score { points: 1 })
        .keys(["Bob", "Ada"])
        .and([left("Ada"), left("Cleo")])
        .keys(["Bob"]);
}

#[test]
fn what_becomes_of_a_row_may_depend_on_another() {
    let scores = project::<Scores>([won("Ada", 2), won("Bob", 3)]);
    scores
        .and([inherited("Ada", "Bob")])
        .row("Bob", Score { points: 5 })
        .keys(["Bob"]);
    scores
        .and([inherited("Ada", "Cleo")])
        .row("Cleo", Score { points: 2 })
        .keys(["Bob", "Cleo"]);
    scores.and([inherited("Cleo", "Bob")]).keys(["Ada", "Bob"]);
}

#[test]
#[should_panic(
    expected = "expected: row \"Ada\" {\"points\":3}\n     got: rows\n          \"Ada\" {\"points\":2}"
)]
fn another_row_fails() {
    project::<Scores>([won("Ada", 2)]).row("Ada", Score { points: 3 });
}

#[test]
#[should_panic(expected = "expected: row \"Ada\" {\"points\":0}\n     got: no rows")]
fn a_missing_row_fails() {
    project::<Scores>([]).row("Ada", Score { points: 0 });
}

#[test]
#[should_panic(expected = "expected: no row \"Ada\"")]
fn a_row_too_many_fails() {
    project::<Scores>([won("Ada", 2)]).no_row("Ada");
}

#[test]
#[should_panic(expected = "expected: rows [\"Ada\"]")]
fn other_keys_fail() {
    project::<Scores>([won("Ada", 2), won("Bob", 2)]).keys(["Ada"]);
}

/// Does to the row whatever the event says, by name.
struct Odd;

thread_local! {
    static CALLS: Cell<u32> = const { Cell::new(0) };
}

#[annals::data]
struct OddRow {
    #[serde(default, rename(serialize = "out"))]
    value: u32,
}

impl Projector for Odd {
    type Event = Played;
    type Row = OddRow;
    const VIEW: &'static str = "odd";

    fn keys(event: &Played, _: &EventMetadata) -> Vec<String> {
        match event {
            Played::Won { player, .. } => vec![player.clone()],
            _ => vec!["a".into()],
        }
    }

    fn fold(_: Option<OddRow>, _: &str, event: &Played, _: &EventMetadata) -> Option<OddRow> {
        let value = match event {
            Played::Left { .. } => CALLS.replace(CALLS.get() + 1),
            Played::Won { points, .. } => *points,
            Played::Inherited { .. } => 0,
        };
        Some(OddRow { value })
    }

    fn project(rows: &mut Rows<OddRow>, event: &Played, about: &EventMetadata) {
        if let Played::Inherited { to, .. } = event {
            rows.put(to, OddRow { value: 1 });
        } else {
            rows.fold(|key, row| Self::fold(row, key, event, about));
        }
    }
}

#[test]
#[should_panic(
    expected = "the projector odd, Inherited at position 1: it changes the row \"b\", which is not among its `keys`"
)]
fn changing_a_row_that_is_not_named_fails() {
    project::<Odd>([inherited("a", "b")]);
}

#[test]
#[should_panic(expected = "the projector odd, Won at position 1: the key of a row is empty")]
fn an_empty_key_fails() {
    project::<Odd>([won("", 1)]);
}

#[test]
#[should_panic(expected = "Left at position 1 does not do the same thing twice")]
fn what_is_not_repeatable_fails() {
    project::<Odd>([left("a")]);
}

#[test]
#[should_panic(expected = "the row \"a\" does not survive its encoding")]
fn a_row_that_does_not_survive_its_encoding_fails() {
    project::<Odd>([won("a", 1)]);
}

// What the framework sees.

fn entry() -> ProjectorEntry {
    ProjectorEntry::of::<Scores>()
}

thread_local! {
    static SEEN: std::cell::RefCell<Option<EventMetadata>> = const { std::cell::RefCell::new(None) };
}

/// Keeps what it is told of an event.
struct Witness;

impl Projector for Witness {
    type Event = Played;
    type Row = u64;
    const VIEW: &'static str = "witness";

    fn keys(_: &Played, about: &EventMetadata) -> Vec<String> {
        SEEN.set(Some(about.clone()));
        vec![]
    }

    fn fold(row: Option<u64>, _: &str, _: &Played, _: &EventMetadata) -> Option<u64> {
        row
    }
}

/// An event as it comes from the log.
fn recorded(event_type: &str, schema_version: u32, payload: &str) -> Recorded {
    project::<Witness>([left("x").id("e-9")]);
    Recorded {
        about: SEEN.take().expect("it was told"),
        event_type: event_type.into(),
        schema_version,
        content_type: "application/json".into(),
        payload: payload.into(),
    }
}

fn row(key: &str, value: &str) -> Row {
    Row {
        key: key.into(),
        content_type: "application/json".into(),
        value: value.into(),
    }
}

fn touched(recorded: &Recorded) -> Result<Vec<String>, Fault> {
    (entry().keys)(recorded).map(|named| named.keys().cloned().collect())
}

/// What a page of events changes.
fn page(events: &[Recorded], rows: Vec<Row>) -> Result<Vec<(u32, RowChange)>, Fault> {
    let mut page = (entry().begin)(rows, BTreeSet::new());
    for event in events {
        assert_eq!(page.fold(event, &(entry().keys)(event)?)?, Folded::Done);
    }
    let changed = page.changed().into_iter();
    Ok(changed.map(|row| (row.event, row.change)).collect())
}

fn projected(event: &Recorded, rows: Vec<Row>) -> Result<Vec<RowChange>, Fault> {
    let changed = page(std::slice::from_ref(event), rows)?;
    Ok(changed.into_iter().map(|(_, change)| change).collect())
}

#[test]
fn it_describes_itself() {
    let is = (entry().describe)();
    assert_eq!((&*is.name, is.version, is.concurrency), ("scores", 3, 1));
    assert_eq!(is.event_types, ["Won", "Inherited", "Left"]);
    assert_eq!((is.views, is.from), (vec!["scores"], StartFrom::Now));
    assert_eq!(is.emits, [""; 0]);
    assert_eq!(entry().view, "scores");
}

#[test]
fn rows_are_named_once_in_the_order_of_their_keys() {
    let keys = |from: &str, to: &str| {
        let payload = format!(r#"{{"from":"{from}","to":"{to}"}}"#);
        touched(&recorded("Inherited", 1, &payload)).map_err(|fault| fault.0)
    };
    assert_eq!(keys("a", "b"), Ok(vec!["a".into(), "b".into()]));
    assert_eq!(keys("a", "a"), Ok(vec!["a".into()]));
    let long = "x".repeat(1025);
    assert_eq!(
        keys("a", &long),
        Err(
            "the projector scores, Inherited at position 1: the key of a row has 1025 bytes, more than 1024"
                .into()
        )
    );
}

#[test]
fn only_rows_that_are_different_are_written() {
    let payload = r#"{"from":"a","to":"b"}"#;
    let inherited =
        |rows: Vec<Row>| projected(&recorded("Inherited", 1, payload), rows).expect("no fault");
    assert_eq!(inherited(vec![]), []);
    assert_eq!(inherited(vec![row("b", r#"{"points":1}"#)]), []);
    assert_eq!(
        inherited(vec![
            row("b", r#"{"points":1}"#),
            row("a", r#"{"points":2}"#)
        ]),
        [
            RowChange::Delete("a".into()),
            RowChange::Put(row("b", r#"{"points":3}"#))
        ]
    );
    assert_eq!(
        inherited(vec![
            row("b", r#"{"points":1}"#),
            row("a", r#"{"points":0}"#)
        ]),
        [RowChange::Delete("a".into())]
    );
}

#[test]
fn a_page_of_events_changes_each_row_once_and_says_which_event_was_the_last() {
    let won = |player: &str| recorded("Won", 2, &format!(r#"{{"player":"{player}"}}"#));
    let inherited = |from: &str, to: &str| {
        recorded(
            "Inherited",
            1,
            &format!(r#"{{"from":"{from}","to":"{to}"}}"#),
        )
    };
    let events = [
        recorded("Painted", 1, "{}"),
        won("a"),
        won("b"),
        inherited("c", "b"),
        inherited("a", "b"),
        // Nothing is left to inherit, so no row changes.
        inherited("c", "b"),
    ];
    let given = vec![row("b", r#"{"points":5}"#), row("c", r#"{"points":9}"#)];
    let changed = page(&events, given.clone()).expect("no fault");
    let mut one_by_one: Vec<Row> = given;
    let mut last = BTreeMap::new();
    for (index, event) in (0..).zip(&events) {
        for change in projected(event, one_by_one.clone()).expect("no fault") {
            let key = match &change {
                RowChange::Put(row) => row.key.clone(),
                RowChange::Delete(key) => key.clone(),
            };
            last.insert(key.clone(), index);
            one_by_one.retain(|row| row.key != key);
            if let RowChange::Put(row) = change {
                one_by_one.push(row);
            }
        }
    }
    let expected: Vec<(u32, RowChange)> = last
        .into_iter()
        .map(
            |(key, index)| match one_by_one.iter().find(|row| row.key == key) {
                Some(row) => (index, RowChange::Put(row.clone())),
                None => (index, RowChange::Delete(key)),
            },
        )
        .collect();
    assert_eq!(expected.len(), 3);
    assert_eq!(changed, expected);
}

/// Forwards points to whoever a player names as heir; the heir is a row.
struct Heirs;

impl Projector for Heirs {
    type Event = Played;
    type Row = String;
    const VIEW: &'static str = "heirs";

    fn keys(event: &Played, _: &EventMetadata) -> Vec<String> {
        match event {
            Played::Inherited { from, .. } => vec![from.clone()],
            _ => Vec::new(),
        }
    }

    fn reads(event: &Played, _: &EventMetadata) -> Vec<String> {
        match event {
            Played::Left { player } => vec![player.clone()],
            _ => Vec::new(),
        }
    }

    fn further_keys(rows: &Rows<String>, event: &Played, _: &EventMetadata) -> Vec<String> {
        match event {
            Played::Left { player } => rows.get(player).into_iter().cloned().collect(),
            _ => Vec::new(),
        }
    }

    fn project(rows: &mut Rows<String>, event: &Played, _: &EventMetadata) {
        match event {
            Played::Inherited { from, to } => rows.put(from, to.clone()),
            Played::Left { player } => {
                if let Some(heir) = rows.get(player).cloned() {
                    rows.put(&heir, format!("after {player}"));
                }
            }
            Played::Won { .. } => {}
        }
    }
}

#[test]
fn a_projector_may_look_up_which_row_it_changes() {
    let named = on(
        "game-1",
        Played::Inherited {
            from: "a".into(),
            to: "b".into(),
        },
    );
    project::<Heirs>([named, left("a")])
        .row("a", "b".into())
        .row("b", "after a".into());
    project::<Heirs>([left("a")]).keys([]);
    // The row is asked for once. It is known to be absent then.
    let entry = ProjectorEntry::of::<Heirs>();
    let left = recorded("Left", 1, r#"{"player":"a"}"#);
    let named = (entry.keys)(&left).expect("no fault");
    let mut page = (entry.begin)(vec![row("a", r#""b""#)], BTreeSet::new());
    let needs = Folded::Needs(vec!["b".into()]);
    assert_eq!(page.fold(&left, &named), Ok(needs));
    let mut page = (entry.begin)(vec![row("a", r#""b""#)], BTreeSet::from(["b".into()]));
    assert_eq!(page.fold(&left, &named), Ok(Folded::Done));
    assert_eq!(page.changed().len(), 1);
}

#[test]
fn events_of_other_types_change_nothing_unread() {
    let mut foreign = recorded("Painted", 9, "\u{0}");
    foreign.content_type = "image/png".into();
    assert_eq!(touched(&foreign), Ok(vec![]));
    assert_eq!(projected(&foreign, vec![]), Ok(vec![]));
}

#[test]
fn older_schemas_are_read_and_newer_ones_are_faults() {
    assert_eq!(
        projected(&recorded("Won", 1, r#"{"player":"a"}"#), vec![]),
        Ok(vec![RowChange::Put(row("a", r#"{"points":0}"#))])
    );
    let fault = touched(&recorded("Won", 3, r#"{"player":"a"}"#)).expect_err("a fault");
    assert_eq!(
        fault.0,
        "the projector scores cannot read Won (schema 3) at position 1: the newest schema known here is 2"
    );
}

#[test]
fn a_known_event_that_cannot_be_read_is_a_fault() {
    let fault = |recorded: &Recorded| touched(recorded).expect_err("a fault").0;
    assert_eq!(
        fault(&recorded("Won", 2, r#"{"player":1}"#)),
        "the projector scores cannot read Won (schema 2) at position 1: \
         invalid type: integer `1`, expected a string at line 1 column 11"
    );
    let mut cbor = recorded("Won", 2, "");
    cbor.content_type = "application/cbor".into();
    assert!(fault(&cbor).ends_with(r#"cannot read "application/cbor""#));
}

#[test]
fn a_row_that_cannot_be_read_is_a_fault() {
    let won = recorded("Won", 2, r#"{"player":"a"}"#);
    let fault = |row: Row| projected(&won, vec![row]).expect_err("a fault").0;
    assert_eq!(
        fault(row("a", r#"{"score":1}"#)),
        "the projector scores, Won at position 1: the row \"a\" cannot be read: \
         missing field `points` at line 1 column 11; has Row changed, and VERSION not?"
    );
    let foreign = Row {
        content_type: "text/plain".into(),
        ..row("a", "1")
    };
    assert!(fault(foreign).contains(r#"is "text/plain", which it cannot read"#));
}

#[test]
fn about_an_event_is_known_what_the_test_says() {
    project::<Witness>([
        left("a"),
        on("game-7-b", Played::Left { player: "a".into() }),
        left("a")
            .at(5)
            .by("Ada")
            .id("e")
            .command("c", "Leave")
            .correlation("r")
            .causation("s"),
    ]);
    let about = SEEN.take().expect("it was told");
    assert_eq!(
        (about.stream.as_str(), about.version, about.position),
        ("game-2", 2, 3)
    );
    assert_eq!(
        (about.recorded_at, about.actor.as_deref()),
        (5, Some("Ada"))
    );
    assert_eq!(
        [about.event_id, about.command_id, about.command_type],
        ["e", "c", "Leave"]
    );
    assert_eq!([about.correlation_id, about.causation_id], ["r", "s"]);

    project::<Witness>([on("game-7-b", Played::Left { player: "a".into() })]);
    let about = SEEN.take().expect("it was told");
    assert_eq!((about.category(), about.subject()), ("game", "7-b"));
    assert_eq!(
        [about.event_id, about.command_id, about.causation_id],
        ["event-1", "command-1", "command-1"]
    );
}

#[test]
fn rows_say_which_keys_may_change() {
    struct Keys;

    impl Projector for Keys {
        type Event = Played;
        type Row = BTreeMap<String, bool>;
        const VIEW: &'static str = "keys";

        fn keys(_: &Played, _: &EventMetadata) -> Vec<String> {
            vec!["b".into(), "a".into()]
        }

        fn fold(
            row: Option<Self::Row>,
            _: &str,
            _: &Played,
            _: &EventMetadata,
        ) -> Option<Self::Row> {
            row
        }

        fn project(rows: &mut Rows<Self::Row>, _: &Played, _: &EventMetadata) {
            let there = rows
                .keys()
                .map(|key| (key.to_owned(), rows.get(key).is_some()));
            let there = there.collect();
            rows.put("a", there);
        }
    }

    let seen = |a: bool| [("a".to_owned(), a), ("b".to_owned(), false)].into();
    let once = project::<Keys>([left("x")]);
    once.row("a", seen(false)).keys(["a"]);
    once.and([left("x")]).row("a", seen(true));
}

/// Counts to the row that an event wins, and looks at the player who left it last.
struct Reading;

impl Projector for Reading {
    type Event = Played;
    type Row = u32;
    const VIEW: &'static str = "reading";

    fn keys(event: &Played, _: &EventMetadata) -> Vec<String> {
        match event {
            Played::Won { player, .. } | Played::Left { player } => vec![player.clone()],
            Played::Inherited { to, .. } => vec![to.clone(), to.clone()],
        }
    }

    fn reads(event: &Played, _: &EventMetadata) -> Vec<String> {
        match event {
            // It changes its heir, too, if it is its own.
            Played::Inherited { from, .. } => vec![from.clone()],
            Played::Won { .. } => vec!["".into()],
            Played::Left { .. } => vec!["a".into()],
        }
    }

    fn project(rows: &mut Rows<u32>, event: &Played, _: &EventMetadata) {
        match event {
            Played::Inherited { from, to } => {
                let points = rows.get(from).copied().unwrap_or(1);
                rows.put(to, points + 1);
                assert_eq!(rows.keys().collect::<Vec<_>>(), [to]);
            }
            Played::Left { player } if player == "b" => {
                if let Some(row) = rows.get_mut("a") {
                    *row = 7;
                }
            }
            Played::Left { .. } => rows.put("a", 7),
            Played::Won { .. } => {}
        }
    }
}

#[test]
fn rows_may_be_read_that_do_not_change() {
    project::<Reading>([
        inherited("a", "b"),
        inherited("b", "c"),
        inherited("c", "c"),
    ])
    .row("b", 2)
    .row("c", 4)
    .keys(["b", "c"]);
    let inherited = recorded("Inherited", 1, r#"{"from":"b","to":"a"}"#);
    let named = (ProjectorEntry::of::<Reading>().keys)(&inherited).expect("no fault");
    assert!(named.keys().eq(["a", "b"]));
}

#[test]
fn rows_that_are_read_only_are_not_written() {
    let entry = ProjectorEntry::of::<Reading>();
    let event = recorded("Inherited", 1, r#"{"from":"b","to":"a"}"#);
    let named = (entry.keys)(&event).expect("no fault");
    let mut page = (entry.begin)(vec![row("b", " 3 ")], BTreeSet::new());
    page.fold(&event, &named).expect("no fault");
    let changes: Vec<RowChange> = page.changed().into_iter().map(|row| row.change).collect();
    assert_eq!(changes, [RowChange::Put(row("a", "4"))]);
}

#[test]
#[should_panic(
    expected = "Left at position 2: it changes the row \"a\", which it only reads: name it in `keys`"
)]
fn changing_a_row_that_is_only_read_fails() {
    project::<Reading>([inherited("x", "a"), left("b")]);
}

#[test]
#[should_panic(expected = "Left at position 1: it changes the row \"a\", which it only reads")]
fn putting_a_row_that_is_only_read_fails() {
    project::<Reading>([left("c")]);
}

#[test]
#[should_panic(expected = "Won at position 1: the key of a row is empty")]
fn an_empty_key_to_read_fails() {
    project::<Reading>([won("a", 1)]);
}
