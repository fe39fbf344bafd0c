//! Database servers that hosts share, and what a crash may hit of them.

use std::time::Duration;

use annals_test_servers::nats::{self, Nats};
use annals_test_servers::postgres::Server;

/// How long a server of NATS stays frozen: long enough for the others to elect another leader.
const FREEZE: Duration = Duration::from_secs(10);
/// How long a killed server of NATS stays away.
const AWAY: Duration = Duration::from_millis(500);
/// The stream that the hosts share.
const STREAM: &str = "shared";

/// Servers that hosts share.
pub trait Database: Send + Sync {
    /// Its name.
    fn name(&self) -> &'static str;

    /// The ports of 127.0.0.1 of its servers.
    fn ports(&self) -> Vec<u16>;

    /// The URL of the store of one host, which reaches the servers through these ports.
    fn url(&self, host: usize, ports: &[u16]) -> String;

    /// The number of kinds of crashes.
    fn crashes(&self) -> usize;

    /// Lets a crash of a kind happen, and returns when the servers run again.
    fn crash(&self, kind: usize);
}

impl Database for Server {
    fn name(&self) -> &'static str {
        "PostgreSQL"
    }

    fn ports(&self) -> Vec<u16> {
        vec![self.port()]
    }

    fn url(&self, _: usize, ports: &[u16]) -> String {
        let port = ports[0];
        format!("postgres://annals@127.0.0.1:{port}/postgres?schema=shared")
    }

    fn crashes(&self) -> usize {
        2
    }

    /// The server is killed and recovers, or kills all connections.
    fn crash(&self, kind: usize) {
        match kind {
            0 => {
                self.end("KILL");
                self.start_again();
            }
            _ => {
                let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                              WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
                // The server may be recovering from another crash.
                let _ = self.try_sql(others);
            }
        }
    }
}

impl Database for Nats {
    fn name(&self) -> &'static str {
        "NATS"
    }

    fn ports(&self) -> Vec<u16> {
        (0..self.nodes()).map(|node| self.port(node)).collect()
    }

    /// Each host prefers another server.
    fn url(&self, host: usize, ports: &[u16]) -> String {
        let mut ports = ports.to_vec();
        let first = host % ports.len();
        ports.rotate_left(first);
        nats::url(&ports, STREAM, "timeout=5s")
    }

    fn crashes(&self) -> usize {
        match self.nodes() {
            1 => 1,
            _ => 4,
        }
    }

    /// The stream's leader or another server is killed or frozen, or all servers are killed.
    fn crash(&self, kind: usize) {
        let leader = self.leader(STREAM).unwrap_or(0);
        let other = (leader + 1) % self.nodes();
        match kind {
            0 => {
                self.end(leader, "KILL");
                std::thread::sleep(AWAY);
                self.start_again(leader);
            }
            1 => {
                self.signal(leader, "STOP");
                std::thread::sleep(FREEZE);
                self.signal(leader, "CONT");
            }
            2 => {
                self.end(other, "KILL");
                std::thread::sleep(AWAY);
                self.start_again(other);
            }
            _ => {
                (0..self.nodes()).for_each(|node| self.end(node, "KILL"));
                (0..self.nodes()).for_each(|node| self.start_again(node));
            }
        }
        self.wait_until_ready();
    }
}
