//! The log: the same events as the streams, in an order that agrees with them and with real time;
//! and every page of every reader is exactly a piece of it.
//!
//! A page after `a` that returns `n` as its next position must have exactly the events of the final log with `a <
//! position <= n` that match the filter. If every page has this property, and each reader continues where its last
//! page ended, then the pages of a reader together are exactly the log up to its last position. So no event is
//! skipped, repeated or out of order, and the part before a reader's position never changes.
//!
//! The check does not require an acknowledged event in the next page: a page may end before the position of a writer
//! whose append is in progress.

use std::collections::{HashMap, HashSet};

use annals_event_log::LogFilter;

use super::bounds::{Bound, Bounds, How};
use super::model::{Model, Place};
use super::violation::{Kind, Violations};
use crate::record::{Action, Answer, Logged, OperationId, SeenInLog};

/// Checks the final log and all pages of it.
pub(super) fn check(model: &Model<'_>, found: &mut Violations) {
    let log = &model.history.last.log;
    for pair in log.windows(2) {
        if let [before, after] = pair
            && before.position >= after.position
        {
            found.add(Kind::LogOrder, Some(&after.stream), &[], || {
                format!(
                    "position {} comes after {}",
                    after.position, before.position
                )
            });
        }
    }
    agrees(model, found);
    pages(model, found);
}

/// The log must have the same events as the streams, each stream in its order.
fn agrees(model: &Model<'_>, found: &mut Violations) {
    let names = by_name(model);
    let mut next: Vec<u64> = vec![1; model.streams.len()];
    for event in &model.history.last.log {
        let Some(index) = names.get(event.stream.as_str()) else {
            found.add(Kind::Phantom, Some(&event.stream), &[], || {
                format!(
                    "the log holds {} at {}, and nobody uses the stream",
                    event.id, event.position
                )
            });
            continue;
        };
        if !model.streams[*index as usize].sound {
            continue;
        }
        let (stream, expected) = (&model.streams[*index as usize], &mut next[*index as usize]);
        let same = stream
            .event(event.version)
            .is_some_and(|kept| kept.digest == event.digest);
        if !same || event.version != *expected {
            found.add(Kind::LogDisagrees, Some(stream.name), &[], || {
                format!(
                    "the log holds version {} at position {}, next is version {expected}; the stream has the same event: {same}",
                    event.version, event.position
                )
            });
        }
        *expected = event.version + 1;
    }
    for (stream, next) in model.streams.iter().zip(next) {
        if stream.sound && next <= stream.version() {
            found.add(Kind::LogDisagrees, Some(stream.name), &[], || {
                format!(
                    "the log ends with version {}, the stream with {}",
                    next - 1,
                    stream.version()
                )
            });
        }
    }
}

fn by_name<'m>(model: &'m Model<'_>) -> HashMap<&'m str, u32> {
    (0u32..)
        .zip(&model.streams)
        .map(|(index, stream)| (stream.name, index))
        .collect()
}

fn pages(model: &Model<'_>, found: &mut Violations) {
    let mut went: HashMap<u16, u64> = HashMap::new();
    for (id, operation) in model.history.operations() {
        let Action::ReadLog {
            after,
            limit,
            categories,
            follows,
        } = &operation.action
        else {
            continue;
        };
        let Answer::Log { events, next, end } = &operation.answer else {
            continue;
        };
        if *follows {
            let last = went.insert(id.client, *next).unwrap_or_default();
            if last != *after {
                found.add(Kind::BadPage, None, &[id], || {
                    format!("the reader was at {last} and goes on after {after}")
                });
            }
        }
        let page = Page {
            id,
            after: *after,
            next: *next,
            end: *end,
            events,
        };
        let bad = next < after || events.len() > *limit as usize;
        if bad || events.last().is_some_and(|last| last.position > *next) {
            found.add(Kind::BadPage, None, &[id], || {
                format!(
                    "after {after}, limit {limit}: {} events, next {next}",
                    events.len()
                )
            });
        }
        page.check(model, categories, found);
    }
}

struct Page<'p> {
    id: OperationId,
    after: u64,
    next: u64,
    end: bool,
    events: &'p [SeenInLog],
}

impl Page<'_> {
    fn check(&self, model: &Model<'_>, categories: &[String], found: &mut Violations) {
        let log = &model.history.last.log;
        let filter = LogFilter {
            event_types: Vec::new(),
            categories: categories.to_vec(),
            tags: Vec::new(),
        };
        let from = log.partition_point(|event| event.position <= self.after);
        let to = log
            .partition_point(|event| event.position <= self.next)
            .max(from);
        let wanted = || {
            log[from..to]
                .iter()
                .filter(|event| filter.wants("", &event.stream, &[]))
        };
        let same = |(seen, kept): (&SeenInLog, &Logged)| {
            seen.position == kept.position && seen.digest == kept.digest
        };
        let count = wanted().count();
        if count != self.events.len() || !self.events.iter().zip(wanted()).all(same) {
            self.explain(&wanted().collect::<Vec<_>>(), log, found);
            return;
        }
        // A page must not end inside a commit.
        let cut = to
            .checked_sub(1)
            .and_then(|last| log.get(last))
            .zip(log.get(to));
        if let (true, Some((last, next))) = (self.end && to > from, cut)
            && last.id.rsplit_once('-').map(|(commit, _)| commit)
                == next.id.rsplit_once('-').map(|(commit, _)| commit)
        {
            found.add(Kind::NotAtomic, Some(&last.stream), &[self.id], || {
                format!("the log ended at {}, inside of a commit", last.position)
            });
        }
    }

    /// Finds the differences between a page and the log. Reports only the gravest.
    fn explain(&self, wanted: &[&Logged], log: &[Logged], found: &mut Violations) {
        let mut add = |kind, position: u64, stream: Option<&str>| {
            found.add(kind, stream, &[self.id], || {
                format!(
                    "position {position}, in a page after {} that goes on after {}",
                    self.after, self.next
                )
            });
        };
        let mut positions = HashSet::new();
        for seen in self.events {
            let position = seen.position;
            let kept = log.binary_search_by_key(&position, |event| event.position);
            match kept.ok().and_then(|index| log.get(index)) {
                Some(kept) if kept.digest == seen.digest => {}
                Some(kept) => return add(Kind::Altered, position, Some(&kept.stream)),
                None if seen.token.is_some() => return add(Kind::Vanished, position, None),
                None => return add(Kind::Phantom, position, None),
            }
            if position <= self.after || !positions.insert(position) {
                return add(Kind::LogRepeated, position, None);
            }
        }
        if let Some(missed) = wanted
            .iter()
            .find(|event| !positions.contains(&event.position))
        {
            return add(Kind::LogSkipped, missed.position, Some(&missed.stream));
        }
        if !self.events.is_sorted_by_key(|event| event.position) {
            return add(Kind::LogReordered, self.next, None);
        }
        add(Kind::BadPage, self.next, None);
    }
}

/// Pages of the log bound commits too: a commit that a page shows took effect before the page completed.
pub(super) fn shown(model: &Model<'_>, streams: &mut [Bounds]) {
    let log = &model.history.last.log;
    let names = by_name(model);
    for (by, operation) in model.history.operations() {
        let Answer::Log { events, .. } = &operation.answer else {
            continue;
        };
        for seen in events {
            let Ok(index) = log.binary_search_by_key(&seen.position, |event| event.position) else {
                continue;
            };
            let event = &log[index];
            if event.digest != seen.digest {
                continue;
            }
            if let Some(stream) = names.get(event.stream.as_str())
                && let Some(commit) = model.streams[*stream as usize].holder(event.version)
            {
                let bound = Bound {
                    time: operation.completed,
                    by,
                    how: How::Read,
                };
                streams[*stream as usize].before(commit, bound);
            }
        }
    }
}

/// An append takes its places in the log in order. So their order must agree with real time in the same way as the
/// order of a stream's commits. In a log with several partitions, only the order within each stream is guaranteed.
pub(super) fn order(model: &Model<'_>, streams: &[Bounds], found: &mut Violations) {
    if model.history.run.partitions > 1 {
        return;
    }
    let mut places: Vec<(u64, Place)> = Vec::new();
    for (index, stream) in (0u32..)
        .zip(&model.streams)
        .filter(|(_, stream)| stream.sound)
    {
        for (commit, at) in stream.commits.iter().enumerate() {
            if let Some(event) = at.events.first() {
                places.push((
                    event.position,
                    Place {
                        stream: index,
                        commit,
                    },
                ));
            }
        }
    }
    places.sort_unstable();
    let mut bounds = Bounds::new(places.len());
    for (index, (_, place)) in places.iter().enumerate() {
        if let Some((by, _)) = model.commit(*place).by
            && let Some(operation) = model.history.operation(by)
        {
            bounds.after(
                index,
                Bound {
                    time: operation.invoked,
                    by,
                    how: How::Wrote,
                },
            );
        }
        if let Some(high) = streams[place.stream as usize].high(place.commit) {
            bounds.before(index, high);
        }
    }
    for (i, low, j, high) in bounds.contradictions() {
        let (Some((later, _)), Some((earlier, _))) = (places.get(i), places.get(j)) else {
            continue;
        };
        found.add(Kind::LogOrder, None, &[low.by, high.by], || {
            format!(
                "the commit at position {later} was submitted after the one at {earlier} was known"
            )
        });
    }
}
