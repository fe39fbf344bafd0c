//! The projector `{{name}}`: folds events into the rows of the view `{{name}}`. Clients read the view over HTTP:
//! `GET /views/{{name}}/1` and `GET /views/{{name}}`.
//!
//! A projector is pure and folds every event once, in the order of the log. Annals can always rebuild the view from the log.

use annals::{Event, EventMetadata, Projector};

/// The events that it folds, of any number of deciders. The name of a variant is the event's type.
/// Declare the fields that you need; other fields are ignored.
#[derive(Event)]
pub enum Seen {
    {{EventType}}{{Event}} {},
}

/// A row of the view, which clients receive as JSON.
#[annals::data]
pub struct {{Name}}Row {
    /// The number of events.
    pub events: u64,
    /// The time when the last one was recorded, in milliseconds since 1970-01-01T00:00:00Z.
    pub last: u64,
}

/// The projector. It has no fields: the type only names the functions below.
pub struct {{Name}}Projector;

impl Projector for {{Name}}Projector {
    type Event = Seen;
    type Row = {{Name}}Row;

    /// The name of the view, by which the store also identifies the projector. Keep it when the code moves; to
    /// rename it, use `formerly` in `annals.toml`.
    const VIEW: &'static str = "{{name}}";

    /// Raise it whenever `Row`, `keys` or `fold` changes. Annals then rebuilds the view, and serves the old one
    /// until the new one is complete.
    const VERSION: u32 = 1;

    /// The keys of the rows that an event changes: here the event's subject, `1` for the stream
    /// `account-1`.
    fn keys(_: &Seen, metadata: &EventMetadata) -> Vec<String> {
        vec![metadata.subject().to_owned()]
    }

    /// Folds an event into a row. `row` is `None` if the row does not exist; returning `None` deletes the row.
    fn fold(row: Option<{{Name}}Row>, _: &str, event: &Seen, metadata: &EventMetadata) -> Option<{{Name}}Row> {
        let before = row.map_or(0, |row| row.events);
        match event {
            Seen::{{Event}} {} => Some({{Name}}Row {
                events: before + 1,
                last: metadata.recorded_at,
            }),
        }
    }
}

// Exports the handlers when the crate is built for WebAssembly, and checks them in every build.
annals::export! { projectors: [{{Name}}Projector] }

#[cfg(test)]
mod tests;
