//! Measures commands per second on streams of every shape.

use anyhow::Result;

use crate::apps::App;
use crate::bench::{Bench, Case};
use crate::peers::{
    ANNALS, ANNALS_HELLO, BANKS, CQRS, CQRS_SNAPSHOTS, NATIVE, NATIVE_CACHE, NATIVE_FILES,
    NATIVE_HELLO, Peer, WASMTIME, WASMTIME_HELLO, WASMTIME_KEPT,
};
use crate::sources::{self, HOT};

/// Number of clients in the cases that budgets apply to.
pub const CLIENTS: usize = 64;
/// Number of accounts in `zipf`.
const ACCOUNTS: usize = 10_000;

fn clients(bench: &Bench) -> &'static [usize] {
    match bench.quick {
        true => &[CLIENTS],
        false => &[1, 8, CLIENTS, 256],
    }
}

/// The name of a case with this many clients.
#[must_use]
pub fn by(clients: usize) -> String {
    match clients {
        1 => "1 client".into(),
        many => format!("{many} clients"),
    }
}

#[allow(clippy::cast_precision_loss, reason = "small")]
fn x(number: usize) -> Option<f64> {
    Some(number as f64)
}

/// `short`
pub fn short(bench: &mut Bench) -> Result<()> {
    for &clients in clients(bench) {
        bench.compare(&Case {
            part: "short",
            name: by(clients),
            x: x(clients),
            peers: &[
                ANNALS,
                ANNALS_HELLO,
                NATIVE,
                NATIVE_HELLO,
                CQRS,
                CQRS_SNAPSHOTS,
                WASMTIME,
                WASMTIME_KEPT,
                WASMTIME_HELLO,
            ],
            streams: &[],
            clients,
            source: &|| sources::fresh(0),
            ready: None,
            prime: None,
        })?;
    }
    bench.compare(&Case {
        part: "short",
        name: format!("{}, with command ids", by(CLIENTS)),
        x: None,
        peers: &[ANNALS],
        streams: &[],
        clients: CLIENTS,
        source: &sources::fresh_with_keys,
        ready: None,
        prime: None,
    })
}

/// `grown`
pub fn grown(bench: &mut Bench) -> Result<()> {
    let some: &[usize] = if bench.quick {
        &[CLIENTS]
    } else {
        &[8, CLIENTS]
    };
    for &clients in some {
        bench.compare(&Case {
            part: "grown",
            name: by(clients),
            x: x(clients),
            peers: &[&BANKS[..], &[ANNALS_HELLO]].concat(),
            streams: &[],
            clients,
            source: &sources::short,
            ready: None,
            prime: None,
        })?;
    }
    Ok(())
}

/// The name of a case of `hot`.
#[must_use]
pub fn hot_case(length: u64, clients: usize) -> String {
    format!("{length} events, {}", by(clients))
}

/// `hot`
pub fn hot(bench: &mut Bench) -> Result<()> {
    for length in [1, 10_000] {
        let some: &[usize] = if bench.quick { &[8] } else { &[1, 8, CLIENTS] };
        for &clients in some {
            bench.compare(&Case {
                part: "hot",
                name: hot_case(length, clients),
                x: None,
                peers: &[ANNALS, NATIVE, NATIVE_CACHE, CQRS, CQRS_SNAPSHOTS],
                // Prepare one event less, so that the first command takes a snapshot if the peer takes snapshots.
                streams: &[(HOT.into(), (length - 1).max(1))],
                clients,
                source: &|| sources::hot(length),
                ready: None,
                prime: (length > 1).then_some(HOT),
            })?;
        }
    }
    // In files, each event is a separate file, so this stream is shorter.
    for clients in [1, 8] {
        bench.compare(&Case {
            part: "hot",
            name: hot_case(1_000, clients),
            x: None,
            peers: &[WASMTIME, WASMTIME_KEPT, NATIVE_FILES],
            streams: &[(HOT.into(), 1_000)],
            clients,
            source: &|| sources::hot(1_000),
            ready: None,
            prime: None,
        })?;
    }
    Ok(())
}

/// `zipf`
pub fn zipf(bench: &mut Bench) -> Result<()> {
    let accounts = if bench.quick { 500 } else { ACCOUNTS };
    let streams: Vec<_> = (0..accounts).map(|n| (sources::numbered(n), 1)).collect();
    bench.compare(&Case {
        part: "zipf",
        name: format!("{accounts} accounts, {}", by(CLIENTS)),
        x: None,
        peers: &[ANNALS, NATIVE, NATIVE_CACHE, CQRS, CQRS_SNAPSHOTS],
        streams: &streams,
        clients: CLIENTS,
        source: &|| sources::zipf(accounts),
        ready: None,
        prime: None,
    })
}

/// `payloads`
pub fn payloads(bench: &mut Bench) -> Result<()> {
    for (bytes, name) in [(100, "100 B"), (1_000, "1 KB"), (100_000, "100 KB")] {
        bench.compare(&Case {
            part: "payloads",
            name: format!("{name}, {}", by(8)),
            x: x(bytes),
            peers: &[ANNALS, NATIVE, CQRS],
            streams: &[],
            clients: 8,
            source: &|| sources::fresh(bytes),
            ready: None,
            prime: None,
        })?;
    }
    Ok(())
}

/// `reactions`
pub fn reactions(bench: &mut Bench) -> Result<()> {
    bench.compare(&Case {
        part: "reactions",
        name: format!("accounts are opened, {}", by(CLIENTS)),
        x: None,
        peers: &[ANNALS, Peer::NoDelivery(App::Bank), Peer::Annals(App::Bank)],
        streams: &[],
        clients: CLIENTS,
        source: &|| sources::fresh(0),
        ready: None,
        prime: None,
    })
}

/// `reads`
pub fn reads(bench: &mut Bench) -> Result<()> {
    let bank = Peer::Annals(App::Bank);
    for (name, path) in [
        ("a row of a view", format!("/views/balances/{HOT}")),
        ("a stream of 10 events", format!("/streams/account-{HOT}")),
        (
            "a state of 10 events",
            format!("/streams/account-{HOT}/state?decider=transact"),
        ),
    ] {
        bench.compare(&Case {
            part: "reads",
            name: format!("{name}, {}", by(8)),
            x: None,
            peers: &[bank, ANNALS_HELLO],
            streams: &[(HOT.into(), 10)],
            clients: 8,
            source: &|| sources::reads(&path),
            ready: Some(&path),
            prime: None,
        })?;
    }
    Ok(())
}
