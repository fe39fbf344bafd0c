//! Several hosts that share one store on a real database server.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use annals_test_servers::Proxy;
use annals_test_servers::postgres::{Server, kill};
use anyhow::{Context as _, Result};

use crate::hosted::Hosted;
use crate::store::{Backend, Store};

/// How long a frozen host stays frozen.
const FREEZE: Duration = Duration::from_millis(300);
/// Maximum time until all hosts reach the server after a crash.
const RECOVERY: Duration = Duration::from_secs(30);

/// Hosts of annals-host that share a schema of a PostgreSQL server of their own. Connections go to the hosts in turn. Fields
/// are dropped in order: the hosts before the server.
pub struct Cluster {
    name: String,
    hosts: Vec<Member>,
    server: Server,
    next: AtomicUsize,
    crashes: AtomicUsize,
}

/// A host, and the proxy through which it reaches the server.
struct Member {
    host: Hosted,
    proxy: Proxy,
}

/// What a crash hits.
#[derive(Clone, Copy, Debug)]
enum Crash {
    /// A host is killed and started again.
    Host(usize),
    /// A host is stopped for a while, and continues.
    Freeze(usize),
    /// The connections of a host to the server are cut, also in the middle of answers.
    Cut(usize),
    /// The server kills all connections.
    Backends,
    /// The server is killed and recovers.
    Server,
}

impl Cluster {
    /// Starts a server and `hosts` hosts with a log of `partitions` partitions. `first` selects what the first crash hits.
    /// Returns `None` if tests with PostgreSQL are to be skipped.
    ///
    /// # Errors
    /// If a host or the probe component cannot be provided.
    ///
    /// # Panics
    /// If PostgreSQL is not installed.
    pub fn start(hosts: usize, partitions: u32, first: usize) -> Result<Option<Self>> {
        let Some(server) = Server::start(&[]) else {
            return Ok(None);
        };
        let members = (0..hosts)
            .map(|index| {
                let proxy = Proxy::to(server.port());
                let port = proxy.port;
                let url = format!("postgres://annals@127.0.0.1:{port}/postgres?schema=shared");
                let name = format!("annals-host {index} on PostgreSQL");
                let host = Hosted::sharing(name, partitions, vec!["--store".into(), url])
                    .with_context(|| format!("starting host {index}"))?;
                Ok(Member { host, proxy })
            })
            .collect::<Result<_>>()?;
        Ok(Some(Self {
            name: match hosts {
                1 => "annals-host on PostgreSQL".into(),
                _ => format!("{hosts} hosts of annals-host on PostgreSQL"),
            },
            hosts: members,
            server,
            next: AtomicUsize::new(0),
            crashes: AtomicUsize::new(first),
        }))
    }

    fn crash_at(&self, number: usize) -> Crash {
        let host = number / 5 % self.hosts.len();
        match number % 5 {
            0 => Crash::Host(host),
            1 => Crash::Server,
            2 => Crash::Cut(host),
            3 => Crash::Freeze(host),
            _ => Crash::Backends,
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
    /// Waits until all hosts reach the server again, as a load balancer would.
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
                self.hosts[index].proxy.cut();
                true
            }
            Crash::Backends => {
                let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                              WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
                // The server may be recovering from another crash.
                let _ = self.server.try_sql(others);
                true
            }
            Crash::Server => {
                self.server.end("KILL");
                self.server.start_again();
                true
            }
        }
    }
}
