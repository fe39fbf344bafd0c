//! Projectors, without their types.

use std::collections::BTreeMap;

use super::{check_event_types, decode_recorded, names};
use crate::wire::{Fault, ReactionDescriptor, Recorded, Row, RowChange};
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
    /// Keys of the rows that the event changes or reads, each once, in the order of their bytes.
    pub keys: fn(&Recorded) -> Result<Vec<String>, Fault>,
    /// Takes those of these rows that are there; answers those that are different now.
    pub project: fn(&Recorded, Vec<Row>) -> Result<Vec<RowChange>, Fault>,
}

impl ProjectorEntry {
    #[must_use]
    pub const fn of<P: Projector>() -> Self {
        check_projector::<P>();
        Self {
            view: P::VIEW,
            describe: describe::<P>,
            keys: keys::<P>,
            project: project::<P>,
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

fn keys<P: Projector>(recorded: &Recorded) -> Result<Vec<String>, Fault> {
    let Some(event) = decode_recorded::<P::Event>(recorded, who::<P>)? else {
        return Ok(Vec::new());
    };
    let mut keys = P::keys(&event, &recorded.about);
    keys.append(&mut P::reads(&event, &recorded.about));
    keys.sort_unstable();
    keys.dedup();
    for key in &keys {
        check_key::<P>(recorded, key)?;
    }
    Ok(keys)
}

fn check_key<P: Projector>(recorded: &Recorded, key: &str) -> Result<(), Fault> {
    name::check_key("the key of a row", key).map_err(|reason| fault::<P>(recorded, &reason))
}

fn project<P: Projector>(recorded: &Recorded, given: Vec<Row>) -> Result<Vec<RowChange>, Fault> {
    let Some(event) = decode_recorded::<P::Event>(recorded, who::<P>)? else {
        return Ok(Vec::new());
    };
    let mut before: BTreeMap<String, Row> = given
        .into_iter()
        .map(|row| (row.key.clone(), row))
        .collect();
    let mut rows = Rows::new();
    // What it changes, it may read, too: that comes last.
    let reads = (P::reads(&event, &recorded.about), false);
    let keys = (P::keys(&event, &recorded.about), true);
    for (keys, changes) in [reads, keys] {
        for key in keys {
            check_key::<P>(recorded, &key)?;
            let row = before
                .get(&key)
                .map(|row| decode_row::<P>(recorded, row))
                .transpose()?;
            rows.add(key, row, changes);
        }
    }
    P::project(&mut rows, &event, &recorded.about);
    let rows = rows
        .into_changed()
        .map_err(|reason| fault::<P>(recorded, &reason))?;
    let mut changes = Vec::new();
    for (key, row) in rows {
        let before = before.remove(&key);
        let Some(row) = row else {
            changes.extend(before.map(|_| RowChange::Delete(key)));
            continue;
        };
        let value = Json::encode(&row).map_err(|error| {
            fault::<P>(
                recorded,
                &format!("the row {key:?} cannot be encoded: {error}"),
            )
        })?;
        // A row that stays what it is is not written.
        if before.is_none_or(|before| before.value != value) {
            changes.push(RowChange::Put(Row {
                key,
                content_type: Json::CONTENT_TYPE.to_owned(),
                value,
            }));
        }
    }
    Ok(changes)
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
