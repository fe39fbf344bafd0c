//! Puts load on peers in interleaved rounds (A B C, A B C), so that a disturbance of the machine affects all peers.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use annals_tests::client::Client;
use annals_tests::server::Place;
use anyhow::{Context as _, Result, ensure};
use tempfile::TempDir;

use crate::apps::Apps;
use crate::load::{self, Load, Measured};
use crate::peers::{Peer, Running, Store};
use crate::process::{self, Usage};
use crate::report::{Metric, Report, Sample};
use crate::sources::Make;
use crate::stores::{Stores, Stream};

/// The shared state of all parts of the suite.
pub struct Bench {
    /// Composed components.
    pub apps: Apps,
    /// Prepared stores.
    pub stores: Stores,
    /// All samples so far.
    pub report: Report,
    /// Number of rounds of every measurement.
    pub rounds: usize,
    /// Duration of a load.
    pub time: Duration,
    /// Duration of the load that precedes each measurement and is not measured.
    pub warm_up: Duration,
    /// Run fewer cases.
    pub quick: bool,
    /// Run only cases whose name contains this.
    pub only_case: Option<String>,
    data: PathBuf,
    runs: usize,
}

/// The peers of a comparison, and the load on them.
pub struct Case<'a> {
    /// The part of the suite.
    pub part: &'static str,
    /// Distinguishes the case from others of the same part.
    pub name: String,
    /// The x value of the case in plots.
    pub x: Option<f64>,
    /// The peers to compare.
    pub peers: &'a [Peer],
    /// The initial streams of each store.
    pub streams: &'a [Stream],
    /// Number of clients.
    pub clients: usize,
    /// Makes the source of the requests.
    pub source: Make<'a>,
    /// A path that must answer 200 before the load starts.
    pub ready: Option<&'a str>,
    /// An account that gets one deposit before the load starts.
    pub prime: Option<&'a str>,
}

impl Bench {
    /// Uses a folder, which must be on the disk to measure.
    #[must_use]
    pub fn new(folder: &Path, report: Report, rounds: usize, quick: bool) -> Self {
        let (time, warm_up) = match quick {
            true => (700, 200),
            false => (3_000, 800),
        };
        Self {
            apps: Apps::new(folder),
            stores: Stores::new(folder),
            report,
            rounds,
            time: Duration::from_millis(time),
            warm_up: Duration::from_millis(warm_up),
            quick,
            only_case: None,
            data: folder.to_path_buf(),
            runs: 0,
        }
    }

    /// True if the case is to be measured.
    #[must_use]
    pub fn wants(&self, case: &str) -> bool {
        let only = self.only_case.as_ref();
        only.is_none_or(|only| case.contains(only.as_str()))
    }

    /// A folder on the measured disk, until it is dropped.
    ///
    /// # Errors
    ///
    /// If the folder cannot be made.
    pub fn folder(&self, name: &str) -> Result<TempDir> {
        Ok(tempfile::Builder::new()
            .prefix(name)
            .tempdir_in(&self.data)?)
    }

    /// Starts a peer on a copy of a prepared store.
    ///
    /// # Errors
    ///
    /// If the peer does not start.
    pub fn start(&mut self, peer: Peer, streams: &[Stream]) -> Result<Run> {
        self.runs += 1;
        let data = self.data.join(format!("run-{}", self.runs));
        let app = match peer.app() {
            Some((app, host)) => self.apps.get(app, host)?,
            None => PathBuf::new(),
        };
        self.stores
            .copy(peer.store(), streams, &data.join("store"))?;
        let running = peer
            .start(&app, &data)
            .with_context(|| format!("starting {}", peer.name()))?;
        Ok(Run {
            running,
            peer,
            app,
            data,
        })
    }

    /// Puts a load on each peer, in `self.rounds` rounds.
    ///
    /// # Errors
    ///
    /// If a peer fails, answers wrongly, or has lost what it acknowledged.
    pub fn compare(&mut self, case: &Case<'_>) -> Result<()> {
        for round in 0..self.rounds {
            self.compare_in(round, case)?;
        }
        Ok(())
    }

    /// The same in one round, for a part that also has peers of another kind.
    ///
    /// # Errors
    ///
    /// If a peer fails, answers wrongly, or has lost what it acknowledged.
    pub fn compare_in(&mut self, round: usize, case: &Case<'_>) -> Result<()> {
        if !self.wants(&case.name) {
            return Ok(());
        }
        for peer in case.peers {
            let run = self.start(*peer, case.streams)?;
            let values = self
                .under_load(&run, case)
                .with_context(|| format!("{} of {}", peer.name(), case.name))?;
            self.report.add(Sample {
                part: case.part,
                case: case.name.clone(),
                x: case.x,
                peer: peer.name(),
                round,
                values,
            });
        }
        Ok(())
    }

    fn under_load(&self, run: &Run, case: &Case<'_>) -> Result<BTreeMap<Metric, f64>> {
        if let Some(path) = case.ready {
            run.wait_for(path)?;
        }
        if let Some(account) = case.prime {
            let body = format!("{{\"account\":\"{account}\",\"amount\":1}}");
            let answer = run
                .client()
                .post("/commands/Deposit", &[], body.as_bytes())?;
            ensure!(answer.status == 200, "{}: {}", answer.status, answer.text);
        }
        let source = (case.source)();
        let with = |time| Load {
            clients: case.clients,
            time,
            most: load::MOST,
        };
        run.load(with(self.warm_up), &source)?;
        let before = run.usage()?;
        let measured = run.load(with(self.time), &source)?;
        let after = run.usage()?;
        if !run.peer.is_hello() {
            run.check_ends(&source.borrow().ends())?;
        }
        Ok(values(&measured, &before, &after))
    }
}

/// A peer that runs on its own data. Dropping it ends the server and deletes the data, except that of a store of many
/// files.
pub struct Run {
    /// The server.
    pub running: Running,
    peer: Peer,
    app: PathBuf,
    data: PathBuf,
}

impl Run {
    /// Puts a load on the peer.
    ///
    /// # Errors
    ///
    /// If an answer is missing or wrong.
    pub fn load(&self, load: Load, source: &load::SharedSource) -> Result<Measured> {
        let measured = load::run(&[self.running.address], self.peer.path(), load, source);
        measured.with_context(|| {
            let log = self.running.server.log_text();
            let end = log.lines().rev().take(5).collect::<Vec<_>>().join("\n");
            format!("the end of its log: {end}")
        })
    }

    /// The resources that the server's process has used.
    ///
    /// # Errors
    ///
    /// If the process has ended.
    pub fn usage(&self) -> Result<Usage> {
        process::usage(self.running.pid()?)
    }

    /// A client for single requests.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::new(self.running.server.url())
    }

    /// Starts another process on the data of this peer, whose process was killed. Returns the time until the new
    /// process answers a path with 200.
    ///
    /// # Errors
    ///
    /// If the process does not answer.
    pub fn first_answer(&self, path: &str) -> Result<Duration> {
        let mut command = self.peer.command(&Place {
            app: &self.app,
            store: &self.data.join("store"),
            port: self.running.address.port(),
        })?;
        let url = format!("http://{}{path}", self.running.address);
        let agent = annals_tests::client::agent(Duration::from_secs(5));
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let start = Instant::now();
        let _child = Killed(command.stderr(Stdio::null()).spawn()?);
        loop {
            match agent.get(&url).call() {
                Ok(answer) => {
                    ensure!(answer.status() == 200, "{}", answer.status());
                    return Ok(start.elapsed());
                }
                Err(error) if start.elapsed() > Duration::from_secs(60) => return Err(error.into()),
                Err(_) => std::thread::sleep(Duration::from_micros(200)),
            }
        }
    }

    /// Waits until a path answers 200.
    ///
    /// # Errors
    ///
    /// If the path does not answer 200 within half a minute.
    pub fn wait_for(&self, path: &str) -> Result<()> {
        let client = self.client();
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let answer = client.get(path)?;
            if answer.status == 200 {
                return Ok(());
            }
            ensure!(
                Instant::now() < deadline,
                "{path} is answered {}: {}",
                answer.status,
                answer.text
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Checks that streams end at these versions: no acknowledged event is missing, and no event is there twice.
    ///
    /// # Errors
    ///
    /// If a stream ends at another version.
    pub fn check_ends(&self, ends: &[(String, u64)]) -> Result<()> {
        let client = self.client();
        for (stream, version) in ends {
            let after = version.saturating_sub(1);
            let page = client.get(&format!("/streams/{stream}?after={after}&limit=2"))?;
            let events = page.body["events"].as_array().map_or(0, Vec::len);
            ensure!(
                events == 1,
                "{stream} should end at {version}; after {after} it has {events} events: {}",
                page.text
            );
        }
        Ok(())
    }
}

/// A process that is killed when this is dropped.
pub struct Killed(pub Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.running.server.kill();
        // Keep stores of many files until the end of the suite. After such a deletion, ext4 examines the place of
        // each deleted file whenever a file is made, for minutes. The next peer would pay for it.
        if self.peer.store() != Store::Files {
            let _ = std::fs::remove_dir_all(&self.data);
        }
    }
}

/// The values of a load.
#[must_use]
#[allow(clippy::cast_precision_loss, reason = "counts are small")]
pub fn values(measured: &Measured, before: &Usage, after: &Usage) -> BTreeMap<Metric, f64> {
    let count = measured.accepted.max(1) as f64;
    let millis = |quantile| measured.latencies.value_at_quantile(quantile) as f64 / 1e3;
    BTreeMap::from([
        (Metric::Rate, measured.accepted as f64 / measured.seconds),
        (Metric::P50, millis(0.5)),
        (Metric::P99, millis(0.99)),
        (Metric::P999, millis(0.999)),
        (
            Metric::Cpu,
            (after.cpu_seconds - before.cpu_seconds) * 1e6 / count,
        ),
        (
            Metric::GeneratorCpu,
            measured.generator_seconds * 1e6 / count,
        ),
        (
            Metric::Written,
            (after.written_bytes - before.written_bytes) as f64 / count,
        ),
        (Metric::Resident, after.resident_kib as f64 / 1024.0),
        (Metric::Peak, after.peak_kib as f64 / 1024.0),
        (Metric::Conflicts, measured.conflicts as f64 / count),
    ])
}
