//! Judges a history against a sequential model, in `n log n`.
//!
//! | module | job |
//! |---|---|
//! | `model` | the model: streams in the end, as commits |
//! | `contents` | the final contents were submitted, whole, once, where the precondition holds; nothing is lost |
//! | `bounds` | the rule for real time, with its proof |
//! | `observations` | pages and refusals agree with the final contents and with real time |
//! | `log` | the log agrees with the streams; its readers miss no event |
//! | `commands` | command ids take effect once, and every query gets the same answer |
//! | `violation` | the kinds of violations |

mod bounds;
mod commands;
mod contents;
mod log;
mod model;
mod observations;
mod violation;

use std::collections::BTreeMap;

pub use violation::{Kind, Violation};

use crate::record::{Answer, History};
use model::Model;
use violation::Violations;

/// The result of checking a history.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The first violations of each kind.
    pub violations: Vec<Violation>,
    /// The number of violations of each kind.
    pub kinds: BTreeMap<Kind, usize>,
    /// The amount of checked data.
    pub counts: Counts,
}

/// The amount of checked data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls of the store.
    pub operations: usize,
    /// Acknowledged appends and outcomes.
    pub acknowledged: usize,
    /// Calls answered by "in doubt".
    pub in_doubt: usize,
    /// Conflicts and closed streams.
    pub refused: usize,
    /// Calls answered by "unavailable".
    pub unavailable: usize,
    /// Events in the streams at the end.
    pub events: usize,
    /// Events in all pages that were read.
    pub seen: usize,
}

/// Judges a history.
#[must_use]
pub fn check(history: &History) -> Report {
    let mut found = Violations::default();
    let model = Model::new(history, &mut found);
    for unread in &history.last.unread {
        found.add(Kind::Fault, None, &[], || unread.clone());
    }
    contents::check(&model, &mut found);
    let ended = commands::ended(&model);
    let mut bounds = observations::observe(&model, &ended, &mut found);
    log::shown(&model, &mut bounds);
    for (stream, bounds) in model.streams.iter().zip(&bounds) {
        if stream.sound {
            let version = |commit: usize| stream.commits[commit].after;
            bounds.check(stream.name, version, &mut found);
        }
    }
    log::check(&model, &mut found);
    log::order(&model, &bounds, &mut found);
    commands::check(&model, &mut found);
    Report {
        violations: found.kept,
        kinds: found.counts,
        counts: count(history),
    }
}

fn count(history: &History) -> Counts {
    let mut counts = Counts {
        events: history
            .last
            .streams
            .iter()
            .map(|stream| stream.events.len())
            .sum(),
        ..Counts::default()
    };
    for (_, operation) in history.operations() {
        counts.operations += 1;
        match &operation.answer {
            Answer::Appended(_) | Answer::Recorded => counts.acknowledged += 1,
            Answer::InDoubt(_) => counts.in_doubt += 1,
            Answer::Conflict { .. } | Answer::Closed(_) | Answer::AlreadyClaimed => {
                counts.refused += 1
            }
            Answer::Unavailable(_) => counts.unavailable += 1,
            Answer::Page { events, .. } | Answer::Loaded { events, .. } => {
                counts.seen += events.len()
            }
            Answer::Log { events, .. } => counts.seen += events.len(),
            Answer::Claimed(_) | Answer::Found(_) | Answer::NoStream | Answer::Faulty(_) => {}
        }
    }
    counts
}
