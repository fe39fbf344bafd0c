//! The projector `{{name}}`: folds events into the rows of the view `{{name}}`, which can be read over HTTP:
//! `GET /views/{{name}}/1` and `GET /views/{{name}}`.
//!
//! It is pure, sees every event once, in the order of the log, and can always be built anew from the log.

use annals::{Event, EventMetadata, Projector};

/// The events that it folds, of any number of deciders. The name of a variant is the event's type.
/// Name the fields that you need; those that are not named are passed over.
#[derive(Event)]
pub enum Seen {
    {{EventType}}{{Event}} {},
}

/// A row of the view: JSON, for those who ask.
#[annals::data]
pub struct {{Name}}Row {
    /// How many events there were.
    pub events: u64,
    /// When the last one was recorded, in milliseconds since 1970-01-01T00:00:00Z.
    pub last: u64,
}

/// The projector itself. It holds nothing: it is a name for the functions below.
pub struct {{Name}}Projector;

impl Projector for {{Name}}Projector {
    type Event = Seen;
    type Row = {{Name}}Row;

    /// The view, and what the store knows the projector by. Keep it, wherever the code moves; `formerly` in
    /// `annals.toml` renames it.
    const VIEW: &'static str = "{{name}}";

    /// Raise it whenever `Row`, `keys` or `fold` changes: the view is built anew, and the old one
    /// answers until that is done.
    const VERSION: u32 = 1;

    /// Which rows an event changes, by their keys: here the one of the event's subject, `1` for
    /// the stream `account-1`.
    fn keys(_: &Seen, metadata: &EventMetadata) -> Vec<String> {
        vec![metadata.subject().to_owned()]
    }

    /// What becomes of a row that an event changes; there is none at first. `None` deletes it.
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

// Makes a component of this crate when it is built for WebAssembly, and checks it in any case.
annals::export! { projectors: [{{Name}}Projector] }

#[cfg(test)]
mod tests;
