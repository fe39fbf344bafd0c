//! Tests the rules of `docs/changing.md` with old and new applications over the same data. Nothing is delivered twice
//! or lost, or else the new application is refused with a message that names the remedy.

use annals_tests::client::Client;
use annals_tests::mailbox::Mailbox;
use annals_tests::server::{Kind, Server};
use annals_tests::transfers::finish;
use annals_tests::{app, tools};
use serde_json::{Value, json};
use std::path::PathBuf;
use tempfile::TempDir;

const NOTIFIER: &str = "allow = [\"wasi:http/outgoing-handler\", \"wasi:cli/environment\"]\n";

/// A store, the applications that run on it one after the other, and the effects of their events.
struct Story {
    host: Kind,
    folder: TempDir,
    mailbox: Mailbox,
    server: Option<Server>,
    applications: u32,
    counted: u64,
}

/// `[handlers.<key>]`, the crate that it is built from, and additional lines.
type Handler<'a> = (&'a str, &'a str, &'a str);

const BASE: [Handler<'_>; 4] = [
    ("counter", "counter", ""),
    ("totals", "totals", ""),
    ("bell", "bell", NOTIFIER),
    ("follow", "follow", ""),
];

/// The base application with other handlers in place of one of its handlers.
fn with<'a>(key: &str, instead: &[Handler<'a>]) -> Vec<Handler<'a>> {
    let others = BASE.iter().filter(|(one, ..)| *one != key);
    others.chain(instead).copied().collect()
}

impl Story {
    /// Starts the base application and counts five times.
    fn begin(host: Kind) -> Self {
        let mut story = Self::of(host);
        story.runs(&BASE);
        story
    }

    fn of(host: Kind) -> Self {
        Self {
            host,
            folder: tempfile::tempdir().expect("a folder"),
            mailbox: Mailbox::open().expect("a mailbox"),
            server: None,
            applications: 0,
            counted: 0,
        }
    }

    fn compose(&mut self, retired: &[&str], handlers: &[Handler<'_>]) -> PathBuf {
        self.applications += 1;
        let folder = self.folder.path().join(self.applications.to_string());
        std::fs::create_dir_all(&folder).expect("a folder");
        let crates = tools::workspace().join("tests/changes");
        let mut manifest = format!("[app]\nname = \"changing\"\nretired = {retired:?}\n");
        for (key, of, more) in handlers {
            let path = crates.join(of);
            manifest += &format!("[handlers.{key}]\npath = {path:?}\n{more}");
        }
        std::fs::write(folder.join("annals.toml"), manifest).expect("a manifest");
        app::compose(&folder, self.host, &folder).expect("it composes")
    }

    fn serve(&mut self, app: &std::path::Path, accept: &[&str]) -> anyhow::Result<Client> {
        self.server = None;
        let url = format!("MAILER_URL={}", self.mailbox.url());
        let mut flags = vec!["--env", &url];
        if self.host == Kind::Annals {
            flags.extend(accept.iter().flat_map(|change| ["--accept", change]));
        }
        let server = Server::start_with(self.host, app, self.folder.path(), &flags)?;
        let client = Client::new(server.url());
        self.server = Some(server);
        if self.host != Kind::Annals && !accept.is_empty() {
            let answer = self.start(&client, accept);
            assert_eq!(answer.0, 200, "{}", answer.1);
        }
        Ok(client)
    }

    fn start(&self, client: &Client, accept: &[&str]) -> (u16, Value) {
        let body = json!({"accept": accept}).to_string();
        let answer = client
            .post("/admin/application", &[], body.as_bytes())
            .expect("an answer");
        (answer.status, answer.body)
    }

    /// Runs an application and counts once more (the first application of a story: five times).
    fn runs(&mut self, handlers: &[Handler<'_>]) -> Client {
        self.runs_with(&[], &[], handlers)
    }

    fn runs_with(&mut self, retired: &[&str], accept: &[&str], handlers: &[Handler<'_>]) -> Client {
        let app = self.compose(retired, handlers);
        let client = self.serve(&app, accept).expect("it starts");
        let more = if self.counted == 0 { 5 } else { 1 };
        for _ in 0..more {
            self.counted += 1;
            let answer = client
                .command(
                    "Count",
                    &format!("c{}", self.counted),
                    br#"{"counter":"c"}"#,
                )
                .expect("an answer");
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
        finish(&client).expect("everybody has seen everything");
        client
    }

    /// The application is refused. The message names the changes that are not allowed, and the data stays unchanged.
    fn refused(&mut self, retired: &[&str], handlers: &[Handler<'_>], changes: &[(&str, &str)]) {
        let app = self.compose(retired, handlers);
        let told = match self.host {
            Kind::Annals => {
                let error = self.serve(&app, &[]).err().expect("it does not start");
                let text = format!("{error:#}");
                assert!(text.contains("exit status: 1"), "{text}");
                text
            }
            _ => {
                let client = self.serve(&app, &[]).expect("the host starts");
                let command = client
                    .post(
                        "/commands/Count",
                        &[("content-type", "application/json")],
                        br#"{"counter":"c"}"#,
                    )
                    .expect("an answer");
                assert_eq!(
                    (command.status, command.problem()),
                    (503, Some("application-refused")),
                    "{}",
                    command.text
                );
                let view = client.post("/admin/pump", &[], b"").expect("an answer");
                assert_eq!(view.status, 503, "{}", view.text);
                let (status, body) = self.start(&client, &[]);
                assert_eq!(status, 409, "{body}");
                body["detail"].as_str().unwrap_or_default().to_owned()
            }
        };
        for (change, remedy) in changes {
            assert!(told.contains(change), "no {change} in: {told}");
            assert!(told.contains(remedy), "no {remedy} in: {told}");
        }
    }

    /// Number of counts in a view.
    fn view(&self, client: &Client, view: &str) -> u64 {
        let row = client.get(&format!("/views/{view}/c")).expect("an answer");
        row.body.as_u64().unwrap_or_default()
    }

    /// Number of posted notices. Asserts that each was posted once.
    fn notices(&self) -> u64 {
        let letters = self.mailbox.letters();
        let mut bodies: Vec<&str> = letters.iter().map(|one| one.body.as_str()).collect();
        bodies.sort_unstable();
        let all = bodies.len();
        bodies.dedup();
        assert_eq!(bodies.len(), all, "a notice was posted twice");
        all as u64
    }

    /// Number of commands of the process manager that took effect.
    fn notes(&self, client: &Client) -> u64 {
        let log = client.log().expect("the log");
        log.iter().filter(|event| event["type"] == "Noted").count() as u64
    }

    fn is_whole(&self, client: &Client, view: &str) {
        let got = (self.view(client, view), self.notices(), self.notes(client));
        assert_eq!(got, (self.counted, self.counted, self.counted));
    }

    fn log_text(&self) -> String {
        self.server
            .as_ref()
            .map(Server::log_text)
            .unwrap_or_default()
    }
}

/// The counting of the README: an idle notifier joins, and the view stays correct.
fn a_sibling_joins_and_leaves(host: Kind) {
    let mut story = Story::begin(host);
    let joined = with("totals", &[("totals", "totals-and-idle", "")]);
    let client = story.runs(&joined);
    story.is_whole(&client, "totals");
    assert!(
        story.log_text().contains("the notifier `idle` is new"),
        "{}",
        story.log_text()
    );
    // The handler is split in two, and moved to other keys.
    let split = [
        ("counting", "counter", ""),
        ("view", "totals", ""),
        ("nothing", "idle", ""),
        ("ring", "bell", NOTIFIER),
        ("going-on", "follow", ""),
    ];
    let client = story.runs(&split);
    story.is_whole(&client, "totals");
}

fn renamed() -> Vec<Handler<'static>> {
    vec![
        ("counter", "counter", ""),
        ("sums", "sums", "formerly = [\"totals\"]\n"),
        (
            "gong",
            "gong",
            "allow = [\"wasi:http/outgoing-handler\", \"wasi:cli/environment\"]\nformerly = [\"bell\"]\n",
        ),
        ("chase", "chase", "formerly = [\"follow\"]\n"),
    ]
}

fn reactions_are_renamed_and_renamed_back(host: Kind) {
    let mut story = Story::begin(host);
    let unsaid: Vec<_> = renamed()
        .into_iter()
        .map(|(key, of, _)| (key, of, if key == "gong" { NOTIFIER } else { "" }))
        .collect();
    story.refused(
        &[],
        &unsaid,
        &[
            ("retire:totals", "formerly = [\"totals\"]"),
            ("retire:bell", "retired = [\"bell\"]"),
            ("retire:follow", "formerly = [\"follow\"]"),
        ],
    );
    let client = story.runs(&renamed());
    story.is_whole(&client, "sums");
    let process = client
        .get("/admin/reactions/chase/processes/c")
        .expect("an answer");
    assert_eq!(
        process.body["state"],
        json!(story.counted),
        "{}",
        process.text
    );
    // The reverse change is a rename, too.
    story.refused(&[], &BASE, &[("anew:bell", "formerly = [\"gong\"]")]);
    let back: [Handler<'_>; 4] = [
        ("counter", "counter", ""),
        ("totals", "totals", "formerly = [\"sums\"]\n"),
        (
            "bell",
            "bell",
            "allow = [\"wasi:http/outgoing-handler\", \"wasi:cli/environment\"]\nformerly = [\"gong\"]\n",
        ),
        ("follow", "follow", "formerly = [\"chase\"]\n"),
    ];
    let client = story.runs(&back);
    story.is_whole(&client, "totals");
    let client = story.runs(&BASE);
    story.is_whole(&client, "totals");
}

fn a_reaction_is_removed_and_comes_back(host: Kind) {
    let mut story = Story::begin(host);
    let without = with("bell", &[]);
    story.refused(&[], &without, &[("retire:bell", "retired = [\"bell\"]")]);
    let client = story.runs_with(&["bell"], &[], &without);
    assert_eq!(story.notices(), 5);
    assert_eq!(story.view(&client, "totals"), 6);
    story.refused(&[], &BASE, &[("anew:bell", "formerly = [\"bell\"]")]);
    // The notifier continues at its last position.
    let again = "allow = [\"wasi:http/outgoing-handler\", \"wasi:cli/environment\"]\nformerly = [\"bell\"]\n";
    let client = story.runs(&with("bell", &[("bell", "bell", again)]));
    story.is_whole(&client, "totals");
}

fn a_dropped_view_begins_anew_under_its_old_name(host: Kind) {
    let mut story = Story::begin(host);
    let without = with("totals", &[]);
    story.runs_with(&["totals"], &[], &without);
    story.refused(&[], &BASE, &[("anew:totals", "give it another name")]);
    let client = story.runs_with(&[], &["anew:totals"], &BASE);
    story.is_whole(&client, "totals");
}

fn older_code_is_refused(host: Kind) {
    let mut story = Story::begin(host);
    let newer = with("totals", &[("totals", "totals-newer", "")]);
    let client = story.runs(&newer);
    story.is_whole(&client, "totals");
    let started_again = client
        .command("StartAgain", "again", br#"{"counter":"other"}"#)
        .expect("an answer");
    assert_eq!(started_again.status, 200, "{}", started_again.text);
    story.refused(&[], &BASE, &[("older:totals", "raise VERSION")]);
    let client = story.runs_with(&[], &["older:totals"], &BASE);
    story.is_whole(&client, "totals");
    // The accepted change is now the rule, and the newer version is a new change.
    let client = story.runs(&newer);
    story.is_whole(&client, "totals");

    let older = [
        ("counter", "counter-older", ""),
        ("totals", "totals-newer", ""),
        ("bell", "bell", NOTIFIER),
        ("follow", "follow", ""),
    ];
    story.refused(
        &[],
        &older,
        &[("drop:StartedAgain", "retired = [\"StartedAgain\"]")],
    );
    let client = story.runs_with(&["StartedAgain"], &[], &older);
    story.is_whole(&client, "totals");
}

fn a_new_reaction_says_what_it_will_do(host: Kind) {
    let mut story = Story::of(host);
    story.runs(&with("bell", &[]));
    let client = story.runs(&BASE);
    story.is_whole(&client, "totals");
    let log = story.log_text();
    let line = log
        .lines()
        .find(|line| line.contains("the notifier `bell` is new"));
    assert!(
        line.expect("it says so").contains("from the first one on"),
        "{log}"
    );
}

/// A decider folds differently, and its author has not declared the change.
fn a_changed_fold_uses_no_snapshot_of_the_former_one(host: Kind) {
    let mut story = Story::of(host);
    let state = |client: &Client| {
        let path = "/streams/counter-c/state?decider=counter.counter";
        client.get(path).expect("an answer").body["state"].clone()
    };
    let client = story.runs(&[("counter", "counter-older", "snapshot-every = 2\n")]);
    assert_eq!(state(&client), 5);
    let client = story.runs(&[("counter", "counter-double", "snapshot-every = 2\n")]);
    let events = client.stream("counter-c").expect("the stream");
    let last = events.last().expect("an event");
    assert_eq!(
        last["data"]["nth"], 11,
        "decided on five events that were folded anew: {last}"
    );
    assert_eq!(state(&client), 12);
}

macro_rules! on_both_hosts {
    ($($story:ident)*) => {$(
        mod $story {
            use super::Kind;

            #[test]
            fn on_annals_host() {
                super::$story(Kind::Annals);
            }

            #[test]
            fn on_wasmtime_serve() {
                super::$story(Kind::Wasmtime);
            }
        }
    )*};
}

on_both_hosts! {
    a_sibling_joins_and_leaves
    reactions_are_renamed_and_renamed_back
    a_reaction_is_removed_and_comes_back
    a_dropped_view_begins_anew_under_its_old_name
    older_code_is_refused
    a_new_reaction_says_what_it_will_do
    a_changed_fold_uses_no_snapshot_of_the_former_one
}
