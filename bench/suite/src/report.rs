//! The results of a run: every sample of every round, and the statistics over them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::stats::Spread;

/// The meaning and unit of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Requests answered with 200, per second.
    Rate,
    /// Median latency of requests, in milliseconds.
    P50,
    /// 99th percentile of latency, in milliseconds.
    P99,
    /// 99.9th percentile of latency, in milliseconds.
    P999,
    /// Processor time of the server for each request, in microseconds.
    Cpu,
    /// Processor time of the load generator for each request, in microseconds.
    GeneratorCpu,
    /// Processor time of all processes of the database server for each request, in microseconds.
    StoreCpu,
    /// Bytes of the database server's log (WAL) for each request.
    StoreLog,
    /// Statements that the database server got for each request.
    Statements,
    /// Median latency of requests, in round trips to the database server.
    RoundTrips,
    /// Bytes sent to the disk for each request.
    Written,
    /// Resident memory at the end, in MiB.
    Resident,
    /// Maximum resident memory, in MiB.
    Peak,
    /// Answers 409 for each accepted command.
    Conflicts,
    /// A duration in milliseconds.
    Time,
    /// A duration in microseconds.
    Micros,
    /// Events per second.
    Events,
    /// A size in KB of 1,000 bytes.
    Size,
    /// Answers 500 and other failures.
    Failures,
    /// Instances that the host ended because they exceeded their time limit.
    TimedOut,
    /// Milliseconds from the last answer until every reaction had caught up.
    Behind,
}

impl Metric {
    /// The label in tables and plots.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Rate => "requests/s",
            Self::P50 => "p50, ms",
            Self::P99 => "p99, ms",
            Self::P999 => "p99.9, ms",
            Self::Cpu => "server CPU a request, us",
            Self::GeneratorCpu => "generator CPU a request, us",
            Self::StoreCpu => "PostgreSQL CPU a request, us",
            Self::StoreLog => "WAL bytes a request",
            Self::Statements => "statements a request",
            Self::RoundTrips => "p50, round trips",
            Self::Written => "bytes to disk a request",
            Self::Resident => "resident, MiB",
            Self::Peak => "peak resident, MiB",
            Self::Conflicts => "conflicts an accepted command",
            Self::Time => "ms",
            Self::Micros => "us",
            Self::Events => "events/s",
            Self::Size => "KB",
            Self::Failures => "failures",
            Self::TimedOut => "timed out",
            Self::Behind => "reactions behind, ms",
        }
    }
}

/// One measurement.
#[derive(Debug, Clone, Serialize)]
pub struct Sample {
    /// The part of the suite.
    pub part: &'static str,
    /// The case within the part: the requests and the number of clients.
    pub case: String,
    /// The x value of the case in plots, if it has one.
    pub x: Option<f64>,
    /// The measured peer.
    pub peer: String,
    /// The round. The peers of a round were measured one after the other.
    pub round: usize,
    /// The measured values.
    pub values: BTreeMap<Metric, f64>,
}

/// A run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The machine.
    pub machine: BTreeMap<&'static str, String>,
    /// A trial run: its numbers are not kept.
    pub quick: bool,
    /// All samples, in the order of time.
    pub samples: Vec<Sample>,
}

impl Report {
    /// A report without samples.
    #[must_use]
    pub fn new(machine: BTreeMap<&'static str, String>, quick: bool) -> Self {
        Self {
            machine,
            quick,
            samples: Vec::new(),
        }
    }

    /// Adds a sample and prints it.
    pub fn add(&mut self, sample: Sample) {
        let values: Vec<String> = sample
            .values
            .iter()
            .map(|(metric, value)| format!("{} {}", crate::stats::short(*value), metric.label()))
            .collect();
        println!(
            "[{}] {} | {} | {}",
            sample.round + 1,
            sample.case,
            sample.peer,
            values.join("; ")
        );
        self.samples.push(sample);
    }

    /// The parts that have samples, in the order of time.
    #[must_use]
    pub fn parts(&self) -> Vec<&'static str> {
        ordered(self.samples.iter().map(|sample| sample.part))
    }

    /// The cases of a part.
    #[must_use]
    pub fn cases(&self, part: &str) -> Vec<&str> {
        ordered(self.of(part).map(|sample| sample.case.as_str()))
    }

    /// The peers of a part.
    #[must_use]
    pub fn peers(&self, part: &str) -> Vec<&str> {
        ordered(self.of(part).map(|sample| sample.peer.as_str()))
    }

    /// The metrics of a part.
    #[must_use]
    pub fn metrics(&self, part: &str) -> Vec<Metric> {
        let mut metrics: Vec<Metric> = self
            .of(part)
            .flat_map(|sample| sample.values.keys().copied())
            .collect();
        metrics.sort();
        metrics.dedup();
        metrics
    }

    /// The samples of a part.
    pub fn of(&self, part: &str) -> impl Iterator<Item = &Sample> {
        self.samples
            .iter()
            .filter(move |sample| sample.part == part)
    }

    /// The values of all rounds.
    #[must_use]
    pub fn values(&self, part: &str, case: &str, peer: &str, metric: Metric) -> Vec<(usize, f64)> {
        self.of(part)
            .filter(|sample| sample.case == case && sample.peer == peer)
            .filter_map(|sample| Some((sample.round, *sample.values.get(&metric)?)))
            .collect()
    }

    /// The spread of the values of all rounds; `None` without values.
    #[must_use]
    pub fn spread(&self, part: &str, case: &str, peer: &str, metric: Metric) -> Option<Spread> {
        let values = self.values(part, case, peer, metric);
        let values: Vec<f64> = values.into_iter().map(|(_, value)| value).collect();
        (!values.is_empty()).then(|| Spread::of(&values))
    }

    /// The ratio of one column's value to another's, round by round.
    #[must_use]
    pub fn ratio(
        &self,
        part: &str,
        metric: Metric,
        one: Which<'_>,
        other: Which<'_>,
    ) -> Option<Spread> {
        let ones = self.values(part, one.case, &one.peer, metric);
        let others = self.values(part, other.case, &other.peer, metric);
        let ratios: Vec<f64> = ones
            .iter()
            .filter_map(|(round, value)| {
                let (_, other) = others.iter().find(|(r, _)| r == round)?;
                Some(value / other)
            })
            .collect();
        (!ratios.is_empty()).then(|| Spread::of(&ratios))
    }
}

/// A column of a case.
pub struct Which<'a> {
    /// The case.
    pub case: &'a str,
    /// The peer.
    pub peer: String,
}

fn ordered<T: PartialEq>(items: impl Iterator<Item = T>) -> Vec<T> {
    let mut found = Vec::new();
    for item in items {
        if !found.contains(&item) {
            found.push(item);
        }
    }
    found
}
