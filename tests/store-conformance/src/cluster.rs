//! Several hosts that share one store on real database servers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use annals_test_servers::nats::Nats;
use annals_test_servers::postgres::Server;
use annals_test_servers::{Proxy, kill};
use anyhow::{Context as _, Result};

use crate::database::Database;
use crate::hosted::Hosted;
use crate::store::{Backend, Store};

/// How long a frozen host stays frozen.
const FREEZE: Duration = Duration::from_millis(300);
/// Maximum time until all hosts reach the servers after a crash.
const RECOVERY: Duration = Duration::from_secs(120);

/// Hosts of annals-host that share a store on servers of their own. Connections go to the hosts in turn. Fields are
/// dropped in order: the hosts before the servers.
pub struct Cluster {
    name: String,
    hosts: Vec<Member>,
    database: Box<dyn Database>,
    next: AtomicUsize,
    crashes: AtomicUsize,
}

/// A host, and the proxies through which it reaches the servers.
struct Member {
    host: Hosted,
    proxies: Vec<Proxy>,
}

/// What a crash hits.
#[derive(Clone, Copy, Debug)]
enum Crash {
    /// A host is killed and started again.
    Host(usize),
    /// A host is stopped for a while, and continues.
    Freeze(usize),
    /// The connections of a host to the servers are cut, also in the middle of answers.
    Cut(usize),
    /// The servers, in one of their ways.
    Database(usize),
}

impl Cluster {
    /// Starts a PostgreSQL server and `hosts` hosts with a log of `partitions` partitions. `first` selects what the first
    /// crash hits. Returns `None` if tests with PostgreSQL are to be skipped.
    ///
    /// # Errors
    /// If a host or the probe component cannot be provided.
    ///
    /// # Panics
    /// If PostgreSQL is not installed.
    pub fn on_postgres(hosts: usize, partitions: u32, first: usize) -> Result<Option<Self>> {
        let server = Server::start(&[]);
        let started = server.map(|server| Self::start(Box::new(server), hosts, partitions, first));
        started.transpose()
    }

    /// The same on a cluster of `nodes` servers of NATS.
    ///
    /// # Errors
    /// If a host or the probe component cannot be provided.
    ///
    /// # Panics
    /// If NATS is not installed.
    pub fn on_nats(
        nodes: usize,
        hosts: usize,
        partitions: u32,
        first: usize,
    ) -> Result<Option<Self>> {
        let servers = Nats::start(nodes, "");
        let started =
            servers.map(|servers| Self::start(Box::new(servers), hosts, partitions, first));
        started.transpose()
    }

    fn start(
        database: Box<dyn Database>,
        hosts: usize,
        partitions: u32,
        first: usize,
    ) -> Result<Self> {
        let on = database.name();
        let members = (0..hosts)
            .map(|index| {
                let proxies: Vec<Proxy> = database.ports().into_iter().map(Proxy::to).collect();
                let ports: Vec<u16> = proxies.iter().map(|proxy| proxy.port).collect();
                let url = database.url(index, &ports);
                let name = format!("annals-host {index} on {on}");
                let host = Hosted::sharing(name, partitions, vec!["--store".into(), url])
                    .with_context(|| format!("starting host {index}"))?;
                Ok(Member { host, proxies })
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            name: match hosts {
                1 => format!("annals-host on {on}"),
                _ => format!("{hosts} hosts of annals-host on {on}"),
            },
            hosts: members,
            database,
            next: AtomicUsize::new(0),
            crashes: AtomicUsize::new(first),
        })
    }

    fn crash_at(&self, number: usize) -> Crash {
        let kinds = self.database.crashes();
        let host = number / (3 + kinds) % self.hosts.len();
        match number % (3 + kinds) {
            0 => Crash::Host(host),
            1 => Crash::Database(0),
            2 => Crash::Cut(host),
            3 => Crash::Freeze(host),
            later => Crash::Database(later - 3),
        }
    }
}

impl Backend for Cluster {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn connect(&self, prefix: &str) -> Box<dyn Store + Send> {
        let index = self.next.fetch_add(1, Ordering::Relaxed) % self.hosts.len();
        self.hosts[index].host.connect(prefix)
    }

    fn partitions(&self) -> u32 {
        self.hosts[0].host.partitions()
    }

    fn crash(&self) -> bool {
        let crashed = self.hit();
        self.wait_until_ready();
        crashed
    }
}

impl Cluster {
    /// Waits until all hosts reach the servers again, as a load balancer would.
    fn wait_until_ready(&self) {
        let deadline = Instant::now() + RECOVERY;
        for Member { host, .. } in &self.hosts {
            while !host.is_ready() {
                assert!(Instant::now() < deadline, "{} does not recover", self.name);
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }

    fn hit(&self) -> bool {
        match self.crash_at(self.crashes.fetch_add(1, Ordering::Relaxed)) {
            Crash::Host(index) => self.hosts[index].host.crash(),
            Crash::Freeze(index) => {
                let Some(pid) = self.hosts[index].host.pid() else {
                    return false;
                };
                kill("STOP", pid);
                std::thread::sleep(FREEZE);
                kill("CONT", pid);
                true
            }
            Crash::Cut(index) => {
                self.hosts[index].proxies.iter().for_each(Proxy::cut);
                true
            }
            Crash::Database(kind) => {
                self.database.crash(kind);
                true
            }
        }
    }
}
