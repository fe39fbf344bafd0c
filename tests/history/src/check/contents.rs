//! The final contents must be what was submitted: every acknowledged append, no refused one, and each commit whole,
//! once, and where its precondition holds.

use std::collections::BTreeMap;

use annals_event_log::Event;

use super::model::{Commit, Model, Place, Stream};
use super::violation::{Kind, Violations};
use crate::record::{Answer, OperationId, Token, lean_digest, new_event};

pub(super) fn check(model: &Model<'_>, found: &mut Violations) {
    let mut landed: BTreeMap<OperationId, Vec<(Place, Token)>> = BTreeMap::new();
    for (index, stream) in (0u32..).zip(&model.streams) {
        for (commit, at) in stream.commits.iter().enumerate() {
            let place = Place {
                stream: index,
                commit,
            };
            origin(model, stream, place, at, &mut landed, found);
            // `once_and_whole` reports later places of the same append.
            if stream.sound
                && at
                    .by
                    .is_some_and(|(by, _)| model.effects.get(&by) == Some(&place))
            {
                position_in_stream(stream, at, commit, found);
            }
        }
        times(stream, found);
        if stream.closed && !stream.commits.last().is_some_and(closes) {
            found.add(Kind::WrongClose, Some(stream.name), &[], || {
                "it is closed, and its last commit did not close it".into()
            });
        }
    }
    for (operation, events) in &landed {
        once_and_whole(model, *operation, events, found);
    }
    answers(model, found);
}

fn closes(commit: &Commit<'_>) -> bool {
    commit.by.is_some_and(|(_, submission)| submission.close)
}

/// Every event must have been submitted, as it is, to this stream.
fn origin(
    model: &Model<'_>,
    stream: &Stream<'_>,
    place: Place,
    commit: &Commit<'_>,
    landed: &mut BTreeMap<OperationId, Vec<(Place, Token)>>,
    found: &mut Violations,
) {
    for event in commit.events {
        let submitted = event.token.and_then(|token| {
            let submission = Model::submission(model.history, token.operation())?;
            let ours = submission.stream == place.stream && token.event() < submission.events;
            ours.then_some((token, submission))
        });
        let Some((token, submission)) = submitted else {
            found.add(Kind::Phantom, Some(stream.name), &[], || {
                format!(
                    "nobody submitted the event {} of version {}",
                    event.id, event.version
                )
            });
            continue;
        };
        let new = new_event(token);
        let as_submitted = lean_digest(&Event {
            version: event.version,
            event_type: new.event_type,
            schema_version: new.schema_version,
            content_type: new.content_type,
            payload: new.payload,
        });
        if event.lean != as_submitted || event.command != submission.command {
            found.add(
                Kind::Altered,
                Some(stream.name),
                &[token.operation()],
                || format!("version {} is not what was submitted", event.version),
            );
        }
        landed
            .entry(token.operation())
            .or_default()
            .push((place, token));
    }
}

/// Checks precondition, close and time of a commit.
fn position_in_stream(
    stream: &Stream<'_>,
    commit: &Commit<'_>,
    index: usize,
    found: &mut Violations,
) {
    let Some((operation, submission)) = commit.by else {
        return;
    };
    if !submission.expected.holds(commit.before) {
        found.add(
            Kind::PreconditionIgnored,
            Some(stream.name),
            &[operation],
            || {
                format!(
                    "expected {:?}, written after version {}",
                    submission.expected, commit.before
                )
            },
        );
    }
    if submission.close && (index + 1 != stream.commits.len() || !stream.closed) {
        found.add(Kind::WrongClose, Some(stream.name), &[operation], || {
            let (at, last) = (commit.after, stream.version());
            format!("closed at version {at}, and yet it is open or goes on, to version {last}")
        });
    }
    let early = commit
        .events
        .iter()
        .find(|event| event.recorded_at < submission.recorded_at);
    if let Some(event) = early {
        found.add(Kind::TimeWentBack, Some(stream.name), &[operation], || {
            let (at, given) = (event.recorded_at, submission.recorded_at);
            format!(
                "version {} is recorded at {at}, the writer gave {given}",
                event.version
            )
        });
    }
}

fn times(stream: &Stream<'_>, found: &mut Violations) {
    for pair in stream.events.windows(2) {
        if let [before, after] = pair
            && before.recorded_at > after.recorded_at
        {
            found.add(Kind::TimeWentBack, Some(stream.name), &[], || {
                format!(
                    "version {} is recorded at {}, version {} at {}",
                    before.version, before.recorded_at, after.version, after.recorded_at
                )
            });
        }
    }
}

/// The events of one append must be one commit.
fn once_and_whole(
    model: &Model<'_>,
    operation: OperationId,
    events: &[(Place, Token)],
    found: &mut Violations,
) {
    let Some(submission) = Model::submission(model.history, operation) else {
        return;
    };
    let stream = Some(model.history.stream(submission.stream));
    let mut tokens: Vec<Token> = events.iter().map(|(_, token)| *token).collect();
    tokens.sort_unstable();
    if tokens.windows(2).any(|pair| pair.first() == pair.last()) {
        found.add(Kind::TookEffectTwice, stream, &[operation], || {
            let versions: Vec<u64> = events
                .iter()
                .map(|(at, _)| model.commit(*at).after)
                .collect();
            format!("one append's events are there again, in commits up to {versions:?}")
        });
        return;
    }
    let one_commit = events.windows(2).all(|pair| pair[0].0 == pair[1].0);
    let in_order = (0u16..)
        .zip(events)
        .all(|(index, (_, token))| token.event() == index);
    if !one_commit || !in_order || events.len() != usize::from(submission.events) {
        found.add(Kind::NotAtomic, stream, &[operation], || {
            format!(
                "of {} events submitted at once {} are there, in one commit: {one_commit}, in order: {in_order}",
                submission.events,
                events.len()
            )
        });
    }
}

/// The answer to each append must agree with the final contents.
fn answers(model: &Model<'_>, found: &mut Violations) {
    for (id, operation) in model.history.operations() {
        let Some(submission) = Model::submission(model.history, id) else {
            continue;
        };
        let stream = Some(model.history.stream(submission.stream));
        let place = model.effects.get(&id);
        match (&operation.answer, place) {
            (Answer::Appended(appended), None) if submission.events > 0 => {
                found.add(Kind::LostCommit, stream, &[id], || {
                    format!(
                        "acknowledged as version {}, and not there",
                        appended.version
                    )
                });
            }
            (Answer::Appended(appended), Some(place)) => {
                let commit = model.commit(*place);
                let sound = model.streams[place.stream as usize].sound;
                if !sound || commit.events.len() != usize::from(submission.events) {
                    continue;
                }
                let ids = commit.events.iter().map(|event| (&event.id, event.version));
                let told = appended
                    .events
                    .iter()
                    .map(|event| (&event.id, event.version));
                let position = commit.events.last().map(|event| event.position);
                if !ids.eq(told)
                    || appended.version != commit.after
                    || position != Some(appended.position)
                {
                    found.add(Kind::AnswerDiffers, stream, &[id], || {
                        format!(
                            "acknowledged as {appended:?}, it is version {} to {}, position {position:?}",
                            commit.before + 1,
                            commit.after
                        )
                    });
                }
            }
            (
                Answer::Conflict { .. }
                | Answer::Closed(_)
                | Answer::AlreadyClaimed
                | Answer::Unavailable(_)
                | Answer::Faulty(_),
                Some(place),
            ) => {
                found.add(Kind::RefusedTookEffect, stream, &[id], || {
                    let version = model.commit(*place).after;
                    format!(
                        "answered {:?}, and there as version {version}",
                        operation.answer
                    )
                });
            }
            _ => {}
        }
    }
}
