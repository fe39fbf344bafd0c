//! Applies a steady rate for a long time, and kills the host in the middle as a power switch would.
//!
//! The loop is open: request k is due at k / rate, whatever happened to the other requests, and its latency counts
//! from then. So the latencies include every wait for a server that stands still. Timers have a resolution of a
//! millisecond, which every latency here includes.
//!
//! Every command has an id. A client repeats each command that the kill left unanswered. At the end, each stream must
//! have exactly the acknowledged events.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, ensure};
use hdrhistogram::Histogram;
use serde::Serialize;
use tokio::task::{JoinSet, LocalSet};

use crate::bench::{Bench, Run};
use crate::load::{self, Connection, Load, Request, SharedSource};
use crate::peers::ANNALS;
use crate::plot::{self, Line};
use crate::process;
use crate::sources;
use crate::stats::{Spread, short};

/// The rate as a share of the peak rate.
const SHARE: f64 = 0.8;
const CLIENTS: usize = 64;
/// How long the peak is measured, except in a quick run. A short burst has a higher rate than the server can sustain,
/// so the time must cover several writes of the store's memory to a table.
const PEAK: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(20);
/// Time after the end of a soak until a soak that hangs is given up.
const PATIENCE: Duration = Duration::from_secs(120);

/// The interval in which the host did not run.
#[derive(Debug, Clone, Copy, Default)]
struct Outage {
    killed: Option<Instant>,
    back: Option<Instant>,
}

impl Outage {
    /// True if the kill may have cut a connection that was made at `since`.
    fn excuses(self, since: Option<Instant>) -> bool {
        match (self.killed, self.back, since) {
            (None, _, _) => false,
            (Some(_), None, _) => true,
            (_, Some(back), Some(since)) => since < back,
            (_, Some(back), None) => back.elapsed() < Duration::from_secs(1),
        }
    }
}

/// The result of a soak.
#[derive(Debug, Serialize)]
struct Soaked {
    machine: BTreeMap<&'static str, String>,
    quick: bool,
    seconds: f64,
    peak_rate: f64,
    rate: f64,
    acknowledged: u64,
    /// Errors other than those of the kill.
    errors: Vec<String>,
    /// Requests that the kill left unanswered and that the client sent again.
    resent: u64,
    outage_ms: f64,
    /// Percentiles before the kill and after it.
    p50_ms: [f64; 2],
    p99_ms: [f64; 2],
    p999_ms: [f64; 2],
    /// Numbers of requests before the kill and after it.
    requests: [u64; 2],
    /// Memory growth of each process: see [`growth`].
    resident_growth: [f64; 2],
    streams_checked: usize,
    /// Points of (seconds, resident MiB).
    resident: Vec<(f64, f64)>,
    /// Points of (seconds, 99th percentile of the requests that were due in that second).
    p99: Vec<(f64, f64)>,
}

/// The requests of a soak, grouped by the second in which they were due.
struct Tally {
    source: SharedSource,
    started: Instant,
    due: u64,
    seconds: Vec<Histogram<u64>>,
    acknowledged: u64,
    resent: u64,
    errors: Vec<String>,
}

/// Runs the soak, and writes `soak.json`, `soak.md` and plots.
///
/// # Errors
///
/// If there is an error other than those of the kill, or an acknowledged event is missing.
pub fn run(bench: &mut Bench, time: Duration, output: &Path) -> Result<()> {
    let peak = peak(bench)?;
    let rate = peak * SHARE;
    println!(
        "peak {} commands/s; soaking at {} for {time:?}",
        short(peak),
        short(rate)
    );
    let mut run = bench.start(ANNALS, &[])?;
    let source = sources::short_with_keys();
    let outage = Arc::new(Mutex::new(Outage::default()));
    let (stop, stopped) = channel();
    let started = Instant::now();
    let (tally, resident) = std::thread::scope(|scope| -> Result<_> {
        let address = run.running.address;
        let operator = scope.spawn({
            let (outage, run) = (&outage, &mut run);
            move || operate(run, outage, started, time / 2, &stopped)
        });
        let tally = attack(address, rate, time, started, source.clone(), &outage);
        drop(stop);
        let resident = operator
            .join()
            .map_err(|_| anyhow!("the operator panicked"))??;
        Ok((tally?, resident))
    })?;
    let ends = source.borrow().ends();
    run.check_ends(&ends)?;
    let outage = *outage.lock().unwrap_or_else(PoisonError::into_inner);
    let soaked = judge(bench, tally, outage, resident, peak, ends.len())?;
    write(&soaked, output)?;
    ensure!(
        soaked.errors.is_empty(),
        "{} errors that no kill explains, such as {:?}",
        soaked.errors.len(),
        soaked.errors.first()
    );
    Ok(())
}

fn peak(bench: &mut Bench) -> Result<f64> {
    let run = bench.start(ANNALS, &[])?;
    let source = sources::short_with_keys();
    let with = |time| Load {
        clients: CLIENTS,
        time,
        most: load::MOST,
    };
    run.load(with(bench.warm_up), &source)?;
    let time = if bench.quick { bench.time } else { PEAK };
    let measured = run.load(with(time), &source)?;
    #[allow(clippy::cast_precision_loss, reason = "small")]
    Ok(measured.accepted as f64 / measured.seconds)
}

/// Samples the memory each second, and kills and restarts the host once.
fn operate(
    run: &mut Run,
    outage: &Mutex<Outage>,
    started: Instant,
    middle: Duration,
    stopped: &Receiver<()>,
) -> Result<Vec<(f64, f64)>> {
    let set = |change: fn(&mut Outage)| {
        change(&mut outage.lock().unwrap_or_else(PoisonError::into_inner));
    };
    let mut resident = Vec::new();
    let mut killed = false;
    loop {
        if !killed && started.elapsed() >= middle {
            killed = true;
            // Record the time before the kill: a client that the kill disconnects may read it at once.
            set(|outage| outage.killed = Some(Instant::now()));
            run.running.server.restart()?;
            set(|outage| outage.back = Some(Instant::now()));
        }
        let usage = process::usage(run.running.pid()?)?;
        #[allow(clippy::cast_precision_loss, reason = "small")]
        resident.push((
            started.elapsed().as_secs_f64(),
            usage.resident_kib as f64 / 1024.0,
        ));
        let mut pause = Duration::from_secs(1);
        if !killed {
            pause = pause.min(middle.saturating_sub(started.elapsed()));
        }
        match stopped.recv_timeout(pause) {
            Err(RecvTimeoutError::Timeout) => {}
            _ => return Ok(resident),
        }
    }
}

fn attack(
    address: SocketAddr,
    rate: f64,
    time: Duration,
    started: Instant,
    source: SharedSource,
    outage: &Arc<Mutex<Outage>>,
) -> Result<Tally> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let tally = Rc::new(RefCell::new(Tally {
        source,
        started,
        due: 0,
        seconds: Vec::new(),
        acknowledged: 0,
        resent: 0,
        errors: Vec::new(),
    }));
    LocalSet::new().block_on(&runtime, async {
        let mut clients = JoinSet::new();
        for number in 0..CLIENTS {
            let client = Client {
                number,
                address,
                connection: None,
                since: None,
                tally: tally.clone(),
                outage: outage.clone(),
            };
            clients.spawn_local(client.run(rate, time));
        }
        let all = async {
            while let Some(done) = clients.join_next().await {
                done??;
            }
            anyhow::Ok(())
        };
        tokio::time::timeout(time + PATIENCE, all)
            .await
            .map_err(|_| anyhow!("some answers never came"))?
    })?;
    let tally = Rc::try_unwrap(tally).map_err(|_| anyhow!("a client is left"))?;
    Ok(tally.into_inner())
}

impl Tally {
    /// Records an error, unless it is empty.
    fn failed(&mut self, why: String) -> Result<()> {
        if !why.is_empty() {
            self.errors.push(why);
        }
        let enough = self.errors.len() >= 1_000;
        ensure!(!enough, "too many errors, such as {:?}", self.errors.last());
        Ok(())
    }
}

struct Client {
    number: usize,
    address: SocketAddr,
    connection: Option<Connection>,
    /// The time when the connection was made.
    since: Option<Instant>,
    tally: Rc<RefCell<Tally>>,
    outage: Arc<Mutex<Outage>>,
}

impl Client {
    async fn run(mut self, rate: f64, time: Duration) -> Result<()> {
        loop {
            let (due, request) = {
                let mut tally = self.tally.borrow_mut();
                #[allow(clippy::cast_precision_loss, reason = "small")]
                let due = Duration::from_secs_f64(tally.due as f64 / rate);
                if due >= time {
                    return Ok(());
                }
                tally.due += 1;
                let next = tally.source.borrow_mut().next(self.number);
                (due, next.context("the source never ends")?)
            };
            let due_at = self.tally.borrow().started + due;
            tokio::time::sleep_until(due_at.into()).await;
            self.until_acknowledged(&request).await?;
            let mut tally = self.tally.borrow_mut();
            tally.acknowledged += 1;
            tally.source.borrow_mut().accepted(self.number);
            let second = usize::try_from(due.as_secs())?;
            while tally.seconds.len() <= second {
                tally.seconds.push(load::latencies()?);
            }
            let latency = load::micros(due_at.elapsed());
            tally.seconds[second].saturating_record(latency);
        }
    }

    async fn until_acknowledged(&mut self, request: &Request) -> Result<()> {
        let mut again = false;
        loop {
            let why = match self.attempt(request).await {
                Ok((200, _)) => {
                    self.tally.borrow_mut().resent += u64::from(again);
                    return Ok(());
                }
                Ok((status, body)) => {
                    format!("{status}: {}", String::from_utf8_lossy(&body))
                }
                Err(error) => {
                    self.connection = None;
                    let outage = *self.outage.lock().unwrap_or_else(PoisonError::into_inner);
                    match outage.excuses(self.since.take()) {
                        true => String::new(),
                        false => format!("{error:#}"),
                    }
                }
            };
            self.tally.borrow_mut().failed(why)?;
            again = true;
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn attempt(&mut self, request: &Request) -> Result<(u16, bytes::Bytes)> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            None => {
                self.since = Some(Instant::now());
                let made = load::connect(self.address).await?;
                self.connection.insert(made)
            }
        };
        connection.send(request).await
    }
}

fn judge(
    bench: &Bench,
    tally: Tally,
    outage: Outage,
    resident: Vec<(f64, f64)>,
    peak_rate: f64,
    streams_checked: usize,
) -> Result<Soaked> {
    let (killed, back) = outage.killed.zip(outage.back).context("no kill happened")?;
    let away = back - killed;
    let at = |time: Instant| (time - tally.started).as_secs_f64();
    // At 80 % of the peak, the server works off the backlog in four times the outage. This allows twice that, and two
    // seconds.
    let calm = at(back) + away.as_secs_f64() * 8.0 + 2.0;
    let (mut before, mut after) = (load::latencies()?, load::latencies()?);
    let mut p99 = Vec::new();
    let millis = |of: &Histogram<u64>, quantile| {
        #[allow(clippy::cast_precision_loss, reason = "small")]
        let micros = of.value_at_quantile(quantile) as f64;
        micros / 1e3
    };
    for (second, histogram) in tally.seconds.iter().enumerate() {
        #[allow(clippy::cast_precision_loss, reason = "small")]
        let start = second as f64;
        p99.push((start, millis(histogram, 0.99)));
        // Leave out the first seconds and those around the kill.
        if start >= 2.0 && start + 1.0 < at(killed) {
            before.add(histogram)?;
        } else if start > calm {
            after.add(histogram)?;
        }
    }
    let seconds = tally.started.elapsed().as_secs_f64();
    #[allow(clippy::cast_precision_loss, reason = "small")]
    let rate = tally.acknowledged as f64 / seconds;
    Ok(Soaked {
        machine: bench.report.machine.clone(),
        quick: bench.quick,
        seconds,
        peak_rate,
        rate,
        acknowledged: tally.acknowledged,
        errors: tally.errors,
        resent: tally.resent,
        outage_ms: away.as_secs_f64() * 1e3,
        p50_ms: [millis(&before, 0.5), millis(&after, 0.5)],
        p99_ms: [millis(&before, 0.99), millis(&after, 0.99)],
        p999_ms: [millis(&before, 0.999), millis(&after, 0.999)],
        requests: [before.len(), after.len()],
        streams_checked,
        resident_growth: [
            growth(&resident, 0.0, at(killed)),
            growth(&resident, at(back), f64::MAX),
        ],
        resident,
        p99,
    })
}

/// The ratio of the memory in the last fifth of a process's life to that in the second fifth.
fn growth(resident: &[(f64, f64)], from: f64, to: f64) -> f64 {
    let life: Vec<f64> = resident
        .iter()
        .filter(|(time, _)| (from..to).contains(time))
        .map(|(_, mib)| *mib)
        .collect();
    let fifth = life.len() / 5;
    let median = |part: &[f64]| Spread::of(part).median;
    median(&life[life.len() - fifth..]) / median(&life[fifth..fifth * 2])
}

fn write(soaked: &Soaked, output: &Path) -> Result<()> {
    std::fs::write(output.join("soak.json"), serde_json::to_vec_pretty(soaked)?)?;
    for (file, title, y, points) in [
        (
            "soak-memory.svg",
            "Memory of the host",
            "MiB resident",
            &soaked.resident,
        ),
        (
            "soak-p99.svg",
            "99 of 100 commands, by the second that they were due in",
            "ms",
            &soaked.p99,
        ),
    ] {
        let line = Line {
            name: "annals-host".into(),
            points: points.clone(),
        };
        plot::draw(&output.join(file), title, ["seconds", y], &[line], false)?;
    }
    let text = soaked.page();
    std::fs::write(output.join("soak.md"), &text)?;
    println!("{text}");
    Ok(())
}

impl Soaked {
    fn page(&self) -> String {
        let mut text =
            String::from("# Soak\n\nWritten by `cargo xtask bench --soak`: do not edit.\n\n");
        if self.quick {
            text.push_str("**A quick run, to try the suite out: the numbers say nothing.**\n\n");
        }
        text.push_str("| | |\n|---|---|\n");
        let mut row = |what: &str, value: String| {
            let _ = writeln!(text, "| {what} | {value} |");
        };
        for (what, value) in &self.machine {
            row(what, value.clone());
        }
        row("seconds", short(self.seconds));
        row("peak, commands/s", short(self.peak_rate));
        row("rate, commands/s", short(self.rate));
        row("acknowledged commands", self.acknowledged.to_string());
        row(
            "errors but for those of the kill",
            self.errors.len().to_string(),
        );
        row(
            "commands sent again after the kill",
            self.resent.to_string(),
        );
        row(
            "from the kill to the first answer, ms",
            short(self.outage_ms),
        );
        row(
            "streams compared with what was acknowledged",
            self.streams_checked.to_string(),
        );
        for (what, [before, after]) in [
            ("p50, ms, before and after the kill", self.p50_ms),
            ("p99, ms", self.p99_ms),
            ("p99.9, ms", self.p999_ms),
            (
                "memory, last fifth beside second fifth",
                self.resident_growth,
            ),
        ] {
            row(what, format!("{}, {}", short(before), short(after)));
        }
        text.push_str("\n![memory](soak-memory.svg)\n\n![p99](soak-p99.svg)\n");
        text
    }
}
