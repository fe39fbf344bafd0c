//! Notifiers have the granted interfaces, and a sandbox for all others.

use super::{folder, imports, send};
use crate::support;
use annals_tests::app;
use annals_tests::client::Client;
use annals_tests::mailbox::Mailbox;
use annals_tests::server::Kind;
use std::time::{Duration, Instant};

/// Makes the host deliver until a condition holds. On a host that drives no deliveries itself, a notifier that is
/// stopped also ends the request that delivers.
fn wait_until(client: &Client, served: &support::Served, what: &str, so: impl Fn(&str) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let log = served.server.log_text();
        if so(&log) {
            return;
        }
        assert!(Instant::now() < deadline, "no {what} in: {log}");
        let _ = client.post("/admin/pump", &[], b"");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Two notifiers of the same code have separate grants.
#[test]
fn two_notifiers_have_their_own_grants() {
    for host in Kind::ALL {
        let mailbox = Mailbox::open().expect("a mailbox");
        let url = format!("MAILER_URL={}", mailbox.url());
        let flags = ["--env", &url, "--env", "HOME=/nowhere"];
        let served = support::serve_manifest(&folder(), "mailing.toml", host, &flags);
        let client = Client::new(served.server.url());
        let answer = send(&client, "Print", "p");
        assert_eq!(answer.status, 200, "{}", answer.text);
        let event = answer.body["events"][0]["id"].as_str().expect("an id");
        let stopped = "annals: `blind` tried to read the environment (wasi:cli/environment#get-environment) and was stopped: add `wasi:cli/environment` to the notifier's `allow` if it may do that";
        let in_log = |end: &str| {
            let end = end.to_owned();
            move |log: &str| log.lines().any(|line| line.ends_with(&end))
        };
        wait_until(&client, &served, stopped, in_log(stopped));
        // Requests and streams of the notifier use the host's interfaces, so its output goes where the host allows.
        let printed = format!("notified of {event}");
        wait_until(&client, &served, &printed, in_log(&printed));
        // Its log messages still have its name.
        let logged = format!("[mailer] told of {event}");
        wait_until(&client, &served, &logged, in_log(&logged));
        wait_until(&client, &served, "letter", |_| {
            !mailbox.letters().is_empty()
        });
        let letters = mailbox.letters();
        assert_eq!(letters.len(), 1, "{host:?}: {letters:?}");
        assert!(letters[0].body.contains(event), "{letters:?}");
        assert!(letters[0].body.contains("/nowhere"), "{letters:?}");
    }
}

#[test]
fn what_is_granted_is_imported_and_nothing_else() {
    for host in Kind::ALL {
        let app = support::composed_manifest(&folder(), "mailing.toml", host);
        let of_handlers: Vec<String> = imports(&app)
            .into_iter()
            .filter(|import| !import.ends_with("@0.2.4") && !import.contains("keyvalue"))
            .collect();
        assert_eq!(
            of_handlers,
            [
                "wasi:cli/environment@0.2.6",
                "wasi:cli/stderr@0.2.6",
                "wasi:cli/stdout@0.2.6",
                // The clock for the request's timeouts.
                "wasi:clocks/monotonic-clock@0.2.6",
                "wasi:io/poll@0.2.6",
                "wasi:io/streams@0.2.6",
            ],
            "{host:?}"
        );
    }
}

#[test]
fn what_a_notifier_uses_without_a_grant_is_refused() {
    let out = app::annals(&folder(), &["check", "-m", "mute.toml"]).expect("it runs");
    let said = String::from_utf8_lossy(&out.stderr);
    assert_eq!(out.status.code(), Some(1), "{said}");
    let problem = "handler `mute`: imports `wasi:http/outgoing-handler`, which it is not granted; set allow = [\"wasi:cli/environment\", \"wasi:http/outgoing-handler\"] if it may use that";
    assert!(said.contains(problem), "{said}");
}
