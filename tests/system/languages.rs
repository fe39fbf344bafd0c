//! Handlers in JavaScript and Python beside those in Rust: the same cases, the same events, and the same sandbox.
//!
//! Interpreters take long to compile. So each component is built once into a folder that is kept, and each host
//! serves one application with handlers in both languages.

use crate::support::{self, Served};
use annals_tests::client::Client;
use annals_tests::server::Kind;
use annals_tests::{app, tools};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Prevents concurrent builds of the same component.
static ONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn example() -> PathBuf {
    tools::workspace().join("examples/bank-languages")
}

/// The result of each case of `annals test`: handler, case, difference.
fn cases(folder: &Path, arguments: &[&str]) -> Vec<(String, String, Value)> {
    let arguments = [&["test", "--message-format", "json"], arguments].concat();
    let out = app::annals(folder, &arguments).expect("annals runs");
    let text = String::from_utf8_lossy(&out.stdout);
    let errors = String::from_utf8_lossy(&out.stderr);
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    let summary = lines.last().unwrap_or_else(|| panic!("nothing: {errors}"));
    assert_eq!(summary["type"], "summary", "{text}\n{errors}");
    let failed = summary["failed"].as_u64().expect("a count");
    assert_eq!(out.status.code(), Some(i32::from(failed > 0)), "{errors}");
    let ended = lines.iter().filter(|line| line["type"] == "case");
    ended
        .map(|line| {
            let text = |key: &str| line[key].as_str().expect("a text").to_owned();
            (text("handler"), text("case"), line["differs"].clone())
        })
        .collect()
}

#[test]
fn the_same_cases_hold_in_every_language() {
    let _alone = alone();
    let played = |folder: &Path, manifest: &str| {
        let ended = cases(folder, &["-m", manifest]);
        for (handler, case, differs) in &ended {
            assert_eq!(*differs, json!([]), "{manifest} {handler}: {case}");
        }
        let of = |handler: &str| -> BTreeSet<String> {
            let all = ended.iter().filter(|(one, ..)| one == handler);
            all.map(|(_, case, _)| case.clone()).collect()
        };
        (of("open-account"), of("balances"))
    };
    let (rust, rust_view) = played(&app::bank(), "annals.toml");
    assert!(rust.len() >= 30 && rust_view.len() >= 6, "{rust:?}");
    for manifest in ["annals.toml", "swapped.toml"] {
        let (other, other_view) = played(&example(), manifest);
        assert!(other.is_superset(&rust), "{manifest}: {other:?}");
        assert!(other_view.is_superset(&rust_view), "{manifest}");
    }
}

/// The results of a play as a client gets them: each answer, the events, the view.
fn play(served: &Served) -> Vec<Value> {
    let client = Client::new(served.server.url());
    let mut seen = Vec::new();
    let commands = [
        (
            "OpenAccount",
            r#"{"account":"1","owner":"Äda \"😀\"","deposit":500}"#,
        ),
        (
            "OpenAccount",
            r#"{"account":"2","deposit":0, "owner":"Bob","branch":"north"}"#,
        ),
        (
            "OpenAccount",
            r#"{"account":"1","owner":"Ada","deposit":1}"#,
        ),
        (
            "OpenAccount",
            r#"{"account":"3","owner":"Ada","deposit":-1}"#,
        ),
        ("OpenAccount", r#"{"account":"3","owner":"Ada"}"#),
        ("OpenAccount", r#"{"account":"","owner":"Ada","deposit":1}"#),
        ("Deposit", r#"{"account":"1","amount":7}"#),
        ("Withdraw", r#"{"account":"2","amount":1}"#),
        (
            "RequestTransfer",
            r#"{"transfer":"t1","from":"1","to":"2","amount":100}"#,
        ),
        ("Withdraw", r#"{"account":"1","amount":1}"#),
    ];
    for (number, (command, body)) in commands.iter().enumerate() {
        let headers = [
            ("Idempotency-Key", &*format!("command-{number}")),
            ("Prefer", "wait=30"),
        ];
        let answer = client
            .post(&format!("/commands/{command}"), &headers, body.as_bytes())
            .expect("an answer");
        let mut told = json!({ "command": command, "status": answer.status });
        for key in ["stream", "type", "code", "message", "details", "commandId"] {
            told[key] = answer.body[key].clone();
        }
        seen.push(told);
    }
    for mut event in client.log().expect("the log") {
        let event = event.as_object_mut().expect("an object");
        // These attributes differ from run to run.
        for key in ["id", "time", "position", "source", "causationid"] {
            event.remove(key).unwrap_or_else(|| panic!("no {key}"));
        }
        // The ids of a process's commands are derived from the events' ids.
        if event["streamversion"] != json!("1") || event["type"] != json!("AccountOpened") {
            event.remove("commandid");
        }
        seen.push(json!(event));
    }
    for account in ["1", "2", "3"] {
        let row = client
            .get(&format!("/views/balances/{account}"))
            .expect("an answer");
        seen.push(json!({ "status": row.status, "row": (row.status == 200).then_some(row.body) }));
    }
    seen
}

#[test]
fn whatever_language_decides_the_events_are_the_same() {
    let _alone = alone();
    let expected = play(&support::bank(Kind::Annals));
    let text = json!(expected).to_string();
    for what in [
        "AccountOpened",
        "TransferCompleted",
        "account-exists",
        "amount-negative",
    ] {
        assert!(text.contains(what), "no {what}: {text}");
    }
    assert!(text.contains(r#""balance":406"#), "{text}");
    for (manifest, host, flags) in [
        ("annals.toml", Kind::Annals, &[][..]),
        // wasmtime also has a cache of compiled code, if this flag enables it.
        ("swapped.toml", Kind::Wasmtime, &["-C", "cache=y"][..]),
    ] {
        let served = support::serve_manifest(&example(), manifest, host, flags);
        for (got, expected) in play(&served).iter().zip(&expected) {
            assert_eq!(got, expected, "{manifest} on {host:?}");
        }
    }
}

/// Handlers that attempt forbidden calls, made with the SDKs, in a folder that is kept.
fn tries() -> PathBuf {
    let folder = tools::target_folder()
        .expect("a target folder")
        .join("languages");
    copy(&tools::workspace().join("tests/languages"), &folder);
    for (sdk, helper) in [("sdk-js", "annals-js"), ("sdk-py", "annals-py")] {
        copy(&tools::workspace().join(sdk), &folder.join(helper));
    }
    for handler in ["tries-js", "tries-py"] {
        let wit = folder.join(handler).join("wit");
        // Delete the copy: the build would also read files of an older contract there.
        if wit.exists() {
            fs::remove_dir_all(&wit).expect("removed");
        }
        copy(&tools::workspace().join("wit"), &wit);
    }
    folder
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let place = to.join(path.file_name().expect("a name"));
        if path.is_dir() {
            copy(&path, &place);
        } else {
            fs::copy(&path, &place).expect("copied");
        }
    }
}

#[test]
fn what_is_forbidden_is_stopped_in_every_language() {
    let _alone = alone();
    let folder = tries();
    let ended = cases(&folder, &[]);
    assert!(ended.len() >= 28, "{ended:?}");
    for (handler, case, differs) in &ended {
        assert_eq!(*differs, json!([]), "{handler}: {case}");
    }
    let served =
        support::serve_manifest(&folder, "annals.toml", Kind::Annals, &["--timeout", "5s"]);
    let client = Client::new(served.server.url());
    let send = |command: &str| {
        let body = format!(r#"{{"id":"{command}"}}"#);
        let path = format!("/commands/{command}");
        client.post(&path, &[], body.as_bytes()).expect("an answer")
    };
    for (language, attempts) in [
        (
            "Js",
            [
                "MathRandom",
                "DateNow",
                "Fetch",
                "Environment",
                "File",
                "Endless",
            ],
        ),
        (
            "Py",
            ["Random", "Time", "Socket", "Environment", "File", "Endless"],
        ),
    ] {
        for attempt in attempts {
            let name = format!("{language}{attempt}");
            let stopped = send(&name);
            assert_eq!(stopped.status, 500, "{name}: {}", stopped.text);
            assert_eq!(stopped.problem(), Some("handler-fault"), "{name}");
            let handler = format!("tries-{}", language.to_lowercase());
            assert_eq!(stopped.body["handler"], json!(handler), "{name}");
            let stream = format!("{}-{name}", language.to_lowercase());
            let appended = client.stream(&stream).expect("an answer");
            assert!(appended.is_empty(), "{name} appended");
            let next = send(&format!("{language}Nothing"));
            assert_eq!(next.status, 200, "after {name}: {}", next.text);
        }
    }
    for language in ["Js", "Py"] {
        let body = format!(r#"{{"id":"{language}Tags"}}"#);
        let path = format!("/commands/{language}Nothing");
        let headers = [("Annals-Extension-tenant", "a")];
        let answer = client.post(&path, &headers, body.as_bytes());
        assert_eq!(answer.expect("an answer").status, 200, "{language}");
        let stream = format!("{}-{language}Tags", language.to_lowercase());
        let event = &client.stream(&stream).expect("events")[0];
        let tags = format!("attempt:{language}Tags tenant:a");
        assert_eq!(event["tags"], json!(tags), "{event}");
        assert_eq!(event["tenant"], json!("a"), "{event}");
        assert_eq!(event["data"]["tenant"], json!("a"), "{event}");
    }
    let log = served.server.log_text();
    for told in [
        "`Math.random()` is not there: handlers are pure. Randomness is an argument",
        "`Date.now()` is not there: handlers are pure. Time is an argument",
        "`fetch` is not there: handlers are pure",
        "`process` is not there: handlers are pure",
        "`random.random` is not there: handlers are pure. Randomness is an argument",
        "`tries-py` tried to read the wall clock",
        "`tries-py` tried to use the network",
        "`tries-py` tried to use a file",
        "[tries-js] not stopped",
        "[tries-py] not stopped",
    ] {
        assert!(log.contains(told), "not told: {told}\n{log}");
    }
}
