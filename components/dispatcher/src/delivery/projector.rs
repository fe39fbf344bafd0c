//! Delivers events to projectors: new values of rows.
//!
//! A projector takes a page of events at once. The dispatcher reads the rows of the page, calls the
//! projector, and stores all new rows in one checkpoint before it writes any of them. An event may change one
//! row depending on another row; a crash between the two writes cannot separate them, because the next
//! deliverer writes both from the checkpoint.

use super::Partition;
use super::outcome::{Batch, Failure};
use super::progress::{Content, MAX_EFFECT_BYTES, PendingRow, Work, row_size};
use crate::annals::es::projectors::{ChangedRow, Projection, RowChange};
use crate::annals::es::types::StoreError;
use crate::annals::es::types::{PageFault, RecordedEvent, Row, RowKey};
use crate::ports::Ports;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::slice;

/// Size of the changed rows at which a batch ends, in bytes.
const BATCH_BYTES: usize = 256 << 10;
/// Upper limit of the payloads of one page of events, in bytes. A page has at least one event.
const PAGE_BYTES: usize = 512 << 10;
/// Upper limit of a projector's requests for further rows per page.
const MAX_ROUNDS: u32 = 32;
/// Upper limit of a row's key, in bytes.
const MAX_KEY_BYTES: usize = 1_024;

/// A row, with the changes of the events folded so far.
#[derive(Clone)]
struct Folded {
    /// Position of the stored row, which a write must name; 0 if there is no row.
    seen: u64,
    /// Position of the newest event that the store has applied to the row. A deleted row has one too.
    stored: u64,
    content: Option<Content>,
    /// Position of the last event of this batch that changed the row.
    changed: Option<u64>,
}

impl Folded {
    /// Position of the newest event that the row reflects.
    fn reflects(&self) -> u64 {
        self.changed
            .map_or(self.stored, |changed| changed.max(self.stored))
    }
}

/// The result of folding a page of events.
enum FoldOutcome {
    /// The page is folded. Lists the rows that already reflected one of its events or a later one.
    Folded(Vec<Place>),
    /// One checkpoint cannot hold the page's rows together with the rows of the events before it.
    NoRoom,
    /// A row already reflects some of the page's events, so the events must be folded one by one.
    OneByOne,
}

/// The failure of a page.
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
        // A faulty handler may report an index beyond the page.
        let last = events.len().saturating_sub(1);
        Self::again(last.min(fault.index as usize), fault.fault.message)
    }
}

/// View and key of a row.
type Place = (String, String);
type Rows = BTreeMap<Place, Folded>;

pub fn batch(
    ports: &impl Ports,
    partition: &Partition<'_>,
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
    while batch.done < events.len() && batch.failed.is_none() && size(&rows) < BATCH_BYTES {
        let rest = &events[batch.done..];
        let next = &rest[..length.min(rest.len())];
        match fold(ports, partition, next, &mut rows, batch.done == 0)? {
            Ok(FoldOutcome::Folded(_)) => batch.done += next.len(),
            Ok(FoldOutcome::NoRoom) if next.len() == 1 => break,
            Ok(FoldOutcome::NoRoom) => length = next.len() / 2,
            Ok(FoldOutcome::OneByOne) => length = 1,
            Err(PageFailure { event: 0, failure }) => batch.failed = Some(failure),
            // Fold the events before the failing one first.
            Err(PageFailure { event, .. }) => length = event,
        }
    }
    batch.work.rows = rows
        .into_iter()
        .filter_map(|((view, key), row)| {
            let position = row.changed?;
            // Skip the deletion of a row that was never stored.
            (row.seen > 0 || row.content.is_some()).then(|| PendingRow {
                view: partition.reaction.stored_view(&view, partition.generation),
                key,
                seen: row.seen,
                position,
                content: row.content,
            })
        })
        .collect();
    Ok(batch)
}

/// Copies the first events, up to [`PAGE_BYTES`], into the contiguous list that handlers take.
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

/// Size of the changed rows, in bytes.
fn size(rows: &Rows) -> usize {
    let written = rows.iter().filter(|(_, row)| row.changed.is_some());
    let size =
        |((view, key), row): (&Place, &Folded)| content_size(view, key, row.content.as_ref());
    written.map(size).sum()
}

fn content_size(view: &str, key: &str, content: Option<&Content>) -> usize {
    row_size(view, key, content.map_or(0, Content::size))
}

/// Folds a page of events into the rows. If the result is not [`FoldOutcome::Folded`], the contents of the rows stay
/// as they were. A row takes each event once, however often the event is delivered.
fn fold(
    ports: &impl Ports,
    partition: &Partition<'_>,
    events: &[RecordedEvent],
    rows: &mut Rows,
    first: bool,
) -> Result<Result<FoldOutcome, PageFailure>, StoreError> {
    let keys = match keys(ports, partition, events) {
        Ok(keys) => keys,
        Err(failure) => return Ok(Err(failure)),
    };
    let mut places: BTreeSet<&Place> = BTreeSet::new();
    let mut reflecting = Vec::new();
    for (event, keys) in events.iter().zip(&keys) {
        for place in keys {
            let reflects = match rows.get(place) {
                Some(row) => row.reflects(),
                None => {
                    let row = read(ports, partition, place)?;
                    let reflects = row.reflects();
                    rows.insert(place.clone(), row);
                    reflects
                }
            };
            if reflects >= event.position {
                reflecting.push(place.clone());
            }
            places.insert(place);
        }
    }
    if !reflecting.is_empty() {
        if events.len() > 1 {
            return Ok(Ok(FoldOutcome::OneByOne));
        }
        if reflecting.len() == places.len() {
            return Ok(Ok(FoldOutcome::Folded(reflecting)));
        }
    }
    let mut needed = BTreeSet::new();
    let mut changes = None;
    for _ in 0..MAX_ROUNDS {
        let further = needed.iter().filter(|place| !places.contains(place));
        let given = places.iter().copied().chain(further);
        let given: Vec<Row> = given.filter_map(|place| given_row(rows, place)).collect();
        let wanted: Vec<RowKey> = needed.iter().map(row_key).collect();
        match ports.project(partition.reaction.index, events, &given, &wanted) {
            Ok(Projection::Changes(found)) => {
                changes = Some(found);
                break;
            }
            Ok(Projection::Needs(more)) => {
                for RowKey { view, key } in more {
                    if let Err(failure) = check(partition, &view, &key) {
                        return Ok(Err(PageFailure { event: 0, failure }));
                    }
                    let place = (view, key);
                    if !rows.contains_key(&place) {
                        rows.insert(place.clone(), read(ports, partition, &place)?);
                    }
                    if rows[&place].reflects() >= events[0].position {
                        if events.len() > 1 {
                            return Ok(Ok(FoldOutcome::OneByOne));
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
                format!("the projector asked for further rows {MAX_ROUNDS} times"),
            )),
            _ => Ok(FoldOutcome::NoRoom),
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
    if bytes > MAX_EFFECT_BYTES && events.len() == 1 {
        return Ok(Err(PageFailure::again(
            0,
            format!(
                "the projector changed {count} rows of {bytes} bytes in all; at most {MAX_EFFECT_BYTES} bytes per event are allowed"
            ),
        )));
    }
    if bytes > MAX_EFFECT_BYTES || (!first && size(rows) + bytes > MAX_EFFECT_BYTES) {
        return Ok(Ok(FoldOutcome::NoRoom));
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
    Ok(Ok(FoldOutcome::Folded(reflecting)))
}

/// Asks the projector for the rows of each event, and checks them.
fn keys(
    ports: &impl Ports,
    partition: &Partition<'_>,
    events: &[RecordedEvent],
) -> Result<Vec<Vec<Place>>, PageFailure> {
    let keys = ports.keys(partition.reaction.index, events);
    let keys = keys.map_err(|fault| PageFailure::of(fault, events))?;
    if keys.len() != events.len() {
        let (given, named) = (events.len(), keys.len());
        let reason =
            format!("the projector returned the keys of {named} events instead of {given}");
        return Err(PageFailure::again(0, reason));
    }
    let mut places = Vec::with_capacity(keys.len());
    for (event, keys) in keys.into_iter().enumerate() {
        let mut of_event = Vec::with_capacity(keys.len());
        for RowKey { view, key } in keys {
            let checked = check(partition, &view, &key);
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

/// Checks a projector's changes. Returns the event's index, the row and its new content for each change.
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
                "the projector attributed a change of the row `{view}/{key}` to the event with index {event}, but received {count} events"
            );
            return Err(PageFailure::again(0, reason));
        };
        if !named.contains(&place) && !needed.contains(&place) {
            let reason = format!(
                "the projector changed the row `{view}/{key}`, which is not among the event's keys"
            );
            return Err(PageFailure::again(event, reason));
        }
        if !seen.insert(place.clone()) {
            let reason = format!("the projector listed the row `{view}/{key}` twice");
            return Err(PageFailure::again(event, reason));
        }
        folded.push((event, place, content));
    }
    Ok(folded)
}

fn check(partition: &Partition<'_>, view: &str, key: &str) -> Result<(), Failure> {
    if !partition.reaction.views.iter().any(|known| known == view) {
        return Err(Failure::again(format!(
            "the projector named a row of the view `{view}`, which it does not declare"
        )));
    }
    if key.is_empty() || key.len() > MAX_KEY_BYTES {
        return Err(Failure::again(format!(
            "a key of the view `{view}` has {} bytes; 1 to {MAX_KEY_BYTES} are allowed",
            key.len()
        )));
    }
    Ok(())
}

fn read(
    ports: &impl Ports,
    partition: &Partition<'_>,
    (view, key): &Place,
) -> Result<Folded, StoreError> {
    let found = ports.find_row(&RowKey {
        view: partition.reaction.stored_view(view, partition.generation),
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

/// Retries a parked event. Fails if one of the event's rows reflects later events.
pub fn retry(
    ports: &impl Ports,
    partition: &Partition<'_>,
    event: &RecordedEvent,
) -> Result<Result<Work, Failure>, StoreError> {
    let mut rows = Rows::new();
    match fold(ports, partition, slice::from_ref(event), &mut rows, true)? {
        Err(failed) => return Ok(Err(failed.failure)),
        Ok(FoldOutcome::NoRoom | FoldOutcome::OneByOne) => {}
        Ok(FoldOutcome::Folded(reflecting)) => {
            if let Some((view, key)) = reflecting.first() {
                return Ok(Err(Failure::never(format!(
                    "the row `{view}/{key}` already reflects later events: rebuild the view, which takes all events in order"
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
            view: partition.reaction.stored_view(&view, partition.generation),
            key,
            seen: row.seen,
            position,
            content: row.content,
        });
    }
    Ok(Ok(work))
}
