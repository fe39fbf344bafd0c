//! Cases of projectors.

use super::file::{Case, Message};
use super::runtime::{Answer, Projectors, RecordedEvent, Row, RowChange, Runtime, Stopped};
use annals_compose::descriptors::ReactionDescriptor;
use annals_compose::descriptors::bindings::decider::annals::es::types::Metadata;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// A view's rows by key: the media type, and what they hold.
type Rows = BTreeMap<String, (String, Vec<u8>)>;

/// Plays a case on the rows of a view. What is not as it must be, a line each; nothing if all is.
///
/// # Errors
///
/// If the handler cannot even be instantiated.
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
    let got = play.fold(&mut instance);
    let mut lines = compare(&got, case);
    if lines.is_empty() {
        let again = play.fold(&mut instance);
        if again != got {
            lines.push(
                "the same events again, in the same instance, make other rows: a projector must keep \
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

/// The events that the projector is given, with all that is recorded of them.
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
            metadata: Metadata {
                command_id: format!("command-{position}"),
                command_type: "Test".into(),
                correlation_id: format!("command-{position}"),
                causation_id: format!("command-{position}"),
                actor: None,
                traceparent: None,
            },
        }
    };
    let all: Vec<RecordedEvent> = case.given.iter().zip(1..).map(recorded).collect();
    let wanted =
        |event: &RecordedEvent| of.wants.is_empty() || of.wants.contains(&event.event_type);
    all.into_iter().filter(wanted).collect()
}

struct Play<'a> {
    projector: u32,
    view: &'a str,
    events: Vec<RecordedEvent>,
    before: Rows,
}

impl Play<'_> {
    /// As the dispatcher does it: for each event the rows that it touches, and what becomes of them.
    fn fold(&self, instance: &mut Projectors) -> Answer<Rows> {
        let mut rows = self.before.clone();
        for event in &self.events {
            let touched = instance.touches(self.projector, event)?;
            if let Some(stray) = touched.iter().find(|row| row.view != self.view) {
                return Err(Stopped(format!(
                    "{} touches a row of the view `{}`, which the case is not about",
                    event.event_type, stray.view
                )));
            }
            let given: Vec<Row> = touched
                .iter()
                .filter_map(|touched| {
                    let (content_type, value) = rows.get(&touched.key)?.clone();
                    Some(Row {
                        view: touched.view.clone(),
                        key: touched.key.clone(),
                        content_type,
                        value,
                    })
                })
                .collect();
            for change in instance.project(self.projector, event, &given)? {
                let key = match &change {
                    RowChange::Put(row) => &row.key,
                    RowChange::Delete(row) => &row.key,
                };
                if !touched.iter().any(|touched| touched.key == *key) {
                    return Err(Stopped(format!(
                        "{} changes the row {key:?}, which it does not touch",
                        event.event_type
                    )));
                }
                match change {
                    RowChange::Put(row) => {
                        rows.insert(row.key, (row.content_type, row.value));
                    }
                    RowChange::Delete(row) => {
                        rows.remove(&row.key);
                    }
                }
            }
        }
        Ok(rows)
    }
}

/// As a diff: `-` expected, `+` got.
fn compare(got: &Answer<Rows>, case: &Case) -> Vec<String> {
    let got = match (got, &case.then.fault) {
        (Err(Stopped(told)), Some(expected)) if told.contains(expected) => return Vec::new(),
        (Err(Stopped(told)), Some(expected)) => {
            return vec![
                format!("- fault: ..{expected}.."),
                format!("+ fault: {told}"),
            ];
        }
        (Err(Stopped(told)), None) => return vec![format!("+ fault: {told}")],
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
