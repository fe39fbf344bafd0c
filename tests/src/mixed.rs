//! A bank in service: many clients with commands, reads and transfers, and a reader of the live stream.
//!
//! The same seed gives the same requests. At the end, the results are counted and compared with a fold of the log.

use crate::bank::check_log;
use crate::client::{Answer, Client, agent};
use crate::server::Server;
use crate::transfers::{Tally, compare, fold_balances};
use anyhow::{Context as _, Result, bail, ensure};
use fastrand::Rng;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Accounts that exist before the play begins.
const ACCOUNTS: usize = 64;
/// Cents in each of them.
const DEPOSIT: i64 = 100_000;
/// Maximum time of the reactions after the last answer.
const PATIENCE: Duration = Duration::from_secs(90);
/// Time without a new event after which the log is taken for complete.
const AT_REST: Duration = Duration::from_millis(500);

/// Flags of `wasmtime serve` for a server under load, as in docs/hosts.md.
pub const WASMTIME_UNDER_LOAD: [&str; 6] = [
    "-W",
    "fuel=20000000000,max-memory-size=134217728",
    "-O",
    "pooling-total-core-instances=20000,pooling-total-component-instances=20000",
    "-O",
    "pooling-total-memories=10000,pooling-total-tables=10000",
];

/// The same with a time limit for each request instead of a limit of its computation.
pub const WASMTIME_TIMED: [&str; 6] = {
    let mut flags = WASMTIME_UNDER_LOAD;
    flags[1] = "timeout=10s,max-memory-size=134217728";
    flags
};

/// The variable that docs/hosts.md sets for `wasmtime serve` under load: the number of threads, which file calls may
/// block.
pub const WASMTIME_THREADS: (&str, &str) = ("TOKIO_WORKER_THREADS", "16");

/// The amount of load.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Clients, each with one request at a time.
    pub clients: usize,
    /// Requests of all clients together, at most.
    pub operations: usize,
    /// No request starts after this time.
    pub time: Duration,
    /// The same seed gives the same plan.
    pub seed: u64,
}

/// The result of a play.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Requests with an expected answer.
    pub answered: usize,
    /// Answers 500 without a body that gives a reason.
    pub plain_500: usize,
    /// Other unexpected answers, and broken connections.
    pub failed: usize,
    /// The first unexpected answers of both kinds.
    pub failures: Vec<String>,
    /// Answers 409. The client sends the command again.
    pub conflicts: usize,
    /// Seconds from the first request to the last answer.
    pub seconds: f64,
    /// The median and the 99th percentile of the requests' durations, in milliseconds.
    pub percentiles: [f64; 2],
    /// Seconds from the last answer until every reaction had caught up and no transfer was in progress.
    pub behind: f64,
    /// Number of events at the end.
    pub events: usize,
    /// Instances that the host ended because they exceeded their time limit, except those of the live stream.
    pub timed_out: usize,
    /// Descriptions of every error at the end.
    pub wrong: Vec<String>,
}

impl Outcome {
    /// Expected answers per second.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "counts are small")]
    pub fn rate(&self) -> f64 {
        self.answered as f64 / self.seconds.max(0.001)
    }
}

/// Sends the requests, and checks the results.
///
/// # Errors
///
/// If the host does not answer at all.
pub fn play(server: &Server, plan: Plan) -> Result<Outcome> {
    let url = server.url();
    open_accounts(&url)?;
    let live = Live::start(&url);
    let counts = Counts::default();
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for number in 0..plan.clients {
            let (url, counts) = (&url, &counts);
            scope.spawn(move || client(url, number, plan, begun, counts));
        }
    });
    let ended = Instant::now();
    let client = Client::new(url);
    let mut outcome = counts.outcome();
    outcome.seconds = (ended - begun).as_secs_f64();
    match wait_for_reactions(&client) {
        Ok(settled) => outcome.behind = (settled - ended).as_secs_f64(),
        Err(error) => {
            outcome.behind = ended.elapsed().as_secs_f64();
            outcome.wrong.push(error.to_string());
        }
    }
    let log = client.log()?;
    outcome.events = log.len();
    outcome.wrong.extend(check_log(&log));
    let mut tally = Tally::default();
    compare(&mut tally, &client, "balances", &fold_balances(&log))?;
    outcome.wrong.extend(tally.wrong);
    outcome.wrong.extend(live.judge(&log));
    let ends = server.log_text().matches("guest timed out").count();
    outcome.timed_out = ends.saturating_sub(live.ends.load(Ordering::Relaxed));
    Ok(outcome)
}

fn open_accounts(url: &str) -> Result<()> {
    let client = Client::new(url.to_owned());
    for number in 0..ACCOUNTS {
        let body = json!({"account": format!("a{number}"), "owner": format!("owner {number}"), "deposit": DEPOSIT});
        let answer = client.command(
            "OpenAccount",
            &format!("open-{number}"),
            body.to_string().as_bytes(),
        )?;
        ensure!(answer.status == 200, "{}: {}", answer.status, answer.text);
    }
    Ok(())
}

#[derive(Default)]
struct Counts {
    sent: AtomicUsize,
    all: Mutex<(Outcome, Vec<Duration>)>,
}

impl Counts {
    fn change(&self, change: impl FnOnce(&mut Outcome, &mut Vec<Duration>)) {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let (outcome, times) = &mut *all;
        change(outcome, times);
    }

    fn outcome(self) -> Outcome {
        let all = self.all.into_inner();
        let (mut outcome, mut times) = all.unwrap_or_else(PoisonError::into_inner);
        times.sort_unstable();
        let at = |share: usize| {
            let place = times.len() * share / 100;
            let time = times.get(place.min(times.len().saturating_sub(1)));
            time.map_or(0.0, |time| time.as_secs_f64() * 1e3)
        };
        outcome.percentiles = [at(50), at(99)];
        outcome
    }
}

/// Runs one client, which sends one request after the other.
fn client(url: &str, number: usize, plan: Plan, begun: Instant, counts: &Counts) {
    let client = Client::new(url.to_owned());
    let mut random = Rng::with_seed(plan.seed.wrapping_mul(1_000).wrapping_add(number as u64));
    for request in 0.. {
        let sent = counts.sent.fetch_add(1, Ordering::Relaxed);
        if sent >= plan.operations || begun.elapsed() >= plan.time {
            return;
        }
        let asked = Asked::any(&mut random, &format!("{number}-{request}"));
        let start = Instant::now();
        let answer = asked.send(&client, counts);
        let time = start.elapsed();
        counts.change(|outcome, times| {
            times.push(time);
            let text = match answer {
                Ok(answer) if asked.is_right(&answer) => {
                    outcome.answered += 1;
                    return;
                }
                Ok(answer) if answer.status == 500 && answer.problem().is_none() => {
                    outcome.plain_500 += 1;
                    format!("{} after {time:?}: 500", asked.path)
                }
                Ok(answer) => {
                    outcome.failed += 1;
                    format!("{}: {} {}", asked.path, answer.status, answer.text)
                }
                Err(error) => {
                    outcome.failed += 1;
                    format!("{} after {time:?}: {error}", asked.path)
                }
            };
            if outcome.failures.len() < 10 {
                outcome.failures.push(text);
            }
        });
    }
}

/// A request.
struct Asked {
    path: String,
    /// The body of a command; a read has none.
    body: Option<Value>,
    /// The expected statuses.
    right: &'static [u16],
}

impl Asked {
    /// A random request: of 100 requests, 50 are commands to accounts, 10 are transfers, and 40 are reads.
    fn any(random: &mut Rng, id: &str) -> Self {
        let account = |random: &mut Rng| format!("a{}", random.usize(0..ACCOUNTS));
        let first = account(random);
        let amount = random.i64(1..500);
        // The bank rejects a withdrawal above the balance.
        let moved = |kind: &str| {
            Self::command(
                kind,
                json!({"account": first, "amount": amount}),
                &[200, 422],
            )
        };
        match random.usize(0..100) {
            0..5 => Self::command(
                "OpenAccount",
                json!({"account": format!("n{id}"), "owner": "new", "deposit": amount}),
                &[200],
            ),
            5..40 => moved("Deposit"),
            40..50 => moved("Withdraw"),
            50..60 => {
                let mut other = account(random);
                while other == first {
                    other = account(random);
                }
                let body = json!({"transfer": format!("t{id}"), "from": first, "to": other, "amount": amount});
                Self::command("RequestTransfer", body, &[200])
            }
            // The row of an account may be missing right after the account was opened.
            60..80 => Self {
                right: &[200, 404],
                ..Self::read(format!("/views/balances/{first}"))
            },
            80..85 => Self::read("/views/balances?limit=10".into()),
            85..95 => Self::read(format!("/streams/account-{first}?limit=20")),
            _ => Self::read("/events?limit=20".into()),
        }
    }

    fn command(kind: &str, body: Value, right: &'static [u16]) -> Self {
        Self {
            path: format!("/commands/{kind}"),
            body: Some(body),
            right,
        }
    }

    fn read(path: String) -> Self {
        Self {
            path,
            body: None,
            right: &[200],
        }
    }

    fn is_right(&self, answer: &Answer) -> bool {
        self.right.contains(&answer.status)
    }

    fn send(&self, client: &Client, counts: &Counts) -> Result<Answer> {
        let Some(body) = &self.body else {
            return client.get(&self.path);
        };
        let body = body.to_string();
        for _ in 0..50 {
            let headers = [("content-type", "application/json")];
            let answer = client.post(&self.path, &headers, body.as_bytes())?;
            if answer.status != 409 {
                return Ok(answer);
            }
            counts.change(|outcome, _| outcome.conflicts += 1);
            std::thread::sleep(Duration::from_millis(1));
        }
        bail!("conflicts without end")
    }
}

/// Waits until no reaction lags and the log has no new events. Returns the time since when that holds. A request for
/// the state of reactions delivers nothing, so this function does not drive the reactions.
fn wait_for_reactions(client: &Client) -> Result<Instant> {
    let deadline = Instant::now() + PATIENCE;
    let mut since: Option<(Instant, Vec<Value>)> = None;
    loop {
        let looked = Instant::now();
        let reactions = client.get("/admin/reactions")?;
        let all = reactions.body["reactions"]
            .as_array()
            .context("reactions")?;
        let lagging = all.iter().any(|reaction| reaction["lag"] != 0);
        let positions = || all.iter().map(|it| it["position"].clone()).collect();
        since = match since {
            _ if lagging => None,
            Some((since, before)) if before == positions() => {
                // The next event of a transfer arrives earlier than this.
                if since.elapsed() > AT_REST {
                    return Ok(since);
                }
                Some((since, before))
            }
            _ => Some((looked, positions())),
        };
        ensure!(
            Instant::now() < deadline,
            "the reactions do not finish: {}",
            reactions.text
        );
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The reader of the live stream. It reconnects whenever the stream ends.
struct Live {
    seen: Arc<Mutex<Vec<u64>>>,
    /// Number of times that the stream ended.
    ends: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
}

impl Live {
    fn start(url: &str) -> Self {
        let live = Self {
            seen: Arc::default(),
            ends: Arc::default(),
            over: Arc::default(),
        };
        let (seen, ends, over) = (live.seen.clone(), live.ends.clone(), live.over.clone());
        let url = format!("{url}/events");
        // This thread ends with the host, or when it reads a line after the end.
        std::thread::spawn(move || {
            let last = AtomicU64::new(0);
            while !over.load(Ordering::Relaxed) {
                let _ = read_events(&url, &last, &seen, &over);
                ends.fetch_add(1, Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(100));
            }
        });
        live
    }

    /// Checks that the reader has received every event once and in order.
    fn judge(&self, log: &[Value]) -> Option<String> {
        let must: Vec<u64> = log
            .iter()
            .filter_map(|event| event["position"].as_u64())
            .collect();
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let seen = self
                .seen
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            if seen == must {
                return None;
            }
            if Instant::now() > deadline {
                let (seen, must) = (seen.len(), must.len());
                return Some(format!(
                    "the live reader has seen {seen} events, not {must} in order"
                ));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// Reads one stream to its end.
fn read_events(
    url: &str,
    last: &AtomicU64,
    seen: &Mutex<Vec<u64>>,
    over: &AtomicBool,
) -> Result<()> {
    let response = agent(Duration::from_secs(600))
        .get(url)
        .header("accept", "text/event-stream")
        .header("last-event-id", last.load(Ordering::Relaxed).to_string())
        .call()?;
    ensure!(response.status() == 200, "{}", response.status());
    let (mut id, mut whole) = (None, false);
    for line in BufReader::new(response.into_body().into_reader()).lines() {
        let line = line?;
        if over.load(Ordering::Relaxed) {
            return Ok(());
        }
        if let Some(text) = line.strip_prefix("id: ") {
            id = text.parse().ok();
        } else if line.starts_with("data: ") {
            whole = true;
        } else if line.is_empty()
            && let Some(id) = id.take()
        {
            if std::mem::take(&mut whole) {
                seen.lock().unwrap_or_else(PoisonError::into_inner).push(id);
            }
            last.store(id, Ordering::Relaxed);
        }
    }
    Ok(())
}
