//! A command id takes effect once, and every query gets the same answer.

use std::collections::{BTreeMap, HashSet};

use annals_event_log::Outcome;

use super::model::{Commit, Model};
use super::violation::{Kind, Violations};
use crate::record::{Action, Answer, Claimed, OperationId, Submission};

/// All facts about one command.
#[derive(Default)]
struct Command<'m> {
    /// The answers about its end: the time, the operation, and the answer.
    told: Vec<(u64, OperationId, Told<'m>)>,
    /// Acknowledged appends and outcomes.
    acknowledged: Vec<OperationId>,
    /// Queries with the answer "it has not ended": the time of the query, and its cursor if that matters.
    open: Vec<(u64, OperationId, Option<u64>)>,
    /// Answered claims: invoked, completed, fresh.
    claims: Vec<(u64, u64, OperationId, bool)>,
    /// Its commits in the final contents.
    commits: Vec<&'m Commit<'m>>,
}

/// The end of a command, according to one answer.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Told<'m> {
    Events {
        ids: Vec<&'m str>,
        version: u64,
        position: u64,
        cursor: u64,
    },
    Nothing,
    Rejected(&'m str),
}

impl<'m> From<&'m Outcome> for Told<'m> {
    fn from(outcome: &'m Outcome) -> Self {
        match outcome {
            Outcome::Rejected(rejection) => Self::Rejected(&rejection.code),
            Outcome::Accepted(appended) if appended.events.is_empty() => Self::Nothing,
            Outcome::Accepted(appended) => Self::Events {
                ids: appended
                    .events
                    .iter()
                    .map(|event| event.id.as_str())
                    .collect(),
                version: appended.version,
                position: appended.position,
                cursor: appended.cursor,
            },
        }
    }
}

/// Commands that have ended according to at least one answer.
pub(super) fn ended<'m>(model: &'m Model<'_>) -> HashSet<&'m str> {
    let told = gather(model);
    let ended = told
        .into_iter()
        .filter(|(_, c)| !c.told.is_empty() || !c.commits.is_empty());
    ended.map(|(name, _)| name).collect()
}

pub(super) fn check(model: &Model<'_>, found: &mut Violations) {
    for (name, command) in gather(model) {
        command.check(name, found);
    }
}

fn gather<'m>(model: &'m Model<'_>) -> BTreeMap<&'m str, Command<'m>> {
    let mut all: BTreeMap<&str, Command<'_>> = BTreeMap::new();
    for commit in model.streams.iter().flat_map(|stream| &stream.commits) {
        if let Some(event) = commit.events.first()
            && !event.command.is_empty()
        {
            all.entry(&event.command).or_default().commits.push(commit);
        }
    }
    for (id, operation) in model.history.operations() {
        let (name, cursor) = match &operation.action {
            Action::Append(submission) => (&submission.command, None),
            Action::RecordOutcome { command, .. } | Action::Claim { command, .. } => {
                (command, None)
            }
            Action::Find {
                command, cursor, ..
            } => (command, Some(*cursor)),
            _ => continue,
        };
        if name.is_empty() {
            continue;
        }
        let command = all.entry(name).or_default();
        let (invoked, completed) = (operation.invoked, operation.completed);
        if let (Action::Append(Submission { claim: Some(_), .. }), answer) =
            (&operation.action, &operation.answer)
        {
            match answer {
                Answer::Appended(_) => command.claims.push((invoked, completed, id, true)),
                Answer::AlreadyClaimed => command.claims.push((invoked, completed, id, false)),
                _ => {}
            }
        }
        let mut told = |told| command.told.push((completed, id, told));
        match (&operation.action, &operation.answer) {
            (Action::Append(_), Answer::Appended(appended)) if !appended.events.is_empty() => {
                told(Told::Events {
                    ids: appended
                        .events
                        .iter()
                        .map(|event| event.id.as_str())
                        .collect(),
                    version: appended.version,
                    position: appended.position,
                    cursor: appended.cursor,
                });
                command.acknowledged.push(id);
            }
            (Action::RecordOutcome { code, .. }, Answer::Recorded) => {
                told(code.as_deref().map_or(Told::Nothing, Told::Rejected));
                command.acknowledged.push(id);
            }
            (_, Answer::Found(Some(outcome))) => told(outcome.into()),
            (_, Answer::Found(None)) => command.open.push((invoked, id, cursor)),
            (_, Answer::Claimed(claimed)) => {
                match claimed {
                    Claimed::Done(outcome) => told(outcome.into()),
                    Claimed::Fresh | Claimed::Pending => command.open.push((invoked, id, None)),
                    Claimed::Mismatch => {}
                }
                let fresh = matches!(claimed, Claimed::Fresh | Claimed::Mismatch);
                command.claims.push((invoked, completed, id, fresh));
            }
            _ => {}
        }
    }
    all
}

impl Command<'_> {
    fn check(mut self, name: &str, found: &mut Violations) {
        self.told.sort_by_key(|(completed, ..)| *completed);
        self.once(name, found);
        self.agreed(name, found);
        self.remembered(name, found);
        self.claimed(name, found);
    }

    fn once(&self, name: &str, found: &mut Violations) {
        if self.commits.len() > 1 || self.acknowledged.len() > 1 {
            let submitters: Vec<OperationId> = self
                .commits
                .iter()
                .filter_map(|commit| Some(commit.by?.0))
                .collect();
            // If a single append was split, it is not atomic, which another check reports.
            if self.acknowledged.len() < 2 && submitters.windows(2).all(|p| p.first() == p.last()) {
                return;
            }
            let operations: Vec<OperationId> = submitters
                .into_iter()
                .chain(self.acknowledged.iter().copied())
                .collect();
            found.add(Kind::TookEffectTwice, None, &operations, || {
                let versions: Vec<u64> = self.commits.iter().map(|commit| commit.after).collect();
                format!("command {name} has commits up to versions {versions:?}, and was acknowledged {} times", self.acknowledged.len())
            });
        }
    }

    fn agreed(&self, name: &str, found: &mut Violations) {
        let Some((_, first, told)) = self.told.first() else {
            return;
        };
        for (_, other, differs) in self.told.iter().filter(|(.., other)| other != told) {
            found.add(Kind::AnswersDisagree, None, &[*first, *other], || {
                format!("command {name} ended as {told:?}, and as {differs:?}")
            });
        }
        let there: Vec<&str> = self
            .commits
            .iter()
            .flat_map(|commit| commit.events)
            .map(|event| event.id.as_str())
            .collect();
        match told {
            Told::Events { ids, .. } if there.is_empty() => {
                found.add(Kind::LostCommit, None, &[*first], || {
                    format!("command {name} ended with {ids:?}, and has no events")
                });
            }
            Told::Nothing | Told::Rejected(_) if !there.is_empty() => {
                found.add(Kind::AnswersDisagree, None, &[*first], || {
                    format!("command {name} ended without events, and has {there:?}")
                });
            }
            _ => {}
        }
    }

    /// A query after such an answer must also find that the command has ended.
    fn remembered(&self, name: &str, found: &mut Violations) {
        let Some((completed, first, told)) = self.told.first() else {
            return;
        };
        for (invoked, id, cursor) in &self.open {
            // A query with a cursor behind the command's end need not find it. The place of an outcome without events
            // is not known.
            let looked_there = match (cursor, told) {
                (None, _) => true,
                (Some(from), Told::Events { cursor, .. }) => from < cursor,
                (Some(_), Told::Nothing | Told::Rejected(_)) => false,
            };
            if looked_there && invoked > completed {
                found.add(Kind::OutcomeForgotten, None, &[*first, *id], || {
                    format!("command {name} had ended as {told:?}, and is said not to have")
                });
            }
        }
    }

    fn claimed(&self, name: &str, found: &mut Violations) {
        let earliest = self
            .claims
            .iter()
            .min_by_key(|(_, completed, ..)| *completed);
        let fresh = || self.claims.iter().filter(|(.., fresh)| *fresh);
        for (invoked, _, id, _) in fresh() {
            let first = earliest.filter(|(_, completed, ..)| completed < invoked);
            let other = first.or_else(|| fresh().find(|(_, _, other, _)| other < id));
            if let Some((_, _, other, _)) = other {
                found.add(Kind::WrongClaim, None, &[*other, *id], || {
                    format!("command {name} was claimed before, and is said to be fresh, or not to match")
                });
            }
        }
    }
}
