//! The sequential model: the final streams, divided into commits, and the effect of each append.

use std::collections::HashMap;

use super::violation::{Kind, Violations};
use crate::record::{Action, History, Kept, OperationId, Submission};

/// The history, and what is derived from its final contents.
pub(super) struct Model<'h> {
    pub history: &'h History,
    pub streams: Vec<Stream<'h>>,
    /// The places of each append's events. A correct history has one place for each.
    pub effects: HashMap<OperationId, Place>,
}

/// Place of a commit: indices of the stream, and of the commit in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub stream: u32,
    pub commit: usize,
}

/// A stream in the final contents.
pub(super) struct Stream<'h> {
    pub name: &'h str,
    pub events: &'h [Kept],
    pub closed: bool,
    /// The commits in the order in which they took effect.
    pub commits: Vec<Commit<'h>>,
    /// The commit of each event.
    commit_of: Vec<usize>,
    /// True if the versions are 1, 2, 3…; otherwise observations cannot be related to the events.
    pub sound: bool,
}

/// Neighbouring events with one commit id.
pub(super) struct Commit<'h> {
    pub events: &'h [Kept],
    /// The stream's version before.
    pub before: u64,
    /// The stream's version after.
    pub after: u64,
    /// The submission of its first event, if that was an append to this stream.
    pub by: Option<(OperationId, &'h Submission)>,
}

impl<'h> Model<'h> {
    pub fn new(history: &'h History, found: &mut Violations) -> Self {
        let mut effects = HashMap::new();
        let mut streams = Vec::new();
        for (index, (name, last)) in (0u32..).zip(history.streams.iter().zip(&history.last.streams))
        {
            let stream = Stream::new(history, index, name, &last.events, last.head.closed);
            if !stream.sound {
                found.add(Kind::VersionGap, Some(name), &[], || {
                    let expected = |(version, event): &(u64, &Kept)| event.version != *version;
                    let gap = (1u64..).zip(&last.events).find(expected);
                    let (version, found) = gap.map_or((0, 0), |(v, event)| (v, event.version));
                    format!("where version {version} belongs is version {found}")
                });
            }
            if stream.sound && last.head.version != stream.version() {
                found.add(Kind::VersionGap, Some(name), &[], || {
                    let (told, has) = (last.head.version, stream.version());
                    format!("it is said to be at version {told}, and has {has} events")
                });
            }
            for (commit, at) in stream.commits.iter().enumerate() {
                if let Some((operation, _)) = at.by {
                    effects.entry(operation).or_insert(Place {
                        stream: index,
                        commit,
                    });
                }
            }
            streams.push(stream);
        }
        Self {
            history,
            streams,
            effects,
        }
    }

    pub fn commit(&self, place: Place) -> &Commit<'h> {
        &self.streams[place.stream as usize].commits[place.commit]
    }

    /// The submission that an operation made.
    pub fn submission(history: &'h History, id: OperationId) -> Option<&'h Submission> {
        match &history.operation(id)?.action {
            Action::Append(submission) => Some(submission),
            _ => None,
        }
    }
}

impl<'h> Stream<'h> {
    fn new(
        history: &'h History,
        index: u32,
        name: &'h str,
        events: &'h [Kept],
        closed: bool,
    ) -> Self {
        let sound = (1u64..)
            .zip(events)
            .all(|(version, event)| event.version == version);
        let mut commits = Vec::new();
        let mut commit_of = Vec::with_capacity(events.len());
        let mut before = 0;
        for events in events.chunk_by(|a, b| commit_id(&a.id) == commit_id(&b.id)) {
            let after = before + events.len() as u64;
            commit_of.resize(after as usize, commits.len());
            let by = events.first().and_then(|event| {
                let operation = event.token?.operation();
                let submission = Model::submission(history, operation)?;
                (submission.stream == index).then_some((operation, submission))
            });
            commits.push(Commit {
                events,
                before,
                after,
                by,
            });
            before = after;
        }
        Self {
            name,
            events,
            closed,
            commits,
            commit_of,
            sound,
        }
    }

    pub fn version(&self) -> u64 {
        self.events.len() as u64
    }

    /// The event that made a version.
    pub fn event(&self, version: u64) -> Option<&'h Kept> {
        self.events
            .get(usize::try_from(version.checked_sub(1)?).ok()?)
    }

    /// The commit that holds a version's event.
    pub fn holder(&self, version: u64) -> Option<usize> {
        let index = usize::try_from(version.checked_sub(1)?).ok()?;
        self.commit_of.get(index).copied()
    }

    /// The number of commits up to a version. `None` if the version is inside a commit, or too high.
    pub fn commits_up_to(&self, version: u64) -> Option<usize> {
        if version == 0 {
            return Some(0);
        }
        let holder = self.holder(version)?;
        (self.commits[holder].after == version).then_some(holder + 1)
    }
}

/// The part of an event's id that its commit's events share.
fn commit_id(event: &str) -> &str {
    event.rsplit_once('-').map_or(event, |(commit, _)| commit)
}
