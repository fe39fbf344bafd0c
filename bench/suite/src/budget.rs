//! Checks this run against the budgets of the design.

use std::fmt::Write as _;
use std::path::Path;

use annals_tests::hostile::lasting::Attack;
use anyhow::Result;
use serde::Serialize;

use crate::peers::{
    ANNALS, ANNALS_HELLO, ANNALS_REPLAY, CQRS_SNAPSHOTS, NATIVE, NATIVE_FILES, POSTGRES, Peer,
    WASMTIME, WASMTIME_KEPT,
};
use crate::report::{Metric, Report, Which};
use crate::stats::{Spread, short};
use crate::workloads::streams::{CLIENTS, by, hot_case};
use crate::workloads::{boundary, composition, hostile, lengths, long, postgres};

/// The side of the limit that meets the budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// At least.
    AtLeast,
    /// At most.
    AtMost,
}

/// A budget and the measurement that it applies to.
#[derive(Debug, Serialize)]
pub struct Budget {
    /// The measured quantity.
    pub what: String,
    /// Whether the limit is a minimum or a maximum.
    pub side: Side,
    /// The limit.
    pub limit: f64,
    /// The unit of the limit and of the measurement.
    pub unit: &'static str,
    /// The measurement, if the run has one.
    pub measured: Option<Spread>,
    /// Whether the median meets the budget.
    pub met: Option<bool>,
}

/// Writes the samples of a report, and the budgets.
///
/// # Errors
///
/// If the file cannot be written.
pub fn write(report: &Report, budgets: &[Budget], file: &Path) -> Result<()> {
    #[derive(Serialize)]
    struct Whole<'a> {
        #[serde(flatten)]
        report: &'a Report,
        budgets: &'a [Budget],
    }
    let whole = Whole { report, budgets };
    Ok(std::fs::write(file, serde_json::to_vec_pretty(&whole)?)?)
}

/// All budgets.
#[must_use]
pub fn all(report: &Report) -> Vec<Budget> {
    let rate = |part, case: &str, one: Peer, other: Peer| {
        let which = |peer: Peer| Which {
            case,
            peer: peer.name(),
        };
        report.ratio(part, Metric::Rate, which(one), which(other))
    };
    let clients = by(CLIENTS);
    let hot = hot_case(10_000, 8);
    let at_least =
        |what: &str, limit, unit, measured| budget(what, Side::AtLeast, limit, unit, measured);
    let at_most =
        |what: &str, limit, unit, measured| budget(what, Side::AtMost, limit, unit, measured);
    let mut budgets = vec![at_least(
        "events from component to component, pages of 256 (the boundary alone)",
        5.0,
        "M/s",
        million(report.spread("boundary", boundary::ALONE, boundary::PEER, Metric::Events)),
    )];
    for (part, streams) in [
        ("short", "each command opens an account"),
        ("grown", "short streams, of up to 100 events"),
    ] {
        for (what, limit, peer) in [
            ("a hello-world component on annals-host", 0.5, ANNALS_HELLO),
            ("the same domain native", 0.7, NATIVE),
            ("cqrs-es with snapshots", 2.0, CQRS_SNAPSHOTS),
        ] {
            budgets.push(at_least(
                &format!("{streams}, beside {what}"),
                limit,
                "x",
                rate(part, &clients, ANNALS, peer),
            ));
        }
    }
    budgets.push(at_least(
        "a hot stream of 10,000 events, beside cqrs-es with snapshots",
        4.0,
        "x",
        rate("hot", &hot, ANNALS, CQRS_SNAPSHOTS),
    ));
    for (what, part, peer) in [
        (
            "a command at the longest stream, beside 10 events: warm",
            "warm",
            ANNALS,
        ),
        ("the same, warm, without snapshots", "warm", ANNALS_REPLAY),
        ("the same, cold, with snapshots", "cold", ANNALS),
    ] {
        budgets.push(at_most(what, 1.2, "x", flatness(report, part, peer)));
    }
    for clients in [1, 8] {
        let case = hot_case(1_000, clients);
        budgets.push(at_least(
            &format!(
                "wasmtime serve, instances kept, {case}, beside the same protocol native over files"
            ),
            0.5,
            "x",
            rate("hot", &case, WASMTIME_KEPT, NATIVE_FILES),
        ));
    }
    for (how, peer) in [
        ("instances kept", WASMTIME_KEPT),
        ("an instance for each request", WASMTIME),
    ] {
        budgets.push(at_most(
            &format!("wasmtime serve, {how}, as the stream grows from 10 events: flat"),
            1.2,
            "x",
            flatness(report, "warm", peer),
        ));
    }
    budgets.extend([
        at_most(
            "instantiating, for each component in it, 20 handlers",
            10.0,
            "us",
            report.spread(
                "composition",
                &format!("{}, for each component in it", composition::instantiate(20)),
                "wasmtime",
                Metric::Micros,
            ),
        ),
        at_most(
            "composing 20 handlers, the process included",
            100.0,
            "ms",
            report.spread("composition", composition::COMPOSE, "annals", Metric::Time),
        ),
        at_most(
            "the framework's share of the bank's artifact",
            500.0,
            "KB",
            report.spread(
                "composition",
                composition::FRAMEWORK,
                "annals",
                Metric::Size,
            ),
        ),
        at_most(
            "process start to first answer",
            20.0,
            "ms",
            report.spread(
                "composition",
                composition::FIRST_ANSWER,
                &ANNALS.name(),
                Metric::Time,
            ),
        ),
    ]);
    budgets.extend(on_postgres(report));
    budgets.extend(Attack::ALL.map(|attack| {
        let which = |peer: &str| Which {
            case: attack.name(),
            peer: peer.into(),
        };
        let (beside, without) = (which(hostile::BESIDE), which(hostile::WITHOUT));
        at_most(
            &format!(
                "p99 of plain commands beside {}, to that without",
                attack.name()
            ),
            5.0,
            "x",
            report.ratio(hostile::PART, Metric::P99, beside, without),
        )
    }));
    budgets
}

/// The budgets of the store on PostgreSQL, and of long streams on both stores.
fn on_postgres(report: &Report) -> Vec<Budget> {
    let mut budgets = Vec::new();
    let mut at_least = |what: &str, limit, unit, measured| {
        budgets.push(budget(what, Side::AtLeast, limit, unit, measured));
    };
    let clients = by(CLIENTS);
    let emmett = postgres::EMMETT.map(|(name, _)| name);
    let eventsourcing = postgres::EVENTSOURCING.map(|(name, _)| name);
    for (what, peers) in [
        ("Emmett behind Express", emmett),
        ("eventsourcing in process", eventsourcing),
    ] {
        let fastest = fastest(report, postgres::PEERS, &clients, &peers);
        at_least(
            &format!("PostgreSQL, {clients}, accounts are opened, beside {what}"),
            5.0,
            "x",
            fastest.and_then(|peer| {
                let (ours, theirs) = (which(&clients, POSTGRES), which(&clients, peer));
                report.ratio(postgres::PEERS, Metric::Rate, ours, theirs)
            }),
        );
    }
    let [many, few] = postgres::NETWORK_CLIENTS.map(by);
    at_least(
        &format!("PostgreSQL behind a round trip of 1 ms, {many}"),
        4000.0,
        "commands/s",
        report.spread(postgres::NETWORK, &many, POSTGRES, Metric::Rate),
    );
    let [(one, _), (three, _)] = postgres::COUNTS;
    for (case, limit) in [(postgres::full(), 0.9), (postgres::few(), 2.0)] {
        let (ours, theirs) = (which(&case, three), which(&case, one));
        at_least(
            &format!("PostgreSQL, {three} beside {one}, {case}"),
            limit,
            "x",
            report.ratio(postgres::HOSTS, Metric::Rate, ours, theirs),
        );
    }
    let mut at_most = |what: &str, limit, unit, measured| {
        budgets.push(budget(what, Side::AtMost, limit, unit, measured));
    };
    at_most(
        &format!("PostgreSQL behind a round trip of 1 ms, {few}: p50"),
        4.0,
        "round trips",
        report.spread(postgres::NETWORK, &few, POSTGRES, Metric::RoundTrips),
    );
    for peer in [ANNALS.name(), POSTGRES.into()] {
        let cases = || (which(long::LONG, &peer), which(long::SHORT, &peer));
        let (many, few) = cases();
        at_most(
            &format!("{peer}: a command on a stream of 10,000 events, beside 10, one client"),
            1.2,
            "x",
            report.ratio(long::PART, Metric::Time, many, few),
        );
        let (many, few) = cases();
        at_most(
            &format!("{peer}: the same, 8 clients on the stream"),
            1.2,
            "x",
            // The time of a command is the inverse of the rate.
            report.ratio(long::PART, Metric::Rate, few, many),
        );
    }
    budgets
}

fn which<'a>(case: &'a str, peer: &str) -> Which<'a> {
    Which {
        case,
        peer: peer.into(),
    }
}

/// The peer with the highest median rate: the one to be fair to.
fn fastest<'a>(report: &Report, part: &str, case: &str, peers: &[&'a str]) -> Option<&'a str> {
    let rate = |peer: &&str| {
        let spread = report.spread(part, case, peer, Metric::Rate);
        spread.map_or(0.0, |spread| spread.median)
    };
    let fastest = peers
        .iter()
        .max_by(|one, other| rate(one).total_cmp(&rate(other)));
    fastest.filter(|peer| rate(peer) > 0.0).copied()
}

fn budget(
    what: &str,
    side: Side,
    limit: f64,
    unit: &'static str,
    measured: Option<Spread>,
) -> Budget {
    Budget {
        what: what.into(),
        side,
        limit,
        unit,
        measured,
        met: measured.map(|spread| match side {
            Side::AtLeast => spread.median >= limit,
            Side::AtMost => spread.median <= limit,
        }),
    }
}

/// The ratio of a command's cost on the longest measured stream to its cost on a stream of ten events.
fn flatness(report: &Report, part: &'static str, peer: Peer) -> Option<Spread> {
    let name = peer.name();
    let measured = |length: &&u64| {
        let case = lengths::case(**length);
        report.spread(part, &case, &name, Metric::Time).is_some()
    };
    let longest = lengths::LENGTHS.iter().rev().find(measured)?;
    let which = |case| Which {
        case,
        peer: peer.name(),
    };
    let (long, short) = (lengths::case(*longest), lengths::case(lengths::LENGTHS[0]));
    report.ratio(part, Metric::Time, which(&long), which(&short))
}

fn million(spread: Option<Spread>) -> Option<Spread> {
    spread.map(|spread| scale(spread, 1e-6))
}

fn scale(spread: Spread, factor: f64) -> Spread {
    Spread {
        min: spread.min * factor,
        median: spread.median * factor,
        max: spread.max * factor,
    }
}

/// The budgets as a Markdown table.
#[must_use]
pub fn table(budgets: &[Budget]) -> String {
    let mut text = String::from("| what | budget | measured | |\n|---|---|---|---|\n");
    for budget in budgets {
        let side = match budget.side {
            Side::AtLeast => ">=",
            Side::AtMost => "<=",
        };
        let measured = budget.measured.map_or("not measured".into(), |spread| {
            format!("{spread} {}", budget.unit)
        });
        let met = match budget.met {
            Some(true) => "met",
            Some(false) => "**missed**",
            None => "",
        };
        let _ = writeln!(
            text,
            "| {} | {side} {} {} | {measured} | {met} |",
            budget.what,
            short(budget.limit),
            budget.unit
        );
    }
    text
}
