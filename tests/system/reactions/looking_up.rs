//! A projector whose events change rows that other rows name. Each event depends on all events before it, so every
//! later row shows an event that is lost, doubled or out of order.

use crate::support;
use annals_tests::client::Client;
use annals_tests::server::Kind;
use annals_tests::tools;
use annals_tests::transfers::{finish, view_rows};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Commands, and the events of each.
const COMMANDS: u64 = 60;
const BURST: u64 = 20;
/// Places of the ring, as in `tests/reactions/ring`.
const PLACES: u64 = 7;

fn expected(log: &[Value]) -> BTreeMap<String, Value> {
    let mut places: BTreeMap<u64, (u64, u64)> = BTreeMap::new();
    let mut next = 0;
    for event in log {
        let number = event["data"]["number"].as_u64().expect("a number");
        let place = places.entry(next).or_default();
        *place = (place.0 + 1, place.1 + number);
        next = (next + 1 + number % 3) % PLACES;
    }
    let row = |(place, (events, sum))| {
        let row = json!({"next": 0, "events": events, "sum": sum});
        (format!("place-{place}"), row)
    };
    let start = json!({"next": next, "events": 0, "sum": 0});
    let mut rows: BTreeMap<_, _> = places.into_iter().map(row).collect();
    rows.insert("start".into(), start);
    rows
}

fn rows_that_rows_name_are_found(host: Kind) {
    let folder = tools::workspace().join("tests/reactions");
    let mut served = support::serve_manifest(&folder, "ring.toml", host, &[]);
    let client = Client::new(served.server.url());
    for number in 0..COMMANDS {
        if number % 20 == 19 {
            // The restart interrupts deliveries at any point.
            served.server.restart().expect("the host starts again");
        }
        let body =
            json!({"stream": (number % 4).to_string(), "from": number * 1000, "count": BURST});
        let answer = client
            .command("Count", &format!("c{number}"), body.to_string().as_bytes())
            .expect("an answer");
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
    finish(&client).expect("the view catches up");
    let expected = expected(&client.log().expect("the log"));
    assert_eq!(expected.len() as u64, PLACES + 1);
    assert_eq!(view_rows(&client, "ring").expect("the view"), expected);

    // The rebuild uses other pages of events.
    let rebuilt = client
        .post("/admin/reactions/ring/rebuild", &[], b"")
        .expect("an answer");
    assert_eq!(rebuilt.status, 202, "{}", rebuilt.text);
    finish(&client).expect("the view is built anew");
    assert_eq!(view_rows(&client, "ring").expect("the view"), expected);
}

#[test]
fn a_projector_looks_up_rows_that_rows_name_on_annals_host() {
    rows_that_rows_name_are_found(Kind::Annals);
}

#[test]
fn a_projector_looks_up_rows_that_rows_name_on_wasmtime_serve() {
    rows_that_rows_name_are_found(Kind::Wasmtime);
}
