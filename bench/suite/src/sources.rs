//! The requests of the clients, the same for all peers.

use std::cell::RefCell;
use std::rc::Rc;

use crate::load::{Request, SharedSource, Source};

/// Makes a source for each run.
pub type Make<'a> = &'a dyn Fn() -> SharedSource;

/// The payload of `OpenAccount`, padded to `bytes` bytes.
fn open_account(account: &str, bytes: usize) -> Request {
    let body = |owner: &str| {
        format!("{{\"account\":\"{account}\",\"owner\":\"{owner}\",\"deposit\":100}}")
    };
    let short = body("Ada");
    let padding = "x".repeat(bytes.saturating_sub(short.len()));
    Request::command("OpenAccount", body(&format!("Ada{padding}")))
}

fn deposit(account: &str) -> Request {
    Request::command(
        "Deposit",
        format!("{{\"account\":\"{account}\",\"amount\":1}}"),
    )
}

fn withdraw(account: &str) -> Request {
    Request::command(
        "Withdraw",
        format!("{{\"account\":\"{account}\",\"amount\":1}}"),
    )
}

/// A source of commands that each open an account: every command has a fresh stream.
pub struct Fresh {
    bytes: usize,
    next: u64,
    keys: bool,
    last: Vec<u64>,
}

/// Opens accounts, with payloads of `bytes` bytes.
pub fn fresh(bytes: usize) -> SharedSource {
    Rc::new(RefCell::new(Fresh {
        bytes,
        next: 0,
        keys: false,
        last: Vec::new(),
    }))
}

/// Opens accounts, each by a command with an id.
pub fn fresh_with_keys() -> SharedSource {
    Rc::new(RefCell::new(Fresh {
        bytes: 0,
        next: 0,
        keys: true,
        last: Vec::new(),
    }))
}

impl Source for Fresh {
    fn next(&mut self, connection: usize) -> Option<Request> {
        self.next += 1;
        if self.last.len() <= connection {
            self.last.resize(connection + 1, 0);
        }
        self.last[connection] = self.next;
        let mut request = open_account(&format!("n{}", self.next), self.bytes);
        request.key = self.keys.then(|| format!("key-{}", self.next));
        Some(request)
    }

    fn ends(&self) -> Vec<(String, u64)> {
        let last = self.last.iter().filter(|n| **n > 0);
        last.map(|n| (format!("account-n{n}"), 1)).collect()
    }
}

/// The longest stream that a client makes in [`short`].
const SHORT: u64 = 100;

/// A source for clients that each have their own account, and open a new one after [`SHORT`] events.
#[derive(Default)]
pub struct Short {
    accounts: u64,
    /// For each connection: its account, and the account's number of events.
    clients: Vec<(u64, u64)>,
    /// Each command has an id, and the suite checks all streams at the end.
    thorough: bool,
}

/// Makes streams of up to 100 events, each written by one client.
pub fn short() -> SharedSource {
    Rc::new(RefCell::new(Short::default()))
}

/// The same with command ids. The suite checks all streams.
pub fn short_with_keys() -> SharedSource {
    Rc::new(RefCell::new(Short {
        thorough: true,
        ..Short::default()
    }))
}

impl Source for Short {
    fn next(&mut self, connection: usize) -> Option<Request> {
        while self.clients.len() <= connection {
            self.clients.push((0, SHORT));
        }
        let (account, events) = &mut self.clients[connection];
        if *events == SHORT {
            self.accounts += 1;
            (*account, *events) = (self.accounts, 0);
        }
        let name = format!("s{account}");
        let mut request = match *events {
            0 => open_account(&name, 0),
            n if n % 2 == 1 => deposit(&name),
            _ => withdraw(&name),
        };
        request.key = self.thorough.then(|| format!("{name}-{events}"));
        Some(request)
    }

    fn accepted(&mut self, connection: usize) {
        self.clients[connection].1 += 1;
    }

    fn ends(&self) -> Vec<(String, u64)> {
        let now = self.clients.iter().filter(|(_, events)| *events > 0);
        let stream = |account| format!("account-s{account}");
        let mut ends: Vec<_> = now
            .map(|(account, events)| (stream(*account), *events))
            .collect();
        if self.thorough {
            let at_work = |account: &u64| self.clients.iter().any(|(other, _)| other == account);
            let done = (1..=self.accounts).filter(|account| !at_work(account));
            ends.extend(done.map(|account| (stream(account), SHORT)));
        }
        ends
    }
}

/// A source of deposits to accounts that exist already.
pub struct Accounts {
    name: fn(usize) -> String,
    /// The version of each account.
    versions: Vec<u64>,
    /// Chooses an account.
    choose: Box<dyn FnMut() -> usize>,
    /// For each connection: the account of its request.
    asked: Vec<usize>,
}

/// The account of [`hot`].
pub const HOT: &str = "hot";

/// Deposits to one account that has `length` events.
pub fn hot(length: u64) -> SharedSource {
    Rc::new(RefCell::new(Accounts {
        name: |_| HOT.into(),
        versions: vec![length],
        choose: Box::new(|| 0),
        asked: Vec::new(),
    }))
}

/// The name of an account of [`zipf`].
pub fn numbered(number: usize) -> String {
    format!("z{number}")
}

/// Deposits to `accounts` accounts of one event each, chosen by a Zipf distribution with exponent 1: the first is the
/// likeliest.
pub fn zipf(accounts: usize) -> SharedSource {
    let mut sum = 0.0;
    let sums: Vec<f64> = (1..=accounts)
        .map(|rank| {
            #[allow(clippy::cast_precision_loss, reason = "small")]
            let weight = 1.0 / rank as f64;
            sum += weight;
            sum
        })
        .collect();
    let mut random = fastrand::Rng::with_seed(7);
    Rc::new(RefCell::new(Accounts {
        name: numbered,
        versions: vec![1; accounts],
        choose: Box::new(move || {
            let point = random.f64() * sum;
            sums.partition_point(|s| *s < point).min(accounts - 1)
        }),
        asked: Vec::new(),
    }))
}

impl Source for Accounts {
    fn next(&mut self, connection: usize) -> Option<Request> {
        if self.asked.len() <= connection {
            self.asked.resize(connection + 1, 0);
        }
        let account = (self.choose)();
        self.asked[connection] = account;
        Some(deposit(&(self.name)(account)))
    }

    fn accepted(&mut self, connection: usize) {
        self.versions[self.asked[connection]] += 1;
    }

    fn ends(&self) -> Vec<(String, u64)> {
        let all = self.versions.iter().enumerate().take(20);
        all.map(|(n, version)| (format!("account-{}", (self.name)(n)), *version))
            .collect()
    }
}

/// Deposits to one account.
pub fn deposits(account: &str) -> SharedSource {
    Rc::new(RefCell::new(Same(deposit(account))))
}

/// A source that repeats one request.
pub struct Same(Request);

/// Reads of a path.
pub fn reads(path: &str) -> SharedSource {
    Rc::new(RefCell::new(Same(Request::get(path.into()))))
}

/// The same command again and again, with an empty object as payload.
pub fn toys(command_type: &str) -> SharedSource {
    Rc::new(RefCell::new(Same(Request::command(
        command_type,
        "{}".into(),
    ))))
}

impl Source for Same {
    fn next(&mut self, _: usize) -> Option<Request> {
        Some(self.0.clone())
    }
}
