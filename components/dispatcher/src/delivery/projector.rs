//! What events mean to a projector: new values of rows.
//!
//! A projector takes a page of events at once. The dispatcher reads the rows of the page, lets the projector fold the page, and
//! writes the new rows down as a whole before it writes any of them. So an event that changes one row by what it finds in
//! another is safe from a crash between the two writes.

use super::Lane;
use super::outcome::{Batch, Failure};
use super::progress::{Content, MAX_EFFECTS, PendingRow, Work, row_size};
use crate::annals::es::projectors::{ChangedRow, Projection, RowChange};
use crate::annals::es::types::StoreError;
use crate::annals::es::types::{PageFault, RecordedEvent, Row, RowKey};
use crate::ports::Ports;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::slice;

/// Values of rows are written down together until they are this long, in bytes.
const BYTES: usize = 256 << 10;
/// Payload bytes of one page of events.
const PAGE_BYTES: usize = 512 << 10;
/// How often a projector may ask for further rows of a page.
const ROUNDS: u32 = 32;
/// Longest key of a row, in bytes.
const KEY: usize = 1_024;

/// A row as the events so far leave it.
#[derive(Clone)]
struct Folded {
    /// What a writer of the stored row must have seen; 0 where it is deleted.
    seen: u64,
    /// Position of the newest event that the stored row reflects, also by being deleted.
    stored: u64,
    content: Option<Content>,
    /// Position of the last event that changed it.
    changed: Option<u64>,
}

impl Folded {
    /// Position of the newest event that the row reflects.
    fn reflects(&self) -> u64 {
        self.changed
            .map_or(self.stored, |changed| changed.max(self.stored))
    }
}

/// What came of folding a page of events.
enum Came {
    /// The page is folded. Names the rows that reflected one of its events, or a later one, already.
    Folded(Vec<Place>),
    /// With the rows of the events before it, its rows are too many for one checkpoint.
    NoRoom,
    /// A row reflects some of its events already, so the events must be folded one by one.
    OneByOne,
}

/// A page cannot be folded.
struct PageFailure {
    /// Index of the event in the page.
    event: usize,
    failure: Failure,
}

impl PageFailure {
    fn again(event: usize, reason: impl Into<String>) -> Self {
        Self {
            event,
            failure: Failure::again(reason),
        }
    }

    fn of(fault: PageFault, events: &[RecordedEvent]) -> Self {
        // An index that lies behind the page is the handler's mistake.
        let last = events.len().saturating_sub(1);
        Self::again(last.min(fault.index as usize), fault.fault.message)
    }
}

/// View and key of a row.
type Place = (String, String);
type Rows = BTreeMap<Place, Folded>;

pub fn batch(
    ports: &impl Ports,
    lane: &Lane<'_>,
    events: &[Rc<RecordedEvent>],
) -> Result<Batch, StoreError> {
    let events = page(events);
    let mut rows = Rows::new();
    let mut batch = Batch {
        done: 0,
        work: Work::default(),
        failed: None,
    };
    let mut length = events.len();
    while batch.done < events.len() && batch.failed.is_none() && size(&rows) < BYTES {
        let rest = &events[batch.done..];
        let next = &rest[..length.min(rest.len())];
        match fold(ports, lane, next, &mut rows, batch.done == 0)? {
            Ok(Came::Folded(_)) => batch.done += next.len(),
            Ok(Came::NoRoom) if next.len() == 1 => break,
            Ok(Came::NoRoom) => length = next.len() / 2,
            Ok(Came::OneByOne) => length = 1,
            Err(PageFailure { event: 0, failure }) => batch.failed = Some(failure),
            // The events before the one that fails are folded first.
            Err(PageFailure { event, .. }) => length = event,
        }
    }
    batch.work.rows = rows
        .into_iter()
        .filter_map(|((view, key), row)| {
            let position = row.changed?;
            // A row that never was need not be deleted.
            (row.seen > 0 || row.content.is_some()).then(|| PendingRow {
                view: lane.reaction.stored_view(&view, lane.generation),
                key,
                seen: row.seen,
                position,
                content: row.content,
            })
        })
        .collect();
    Ok(batch)
}

/// The events as handlers take them: side by side, and not too many bytes of them.
fn page(events: &[Rc<RecordedEvent>]) -> Vec<RecordedEvent> {
    let mut bytes = 0;
    let fits = |event: &&Rc<RecordedEvent>| {
        let first = bytes == 0;
        bytes += event.payload.len() + 1;
        first || bytes <= PAGE_BYTES
    };
    let page = events.iter().take_while(fits);
    page.map(|event| RecordedEvent::clone(event)).collect()
}

/// Bytes of the rows that are to be written.
fn size(rows: &Rows) -> usize {
    let written = rows.iter().filter(|(_, row)| row.changed.is_some());
    let size =
        |((view, key), row): (&Place, &Folded)| content_size(view, key, row.content.as_ref());
    written.map(size).sum()
}

fn content_size(view: &str, key: &str, content: Option<&Content>) -> usize {
    row_size(view, key, content.map_or(0, Content::size))
}

/// Folds a page of events into the rows, or leaves them as they are. However often an event is delivered, a row takes it once.
fn fold(
    ports: &impl Ports,
    lane: &Lane<'_>,
    events: &[RecordedEvent],
    rows: &mut Rows,
    first: bool,
) -> Result<Result<Came, PageFailure>, StoreError> {
    let keys = match keys(ports, lane, events) {
        Ok(keys) => keys,
        Err(failure) => return Ok(Err(failure)),
    };
    let mut places: BTreeSet<Place> = BTreeSet::new();
    let mut reflecting = Vec::new();
    for (event, keys) in events.iter().zip(&keys) {
        for place in keys {
            if !rows.contains_key(place) {
                rows.insert(place.clone(), read(ports, lane, place)?);
            }
            if rows[place].reflects() >= event.position {
                reflecting.push(place.clone());
            }
            places.insert(place.clone());
        }
    }
    if !reflecting.is_empty() {
        if events.len() > 1 {
            return Ok(Ok(Came::OneByOne));
        }
        if reflecting.len() == places.len() {
            return Ok(Ok(Came::Folded(reflecting)));
        }
    }
    let mut needed = BTreeSet::new();
    let mut changes = None;
    for _ in 0..ROUNDS {
        let given = places.union(&needed);
        let given: Vec<Row> = given.filter_map(|place| given_row(rows, place)).collect();
        let wanted: Vec<RowKey> = needed.iter().map(row_key).collect();
        match ports.project(lane.reaction.index, events, &given, &wanted) {
            Ok(Projection::Changes(found)) => {
                changes = Some(found);
                break;
            }
            Ok(Projection::Needs(more)) => {
                for RowKey { view, key } in more {
                    if let Err(failure) = check(lane, &view, &key) {
                        return Ok(Err(PageFailure { event: 0, failure }));
                    }
                    let place = (view, key);
                    if !rows.contains_key(&place) {
                        rows.insert(place.clone(), read(ports, lane, &place)?);
                    }
                    if rows[&place].reflects() >= events[0].position {
                        if events.len() > 1 {
                            return Ok(Ok(Came::OneByOne));
                        }
                        reflecting.push(place.clone());
                    }
                    needed.insert(place);
                }
            }
            Err(fault) => return Ok(Err(PageFailure::of(fault, events))),
        }
    }
    let Some(changes) = changes else {
        return Ok(match events.len() {
            1 => Err(PageFailure::again(
                0,
                format!("it asked for further rows {ROUNDS} times"),
            )),
            _ => Ok(Came::NoRoom),
        });
    };
    let folded = match changed(events, &keys, &needed, changes) {
        Ok(folded) => folded,
        Err(failure) => return Ok(Err(failure)),
    };
    let count = folded.len();
    let sizes = folded.iter();
    let bytes: usize = sizes
        .map(|(_, (view, key), content)| content_size(view, key, content.as_ref()))
        .sum();
    if bytes > MAX_EFFECTS && events.len() == 1 {
        return Ok(Err(PageFailure::again(
            0,
            format!(
                "it changed {count} rows that take {bytes} bytes together, one event may change rows of {MAX_EFFECTS} bytes"
            ),
        )));
    }
    if bytes > MAX_EFFECTS || (!first && size(rows) + bytes > MAX_EFFECTS) {
        return Ok(Ok(Came::NoRoom));
    }
    for (event, place, content) in folded {
        if reflecting.contains(&place) {
            continue;
        }
        if let Some(row) = rows.get_mut(&place) {
            row.content = content;
            row.changed = Some(events[event].position);
        }
    }
    Ok(Ok(Came::Folded(reflecting)))
}

/// The rows of each event, checked.
fn keys(
    ports: &impl Ports,
    lane: &Lane<'_>,
    events: &[RecordedEvent],
) -> Result<Vec<Vec<Place>>, PageFailure> {
    let keys = ports.keys(lane.reaction.index, events);
    let keys = keys.map_err(|fault| PageFailure::of(fault, events))?;
    if keys.len() != events.len() {
        let (given, named) = (events.len(), keys.len());
        let reason = format!("it named the rows of {named} events, {given} were given");
        return Err(PageFailure::again(0, reason));
    }
    let mut places = Vec::with_capacity(keys.len());
    for (event, keys) in keys.into_iter().enumerate() {
        let mut of_event = Vec::with_capacity(keys.len());
        for RowKey { view, key } in keys {
            let checked = check(lane, &view, &key);
            checked.map_err(|failure| PageFailure { event, failure })?;
            of_event.push((view, key));
        }
        places.push(of_event);
    }
    Ok(places)
}

fn row_key((view, key): &Place) -> RowKey {
    RowKey {
        view: view.clone(),
        key: key.clone(),
    }
}

fn given_row(rows: &Rows, place: &Place) -> Option<Row> {
    let content = rows.get(place)?.content.clone()?;
    Some(Row {
        view: place.0.clone(),
        key: place.1.clone(),
        content_type: content.content_type,
        value: content.value,
    })
}

/// What a projector changed, checked: index of the event, the row, its new content.
fn changed(
    events: &[RecordedEvent],
    keys: &[Vec<Place>],
    needed: &BTreeSet<Place>,
    changes: Vec<ChangedRow>,
) -> Result<Vec<(usize, Place, Option<Content>)>, PageFailure> {
    let mut folded: Vec<(usize, Place, Option<Content>)> = Vec::with_capacity(changes.len());
    let mut seen = BTreeSet::new();
    for ChangedRow { change, event } in changes {
        let (place, content) = match change {
            RowChange::Put(row) => {
                let content = Content {
                    content_type: row.content_type,
                    value: row.value,
                };
                ((row.view, row.key), Some(content))
            }
            RowChange::Remove(row) => ((row.view, row.key), None),
        };
        let event = event as usize;
        let (view, key) = &place;
        let Some(named) = keys.get(event) else {
            let count = events.len();
            let reason = format!(
                "it says that event {event} changed the row `{view}/{key}`, and {count} events were given"
            );
            return Err(PageFailure::again(0, reason));
        };
        if !named.contains(&place) && !needed.contains(&place) {
            let reason = format!("it changed the row `{view}/{key}`, which is not among its keys");
            return Err(PageFailure::again(event, reason));
        }
        if !seen.insert(place.clone()) {
            let reason = format!("it listed the row `{view}/{key}` twice");
            return Err(PageFailure::again(event, reason));
        }
        folded.push((event, place, content));
    }
    Ok(folded)
}

fn check(lane: &Lane<'_>, view: &str, key: &str) -> Result<(), Failure> {
    if !lane.reaction.views.iter().any(|known| known == view) {
        return Err(Failure::again(format!(
            "it named a row of the view `{view}`, which it does not declare"
        )));
    }
    if key.is_empty() || key.len() > KEY {
        return Err(Failure::again(format!(
            "a key of the view `{view}` has {} bytes, it must have 1 to {KEY}",
            key.len()
        )));
    }
    Ok(())
}

fn read(ports: &impl Ports, lane: &Lane<'_>, (view, key): &Place) -> Result<Folded, StoreError> {
    let found = ports.find_row(&RowKey {
        view: lane.reaction.stored_view(view, lane.generation),
        key: key.clone(),
    })?;
    Ok(Folded {
        seen: found.row.as_ref().map_or(0, |row| row.position),
        stored: found.position,
        content: found.row.map(|row| Content {
            content_type: row.content_type,
            value: row.value,
        }),
        changed: None,
    })
}

/// Folds an event that was put aside into rows that have not gone on without it.
pub fn late(
    ports: &impl Ports,
    lane: &Lane<'_>,
    event: &RecordedEvent,
) -> Result<Result<Work, Failure>, StoreError> {
    let mut rows = Rows::new();
    match fold(ports, lane, slice::from_ref(event), &mut rows, true)? {
        Err(failed) => return Ok(Err(failed.failure)),
        Ok(Came::NoRoom | Came::OneByOne) => {}
        Ok(Came::Folded(reflecting)) => {
            if let Some((view, key)) = reflecting.first() {
                return Ok(Err(Failure::never(format!(
                    "the row `{view}/{key}` reflects later events by now: rebuild the view, which takes all events in order"
                ))));
            }
        }
    }
    let mut work = Work::default();
    for ((view, key), row) in rows {
        let Some(position) = row.changed else {
            continue;
        };
        work.rows.push(PendingRow {
            view: lane.reaction.stored_view(&view, lane.generation),
            key,
            seen: row.seen,
            position,
            content: row.content,
        });
    }
    Ok(Ok(work))
}
