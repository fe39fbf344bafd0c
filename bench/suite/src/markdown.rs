//! Writes the run as a page. Every figure in the page comes from this run.

use std::fmt::Write as _;

use crate::budget::{self, Budget};
use crate::peers::{ANNALS, POSTGRES};
use crate::report::{Metric, Report, Which};
use crate::workloads::PARTS;

/// The whole page. `plots` has the plot files and their titles.
#[must_use]
pub fn page(report: &Report, budgets: &[Budget], plots: &[(String, String)]) -> String {
    let mut text = String::from("# Results\n\nWritten by `cargo xtask bench`: do not edit.\n");
    if report.quick {
        text.push_str("\n**A quick run, to try the suite out: the numbers say nothing.**\n");
    }
    text.push_str("\n| machine | |\n|---|---|\n");
    for (what, value) in &report.machine {
        let _ = writeln!(text, "| {what} | {value} |");
    }
    text.push_str("\nMedians of the rounds, with the smallest and the largest.\n\n## Budgets\n\n");
    text.push_str(&budget::table(budgets));
    for (file, title) in plots {
        let _ = write!(text, "\n![{title}]({file})\n");
    }
    for part in report.parts() {
        let _ = write!(text, "\n## {}\n", title(part));
        for metric in report.metrics(part) {
            table(&mut text, report, part, metric);
        }
        ratios(&mut text, report, part);
    }
    text
}

/// The title of a part.
#[must_use]
pub fn title(part: &str) -> &str {
    match part {
        "warm" => "A command on a long stream, warm: the last one was on the same stream",
        "cold" => "A command on a long stream, cold: the process has just started",
        _ => PARTS
            .iter()
            .find(|known| known.name == part)
            .map_or(part, |known| known.title),
    }
}

fn table(text: &mut String, report: &Report, part: &str, metric: Metric) {
    let (cases, peers) = (report.cases(part), report.peers(part));
    let _ = write!(text, "\n| {} |", metric.label());
    for peer in &peers {
        let _ = write!(text, " {peer} |");
    }
    let _ = write!(text, "\n|---|{}\n", "---|".repeat(peers.len()));
    for case in cases {
        let cells: Vec<String> = peers
            .iter()
            .map(|peer| {
                let spread = report.spread(part, case, peer, metric);
                spread.map_or(String::new(), |spread| spread.to_string())
            })
            .collect();
        if cells.iter().any(|cell| !cell.is_empty()) {
            let _ = writeln!(text, "| {case} | {} |", cells.join(" | "));
        }
    }
}

/// The ratios of all parts.
#[must_use]
pub fn all_ratios(report: &Report) -> String {
    let mut text = String::new();
    for part in report.parts() {
        ratios(&mut text, report, part);
    }
    text
}

/// The ratios of `annals-host` to each other peer, round by round. It is the one on the embedded store if the part
/// measures that.
fn ratios(text: &mut String, report: &Report, part: &str) {
    let peers = report.peers(part);
    let embedded = ANNALS.name();
    let subject = match peers.contains(&embedded.as_str()) {
        true => embedded.as_str(),
        false => POSTGRES,
    };
    let mut lines = String::new();
    for case in report.cases(part) {
        for &peer in peers.iter().filter(|peer| **peer != subject) {
            let which = |peer: &str| Which {
                case,
                peer: peer.into(),
            };
            if let Some(ratio) = report.ratio(part, Metric::Rate, which(subject), which(peer)) {
                let _ = writeln!(lines, "| {case} | {peer} | {ratio} |");
            }
        }
    }
    if !lines.is_empty() {
        let _ = write!(text, "\n| {subject} beside | | x |\n|---|---|---|\n{lines}");
    }
}
