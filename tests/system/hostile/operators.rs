//! Operators, and clients that must not pass for one.

use super::size;
use crate::support;
use annals_tests::client::Client;
use annals_tests::server::Kind;
use annals_tests::tools;
use serde_json::json;
use std::time::{Duration, Instant};

fn counting(flags: &[&str]) -> support::Served {
    let folder = tools::workspace().join("tests/reactions");
    support::serve_manifest(&folder, "annals.toml", Kind::Annals, flags)
}

fn count(client: &Client, stream: &str, count: u64) {
    let body = json!({"stream": stream, "from": 0, "count": count}).to_string();
    let answer = client.post("/commands/Count", &[], body.as_bytes());
    let answer = answer.expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.text);
}

#[test]
fn a_pump_answers_before_the_hosts_limit_whatever_its_budget() {
    let served = counting(&["--no-delivery", "--timeout", "1s"]);
    let client = Client::new(served.server.url());
    for stream in 0..size(200, 400) {
        count(&client, &format!("burst-{stream}"), 1_000);
    }
    let mut pumps = 0;
    loop {
        let pumped = client.post("/admin/pump?budget=60000", &[], b"");
        let pumped = pumped.expect("an answer");
        assert_eq!(pumped.status, 200, "{}", pumped.text);
        pumps += 1;
        if pumped.body["more"] == false {
            break;
        }
    }
    assert!(pumps > 1, "there is more to deliver than one may take");
}

#[test]
fn a_loop_of_rebuilds_is_refused_with_its_remedy() {
    let served = counting(&[]);
    let client = Client::new(served.server.url());
    count(&client, "burst-a", 10);
    let status = || client.get("/admin/reactions/counts").expect("an answer");
    let rebuild = || {
        client
            .post("/admin/reactions/counts/rebuild", &[], b"")
            .expect("an answer")
    };
    let limit = Instant::now() + Duration::from_secs(120);
    let refused = loop {
        let answer = rebuild();
        if answer.status != 202 {
            break answer;
        }
        assert!(Instant::now() < limit, "{}", status().text);
        while status().body["state"] != "running" {
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    assert_eq!((refused.status, refused.problem()), (409, Some("refused")));
    assert!(refused.text.contains("DELETE"), "{}", refused.text);
    let generations = status().body["generations"].as_array().map(Vec::len);
    assert!(generations < Some(20), "{generations:?}");
    let dropped = client
        .delete("/admin/reactions/counts/generations/1")
        .expect("an answer");
    assert_eq!(dropped.status, 200, "{}", dropped.text);
    assert_eq!(rebuild().status, 202);
}
