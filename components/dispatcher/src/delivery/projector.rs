//! What events mean to a projector: new values of rows.
//!
//! The rows that a number of events touch are read once, folded in memory, and written down as a
//! whole before any of them is written. So an event that changes one row by what it finds in another is safe
//! from a crash between the two.

use super::Lane;
use super::outcome::{Batch, Failure};
use super::progress::{Content, MAX_EFFECTS, PendingRow, Work, row_size};
use crate::annals::es::event_store::StoreError;
use crate::annals::es::types::{RecordedEvent, Row, RowChange, RowKey};
use crate::ports::Ports;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::rc::Rc;

/// Values of rows are written down together until they are this long, in bytes.
const BYTES: usize = 256 << 10;
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

/// What came of folding an event.
enum Came {
    /// Rows that reflected the event, or a later one, already.
    Folded(Vec<Place>),
    /// With those of the events before it, its rows are too many for one checkpoint.
    NoRoom,
}

/// View and key of a row.
type Place = (String, String);
type Rows = BTreeMap<Place, Folded>;

pub fn batch(
    ports: &impl Ports,
    lane: &Lane<'_>,
    events: &[Rc<RecordedEvent>],
) -> Result<Batch, StoreError> {
    let mut rows = Rows::new();
    let mut batch = Batch {
        done: 0,
        work: Work::default(),
        failed: None,
    };
    for event in events {
        match fold(ports, lane, event, &mut rows, batch.done == 0)? {
            Ok(Came::Folded(_)) => batch.done += 1,
            Ok(Came::NoRoom) => break,
            Err(failure) => {
                batch.failed = Some(failure);
                break;
            }
        }
        if size(&rows) >= BYTES {
            break;
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

fn size(rows: &Rows) -> usize {
    let size =
        |((view, key), row): (&Place, &Folded)| content_size(view, key, row.content.as_ref());
    rows.iter().map(size).sum()
}

fn content_size(view: &str, key: &str, content: Option<&Content>) -> usize {
    row_size(view, key, content.map_or(0, Content::size))
}

/// Folds one event into the rows, or leaves them as they are. Whoever delivers an event again, a row never takes it twice.
fn fold(
    ports: &impl Ports,
    lane: &Lane<'_>,
    event: &RecordedEvent,
    rows: &mut Rows,
    first: bool,
) -> Result<Result<Came, Failure>, StoreError> {
    let projector = lane.reaction.index;
    let touched = match ports.touches(projector, event) {
        Ok(touched) => touched,
        Err(fault) => return Ok(Err(Failure::again(fault.message))),
    };
    for RowKey { view, key } in &touched {
        if let Err(failure) = check(lane, view, key) {
            return Ok(Err(failure));
        }
        let place = (view.clone(), key.clone());
        if let Entry::Vacant(vacant) = rows.entry(place) {
            vacant.insert(read(ports, lane, view, key)?);
        }
    }
    let reflecting: Vec<Place> = touched
        .iter()
        .map(|RowKey { view, key }| (view.clone(), key.clone()))
        .filter(|place| {
            rows.get(place)
                .is_some_and(|row| row.reflects() >= event.position)
        })
        .collect();
    if !touched.is_empty() && reflecting.len() == touched.len() {
        return Ok(Ok(Came::Folded(reflecting)));
    }
    let given: Vec<Row> = touched
        .iter()
        .filter_map(|RowKey { view, key }| {
            let row = rows.get(&(view.clone(), key.clone()))?;
            let content = row.content.clone()?;
            Some(Row {
                view: view.clone(),
                key: key.clone(),
                content_type: content.content_type,
                value: content.value,
            })
        })
        .collect();
    let changes = match ports.project(projector, event, &given) {
        Ok(changes) => changes,
        Err(fault) => return Ok(Err(Failure::again(fault.message))),
    };
    let mut folded = Vec::new();
    for change in changes {
        let (view, key, content) = match change {
            RowChange::Put(row) => {
                let content = Content {
                    content_type: row.content_type,
                    value: row.value,
                };
                (row.view, row.key, Some(content))
            }
            RowChange::Delete(row) => (row.view, row.key, None),
        };
        if !touched.iter().any(|row| row.view == view && row.key == key) {
            let why =
                format!("it changed the row `{view}/{key}`, which it did not say that it touches");
            return Ok(Err(Failure::again(why)));
        }
        folded.push(((view, key), content));
    }
    let changed = folded.len();
    let sizes = folded.iter();
    let bytes: usize = sizes
        .map(|((view, key), content)| content_size(view, key, content.as_ref()))
        .sum();
    if bytes > MAX_EFFECTS {
        return Ok(Err(Failure::again(format!(
            "it changed {changed} rows that take {bytes} bytes together, one event may change rows of {MAX_EFFECTS} bytes"
        ))));
    }
    if !first && size(rows) + bytes > MAX_EFFECTS {
        return Ok(Ok(Came::NoRoom));
    }
    for (place, content) in folded {
        if reflecting.contains(&place) {
            continue;
        }
        if let Some(row) = rows.get_mut(&place) {
            row.content = content;
            row.changed = Some(event.position);
        }
    }
    Ok(Ok(Came::Folded(reflecting)))
}

fn check(lane: &Lane<'_>, view: &str, key: &str) -> Result<(), Failure> {
    if !lane.reaction.views.iter().any(|known| known == view) {
        return Err(Failure::again(format!(
            "it touched the view `{view}`, which it does not declare"
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

fn read(ports: &impl Ports, lane: &Lane<'_>, view: &str, key: &str) -> Result<Folded, StoreError> {
    let found = ports.find_row(&RowKey {
        view: lane.reaction.stored_view(view, lane.generation),
        key: key.into(),
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
    match fold(ports, lane, event, &mut rows, true)? {
        Err(failure) => return Ok(Err(failure)),
        Ok(Came::NoRoom) => {}
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
