//! Projectors, without their types.

use std::any::Any;
use std::collections::BTreeMap;

use super::{check_wants, decode_recorded, names};
use crate::wire::{ChangedRow, Fault, ReactionDescriptor, Recorded, Row, RowChange};
use crate::{Codec, Event, Json, Projector, Rows, name};

/// All projectors of a component, in the order of `export!`.
pub trait Projectors: 'static {
    const TABLE: &'static [ProjectorEntry];
}

/// One projector.
pub struct ProjectorEntry {
    /// The view of every row that it names.
    pub view: &'static str,
    pub describe: fn() -> ReactionDescriptor,
    /// Decodes an event, and names the rows that it touches: each once, in the order of their bytes.
    pub keys: fn(&Recorded) -> Result<Touching, Fault>,
    /// Begins a page with the rows of its events that are there.
    pub begin: fn(Vec<Row>) -> Box<dyn Page>,
}

impl ProjectorEntry {
    #[must_use]
    pub const fn of<P: Projector>() -> Self {
        check_projector::<P>();
        Self {
            view: P::VIEW,
            describe: describe::<P>,
            keys: touching::<P>,
            begin: |given| Box::new(PageOf::<P>::new(given)),
        }
    }
}

/// What can be told wrong at compile time.
pub const fn check_projector<P: Projector>() {
    assert!(
        name::is_view(P::VIEW),
        "VIEW must be a lower-case letter followed by lower-case letters, digits, `_` or `-`"
    );
    assert!(P::VERSION > 0, "versions count from 1");
    check_wants(<P::Event as Event>::TYPES);
}

fn describe<P: Projector>() -> ReactionDescriptor {
    ReactionDescriptor {
        name: P::VIEW.to_owned(),
        version: P::VERSION,
        wants: names::<P::Event>(),
        emits: Vec::new(),
        views: vec![P::VIEW],
        from: P::FROM,
        lanes: 1,
        schemas: <P::Event as Event>::TYPES,
    }
}

/// An event, and the rows that it touches.
pub struct Touching {
    /// The decoded event, whose type its projector knows. None: the projector does not fold events of this type.
    event: Option<Box<dyn Any>>,
    pub keys: Vec<String>,
}

fn touching<P: Projector>(recorded: &Recorded) -> Result<Touching, Fault> {
    let Some(event) = decode_recorded::<P::Event>(recorded, who::<P>)? else {
        return Ok(Touching {
            event: None,
            keys: Vec::new(),
        });
    };
    Ok(Touching {
        keys: keys::<P>(&event, recorded)?,
        event: Some(Box::new(event)),
    })
}

fn keys<P: Projector>(event: &P::Event, recorded: &Recorded) -> Result<Vec<String>, Fault> {
    let mut keys = P::touches(event, &recorded.about);
    keys.sort_unstable();
    keys.dedup();
    for key in &keys {
        name::check_key("the key of a row", key).map_err(|reason| fault::<P>(recorded, &reason))?;
    }
    Ok(keys)
}

/// The rows of a page of events.
pub trait Page {
    /// Folds the next event, and the rows that it touches.
    fn fold(&mut self, recorded: &Recorded, touching: &Touching) -> Result<(), Fault>;
    /// The rows that differ after the page.
    fn changed(self: Box<Self>) -> Vec<ChangedRow>;
}

/// A row, as the events so far leave it.
struct PageRow<R> {
    row: Option<R>,
    /// The row as it is stored: None if it is not there.
    value: Option<Vec<u8>>,
    /// Index of the last event that changed it.
    changed: Option<u32>,
}

struct PageOf<P: Projector> {
    /// Rows that no event has touched yet.
    given: BTreeMap<String, Row>,
    rows: BTreeMap<String, PageRow<P::Row>>,
    /// Index of the next event.
    next: u32,
}

impl<P: Projector> PageOf<P> {
    fn new(given: Vec<Row>) -> Self {
        let given = given.into_iter().map(|row| (row.key.clone(), row));
        Self {
            given: given.collect(),
            rows: BTreeMap::new(),
            next: 0,
        }
    }

    fn take(&mut self, recorded: &Recorded, key: &str) -> Result<PageRow<P::Row>, Fault> {
        if let Some(row) = self.rows.remove(key) {
            return Ok(row);
        }
        let given = self.given.remove(key);
        let row = given.as_ref().map(|row| decode_row::<P>(recorded, row));
        Ok(PageRow {
            row: row.transpose()?,
            value: given.map(|row| row.value),
            changed: None,
        })
    }
}

impl<P: Projector> Page for PageOf<P> {
    fn fold(&mut self, recorded: &Recorded, touching: &Touching) -> Result<(), Fault> {
        let index = self.next;
        self.next += 1;
        let Some(event) = &touching.event else {
            return Ok(());
        };
        let Some(event) = event.downcast_ref::<P::Event>() else {
            return Err(fault::<P>(recorded, "another projector has decoded it"));
        };
        let mut rows = BTreeMap::new();
        let mut before = Vec::with_capacity(touching.keys.len());
        for key in &touching.keys {
            let row = self.take(recorded, key)?;
            rows.insert(key.clone(), row.row);
            before.push((row.value, row.changed));
        }
        let mut rows = Rows::new(rows);
        P::project(&mut rows, event, &recorded.about);
        let rows = rows.into_parts().map_err(|key| {
            let reason = format!("it changes the row {key:?}, which is not among its keys");
            fault::<P>(recorded, &reason)
        })?;
        // Both are in the order of the keys.
        for ((key, row), (before, changed)) in rows.into_iter().zip(before) {
            let value = row.as_ref().map(|row| encode_row::<P>(recorded, &key, row));
            let value = value.transpose()?;
            // A row that stays what it is is not written.
            let changed = match value == before {
                true => changed,
                false => Some(index),
            };
            self.rows.insert(
                key,
                PageRow {
                    row,
                    value,
                    changed,
                },
            );
        }
        Ok(())
    }

    fn changed(self: Box<Self>) -> Vec<ChangedRow> {
        let rows = self.rows.into_iter();
        let changed = rows.filter_map(|(key, row)| {
            let change = match row.value {
                None => RowChange::Delete(key),
                Some(value) => RowChange::Put(Row {
                    key,
                    content_type: Json::CONTENT_TYPE.to_owned(),
                    value,
                }),
            };
            let event = row.changed?;
            Some(ChangedRow { change, event })
        });
        changed.collect()
    }
}

fn encode_row<P: Projector>(
    recorded: &Recorded,
    key: &str,
    row: &P::Row,
) -> Result<Vec<u8>, Fault> {
    Json::encode(row).map_err(|error| {
        fault::<P>(
            recorded,
            &format!("the row {key:?} cannot be encoded: {error}"),
        )
    })
}

fn decode_row<P: Projector>(recorded: &Recorded, row: &Row) -> Result<P::Row, Fault> {
    let (key, content_type) = (&row.key, &row.content_type);
    if !Json::accepts(content_type) {
        return Err(fault::<P>(
            recorded,
            &format!("the row {key:?} is {content_type:?}, which it cannot read"),
        ));
    }
    Json::decode(&row.value).map_err(|error| {
        fault::<P>(
            recorded,
            &format!("the row {key:?} cannot be read: {error}; has Row changed, and VERSION not?"),
        )
    })
}

fn who<P: Projector>() -> String {
    format!("the projector {}", P::VIEW)
}

fn fault<P: Projector>(recorded: &Recorded, what: &str) -> Fault {
    let (event_type, position) = (&recorded.event_type, recorded.about.position);
    Fault(format!(
        "{}, {event_type} at position {position}: {what}",
        who::<P>()
    ))
}
