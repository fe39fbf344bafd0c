//! What was measured: every sample of every round, and what comes of them.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::stats::Spread;

/// What a number says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metric {
    /// Requests answered with 200, a second.
    Rate,
    /// Milliseconds that half of the requests took at most.
    P50,
    /// Milliseconds that 99 of 100 requests took at most.
    P99,
    /// Milliseconds that 999 of 1000 requests took at most.
    P999,
    /// Microseconds of processor for a request, of the server.
    Cpu,
    /// The same of the load generator.
    GeneratorCpu,
    /// Bytes sent to the disk for a request.
    Written,
    /// MiB resident in the end.
    Resident,
    /// MiB resident at most.
    Peak,
    /// Answers 409 for an accepted command.
    Conflicts,
    /// Milliseconds.
    Time,
    /// Microseconds.
    Micros,
    /// Events a second.
    Events,
    /// KB of 1,000 bytes.
    Size,
    /// Answers 500 and other failures.
    Failures,
    /// Instances that the host ended because of their time.
    TimedOut,
    /// Milliseconds from the last answer until every reaction had caught up.
    Behind,
}

impl Metric {
    /// For tables and plots.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Rate => "requests/s",
            Self::P50 => "p50, ms",
            Self::P99 => "p99, ms",
            Self::P999 => "p99.9, ms",
            Self::Cpu => "server CPU a request, us",
            Self::GeneratorCpu => "generator CPU a request, us",
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
    /// The case in it: what is asked, of how many clients.
    pub case: String,
    /// What the case is plotted against, if anything.
    pub x: Option<f64>,
    /// Who was measured.
    pub peer: String,
    /// The round; peers of one round were measured one after the other.
    pub round: usize,
    /// What came out.
    pub values: BTreeMap<Metric, f64>,
}

/// A run.
#[derive(Debug, Serialize)]
pub struct Report {
    /// The machine.
    pub machine: BTreeMap<&'static str, String>,
    /// Tried out only: the numbers are not worth keeping.
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

    /// Keeps a sample, and says so.
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

    /// Their spread; none if there are none.
    #[must_use]
    pub fn spread(&self, part: &str, case: &str, peer: &str, metric: Metric) -> Option<Spread> {
        let values = self.values(part, case, peer, metric);
        let values: Vec<f64> = values.into_iter().map(|(_, value)| value).collect();
        (!values.is_empty()).then(|| Spread::of(&values))
    }

    /// The ratio of one to another, round by round.
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
