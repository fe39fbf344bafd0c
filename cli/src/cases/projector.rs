//! Cases of projectors.

use super::file::{Case, Message};
use super::runtime::{
    Answer, ChangedRow, Projection, Projectors, RecordedEvent, Row, RowChange, RowKey, Runtime,
    Stopped,
};
use annals_compose::descriptors::ReactionDescriptor;
use annals_compose::descriptors::bindings::decider::annals::es::types::Metadata;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The rows of a view by key: media type and content.
type Rows = BTreeMap<String, (String, Vec<u8>)>;

/// Maximum number of times that a projector may request more rows for one page, as in the
/// dispatcher.
const MAX_ROUNDS: u32 = 32;

/// Plays a case on the rows of a view. Returns one line for each difference; none if the case
/// passes.
///
/// # Errors
///
/// If the handler cannot be instantiated.
pub fn play(
    runtime: &Runtime,
    projector: u32,
    of: &ReactionDescriptor,
    view: &str,
    case: &Case,
) -> Answer<Vec<String>> {
    let play = Play {
        projector,
        view,
        events: events(case, of),
        before: case
            .rows
            .iter()
            .map(|row| (row.key.clone(), stored(&row.value)))
            .collect(),
    };
    let mut instance = runtime.projectors()?;
    let got = play.fold(&mut instance, 1);
    let mut lines = compare(&got, case);
    if lines.is_empty() && got.is_ok() {
        let page = play.fold(&mut instance, play.events.len().max(1));
        if page != got {
            lines.push(
                "the same events in one page produce other rows: `project` must fold the events of a page one after \
                 the other"
                    .into(),
            );
        }
    }
    if lines.is_empty() {
        let again = play.fold(&mut instance, 1);
        if again != got {
            lines.push(
                "the same events again, in the same instance, produce other rows: a projector must keep \
                 nothing but its rows"
                    .into(),
            );
        }
    }
    if !lines.is_empty() {
        let printed = instance.printed();
        lines.extend(printed.lines().map(|line| format!("  it printed: {line}")));
    }
    Ok(lines)
}

fn stored(value: &Value) -> (String, Vec<u8>) {
    ("application/json".into(), value.to_string().into_bytes())
}

/// The recorded events for the projector.
fn events(case: &Case, of: &ReactionDescriptor) -> Vec<RecordedEvent> {
    let mut versions: HashMap<String, u64> = HashMap::new();
    let recorded = |(given, position): (&Message, u64)| {
        let stream = given.stream.clone().unwrap_or("case-1".into());
        let version = versions.entry(stream.clone()).or_default();
        *version += 1;
        RecordedEvent {
            id: format!("event-{position}"),
            stream,
            version: *version,
            position,
            recorded_at: given.recorded_at.unwrap_or(0),
            event_type: given.r#type.clone(),
            schema_version: given.schema_version.unwrap_or(1),
            content_type: given.content_type(),
            payload: given.payload(),
            tags: given.tags.clone().unwrap_or_default(),
            metadata: Metadata {
                command_id: format!("command-{position}"),
                command_type: "Test".into(),
                correlation_id: format!("command-{position}"),
                causation_id: format!("command-{position}"),
                actor: None,
                traceparent: None,
                extensions: given.extensions.clone().into_iter().collect(),
            },
        }
    };
    let all: Vec<RecordedEvent> = case.given.iter().zip(1..).map(recorded).collect();
    let wanted = |event: &RecordedEvent| {
        of.event_types.is_empty() || of.event_types.contains(&event.event_type)
    };
    all.into_iter().filter(wanted).collect()
}

struct Play<'a> {
    projector: u32,
    view: &'a str,
    events: Vec<RecordedEvent>,
    before: Rows,
}

impl Play<'_> {
    /// Folds like the dispatcher: for each page of events it reads the rows and applies the
    /// changes.
    fn fold(&self, instance: &mut Projectors, length: usize) -> Answer<Rows> {
        let mut rows = self.before.clone();
        for page in self.events.chunks(length) {
            self.page(instance, page, &mut rows)?;
        }
        Ok(rows)
    }

    fn page(
        &self,
        instance: &mut Projectors,
        events: &[RecordedEvent],
        rows: &mut Rows,
    ) -> Answer<()> {
        let keys = instance.keys(self.projector, events)?;
        if keys.len() != events.len() {
            return Err(Stopped(format!(
                "it returns the keys of {} events for {} given events",
                keys.len(),
                events.len()
            )));
        }
        for (event, keys) in events.iter().zip(&keys) {
            self.own(&event.event_type, keys)?;
        }
        let mut wanted: BTreeSet<String> =
            keys.iter().flatten().map(|row| row.key.clone()).collect();
        let mut needed = BTreeSet::new();
        for _ in 0..MAX_ROUNDS {
            let given = wanted.iter().filter_map(|key| {
                let (content_type, value) = rows.get(key)?.clone();
                Some(Row {
                    view: self.view.into(),
                    key: key.clone(),
                    content_type,
                    value,
                })
            });
            let given: Vec<Row> = given.collect();
            let named = needed.iter().map(|key: &String| RowKey {
                view: self.view.into(),
                key: key.clone(),
            });
            let named: Vec<RowKey> = named.collect();
            match instance.project(self.projector, events, &given, &named)? {
                Projection::Changes(changes) => {
                    return apply(events, &keys, &needed, changes, rows);
                }
                Projection::Needs(more) => {
                    self.own(&events[0].event_type, &more)?;
                    needed.extend(more.into_iter().map(|row| row.key));
                    wanted.extend(needed.iter().cloned());
                }
            }
        }
        Err(Stopped(format!("it requests more rows {MAX_ROUNDS} times")))
    }

    /// Checks that the keys are of the view of the case.
    fn own(&self, event_type: &str, keys: &[RowKey]) -> Answer<()> {
        match keys.iter().find(|row| row.view != self.view) {
            None => Ok(()),
            Some(stray) => Err(Stopped(format!(
                "{event_type} names a row of the view `{}`, but the case is about another view",
                stray.view
            ))),
        }
    }
}

fn apply(
    events: &[RecordedEvent],
    keys: &[Vec<RowKey>],
    needed: &BTreeSet<String>,
    changes: Vec<ChangedRow>,
    rows: &mut Rows,
) -> Answer<()> {
    for ChangedRow { change, event } in changes {
        let key = match &change {
            RowChange::Put(row) => &row.key,
            RowChange::Remove(row) => &row.key,
        };
        let Some((event, keys)) = events.get(event as usize).zip(keys.get(event as usize)) else {
            return Err(Stopped(format!(
                "it returns a change of the row {key:?} by event {event}, but only {} events were given",
                events.len()
            )));
        };
        if !needed.contains(key) && !keys.iter().any(|named| named.key == *key) {
            return Err(Stopped(format!(
                "{} changes the row {key:?}, which is not among its keys",
                event.event_type
            )));
        }
        match change {
            RowChange::Put(row) => {
                rows.insert(row.key, (row.content_type, row.value));
            }
            RowChange::Remove(row) => {
                rows.remove(&row.key);
            }
        }
    }
    Ok(())
}

/// Compares as a diff: `-` expected, `+` got.
fn compare(got: &Answer<Rows>, case: &Case) -> Vec<String> {
    let got = match (got, &case.then.fault) {
        (Err(Stopped(message)), Some(expected)) if message.contains(expected) => return Vec::new(),
        (Err(Stopped(message)), Some(expected)) => {
            return vec![
                format!("- fault: ..{expected}.."),
                format!("+ fault: {message}"),
            ];
        }
        (Err(Stopped(message)), None) => return vec![format!("+ fault: {message}")],
        (Ok(_), Some(expected)) => return vec![format!("- fault: ..{expected}..")],
        (Ok(rows), None) => rows,
    };
    let wanted: BTreeMap<&str, &Value> = case
        .then
        .rows
        .iter()
        .flatten()
        .map(|row| (row.key.as_str(), &row.value))
        .collect();
    let mut lines = Vec::new();
    for (key, value) in &wanted {
        let there = got.get(*key).map(|(_, bytes)| bytes);
        let read = there.and_then(|bytes| serde_json::from_slice::<Value>(bytes).ok());
        if read.as_ref() != Some(*value) {
            lines.push(format!("- {key}: {value}"));
            lines.extend(there.map(|bytes| format!("+ {key}: {}", String::from_utf8_lossy(bytes))));
        }
    }
    for (key, (_, bytes)) in got {
        if !wanted.contains_key(key.as_str()) {
            lines.push(format!("+ {key}: {}", String::from_utf8_lossy(bytes)));
        }
    }
    lines
}
