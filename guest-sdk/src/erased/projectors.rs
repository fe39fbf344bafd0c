//! Type-erased projectors.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};

use super::{check_event_types, decode_recorded, names};
use crate::wire::{ChangedRow, Fault, ReactionDescriptor, Recorded, Row, RowChange};
use crate::{Codec, Event, Json, Projector, Rows, name};

/// All projectors of a component, in the order of `export!`.
pub trait Projectors: 'static {
    const TABLE: &'static [ProjectorEntry];
}

/// The functions of one projector.
pub struct ProjectorEntry {
    /// The projector's view. All its rows are in this view.
    pub view: &'static str,
    pub describe: fn() -> ReactionDescriptor,
    /// Decodes an event, and names the rows that it changes or reads.
    pub keys: fn(&Recorded) -> Result<Named, Fault>,
    /// Begins a page. The arguments are the existing rows that its events name, and the keys that the page has
    /// requested in addition.
    pub begin: fn(Vec<Row>, BTreeSet<String>) -> Box<dyn Page>,
}

impl ProjectorEntry {
    #[must_use]
    pub const fn of<P: Projector>() -> Self {
        check_projector::<P>();
        Self {
            view: P::VIEW,
            describe: describe::<P>,
            keys: named::<P>,
            begin: |given, asked| Box::new(PageOf::<P>::new(given, asked)),
        }
    }
}

/// Checks the projector's constants at compile time.
pub const fn check_projector<P: Projector>() {
    assert!(
        name::is_view(P::VIEW),
        "VIEW must be a lower-case letter followed by lower-case letters, digits, `_` or `-`"
    );
    assert!(P::VERSION > 0, "versions count from 1");
    check_event_types(<P::Event as Event>::TYPES);
}

fn describe<P: Projector>() -> ReactionDescriptor {
    ReactionDescriptor {
        name: P::VIEW.to_owned(),
        version: P::VERSION,
        event_types: names::<P::Event>(),
        emits: Vec::new(),
        views: vec![P::VIEW],
        from: P::FROM,
        concurrency: 1,
        schemas: <P::Event as Event>::TYPES,
    }
}

/// A decoded event, and the keys of the rows that it changes or reads.
pub struct Named {
    /// The decoded event, of the type `Projector::Event`. `None`: the projector does not fold events of this type.
    event: Option<Box<dyn Any>>,
    /// For each key, whether the event changes the row (`true`) or only reads it.
    rows: BTreeMap<String, bool>,
}

impl Named {
    /// Returns the keys, each once, in the order of their bytes.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.rows.keys()
    }
}

fn named<P: Projector>(recorded: &Recorded) -> Result<Named, Fault> {
    let Some(event) = decode_recorded::<P::Event>(recorded, who::<P>)? else {
        return Ok(Named {
            event: None,
            rows: BTreeMap::new(),
        });
    };
    let mut rows = BTreeMap::new();
    // An event may read the rows that it changes. `keys` therefore comes last and overrides `reads`.
    let reads = (P::reads(&event, &recorded.about), false);
    let keys = (P::keys(&event, &recorded.about), true);
    for (keys, changes) in [reads, keys] {
        for key in keys {
            check_key::<P>(recorded, &key)?;
            rows.insert(key, changes);
        }
    }
    Ok(Named {
        event: Some(Box::new(event)),
        rows,
    })
}

fn check_key<P: Projector>(recorded: &Recorded, key: &str) -> Result<(), Fault> {
    name::check_key("the key of a row", key).map_err(|reason| fault::<P>(recorded, &reason))
}

/// The rows of a page of events.
pub trait Page {
    /// Folds the next event into the rows that it names.
    fn fold(&mut self, recorded: &Recorded, named: &Named) -> Result<Folded, Fault>;
    /// Returns the rows that the page changed.
    fn changed(self: Box<Self>) -> Vec<ChangedRow>;
}

/// The result of folding an event.
#[derive(Debug, PartialEq, Eq)]
pub enum Folded {
    Done,
    /// The event needs the rows with these keys as well. The caller must discard the page and start again with them.
    Needs(Vec<String>),
}

/// A row after the events folded so far.
struct PageRow<R> {
    row: Option<R>,
    stored: Stored,
}

/// The encoded form of a row.
struct Stored {
    /// `None`: the row does not exist.
    value: Option<Vec<u8>>,
    /// Index of the last event that changed the row.
    changed: Option<u32>,
}

struct PageOf<P: Projector> {
    /// Existing rows that no event has named yet.
    given: BTreeMap<String, Row>,
    /// Keys that the page has requested. A requested row that is not in `given` does not exist.
    asked: BTreeSet<String>,
    rows: BTreeMap<String, PageRow<P::Row>>,
    /// Index of the next event.
    next: u32,
}

impl<P: Projector> PageOf<P> {
    fn new(given: Vec<Row>, asked: BTreeSet<String>) -> Self {
        let given = given.into_iter().map(|row| (row.key.clone(), row));
        Self {
            given: given.collect(),
            asked,
            rows: BTreeMap::new(),
            next: 0,
        }
    }

    /// Whether it is certain that this row exists or does not exist.
    fn knows(&self, key: &String) -> bool {
        self.rows.contains_key(key) || self.given.contains_key(key) || self.asked.contains(key)
    }

    /// Takes a row out of the page.
    fn take(&mut self, recorded: &Recorded, key: &str) -> Result<PageRow<P::Row>, Fault> {
        if let Some(row) = self.rows.remove(key) {
            return Ok(row);
        }
        let given = self.given.remove(key);
        let row = given.as_ref().map(|row| decode_row::<P>(recorded, row));
        Ok(PageRow {
            row: row.transpose()?,
            stored: Stored {
                value: given.map(|row| row.value),
                changed: None,
            },
        })
    }
}

impl<P: Projector> Page for PageOf<P> {
    fn fold(&mut self, recorded: &Recorded, named: &Named) -> Result<Folded, Fault> {
        let index = self.next;
        self.next += 1;
        let Some(event) = &named.event else {
            return Ok(Folded::Done);
        };
        let Some(event) = event.downcast_ref::<P::Event>() else {
            return Err(fault::<P>(recorded, "another projector has decoded it"));
        };
        let metadata = &recorded.about;
        let mut rows = Rows::new();
        let mut stored = BTreeMap::new();
        for (key, changes) in &named.rows {
            let row = self.take(recorded, key)?;
            rows.add(key.clone(), row.row, *changes);
            stored.insert(key.clone(), row.stored);
        }
        loop {
            let mut further = P::further_keys(&rows, event, metadata);
            further.retain(|key| !stored.contains_key(key));
            if further.is_empty() {
                break;
            }
            let unknown = further.iter().filter(|key| !self.knows(key));
            let unknown: Vec<String> = unknown.cloned().collect();
            for key in &unknown {
                check_key::<P>(recorded, key)?;
            }
            if !unknown.is_empty() {
                return Ok(Folded::Needs(unknown));
            }
            for key in further {
                let row = self.take(recorded, &key)?;
                rows.add(key.clone(), row.row, true);
                stored.insert(key, row.stored);
            }
        }
        P::project(&mut rows, event, metadata);
        let rows = rows
            .into_places()
            .map_err(|reason| fault::<P>(recorded, &reason))?;
        // Both iterators are in the order of the keys.
        for ((key, row, changes), mut stored) in rows.zip(stored.into_values()) {
            if changes {
                let value = row.as_ref().map(|row| encode_row::<P>(recorded, &key, row));
                let value = value.transpose()?;
                // An unchanged row is not written.
                if value != stored.value {
                    stored = Stored {
                        value,
                        changed: Some(index),
                    };
                }
            }
            self.rows.insert(key, PageRow { row, stored });
        }
        Ok(Folded::Done)
    }

    fn changed(self: Box<Self>) -> Vec<ChangedRow> {
        let rows = self.rows.into_iter();
        let changed = rows.filter_map(|(key, row)| {
            let change = match row.stored.value {
                None => RowChange::Delete(key),
                Some(value) => RowChange::Put(Row {
                    key,
                    content_type: Json::CONTENT_TYPE.to_owned(),
                    value,
                }),
            };
            let event = row.stored.changed?;
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
