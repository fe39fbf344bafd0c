//! The parts of the suite.

pub mod boundary;
pub mod composition;
pub mod handlers;
pub mod hostile;
pub mod lengths;
pub mod long;
pub mod micro;
pub mod mixed;
pub mod parity;
pub mod postgres;
pub mod streams;
pub mod umadb;

use anyhow::Result;

use crate::bench::Bench;

/// A part: its name, its subject, and its function.
pub struct Part {
    /// The name for `--only`.
    pub name: &'static str,
    /// The title above its tables.
    pub title: &'static str,
    /// Runs the part.
    pub run: fn(&mut Bench) -> Result<()>,
}

/// All parts, in the order of a run.
pub const PARTS: &[Part] = &[
    Part {
        name: "parity",
        title: "The bank's own commands have the same answers everywhere",
        run: parity::run,
    },
    Part {
        name: "short",
        title: "Short streams: accounts are opened",
        run: streams::short,
    },
    Part {
        name: "grown",
        title: "Short streams: up to 100 events, each of one client",
        run: streams::grown,
    },
    Part {
        name: "hot",
        title: "One hot stream",
        run: streams::hot,
    },
    Part {
        name: "zipf",
        title: "Deposits to 10,000 accounts, some far likelier than others",
        run: streams::zipf,
    },
    Part {
        name: "payloads",
        title: "Payloads of 100 B to 100 KB",
        run: streams::payloads,
    },
    Part {
        name: "reactions",
        title: "With and without reactions",
        run: streams::reactions,
    },
    Part {
        name: "mixed",
        title: "The whole bank: commands, reads, transfers and a live reader at once",
        run: mixed::run,
    },
    Part {
        name: hostile::PART,
        title: "Plain commands of 4 clients, without and beside attacks",
        run: hostile::run,
    },
    Part {
        name: "reads",
        title: "Reads of a row and of a stream",
        run: streams::reads,
    },
    Part {
        name: "lengths",
        title: "A command on a stream of 10 to 100,000 events",
        run: lengths::run,
    },
    Part {
        name: "handlers",
        title: "Applications of 1 to 200 handlers",
        run: handlers::run,
    },
    Part {
        name: "composition",
        title: "Composing, instantiating, starting",
        run: composition::run,
    },
    Part {
        name: "boundary",
        title: "Events across the boundary between components",
        run: boundary::run,
    },
    Part {
        name: "micro",
        title: "cqrs-es in one process, without HTTP",
        run: micro::run,
    },
    Part {
        name: postgres::PEERS,
        title: "PostgreSQL: accounts are opened, beside other libraries on the same server",
        run: postgres::peers,
    },
    Part {
        name: postgres::NETWORK,
        title: "PostgreSQL behind a round trip of 1 ms",
        run: postgres::network,
    },
    Part {
        name: postgres::HOSTS,
        title: "PostgreSQL: three hosts beside one",
        run: postgres::hosts,
    },
    Part {
        name: long::PART,
        title: "A command on a stream of 10,000 events, in turns with streams of 10",
        run: long::run,
    },
    Part {
        name: umadb::PART,
        title: "UmaDB, conditional appends, beside a whole application",
        run: umadb::run,
    },
];
