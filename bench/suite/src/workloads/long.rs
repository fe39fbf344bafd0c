//! Measures the same command on a stream of 10,000 events and on streams of 10, on the embedded store and on
//! PostgreSQL. The two take turns, command by command, so that the state of the machine affects both alike.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use annals_host::store::remote::Opening;
use annals_host::store::{Blocking, Postgres};
use annals_host::tools::buckets::BucketSlots;
use annals_tests::client::Client;
use anyhow::{Result, ensure};

use crate::bench::Bench;
use crate::database::Database;
use crate::load::{self, Load};
use crate::peers::{ANNALS, POSTGRES, Running};
use crate::report::{Metric, Sample};
use crate::sources;
use crate::stats::Spread;
use crate::stores::{self, Stream};
use crate::workloads::postgres::host;

/// The part.
pub const PART: &str = "long";
/// The case of a long stream.
pub const LONG: &str = "10,000 events";
/// The case of a short stream.
pub const SHORT: &str = "10 events";
/// The account with the long stream, and its number of events.
const LONG_STREAM: (&str, u64) = ("long", 10_000);
/// Number of events of a short stream.
const SHORT_LENGTH: u64 = 10;
/// Number of short streams: the commands are distributed among them, so that they remain short.
const SHORT_STREAMS: usize = 20;
/// Commands of one client on each short stream.
const ALONE: usize = 5;
/// Commands of all clients together on each short stream.
const TOGETHER: u64 = 40;
/// Number of clients that send commands to one stream at the same time.
const CLIENTS: usize = 8;

fn short(number: usize) -> String {
    format!("short-{number}")
}

/// Prepared are the streams without their last event: the first command completes them, and takes a snapshot of the
/// long one.
fn prepared() -> Vec<Stream> {
    let mut streams = vec![(LONG_STREAM.0.to_owned(), LONG_STREAM.1 - 1)];
    streams.extend((0..SHORT_STREAMS).map(|number| (short(number), SHORT_LENGTH - 1)));
    streams
}

/// `long`
pub fn run(bench: &mut Bench) -> Result<()> {
    let database = Database::start()?;
    let prepared_base = match &database {
        Some(database) => {
            let base = database.create(None)?;
            let opening = Opening {
                make: true,
                durable_at_barrier: true,
                ..Opening::default()
            };
            let store = Postgres::open_alone(&base.url(database.port()), &opening)?;
            let slots = BucketSlots::new(Blocking(store), "default");
            stores::append(&slots, &prepared())?;
            slots.flush()?;
            Some(base)
        }
        None => None,
    };
    for round in 0..bench.rounds {
        let run = bench.start(ANNALS, &prepared())?;
        measure(bench, &run.running, &ANNALS.name(), round)?;
        drop(run);
        if let (Some(database), Some(prepared)) = (&database, &prepared_base) {
            let base = database.create(Some(prepared))?;
            let folder = bench.folder("host")?;
            let host = host(bench, &base.url(database.port()), folder.path())?;
            measure(bench, &host, POSTGRES, round)?;
        }
    }
    Ok(())
}

fn measure(bench: &mut Bench, host: &Running, peer: &str, round: usize) -> Result<()> {
    let client = Client::new(host.server.url());
    deposit(&client, LONG_STREAM.0)?;
    for number in 0..SHORT_STREAMS {
        deposit(&client, &short(number))?;
    }
    let (mut long, mut few) = (Vec::new(), Vec::new());
    for _ in 0..ALONE {
        for number in 0..SHORT_STREAMS {
            long.push(deposit(&client, LONG_STREAM.0)?);
            few.push(deposit(&client, &short(number))?);
        }
    }
    let (mut long_rates, mut few_rates) = (Vec::new(), Vec::new());
    for number in 0..SHORT_STREAMS {
        long_rates.push(together(host, LONG_STREAM.0)?);
        few_rates.push(together(host, &short(number))?);
    }
    for (case, times, rates) in [(SHORT, few, few_rates), (LONG, long, long_rates)] {
        bench.report.add(Sample {
            part: PART,
            case: case.into(),
            x: None,
            peer: peer.into(),
            round,
            values: BTreeMap::from([
                (Metric::Time, Spread::of(&times).median),
                (Metric::Rate, Spread::of(&rates).median),
            ]),
        });
    }
    Ok(())
}

/// The duration of a deposit, in milliseconds.
fn deposit(client: &Client, account: &str) -> Result<f64> {
    let body = format!("{{\"account\":\"{account}\",\"amount\":1}}");
    let header = [("content-type", "application/json")];
    let start = Instant::now();
    let answer = client.post("/commands/Deposit", &header, body.as_bytes())?;
    ensure!(answer.status == 200, "{} {}", answer.status, answer.text);
    Ok(start.elapsed().as_secs_f64() * 1e3)
}

/// Deposits a second, of several clients to the same account.
fn together(host: &Running, account: &str) -> Result<f64> {
    let load = Load {
        clients: CLIENTS,
        time: Duration::from_secs(30),
        most: TOGETHER,
    };
    let measured = load::run(&[host.address], None, load, &sources::deposits(account))?;
    ensure!(measured.accepted == TOGETHER, "some deposits were given up");
    #[allow(clippy::cast_precision_loss, reason = "small")]
    Ok(measured.accepted as f64 / measured.seconds)
}
