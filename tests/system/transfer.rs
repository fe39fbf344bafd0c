//! A store that was moved to another host gives every answer as on the first host.

use crate::support::{self, composed};
use annals_tests::client::{Client, number};
use annals_tests::server::{Kind, Server};
use annals_tests::{app, bank, tools};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// The `annals-host` command.
fn annals_host(args: &[&str]) -> Command {
    let mut command = Command::new(tools::built("annals-host").expect("it is built"));
    command.args(args).stdin(Stdio::null());
    command
}

fn done(mut command: Command) -> Output {
    let output = command.output().expect("it runs");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
    output
}

fn verify(store: &str) -> String {
    let output = done(annals_host(&["verify", "--store", store]));
    String::from_utf8(output.stdout).expect("text")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

/// The answers to all reads by their paths, and to all repeated commands.
fn answers(client: &Client) -> BTreeMap<String, String> {
    let mut answers = BTreeMap::new();
    let mut get = |path: String| {
        let answer = client.get(&path).expect("an answer");
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answers.insert(path, answer.text);
        answer.body
    };
    for limit in [97, 1000] {
        let mut after = 0;
        loop {
            let page = get(format!("/events?after={after}&limit={limit}"));
            if page["end"] == true {
                break;
            }
            after = page["next"].as_u64().expect("a number");
        }
    }
    let log = client.log().expect("the log");
    let streams: BTreeMap<&str, u64> = log
        .iter()
        .map(|event| {
            let version = number(&event["streamversion"]).expect("a version");
            (event["subject"].as_str().expect("a stream"), version)
        })
        .collect();
    for (stream, version) in streams {
        for after in 0..version.min(4) {
            get(format!("/streams/{stream}?after={after}&limit=3"));
        }
        get(format!("/streams/{stream}?limit=1000"));
        for at in [1, version] {
            get(format!("/streams/{stream}/state?decider=transact&at={at}"));
        }
    }
    for command in bank::commands().expect("the bank's commands") {
        let answer = client
            .command(&command.command_type, &command.id, command.body.as_bytes())
            .expect("an answer");
        // All answers come from recorded data, so none of them contains an incident id or the like.
        assert!(
            [200, 400, 404, 422].contains(&answer.status),
            "{}",
            answer.text
        );
        answers.insert(
            format!("{} {}", command.id, command.body),
            format!("{} {}", answer.status, answer.text),
        );
    }
    assert_eq!(client.log().expect("the log"), log, "nothing took effect");
    answers
}

/// Runs the bank on one host, moves its store to another, and compares the answers. The import is killed in the
/// middle and repeated.
fn moves(from: Kind, to: Kind, target: impl Fn(&str) -> String) {
    let mut served = support::bank(from);
    let tally = bank::play(&mut served.server, 1).expect("the host comes back");
    assert!(tally.wrong.is_empty(), "{:#?}", tally.wrong);
    let before = answers(&Client::new(served.server.url()));
    served.server.kill().expect("it ends");
    let source = served.store();
    let summary = verify(text(&source));

    let folder = tempfile::tempdir().expect("a folder");
    let lines = folder.path().join("bank.jsonl");
    done(annals_host(&[
        "export",
        "--store",
        text(&source),
        "-o",
        text(&lines),
    ]));
    let lines = std::fs::read(lines).expect("the lines");

    let store = folder.path().join("store");
    let place = target(text(&store));
    killed_in_the_middle(&place, &lines);
    let mut import = annals_host(&["import", "--store", &place]);
    let file = folder.path().join("bank.jsonl");
    import.arg(&file);
    done(import);

    let count = |summary: &str, name: &str| {
        let line = summary.lines().find(|line| line.starts_with(name));
        line.map(str::to_owned).expect("a count")
    };
    let moved = verify(text(&store));
    for name in ["streams", "commits", "events", "outcomes", "errors"] {
        assert_eq!(count(&summary, name), count(&moved, name));
    }
    let again = done(annals_host(&["export", "--store", text(&store)]));
    assert!(again.stdout == lines, "it exports the same lines");

    let server = Server::start(to, &composed(&app::bank(), to), folder.path()).expect("it starts");
    let after = answers(&Client::new(server.url()));
    for (asked, answer) in &before {
        assert_eq!(Some(answer), after.get(asked), "{asked}");
    }
    assert_eq!(before.len(), after.len());
}

/// Starts an import, sends it half of the lines, and kills it with SIGKILL.
fn killed_in_the_middle(place: &str, lines: &[u8]) {
    let mut import = annals_host(&["import", "--store", place])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let mut stdin = import.stdin.take().expect("piped");
    stdin.write_all(&lines[..lines.len() / 2]).expect("taken");
    std::thread::sleep(Duration::from_millis(200));
    assert!(
        import.try_wait().expect("a status").is_none(),
        "it waits for more"
    );
    import.kill().expect("killed");
    import.wait().expect("it ends");
    drop(stdin);
}

#[test]
fn files_of_wasmtime_serve_move_to_the_embedded_store_of_annals_host() {
    moves(Kind::Wasmtime, Kind::Annals, |store| store.to_owned());
}

#[test]
fn the_embedded_store_of_annals_host_moves_to_files_for_wasmtime_serve() {
    moves(Kind::Annals, Kind::Wasmtime, |store| {
        format!("files:{store}")
    });
}
