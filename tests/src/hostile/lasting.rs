//! Attacks on the bank that last until they are ended.
//!
//! Each attack needs a host with flags of its own ([`Target`]). During an attack, its clients reconnect: a new
//! connection replaces one that the host has cut, or whose answer would end it.

use super::{
    SilentMailer, body_without_end, few_files, open_long, opening_with_wait, page_that_is_not_read,
    plain, sent,
};
use crate::client::Client;
use crate::server::{Kind, Place, Server};
use anyhow::{Context as _, Result, anyhow, bail};
use std::collections::VecDeque;
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// File descriptors of the host under the attack of idle connections. The host uses 80 of them for connections.
const FILES: u32 = 128;
/// Number of long accounts, and the bytes of each. A page of them has 2 MB.
const LONG: (usize, usize) = (10, 200_000);
/// Clients, and plain commands of each, that provide events to deliver before pumps and rebuilds.
const HISTORY: (usize, usize) = (4, 750);
/// The reaction that is rebuilt.
const REBUILT: &str = "/admin/reactions/balances";
/// Clients that pump.
const PUMPS: usize = 4;
/// Pause between two checks, and between two pumps.
const PAUSE: Duration = Duration::from_millis(5);

/// The behaviour of the hostile clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attack {
    /// Clients connect and send nothing.
    Idle,
    /// Clients wait for a reaction that does not answer.
    Waits,
    /// Clients request long pages and do not read them.
    Readers,
    /// Clients send a part of a long body.
    Bodies,
    /// An operator rebuilds a view again and again.
    Rebuilds,
    /// Operators deliver for as long as they may.
    Pumps,
}

impl Attack {
    /// All attacks.
    pub const ALL: [Self; 6] = [
        Self::Idle,
        Self::Waits,
        Self::Readers,
        Self::Bodies,
        Self::Rebuilds,
        Self::Pumps,
    ];

    /// The name in tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Idle => "150 idle connections, where there are descriptors for 80",
            Self::Waits => "64 clients with `Prefer: wait=60` beside a stopped reaction",
            Self::Readers => "40 clients that do not read their pages of 2 MB",
            Self::Bodies => "40 clients with bodies of 8 MB that do not end",
            Self::Rebuilds => "a loop of rebuilds",
            Self::Pumps => "4 clients that pump without a pause",
        }
    }

    fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Idle | Self::Waits | Self::Rebuilds => &[],
            Self::Readers => &["--max-buffered", "16MiB"],
            Self::Bodies => &["--max-buffered", "8MiB"],
            // A pump ends before this timeout.
            Self::Pumps => &["--no-delivery", "--timeout", "2s"],
        }
    }

    fn command(self, place: &Place<'_>, mailer: &SilentMailer) -> Result<std::process::Command> {
        let mut flags: Vec<String> = self.flags().iter().map(ToString::to_string).collect();
        match self {
            Self::Idle => return few_files(place, FILES),
            Self::Waits => flags.extend(["--env".into(), mailer.variable()?]),
            _ => {}
        }
        Kind::Annals.serve(place, &flags)
    }

    fn prepare(self, url: &str) -> Result<()> {
        let client = Client::new(url.to_owned());
        match self {
            Self::Readers => {
                let (count, bytes) = LONG;
                (0..count).try_for_each(|number| open_long(&client, number, bytes))
            }
            Self::Rebuilds | Self::Pumps => {
                let (clients, each) = HISTORY;
                let opened = plain::commands(url, clients, Duration::from_secs(10), each);
                match opened.failures.first() {
                    None => Ok(()),
                    Some(why) => Err(anyhow!("{why}")),
                }
            }
            Self::Idle | Self::Waits | Self::Bodies => Ok(()),
        }
    }
}

/// A host under attack.
pub struct Target {
    /// The host.
    pub server: Server,
    attack: Attack,
    _mailer: Arc<SilentMailer>,
}

impl Target {
    /// Starts the bank with the flags that the attack needs.
    ///
    /// # Errors
    ///
    /// If the host does not start.
    pub fn start(attack: Attack, app: &Path, data: &Path) -> Result<Self> {
        let mailer = Arc::new(SilentMailer::open()?);
        let serve = {
            let mailer = mailer.clone();
            move |place: &Place<'_>| attack.command(place, &mailer)
        };
        let server = Server::start_by(serve, app, data)?;
        attack.prepare(&server.url())?;
        Ok(Self {
            server,
            attack,
            _mailer: mailer,
        })
    }

    /// Begins the attack.
    #[must_use]
    pub fn attack(&self) -> Going {
        let going = Going {
            over: Arc::default(),
            acts: Arc::default(),
            clients: Vec::new(),
        };
        let url = self.server.url();
        let millis = Duration::from_millis;
        match self.attack {
            Attack::Idle => going.held(150, millis(5), move |_| sent(&url, b"")),
            Attack::Waits => going.held(64, millis(50), move |number| {
                sent(&url, &opening_with_wait(&number, "wait=60"))
            }),
            Attack::Readers => going.held(40, millis(50), move |_| page_that_is_not_read(&url, 3)),
            Attack::Bodies => going.held(40, millis(50), move |_| body_without_end(&url)),
            Attack::Rebuilds => {
                let client = Client::new(url);
                going.repeated(1, move || rebuild(&client))
            }
            Attack::Pumps => {
                let client = Client::new(url);
                going.repeated(PUMPS, move || pump(&client))
            }
        }
    }
}

/// An attack under way. Dropping it ends it.
pub struct Going {
    over: Arc<AtomicBool>,
    acts: Arc<AtomicUsize>,
    clients: Vec<JoinHandle<Result<()>>>,
}

impl Going {
    /// One thread holds `count` connections, and replaces the oldest one after each pause.
    fn held(
        mut self,
        count: usize,
        pause: Duration,
        mut connect: impl FnMut(String) -> Result<TcpStream> + Send + 'static,
    ) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let (over, acts) = (self.over.clone(), self.acts.clone());
        self.clients.push(std::thread::spawn(move || {
            let mut held = VecDeque::new();
            while !over.load(Ordering::Relaxed) {
                if held.len() >= count {
                    held.pop_front();
                    std::thread::sleep(pause);
                }
                let number = NUMBER.fetch_add(1, Ordering::Relaxed);
                held.push_back(connect(format!("hostile-{number}"))?);
                acts.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        }));
        self
    }

    /// Several threads repeat an action.
    fn repeated(
        mut self,
        threads: usize,
        act: impl Fn() -> Result<()> + Send + Sync + 'static,
    ) -> Self {
        let act = Arc::new(act);
        for _ in 0..threads {
            let (over, acts, act) = (self.over.clone(), self.acts.clone(), act.clone());
            self.clients.push(std::thread::spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    act()?;
                    acts.fetch_add(1, Ordering::Relaxed);
                }
                Ok(())
            }));
        }
        self
    }

    /// Ends the attack. Returns the number of connections or requests of hostile clients.
    ///
    /// # Errors
    ///
    /// If a hostile client failed.
    pub fn end(mut self) -> Result<usize> {
        self.over.store(true, Ordering::Relaxed);
        for client in self.clients.drain(..) {
            match client.join() {
                Ok(ended) => ended.context("a hostile client")?,
                Err(_) => bail!("a hostile client panicked"),
            }
        }
        Ok(self.acts.load(Ordering::Relaxed))
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// Rebuilds a view, and waits until it is built. Then it drops the replaced generations, as far as the host allows.
fn rebuild(client: &Client) -> Result<()> {
    let asked = client.post(&format!("{REBUILT}/rebuild"), &[], b"")?;
    let refused = match (asked.status, asked.problem()) {
        (202, _) => false,
        (409, Some("refused")) => true,
        // A delivery is in progress.
        (409 | 503, _) => {
            std::thread::sleep(PAUSE);
            return Ok(());
        }
        (status, _) => bail!("{status}: {}", asked.text),
    };
    for _ in 0..1_000 {
        let status = client.get(REBUILT)?;
        let generations = status.body["generations"].as_array();
        let generations = generations.context("generations")?;
        if refused {
            for generation in generations {
                // The host refuses to drop generations that are in use.
                let number = &generation["number"];
                client.delete(&format!("{REBUILT}/generations/{number}"))?;
            }
            return Ok(());
        }
        if status.body["state"] == "running" {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
    bail!("the view is not built")
}

/// Delivers for as long as the host allows a request to last.
fn pump(client: &Client) -> Result<()> {
    let pumped = client.post("/admin/pump?budget=60000", &[], b"")?;
    match pumped.status {
        200 | 409 | 503 => {
            std::thread::sleep(PAUSE);
            Ok(())
        }
        status => bail!("{status}: {}", pumped.text),
    }
}
