//! What a command costs as its stream grows: rehydrated from the first event, and from a snapshot.
//!
//! The streams are written by the library into each host's store; then the real host serves the
//! bank on it. Each command is answered durably, over HTTP, by a fresh instance.

use std::path::Path;
use std::time::Instant;

use annals_event_log::{
    AppendRequest, EventLog, Metadata, NewEvent, Precondition, Settings, Slots,
};
use annals_host::store::Embedded;
use annals_host::tools::buckets::BucketSlots;
use annals_host::tools::files::FileSlots;
use annals_tests::client::Client;
use annals_tests::server::{Kind, Server};
use annals_tests::{app, tools};
use anyhow::{Context as _, Result, ensure};

const LENGTHS: [u64; 5] = [10, 100, 1_000, 10_000, 100_000];
/// A file for each slot, each synced: the longest takes too long to write.
const LONGEST_IN_FILES: u64 = 10_000;
const ROUNDS: usize = 9;

fn main() -> Result<()> {
    println!("ms for a command on a stream of n events: median (min..max) of {ROUNDS}");
    for kind in Kind::ALL {
        let folder = tempfile::tempdir()?;
        let lengths: Vec<u64> = match kind {
            Kind::Annals => LENGTHS.to_vec(),
            _ => LENGTHS
                .into_iter()
                .filter(|n| *n <= LONGEST_IN_FILES)
                .collect(),
        };
        fill(kind, &folder.path().join("store"), &lengths)?;
        for (what, every) in [("from the first event", 0), ("from snapshots", 100)] {
            let app = compose(folder.path(), kind, every)?;
            let server = Server::start(kind, &app, folder.path())?;
            let client = Client::new(server.url());
            let before = peak_memory(&server)?;
            for length in &lengths {
                // The first one also takes the snapshot, and warms what can be warmed.
                deposit(&client, *length)?;
                let mut times = Vec::new();
                for _ in 0..ROUNDS {
                    let start = Instant::now();
                    deposit(&client, *length)?;
                    times.push(start.elapsed().as_secs_f64() * 1000.0);
                }
                times.sort_by(f64::total_cmp);
                println!(
                    "{:9} {what:21} n = {length:6}: {:9.2} ({:.2}..{:.2})",
                    kind.name(),
                    times[ROUNDS / 2],
                    times[0],
                    times[ROUNDS - 1]
                );
            }
            let after = peak_memory(&server)?;
            println!(
                "{:9} {what:21} peak memory of the host: {before} KiB before, {after} KiB after",
                kind.name()
            );
        }
    }
    Ok(())
}

fn deposit(client: &Client, length: u64) -> Result<()> {
    let body = format!("{{\"account\":\"{length}\",\"amount\":1}}");
    let answer = client.post("/commands/Deposit", &[], body.as_bytes())?;
    ensure!(answer.status == 200, "{}", answer.text);
    Ok(())
}

/// The bank, with a snapshot every so many events; 0: never.
fn compose(folder: &Path, kind: Kind, every: u32) -> Result<std::path::PathBuf> {
    let bank = tools::workspace().join("examples/bank");
    let manifest = format!(
        "[app]\nname = \"bank\"\n[handlers.open-account]\npath = {0:?}\n\
         [handlers.transact]\npath = {1:?}\nsnapshot-every = {every}\n",
        bank.join("open-account"),
        bank.join("transact"),
    );
    std::fs::write(folder.join("annals.toml"), manifest)?;
    app::compose(folder, kind, folder)
}

fn fill(kind: Kind, store: &Path, lengths: &[u64]) -> Result<()> {
    std::fs::create_dir_all(store)?;
    match kind {
        Kind::Annals => {
            let slots = BucketSlots::new(Embedded::open(store)?, "default");
            streams(&slots, lengths)?;
            Ok(slots.flush()?)
        }
        _ => streams(&FileSlots::new(store), lengths),
    }
}

fn streams(slots: &impl Slots, lengths: &[u64]) -> Result<()> {
    let mut log = EventLog::open(slots, &Settings::default())?;
    for length in lengths {
        let stream = format!("account-{length}");
        for version in 0..*length {
            let (event_type, payload) = match version {
                0 => (
                    "AccountOpened",
                    format!("{{\"account\":\"{length}\",\"owner\":\"Ada\",\"deposit\":100}}"),
                ),
                _ => (
                    "Deposited",
                    format!("{{\"account\":\"{length}\",\"amount\":1}}"),
                ),
            };
            log.append(AppendRequest {
                stream: stream.clone(),
                expected: Precondition::At(version),
                cursor: Some(version),
                events: vec![NewEvent {
                    event_type: event_type.into(),
                    schema_version: 1,
                    content_type: "application/json".into(),
                    payload: payload.into_bytes(),
                }],
                close: false,
                metadata: Metadata::default(),
                recorded_at: 1_700_000_000_000 + version,
                seed: version,
            })?;
        }
    }
    Ok(())
}

/// The most memory that the host ever had, in KiB.
fn peak_memory(server: &Server) -> Result<u64> {
    let pid = server.pid().context("the host runs")?;
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.context("the system tells the peak")?.parse()?)
}
