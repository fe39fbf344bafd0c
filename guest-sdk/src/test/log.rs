//! A log of events on their streams, for tests.

use std::collections::BTreeMap;

use super::encoding::encode_event;
use crate::wire::Recorded;
use crate::{Event, EventMetadata};

/// Places an event on a stream, such as `on("account-1", event)`. The methods of [`On`] set its metadata. Versions
/// and positions count from 1.
pub fn on<E: Event>(stream: impl Into<String>, event: impl Into<E>) -> On<E> {
    On {
        event: event.into(),
        about: EventMetadata {
            event_id: String::new(),
            stream: stream.into(),
            version: 0,
            position: 0,
            recorded_at: 0,
            command_id: String::new(),
            command_type: String::new(),
            correlation_id: String::new(),
            causation_id: String::new(),
            actor: None,
            traceparent: None,
            tags: Vec::new(),
            extensions: Vec::new(),
        },
    }
}

/// An event on a stream. [`on`] creates it.
#[derive(Clone, Debug)]
#[must_use]
pub struct On<E> {
    event: E,
    /// The ids are empty unless the test sets them.
    about: EventMetadata,
}

impl<E> On<E> {
    /// Sets the time of recording, in milliseconds since the epoch. The default is 0.
    pub fn at(mut self, recorded_at: u64) -> Self {
        self.about.recorded_at = recorded_at;
        self
    }

    /// Sets the actor: the user or system that requested the change. By default there is none.
    pub fn by(mut self, actor: impl Into<String>) -> Self {
        self.about.actor = Some(actor.into());
        self
    }

    /// Sets the event id. The default is `event-` followed by the position.
    pub fn id(mut self, event_id: impl Into<String>) -> Self {
        self.about.event_id = event_id.into();
        self
    }

    /// Sets the id and type of the command that caused the event. The default id is `command-` followed by the
    /// position; the default type is empty.
    pub fn command(mut self, id: impl Into<String>, command_type: impl Into<String>) -> Self {
        self.about.command_id = id.into();
        self.about.command_type = command_type.into();
        self
    }

    /// Sets the correlation id. The default is the id of the command.
    pub fn correlation(mut self, id: impl Into<String>) -> Self {
        self.about.correlation_id = id.into();
        self
    }

    /// Sets the causation id: the command or event that led to this event. The default is the id of the command.
    pub fn causation(mut self, id: impl Into<String>) -> Self {
        self.about.causation_id = id.into();
        self
    }
}

/// The position of a test's log and the versions of its streams.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    position: u64,
    versions: BTreeMap<String, u64>,
}

impl Log {
    /// Records the next event.
    #[track_caller]
    pub fn record<E: Event>(&mut self, on: On<E>) -> Recorded {
        let encoded = encode_event(&on.event);
        let mut about = on.about;
        self.position += 1;
        let version = self.versions.entry(about.stream.clone()).or_default();
        *version += 1;
        about.version = *version;
        about.position = self.position;
        let otherwise = |id: &mut String, other: String| {
            if id.is_empty() {
                *id = other;
            }
        };
        otherwise(&mut about.event_id, format!("event-{}", self.position));
        otherwise(&mut about.command_id, format!("command-{}", self.position));
        otherwise(&mut about.correlation_id, about.command_id.clone());
        otherwise(&mut about.causation_id, about.command_id.clone());
        Recorded {
            about,
            event_type: encoded.event_type.name.to_owned(),
            schema_version: encoded.event_type.version,
            content_type: encoded.content_type.to_owned(),
            payload: encoded.payload,
        }
    }
}
