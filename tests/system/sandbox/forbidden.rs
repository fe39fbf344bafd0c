//! Forbidden calls stop a handler, with a message that names the handler, the call, and the remedy.

use super::{folder, send};
use crate::support;
use annals_tests::app;
use annals_tests::client::Client;
use annals_tests::server::{Kind, Server};
use std::fs;

/// A forbidden call: the command, its message, and the remedy.
type Way = (&'static str, &'static str, &'static str);

const CONTEXT: &str = "take the time from the context (`ctx.now`)";
const BUILD_IN: &str = "build what it needs into the component, or send it in the command";
const NOTIFIER: &str = "leave it to a notifier that is granted `wasi:http/outgoing-handler`";

/// Calls that the `std` of every toolchain can make.
const COMMON: &[Way] = &[
    (
        "WallClock",
        "read the wall clock (wasi:clocks/wall-clock#now)",
        CONTEXT,
    ),
    (
        "MonotonicClock",
        "read the monotonic clock (wasi:clocks/monotonic-clock#now)",
        CONTEXT,
    ),
    (
        "Sleep",
        "wait (wasi:clocks/monotonic-clock#subscribe-duration)",
        "a decider only computes and cannot wait; remove the wait",
    ),
    (
        "ReadFile",
        "use a file `settings.toml` (wasi:filesystem/types#[method]descriptor.open-at)",
        BUILD_IN,
    ),
    (
        "WriteFile",
        "use a file `tmp/notes.txt` (wasi:filesystem/types#[method]descriptor.open-at)",
        BUILD_IN,
    ),
    (
        "LookAtFile",
        "use a file `etc/passwd` (wasi:filesystem/types#",
        BUILD_IN,
    ),
    (
        "ReadFolder",
        "use a file `.` (wasi:filesystem/types#",
        BUILD_IN,
    ),
];

/// WASI 0.1 has no sockets.
const SOCKETS: &[Way] = &[
    (
        "Connect",
        "use the network (wasi:sockets/tcp-create-socket#create-tcp-socket)",
        NOTIFIER,
    ),
    (
        "Resolve",
        "use the network (wasi:sockets/instance-network#instance-network)",
        NOTIFIER,
    ),
    (
        "Datagram",
        "use the network (wasi:sockets/udp-create-socket#create-udp-socket)",
        NOTIFIER,
    ),
];

fn ways(handler: &str) -> Vec<Way> {
    let sockets = if handler.starts_with("plain") {
        SOCKETS
    } else {
        &[]
    };
    [COMMON, sockets].concat()
}

const TARGETS: [(&str, &str); 2] = [
    ("plain-trying", "wasm32-wasip2"),
    ("adapted-trying", "wasm32-wasip1"),
];

/// A handler made with the SDK imports only interfaces that its code reaches.
#[test]
fn where_it_can_be_known_it_is_refused_when_the_application_is_composed() {
    for (handler, _) in TARGETS {
        let manifest = format!("{handler}.toml");
        let out = app::annals(&folder(), &["check", "-m", &manifest]).expect("it runs");
        let said = String::from_utf8_lossy(&out.stderr);
        assert_eq!(out.status.code(), Some(1), "{said}");
        for (command, told, remedy) in ways(handler) {
            let words = told.split([' ', '`']).take(3).collect::<Vec<_>>().join(" ");
            let words = words.split(" (").next().unwrap_or_default();
            let problem = |line: &&str| {
                line.contains(&format!("handler `{handler}`: imports `wasi:"))
                    && line.contains(words)
                    && line.ends_with(remedy)
            };
            assert!(said.lines().any(|line| problem(&line)), "{command}: {said}");
        }
    }
}

/// The handler without the SDK's mark. The composer then cannot distinguish used imports from those that the
/// toolchain merely links.
fn unmarked(handler: &str, target: &str, host: Kind) -> (Server, tempfile::TempDir) {
    // This builds the handler, and then refuses it.
    let manifest = format!("{handler}.toml");
    app::annals(&folder(), &["check", "-m", &manifest]).expect("it runs");
    let built = folder()
        .join("target")
        .join(target)
        .join("release")
        .join(format!("{}.wasm", handler.replace('-', "_")));
    let mut bytes = fs::read(&built).expect("it was built");
    let mark = b"annals-sdk";
    let places: Vec<usize> = bytes
        .windows(mark.len())
        .enumerate()
        .filter(|(_, window)| window == mark)
        .map(|(place, _)| place)
        .collect();
    assert!(!places.is_empty(), "{handler} has no mark");
    for place in places {
        bytes[place..place + mark.len()].copy_from_slice(b"no-sdk-now");
    }
    let home = tempfile::tempdir().expect("a folder");
    fs::write(home.path().join("handler.wasm"), bytes).expect("written");
    let manifest =
        format!("[app]\nname = \"trying\"\n[handlers.{handler}]\ncomponent = \"handler.wasm\"\n");
    fs::write(home.path().join("annals.toml"), manifest).expect("written");
    let app = app::compose(home.path(), host, home.path()).expect("it composes");
    let server = Server::start(host, &app, &home.path().join("data")).expect("the host starts");
    (server, home)
}

fn is_stopped(client: &Client, server: &Server, host: Kind, handler: &str, way: Way) {
    let (command, told, remedy) = way;
    let failed = send(client, command, command);
    assert_eq!(failed.status, 500, "{command} on {host:?}: {}", failed.text);
    if host == Kind::Annals {
        assert_eq!(failed.problem(), Some("handler-fault"), "{}", failed.text);
        assert_eq!(failed.body["handler"], handler, "{}", failed.text);
    }
    let log = server.log_text();
    let begins = format!("annals: `{handler}` tried to {told}");
    let ends = format!(" and was stopped: {remedy}");
    let lines = log
        .lines()
        .filter(|line| line.contains(&begins) && line.ends_with(&ends));
    assert_eq!(lines.count(), 1, "{begins}{ends} on {host:?} in: {log}");
}

#[test]
fn where_it_cannot_be_known_it_is_stopped_when_it_is_tried() {
    for (handler, target) in TARGETS {
        for host in Kind::ALL {
            let (server, _home) = unmarked(handler, target, host);
            let client = Client::new(server.url());
            for (number, way) in ways(handler).into_iter().enumerate() {
                is_stopped(&client, &server, host, handler, way);
                let next = send(&client, "Behave", "next");
                assert_eq!(next.status, 200, "after {}: {}", way.0, next.text);
                let events = client.log().expect("the log");
                assert_eq!(events.len(), number + 1, "{} appended something", way.0);
            }
            // Runtimes read the environment on their own. It is empty, and the log reports the access.
            assert_eq!(send(&client, "ReadVariable", "v").status, 200);
            let found = &client.stream("trying-v").expect("a stream")[0]["data"]["what"];
            assert_eq!(found, "Err(NotPresent)");
            let told = format!(
                "annals: `{handler}` tried to read the environment (wasi:cli/environment#get-environment) and found nothing: build settings into the component"
            );
            assert!(server.log_text().contains(&told), "{}", server.log_text());
        }
    }
}

#[test]
fn what_the_sdk_made_is_stopped_at_the_environment_and_at_the_end() {
    let ways: [Way; 2] = [
        (
            "Environment",
            "read the environment (wasi:cli/environment#get-environment)",
            "build settings into the component, or send them in the command",
        ),
        (
            "Exit",
            "end the program (wasi:cli/exit#exit)",
            "return a rejection instead",
        ),
    ];
    for handler in ["plain", "adapted"] {
        for host in Kind::ALL {
            let served = support::serve_manifest(&folder(), &format!("{handler}.toml"), host, &[]);
            let client = Client::new(served.server.url());
            for (number, way) in ways.into_iter().enumerate() {
                is_stopped(&client, &served.server, host, handler, way);
                assert_eq!(send(&client, "Print", "next").status, 200);
                assert_eq!(client.log().expect("the log").len(), number + 1);
            }
            // There are no threads. Before `std` returns that error, it reads a variable about stack sizes.
            assert_eq!(send(&client, "Spawn", "s").status, 500);
            assert!(client.stream("modest-s").expect("a stream").is_empty());
        }
    }
}
