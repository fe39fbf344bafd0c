//! The answers to operations on streams. Pages must show the final contents, and all answers together must fit real
//! time by the rule in [`bounds`](super::bounds).

use std::collections::{BTreeMap, HashSet};

use annals_event_log::{Outcome, Precondition};

use super::bounds::{Bound, Bounds, How};
use super::model::{Model, Stream};
use super::violation::{Kind, Violations};
use crate::record::{Action, Answer, Claimed, Operation, OperationId, Seen, Submission};

/// Checks all operations on streams. Returns the bounds of each stream's commits.
pub(super) fn observe(
    model: &Model<'_>,
    ended: &HashSet<&str>,
    found: &mut Violations,
) -> Vec<Bounds> {
    let mut all: Vec<Observed<'_>> = model.streams.iter().map(Observed::new).collect();
    for (id, operation) in model.history.operations() {
        if let Answer::Faulty(message) = &operation.answer {
            found.add(Kind::Fault, None, &[id], || {
                format!("{:?}: {message}", operation.action)
            });
        }
        // Without contiguous versions, no observation can be checked.
        if let Some(observed) = stream_of(&operation.action).and_then(|s| all.get_mut(s as usize))
            && observed.stream.sound
        {
            let mut viewer = Viewer {
                observed,
                id,
                operation,
                found,
            };
            viewer.look(model, ended);
        }
    }
    for observed in &all {
        observed.check_heads(found);
    }
    all.into_iter().map(|observed| observed.bounds).collect()
}

fn stream_of(action: &Action) -> Option<u32> {
    match action {
        Action::Append(Submission { stream, .. })
        | Action::Claim { stream, .. }
        | Action::Find { stream, .. }
        | Action::RecordOutcome { stream, .. }
        | Action::Read { stream, .. }
        | Action::ReadBackward { stream, .. }
        | Action::Load { stream, .. } => Some(*stream),
        Action::ReadLog { .. } => None,
    }
}

/// The observations of a stream.
struct Observed<'m> {
    stream: &'m Stream<'m>,
    bounds: Bounds,
    /// Versions by cursor.
    heads: BTreeMap<u64, (u64, OperationId)>,
}

impl<'m> Observed<'m> {
    fn new(stream: &'m Stream<'m>) -> Self {
        Self {
            stream,
            bounds: Bounds::new(stream.commits.len()),
            heads: BTreeMap::new(),
        }
    }

    fn head(&mut self, cursor: u64, version: u64, id: OperationId, found: &mut Violations) {
        let (known, other) = *self.heads.entry(cursor).or_insert((version, id));
        if known != version {
            found.add(
                Kind::HeadsDisagree,
                Some(self.stream.name),
                &[other, id],
                || format!("cursor {cursor} was version {known}, and is version {version}"),
            );
        }
    }

    fn check_heads(&self, found: &mut Violations) {
        let mut before = (0, 0);
        for (cursor, (version, id)) in &self.heads {
            if *version < before.1 {
                found.add(Kind::HeadsDisagree, Some(self.stream.name), &[*id], || {
                    format!(
                        "cursor {cursor} is version {version}, cursor {} version {}",
                        before.0, before.1
                    )
                });
            }
            before = (*cursor, *version);
        }
    }
}

/// Checks one operation.
struct Viewer<'v, 'm> {
    observed: &'v mut Observed<'m>,
    id: OperationId,
    operation: &'v Operation,
    found: &'v mut Violations,
}

impl Viewer<'_, '_> {
    fn report(&mut self, kind: Kind, details: impl FnOnce() -> String) {
        self.found
            .add(kind, Some(self.observed.stream.name), &[self.id], details);
    }

    fn look(&mut self, model: &Model<'_>, ended: &HashSet<&str>) {
        let operation = self.operation;
        match (&operation.action, &operation.answer) {
            (Action::Append(submission), answer) => self.append(model, ended, submission, answer),
            (Action::RecordOutcome { at, .. }, Answer::Recorded) => {
                self.exactly(at.version, How::Demanded);
            }
            (Action::RecordOutcome { at, command, .. }, Answer::Conflict { expected, actual }) => {
                self.conflict(
                    Precondition::At(at.version),
                    *expected,
                    *actual,
                    ended.contains(command.as_str()),
                );
            }
            (Action::RecordOutcome { .. }, Answer::Closed(_)) => {
                self.report(Kind::UnjustifiedRefusal, || {
                    "outcomes can be recorded in closed streams".into()
                });
            }
            (Action::Claim { .. }, Answer::Claimed(Claimed::Done(outcome)))
            | (Action::Find { .. }, Answer::Found(Some(outcome))) => {
                if let Outcome::Accepted(appended) = outcome
                    && !appended.events.is_empty()
                {
                    self.at_least(appended.version, How::Read);
                }
            }
            (
                Action::Read { after, limit, .. },
                Answer::Page {
                    events,
                    version,
                    end,
                },
            ) => {
                self.forward(*after, *limit, events, *version, *end);
            }
            (Action::Read { .. } | Action::ReadBackward { .. }, Answer::NoStream) => {
                self.exactly(0, How::Read);
            }
            (
                Action::ReadBackward { before, limit, .. },
                Answer::Page {
                    events,
                    version,
                    end,
                },
            ) => {
                self.backward(*before, *limit, events, *version, *end);
            }
            (Action::Load { after, limit, .. }, Answer::Loaded { events, head, end }) => {
                let contiguous = (after.version + 1..)
                    .zip(events)
                    .all(|(v, seen)| seen.version == v);
                let version = after.version + events.len() as u64;
                if !contiguous
                    || head.version != version
                    || head.cursor < after.cursor
                    || head.cursor - after.cursor > u64::from(*limit)
                {
                    return self.report(Kind::BadPage, || {
                        format!(
                            "a load of {limit} after {after:?} led to {head:?} with {} events",
                            events.len()
                        )
                    });
                }
                if !self.as_kept(events, true) {
                    return;
                }
                self.observed
                    .head(head.cursor, head.version, self.id, self.found);
                if *end {
                    self.exactly(head.version, How::Read);
                } else if self.observed.stream.commits_up_to(head.version).is_some() {
                    self.at_least(head.version, How::Read);
                } else {
                    self.outside(head.version);
                }
                let stream = self.observed.stream;
                let closes = head.version > 0 && stream.closed && stream.version() == head.version;
                if head.closed != closes {
                    self.report(Kind::WrongClose, || {
                        format!(
                            "loaded as closed: {} at version {}, which is so: {closes}",
                            head.closed, head.version
                        )
                    });
                }
            }
            _ => {}
        }
    }

    fn append(
        &mut self,
        model: &Model<'_>,
        ended: &HashSet<&str>,
        submission: &Submission,
        answer: &Answer,
    ) {
        if let Some(place) = model.effects.get(&self.id) {
            let bound = |time| Bound {
                time,
                by: self.id,
                how: How::Wrote,
            };
            self.observed
                .bounds
                .after(place.commit, bound(self.operation.invoked));
            if matches!(answer, Answer::Appended(_)) {
                self.observed
                    .bounds
                    .before(place.commit, bound(self.operation.completed));
            }
        }
        match answer {
            Answer::Appended(appended) => {
                // A version that is missing at the end belongs to a lost commit, and is no head of this stream.
                if submission.events == 0 {
                    self.exactly(appended.version, How::Demanded);
                    if !submission.expected.holds(appended.version) {
                        self.report(Kind::PreconditionIgnored, || {
                            format!(
                                "accepted at version {}, {:?}",
                                appended.version, submission.expected
                            )
                        });
                    }
                } else if model.effects.contains_key(&self.id) {
                    self.observed
                        .head(appended.cursor, appended.version, self.id, self.found);
                }
            }
            Answer::Conflict { expected, actual } => {
                let ended = ended.contains(submission.command.as_str());
                self.conflict(submission.expected, *expected, *actual, ended);
            }
            Answer::Closed(version) => {
                let stream = self.observed.stream;
                if !stream.closed || stream.version() != *version {
                    let (closed, at) = (stream.closed, stream.version());
                    return self.report(Kind::UnjustifiedRefusal, || {
                        format!("closed at version {version}; in the end it is at version {at}, closed: {closed}")
                    });
                }
                self.exactly(*version, How::Refused);
            }
            Answer::AlreadyClaimed if submission.claim.is_none() => {
                self.report(Kind::UnjustifiedRefusal, || {
                    "claimed no command, and was told that it is claimed".into()
                });
            }
            _ => {}
        }
    }

    fn conflict(&mut self, asked: Precondition, expected: Precondition, actual: u64, ended: bool) {
        if asked != expected || (expected.holds(actual) && !ended) {
            return self.report(Kind::UnjustifiedRefusal, || {
                format!("asked for {asked:?}, refused for {expected:?}, at version {actual}")
            });
        }
        self.exactly(actual, How::Refused);
    }

    fn forward(&mut self, after: u64, limit: u32, events: &[Seen], version: u64, end: bool) {
        let contiguous = (after + 1..).zip(events).all(|(v, seen)| seen.version == v);
        let told = match events.last() {
            Some(last) => last.version == version,
            None => end && version <= after,
        };
        if !contiguous || !told || events.len() > limit as usize {
            return self.report(Kind::BadPage, || {
                format!("after version {after}, limit {limit}: versions {:?}, to version {version}, end: {end}", versions(events))
            });
        }
        if !self.as_kept(events, false) {
            return;
        }
        if end {
            self.exactly(version, How::Read);
        } else {
            self.at_least(version, How::Read);
        }
    }

    fn backward(
        &mut self,
        before: Option<u64>,
        limit: u32,
        events: &[Seen],
        version: u64,
        end: bool,
    ) {
        let falling = events
            .windows(2)
            .all(|pair| pair[0].version == pair[1].version + 1);
        let told = match events.last() {
            Some(last) => last.version == version && end == (version == 1),
            // The stream exists, and nothing lies before version 1.
            None => end && before.is_some_and(|before| before <= 1),
        };
        let top = events.first().map(|seen| seen.version);
        let below = before.is_none_or(|before| top.is_none_or(|top| top < before));
        if !falling || !told || !below || events.len() > limit as usize {
            return self.report(Kind::BadPage, || {
                format!("before version {before:?}, limit {limit}: versions {:?}, to version {version}, end: {end}", versions(events))
            });
        }
        if !self.as_kept(events, false) {
            return;
        }
        match (top, before) {
            (None, _) => self.at_least(1, How::Read),
            (Some(top), Some(before)) if top + 1 == before => self.at_least(top, How::Read),
            (Some(top), _) => self.exactly(top, How::Read),
        }
    }

    /// Every event that a read returned must be in the final contents, unchanged.
    fn as_kept(&mut self, events: &[Seen], lean: bool) -> bool {
        for seen in events {
            let version = seen.version;
            let kept = self.observed.stream.event(version);
            let same =
                kept.is_some_and(|kept| seen.digest == if lean { kept.lean } else { kept.digest });
            if same {
                continue;
            }
            let kind = match kept {
                Some(kept) if kept.token == seen.token => Kind::Altered,
                _ if seen.token.is_none() => Kind::Phantom,
                _ => Kind::Vanished,
            };
            let by = seen.token.map(|token| token.operation());
            self.report(kind, || match by {
                Some(by) => format!("a read showed as version {version} what {by} submitted; in the end it is not so"),
                None => format!("a read showed as version {version} what nobody submitted"),
            });
            return false;
        }
        true
    }

    /// The stream was at exactly this version at some moment during the operation.
    fn exactly(&mut self, version: u64, how: How) {
        let Some(commits) = self.observed.stream.commits_up_to(version) else {
            return self.outside(version);
        };
        if let Some(last) = commits.checked_sub(1) {
            self.observed
                .bounds
                .before(last, self.bound(self.operation.completed, how));
        }
        self.observed
            .bounds
            .after(commits, self.bound(self.operation.invoked, how));
    }

    /// This version's event was there before the operation completed.
    fn at_least(&mut self, version: u64, how: How) {
        match self.observed.stream.holder(version) {
            Some(commit) => self
                .observed
                .bounds
                .before(commit, self.bound(self.operation.completed, how)),
            None if version == 0 => {}
            None => self.outside(version),
        }
    }

    fn bound(&self, time: u64, how: How) -> Bound {
        Bound {
            time,
            by: self.id,
            how,
        }
    }

    /// Reports a version that the stream never had.
    fn outside(&mut self, version: u64) {
        let last = self.observed.stream.version();
        if version > last {
            self.report(Kind::Vanished, || {
                format!("it was at version {version}, in the end it is at {last}")
            });
        } else {
            self.report(Kind::NotAtomic, || {
                format!("it was at version {version}, which is inside of a commit")
            });
        }
    }
}

fn versions(events: &[Seen]) -> Vec<u64> {
    events.iter().map(|seen| seen.version).collect()
}
