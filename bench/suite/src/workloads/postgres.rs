//! Measures `annals-host` on PostgreSQL: beside other libraries on the same server, over a network with a round trip,
//! and several hosts beside one.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use annals_tests::client::Client;
use annals_tests::server::{Kind, Place, Server};
use anyhow::{Context as _, Result, ensure};

use crate::apps::App;
use crate::bench::{self, Bench};
use crate::database::{Base, Database};
use crate::installed::{Clients, Emmett, EventSourcing, Opened};
use crate::load::{self, Load, Measured};
use crate::peers::{POSTGRES, Running};
use crate::process::{self, Usage};
use crate::report::{Metric, Sample};
use crate::sources;
use crate::workloads::parity;
use crate::workloads::streams::{CLIENTS, by};

/// The part with the other libraries.
pub const PEERS: &str = "postgres";
/// The part with the round trip.
pub const NETWORK: &str = "postgres-network";
/// The part with several hosts.
pub const HOSTS: &str = "postgres-hosts";
/// The names of Emmett, by its number of processes.
pub const EMMETT: [(&str, u8); 2] = [("Emmett", 1), ("Emmett, 2 processes", 2)];
/// The names of `eventsourcing`, by its clients.
pub const EVENTSOURCING: [(&str, Clients); 2] = [
    (
        "eventsourcing, threads",
        Clients {
            processes: 1,
            threads: CLIENTS,
        },
    ),
    (
        "eventsourcing, processes",
        Clients {
            processes: 4,
            threads: CLIENTS / 4,
        },
    ),
];
/// The injected round trip.
const ROUND_TRIP: Duration = Duration::from_millis(1);
/// The clients of [`NETWORK`].
pub const NETWORK_CLIENTS: [usize; 2] = [256, 8];
/// The names of [`HOSTS`].
pub const COUNTS: [(&str, usize); 2] = [("1 host", 1), ("3 hosts", 3)];
/// The clients of all hosts together where the processors limit.
const ALL_CLIENTS: usize = 192;
/// The clients of each host where the round trip limits.
const FEW_CLIENTS: usize = 8;

/// The query for the number of events in the table of `annals-host`: in this load, each is alone in its commit.
const EVENTS: &str = "SELECT count(*) FROM annals.slots WHERE key LIKE 'a.stream.%'";

/// The case of [`HOSTS`] where the processors limit.
#[must_use]
pub fn full() -> String {
    format!("{ALL_CLIENTS} clients in all")
}

/// The case of [`HOSTS`] where the round trip limits.
#[must_use]
pub fn few() -> String {
    format!("{FEW_CLIENTS} clients of each host, a round trip of 1 ms")
}

/// Starts a host on a store.
///
/// # Errors
///
/// If it does not answer.
pub fn host(bench: &Bench, url: &str, folder: &Path) -> Result<Running> {
    let app = bench
        .apps
        .get(App::Deciders { snapshots: 100 }, Kind::Annals)?;
    let flags = ["--store".to_owned(), url.to_owned()];
    let serve = move |place: &Place<'_>| {
        let mut command = place.serve_on(&flags)?;
        // With this variable, hosts capture a backtrace for every error, which no deployed host does.
        command.env_remove("RUST_BACKTRACE");
        Ok(command)
    };
    Running::of(Server::start_by(serve, &app, folder)?)
}

/// Servers of the bank on one database.
struct Servers<'a> {
    database: &'a Database,
    base: &'a Base<'a>,
    running: &'a [Running],
    /// The query for the number of events in the database.
    events: &'static str,
}

impl Servers<'_> {
    fn usage(&self) -> Result<Usage> {
        let mut sum = Usage::default();
        for server in self.running {
            sum = sum.plus(&process::usage_of_all(server.pid()?)?);
        }
        Ok(sum)
    }

    fn load(&self, load: Load, source: &load::SharedSource) -> Result<Measured> {
        let addresses: Vec<SocketAddr> = self.running.iter().map(|server| server.address).collect();
        load::run(&addresses, None, load, source).with_context(|| {
            let log = self.running[0].server.log_text();
            let end: Vec<&str> = log.lines().rev().take(5).collect();
            format!("the end of its log: {}", end.join("\n"))
        })
    }

    /// Opens accounts with this many clients. Checks that the database has exactly the accounts that were
    /// acknowledged.
    fn open_accounts(&self, bench: &Bench, clients: usize) -> Result<BTreeMap<Metric, f64>> {
        let source = sources::fresh(0);
        let with = |time| Load {
            clients,
            time,
            most: load::MOST,
        };
        let before = self.base.number(self.events)?;
        let warm = self.load(with(bench.warm_up), &source)?;
        let counters = Counters::of(self)?;
        let measured = self.load(with(bench.time), &source)?;
        let values = counters.values(self, &measured)?;
        let events = self.base.number(self.events)? - before;
        #[allow(clippy::cast_precision_loss, reason = "small")]
        let acknowledged = (warm.accepted + measured.accepted) as f64;
        ensure!(
            events == acknowledged,
            "{acknowledged} commands were acknowledged, and the database has {events} events"
        );
        Ok(values)
    }
}

/// What the servers and the database server have used before a load.
struct Counters {
    servers: Usage,
    database: Usage,
    /// Bytes of its log.
    log: f64,
    statements: Option<f64>,
}

impl Counters {
    fn read(servers: Usage, database: &Database, base: &Base<'_>) -> Result<Self> {
        Ok(Self {
            servers,
            database: database.usage()?,
            log: base.number("SELECT pg_current_wal_insert_lsn() - '0/0'")?,
            statements: base.statements()?,
        })
    }

    fn of(servers: &Servers<'_>) -> Result<Self> {
        Self::read(servers.usage()?, servers.database, servers.base)
    }

    fn values(&self, servers: &Servers<'_>, measured: &Measured) -> Result<BTreeMap<Metric, f64>> {
        let after = Self::of(servers)?;
        let mut values = bench::values(measured, &self.servers, &after.servers);
        #[allow(clippy::cast_precision_loss, reason = "small")]
        let count = measured.accepted.max(1) as f64;
        self.add(&mut values, &after, count);
        // The servers write nothing but their logs.
        values.remove(&Metric::Written);
        Ok(values)
    }

    /// Adds what the database server has done for each of `count` requests.
    fn add(&self, values: &mut BTreeMap<Metric, f64>, after: &Self, count: f64) {
        let cpu = after.database.cpu_seconds - self.database.cpu_seconds;
        values.insert(Metric::StoreLog, (after.log - self.log) / count);
        values.insert(Metric::StoreCpu, cpu * 1e6 / count);
        if let (Some(before), Some(after)) = (self.statements, after.statements) {
            values.insert(Metric::Statements, (after - before) / count);
        }
    }
}

fn sample(
    part: &'static str,
    case: String,
    peer: &str,
    round: usize,
    values: BTreeMap<Metric, f64>,
) -> Sample {
    Sample {
        part,
        case,
        x: None,
        peer: peer.into(),
        round,
        values,
    }
}

/// `postgres`
pub fn peers(bench: &mut Bench) -> Result<()> {
    let case = by(CLIENTS);
    if !bench.wants(&case) {
        return Ok(());
    }
    let Some(database) = Database::start()? else {
        return Ok(());
    };
    let (emmett, eventsourcing) = (Emmett::find()?, EventSourcing::find()?);
    if let Some(emmett) = &emmett {
        same_bank(bench, &database, emmett)?;
    }
    for round in 0..bench.rounds {
        let values = annals(bench, &database, None, 1, CLIENTS)?;
        let add = |bench: &mut Bench, peer: &str, values| {
            bench
                .report
                .add(sample(PEERS, case.clone(), peer, round, values));
        };
        add(bench, POSTGRES, values);
        if let Some(emmett) = &emmett {
            for (name, processes) in EMMETT {
                let base = database.create(None)?;
                let folder = bench.folder("emmett")?;
                let url = base.url(database.port());
                let running = [emmett.start(&url, processes, folder.path())?];
                let servers = Servers {
                    database: &database,
                    base: &base,
                    running: &running,
                    events: Emmett::EVENTS,
                };
                let values = servers.open_accounts(bench, CLIENTS).context(name)?;
                add(bench, name, values);
            }
        }
        if let Some(library) = &eventsourcing {
            for (name, clients) in EVENTSOURCING {
                let values = in_process(bench, &database, library, clients).context(name)?;
                add(bench, name, values);
            }
        }
    }
    Ok(())
}

/// Measures some hosts on a fresh database. `round_trip` is added to that of the machine.
fn annals(
    bench: &Bench,
    database: &Database,
    round_trip: Option<u16>,
    hosts: usize,
    clients: usize,
) -> Result<BTreeMap<Metric, f64>> {
    let base = database.create(None)?;
    let url = base.url(round_trip.unwrap_or_else(|| database.port()));
    let mut folders = Vec::new();
    let mut running = Vec::new();
    for _ in 0..hosts {
        let folder = bench.folder("host")?;
        running.push(host(bench, &url, folder.path())?);
        folders.push(folder);
    }
    let servers = Servers {
        database,
        base: &base,
        running: &running,
        events: EVENTS,
    };
    servers.open_accounts(bench, clients).context(POSTGRES)
}

/// Checks that Emmett's server answers the bank's own commands as `annals-host` does. Left out are those with numbers
/// that JavaScript does not have.
fn same_bank(bench: &Bench, database: &Database, emmett: &Emmett) -> Result<()> {
    let mut commands = parity::commands(bench)?;
    commands.retain(|(_, body)| !has_large_number(body));
    let (ours, theirs) = (database.create(None)?, database.create(None)?);
    let (first, second) = (bench.folder("host")?, bench.folder("emmett")?);
    let host = host(bench, &ours.url(database.port()), first.path())?;
    let expected = parity::send(&Client::new(host.server.url()), &commands)?;
    let other = emmett.start(&theirs.url(database.port()), 1, second.path())?;
    let answers = parity::send(&Client::new(other.server.url()), &commands)?;
    parity::compare("Emmett", &commands, &expected, &answers)
}

/// True if the text has a number of at least 16 digits: above 2^53, JavaScript rounds.
fn has_large_number(text: &str) -> bool {
    let numbers = text.split(|character: char| !character.is_ascii_digit());
    numbers.map(str::len).any(|digits| digits >= 16)
}

/// Measures `eventsourcing`, and checks that its table has exactly the accounts that were opened.
fn in_process(
    bench: &Bench,
    database: &Database,
    library: &EventSourcing,
    clients: Clients,
) -> Result<BTreeMap<Metric, f64>> {
    let base = database.create(None)?;
    library.make(database, &base)?;
    let before = Counters::read(Usage::default(), database, &base)?;
    let opened = library.open(database, &base, clients, [bench.warm_up, bench.time])?;
    let after = Counters::read(Usage::default(), database, &base)?;
    let events = base.number(EventSourcing::EVENTS)?;
    ensure!(
        events == opened.opened,
        "{} accounts were opened, and the table has {events} events",
        opened.opened
    );
    let Opened {
        opened: all,
        measured,
        seconds,
        p50_ms,
        p99_ms,
        cpu_seconds,
        peak_mib,
        ..
    } = opened;
    let mut values = BTreeMap::from([
        (Metric::Rate, measured / seconds),
        (Metric::P50, p50_ms),
        (Metric::P99, p99_ms),
        (Metric::Cpu, cpu_seconds * 1e6 / all),
        (Metric::Peak, peak_mib),
    ]);
    before.add(&mut values, &after, all);
    Ok(values)
}

/// `postgres-network`
pub fn network(bench: &mut Bench) -> Result<()> {
    let Some(database) = Database::start()? else {
        return Ok(());
    };
    let proxy = database.delayed(ROUND_TRIP);
    for round in 0..bench.rounds {
        let base = database.create(None)?;
        let millis = base.round_trip(proxy.port)?;
        drop(base);
        let values = BTreeMap::from([(Metric::Time, millis)]);
        let case = "a statement that does nothing".to_owned();
        bench
            .report
            .add(sample(NETWORK, case, POSTGRES, round, values));
        for clients in NETWORK_CLIENTS {
            let case = by(clients);
            if !bench.wants(&case) {
                continue;
            }
            let mut values = annals(bench, &database, Some(proxy.port), 1, clients)?;
            let round_trip = ROUND_TRIP.as_secs_f64() * 1e3;
            if let Some(p50) = values.get(&Metric::P50).copied() {
                values.insert(Metric::RoundTrips, p50 / round_trip);
            }
            bench
                .report
                .add(sample(NETWORK, case, POSTGRES, round, values));
        }
    }
    Ok(())
}

/// `postgres-hosts`
pub fn hosts(bench: &mut Bench) -> Result<()> {
    let Some(database) = Database::start()? else {
        return Ok(());
    };
    let proxy = database.delayed(ROUND_TRIP);
    for round in 0..bench.rounds {
        for (case, port, clients) in [
            (full(), None, None),
            (few(), Some(proxy.port), Some(FEW_CLIENTS)),
        ] {
            if !bench.wants(&case) {
                continue;
            }
            for (name, hosts) in COUNTS {
                let clients = clients.map_or(ALL_CLIENTS, |each| each * hosts);
                let values = annals(bench, &database, port, hosts, clients)?;
                bench
                    .report
                    .add(sample(HOSTS, case.clone(), name, round, values));
            }
        }
    }
    Ok(())
}
