//! Allowed behaviour: maps, output, and failing look-ups.

use super::{folder, imports, send};
use crate::support;
use annals_tests::app;
use annals_tests::client::Client;
use annals_tests::server::Kind;
use serde_json::{Value, json};
use std::path::Path;

const HANDLERS: [&str; 2] = ["plain", "adapted"];

const WORDS: [&str; 10] = [
    "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
];

/// The data of the events of several counts on one stream. The host is restarted in the middle.
fn counted(handler: &str, host: Kind) -> Vec<Value> {
    let mut served = support::serve_manifest(&folder(), &format!("{handler}.toml"), host, &[]);
    let client = Client::new(served.server.url());
    let body = json!({ "id": "maps", "words": WORDS }).to_string();
    for number in 0..14 {
        if number == 9 {
            served.server.restart().expect("it starts again");
        }
        let answer = client
            .post("/commands/Count", &[], body.as_bytes())
            .expect("an answer");
        assert_eq!(answer.status, 200, "{handler} on {host:?}: {}", answer.text);
        // A command in between on the same instance has no effect on the result.
        send(&client, "Arguments", &format!("other-{number}"));
    }
    let events = client.stream("modest-maps").expect("a stream");
    events.iter().map(|event| event["data"].clone()).collect()
}

/// annals-host keeps instances and their sessions. `wasmtime serve` makes an instance for each request, which folds
/// the whole stream at once.
#[test]
fn hash_maps_iterate_the_same_way_every_time_and_everywhere() {
    let expected = counted("plain", Kind::Annals);
    assert_eq!(expected.len(), 14);
    let order = &expected[0]["order"];
    assert_ne!(order, &json!(WORDS), "a map's order is that of its hashes");
    for event in &expected {
        assert_eq!(&event["order"], order);
    }
    for event in &expected[2..] {
        assert_eq!(event["known"], expected[1]["known"]);
        let one = expected[1]["each"].as_array().expect("a list");
        let all = event["each"].as_array().expect("a list");
        for of_one_event in all.chunks(WORDS.len()) {
            assert_eq!(of_one_event, one.as_slice());
        }
    }
    for handler in HANDLERS {
        for host in Kind::ALL {
            assert_eq!(counted(handler, host), expected, "{handler} on {host:?}");
        }
    }
}

#[test]
fn what_a_handler_prints_is_in_the_hosts_log_line_by_line_with_its_name() {
    for handler in HANDLERS {
        for host in Kind::ALL {
            let served = support::serve_manifest(&folder(), &format!("{handler}.toml"), host, &[]);
            let client = Client::new(served.server.url());
            for command in ["Print", "Panic"] {
                send(&client, command, "p");
            }
            let log = served.server.log_text();
            for line in [
                "to stdout, 1 and 2",
                "to stderr, 3 and 4",
                "two halves of a line",
            ] {
                let wanted = format!("[{handler}] {line}");
                let found = log.lines().filter(|line| line.ends_with(&wanted)).count();
                assert_eq!(found, 1, "{wanted} on {host:?} in: {log}");
            }
            panicked(&log, handler);
        }
    }
}

/// Asserts that one line of the log has the place and the message of the handler's panic.
fn panicked(log: &str, handler: &str) {
    let at = format!("[{handler}] panicked at domain/src/modest.rs:");
    let tells = |line: &str| line.contains(&at) && line.ends_with(": as was asked");
    assert_eq!(log.lines().filter(|line| tells(line)).count(), 1, "{log}");
}

/// Checks the log and the panics of a handler that imports nothing of WASI, and of one that does.
#[test]
fn what_a_handler_logs_and_why_it_panics_is_in_the_hosts_log_with_its_name() {
    for handler in ["bare", "plain"] {
        for host in Kind::ALL {
            let served = support::serve_manifest(&folder(), &format!("{handler}.toml"), host, &[]);
            let client = Client::new(served.server.url());
            assert_eq!(send(&client, "Log", "l").status, 200);
            assert_eq!(send(&client, "Panic", "p").status, 500);
            let log = served.server.log_text();
            for wanted in ["of l: ä€😀", "two", "lines"] {
                let wanted = format!("[{handler}] {wanted}");
                let found = log.lines().filter(|line| line.ends_with(&wanted)).count();
                assert_eq!(found, 1, "{wanted} on {host:?} in: {log}");
            }
            assert_eq!(log.matches("long ").count(), 1000, "{log}");
            panicked(&log, handler);
            if host == Kind::Annals {
                assert!(log.contains("modest::fails"), "{log}");
            }
        }
    }
}

#[test]
fn there_are_no_arguments_and_no_input() {
    for handler in HANDLERS {
        for host in Kind::ALL {
            let served = support::serve_manifest(&folder(), &format!("{handler}.toml"), host, &[]);
            let client = Client::new(served.server.url());
            for (command, found) in [("Arguments", "[]"), ("Stdin", "Ok(0) \"\"")] {
                let answer = send(&client, command, command);
                assert_eq!(answer.status, 200, "{command}: {}", answer.text);
                let events = client.stream(&format!("modest-{command}"));
                let events = events.expect("a stream");
                assert_eq!(events[0]["data"]["what"], found, "{handler} on {host:?}");
            }
        }
    }
}

/// The composed application keeps none of the handlers' imports, except the one that the log needs.
#[test]
fn an_application_imports_what_its_framework_needs_and_a_place_for_its_log() {
    let expected = |host| match host {
        Kind::Annals => vec![
            "annals:keyvalue/conditional@0.1.0",
            "wasi:cli/stderr@0.2.4",
            "wasi:clocks/monotonic-clock@0.2.4",
            "wasi:clocks/wall-clock@0.2.4",
            "wasi:http/types@0.2.4",
            "wasi:io/error@0.2.4",
            "wasi:io/poll@0.2.4",
            "wasi:io/streams@0.2.4",
            "wasi:keyvalue/store@0.2.0-draft2",
            "wasi:random/random@0.2.4",
        ],
        // Hosts whose stores are files.
        _ => vec![
            "wasi:cli/stderr@0.2.4",
            "wasi:clocks/monotonic-clock@0.2.4",
            "wasi:clocks/wall-clock@0.2.4",
            "wasi:filesystem/preopens@0.2.4",
            "wasi:filesystem/types@0.2.4",
            "wasi:http/types@0.2.4",
            "wasi:io/error@0.2.4",
            "wasi:io/poll@0.2.4",
            "wasi:io/streams@0.2.4",
            "wasi:random/insecure@0.2.4",
            "wasi:random/random@0.2.4",
        ],
    };
    for handler in HANDLERS {
        for host in Kind::ALL {
            let app = support::composed_manifest(&folder(), &format!("{handler}.toml"), host);
            assert_eq!(imports(&app), expected(host), "{handler} on {host:?}");
        }
    }
}

/// The names of an application's parts.
fn parts(folder: &Path, manifest: &str) -> Vec<String> {
    let out = app::annals(folder, &["graph", "-m", manifest, "--format", "json"]);
    let out = out.expect("it runs").stdout;
    let report: Value = serde_json::from_slice(&out).expect("JSON");
    let parts = report["parts"].as_array().expect("a list").iter();
    parts
        .map(|part| part["name"].as_str().expect("a name").into())
        .collect()
}

#[test]
fn each_handler_that_imports_wasi_has_a_sandbox_and_others_have_none() {
    let of_sandboxes = |manifest: &str| -> Vec<String> {
        let mut parts = parts(&folder(), manifest);
        let kept = ["log", "diagnostics"];
        parts.retain(|part| kept.contains(&part.as_str()) || part.ends_with("/sandbox"));
        parts
    };
    assert_eq!(
        of_sandboxes("mailing.toml"),
        [
            "log",
            "diagnostics",
            "blind/sandbox",
            "mailer/sandbox",
            "plain/sandbox"
        ]
    );
    assert_eq!(of_sandboxes("bare.toml"), ["log", "diagnostics"]);
}
