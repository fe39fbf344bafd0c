//! Compares the number of instructions on the hot paths with the recorded numbers.
//!
//! wasmtime counts instructions by its fuel, one unit for most instructions of WebAssembly. So the count does not
//! depend on the machine and its other load: the same component and the same requests give the same counts, except
//! for the digits of times and random ids. The counts exclude the host's own work.
//!
//! `BLESS=1 cargo xtask test instructions` records the current counts.

use crate::support;
use annals_host::app::{App, Limits};
use annals_host::deadline::Deadline;
use annals_host::gate::Gate;
use annals_host::guest;
use annals_host::host::Host;
use annals_host::pool::Recycling;
use annals_host::precompiled::CompileCache;
use annals_host::state::Grants;
use annals_host::store::Memory;
use annals_host::streams::Streams;
use annals_tests::app;
use annals_tests::server::Kind;
use annals_tests::tools;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use wasmtime::{Config, Engine};

/// Relative change of a count that needs no new record.
const TOLERATED: f64 = 0.05;
/// Number of earlier commands on the longer stream.
const HISTORY: u32 = 500;

/// The bank on an engine that counts instructions.
struct Counted {
    host: Arc<Host>,
    counts: BTreeMap<String, u64>,
}

impl Counted {
    fn new() -> Self {
        let mut config = Config::new();
        config.consume_fuel(true).concurrency_support(false);
        let engine = Engine::new(&config).expect("an engine");
        let limits = Limits {
            timeout: Duration::from_secs(600),
            max_memory: 128 << 20,
            max_body: 1 << 20,
        };
        let file = support::composed(&app::bank(), Kind::Annals);
        let store = Arc::new(Memory::default());
        let app = App::load(
            &engine,
            &file,
            &CompileCache::Off,
            store,
            Grants::default(),
            limits,
        );
        let host = Host::new(
            app.expect("it fits"),
            Recycling::default(),
            Gate::new(4, 4),
            Streams::new(1),
        );
        Self {
            host,
            counts: BTreeMap::new(),
        }
    }

    /// Sends one request to the idle instance, or to a new one. Returns its number of instructions.
    async fn ask(&self, method: &str, path: &str, key: Option<&str>, body: &str) -> u64 {
        let before = self.left();
        let mut request = hyper::Request::builder()
            .method(method)
            .uri(path)
            .header("host", "annals");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let body = body.to_owned().into_bytes().into();
        let request = request
            .body(http_body_util::Full::new(body))
            .expect("a request");
        let answer = guest::ask(&self.host, request).await.expect("an answer");
        assert_eq!(answer.status(), 200, "{path}: {:?}", answer.body());
        before - self.left()
    }

    /// The remaining fuel of the idle instance. A new instance has the whole fuel.
    fn left(&self) -> u64 {
        if self.host.pool.idle() == 0 {
            return u64::MAX;
        }
        let deadline = Arc::new(Deadline::new(Duration::from_secs(600), None));
        let instance = self.host.pool.take(&deadline).expect("an idle instance");
        let left = instance.store.get_fuel().expect("this engine counts");
        self.host.pool.give(instance);
        left
    }

    async fn command(&self, name: &str, key: Option<&str>, body: &str) -> u64 {
        self.ask("POST", &format!("/commands/{name}"), key, body)
            .await
    }

    fn record(&mut self, what: &str, count: u64) {
        self.counts.insert(what.to_owned(), count);
    }

    /// Drops the idle instance.
    fn forget(&self) {
        let deadline = Arc::new(Deadline::new(Duration::from_secs(600), None));
        drop(self.host.pool.take(&deadline));
    }
}

fn open(account: &str) -> String {
    format!(r#"{{"account":"{account}","owner":"Ada","deposit":100}}"#)
}

async fn count() -> BTreeMap<String, u64> {
    let mut counted = Counted::new();
    let deposit = r#"{"account":"1","amount":7}"#;
    let count = counted.command("OpenAccount", None, &open("1")).await;
    counted.record("a new stream, cold", count);
    let count = counted.command("OpenAccount", None, &open("2")).await;
    counted.record("a new stream, warm", count);
    let count = counted.command("OpenAccount", Some("k1"), &open("3")).await;
    counted.record("a new stream, warm, with an idempotency key", count);
    counted.command("Deposit", None, deposit).await;
    let count = counted.command("Deposit", None, deposit).await;
    counted.record("an event more, warm", count);
    for _ in 0..HISTORY {
        counted.command("Deposit", None, deposit).await;
    }
    let count = counted.command("Deposit", None, deposit).await;
    counted.record("an event more after 500, warm", count);
    counted.forget();
    let count = counted.command("Deposit", None, deposit).await;
    counted.record("an event more after 500, cold, from a snapshot", count);
    counted.forget();
    let count = counted
        .ask(
            "GET",
            "/streams/account-1/state?decider=transact&at=500",
            None,
            "",
        )
        .await;
    counted.record("the state after 500 events", count);
    let count = counted
        .ask("GET", "/streams/account-1?limit=100", None, "")
        .await;
    counted.record("a page of 100 events", count);
    let count = counted
        .ask(
            "POST",
            "/admin/pump?reaction=balances&budget=60000",
            None,
            "",
        )
        .await;
    counted.record("some 500 events into a view", count);
    let count = counted.ask("GET", "/views/balances/1", None, "").await;
    counted.record("a row of a view", count);
    counted.counts
}

#[test]
fn the_hot_paths_take_no_more_instructions_than_recorded() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let counted = runtime.block_on(count());
    let file = tools::workspace().join("tests/instructions.toml");
    if std::env::var_os("BLESS").is_some() {
        let mut text = String::from(
            "# Instructions of WebAssembly that the bank's hot paths take on annals-host, the handlers' own among them.\n\
             # `BLESS=1 cargo xtask test instructions` writes this file.\n\n",
        );
        for (what, count) in &counted {
            text.push_str(&format!("{what:?} = {count}\n"));
        }
        std::fs::write(&file, text).expect("written");
        return;
    }
    let text = std::fs::read_to_string(&file).expect("what is recorded");
    let recorded: BTreeMap<String, u64> = toml::from_str(&text).expect("counts");
    let mut differ = Vec::new();
    for (what, count) in &counted {
        let known = recorded.get(what).copied().unwrap_or(0);
        #[allow(clippy::cast_precision_loss, reason = "a ratio")]
        let ratio = *count as f64 / known as f64;
        println!("{what:55} {count:>12} {:+6.1} %", (ratio - 1.0) * 100.0);
        if (ratio - 1.0).abs() > TOLERATED {
            differ.push(format!("{what}: {known} recorded, {count} counted"));
        }
    }
    assert!(
        differ.is_empty() && recorded.len() == counted.len(),
        "hot paths have changed; if that is meant, record it: BLESS=1 cargo xtask test instructions\n{}",
        differ.join("\n")
    );
}
