//! The metadata of a recorded event.

/// The data that the framework records with an event. Reactions receive it together with the event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventMetadata {
    /// Unique id of the event.
    pub event_id: String,
    /// Name of the stream, such as `account-42`.
    pub stream: String,
    /// Version of the stream after this event, from 1.
    pub version: u64,
    /// Position of the event in the log. Positions increase strictly, with gaps.
    pub position: u64,
    /// Time of recording, in milliseconds since 1970-01-01T00:00:00Z. It never decreases within a stream.
    pub recorded_at: u64,
    /// Id of the command that caused the event.
    pub command_id: String,
    /// Type of the command that caused the event.
    pub command_type: String,
    /// Correlation id: all commands and events with the same first cause share it.
    pub correlation_id: String,
    /// Causation id: the id of the command or event that led to this event.
    pub causation_id: String,
    /// The actor: the user or system that requested the change, as the command's sender named it.
    pub actor: Option<String>,
    /// W3C trace context of the request.
    pub traceparent: Option<String>,
    /// Tags: the subjects that the event is about, such as `account:42`.
    pub tags: Vec<String>,
    /// CloudEvents extension attributes that came with the command: names and values.
    pub extensions: Vec<(String, String)>,
}

impl EventMetadata {
    /// Returns the stream's category: `account` of `account-42`.
    #[must_use]
    pub fn category(&self) -> &str {
        self.parts().0
    }

    /// Returns the id of the stream's subject: `42` of `account-42`.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.parts().1
    }

    fn parts(&self) -> (&str, &str) {
        // A category has no dash; the id after it may have any number of them.
        self.stream.split_once('-').unwrap_or((&self.stream, ""))
    }
}

/// Former name of [`EventMetadata`].
#[deprecated(
    note = "renamed `EventMetadata`; beside it, a projector's `touches` is now `keys`, and a notifier's `LANES` is `CONCURRENCY`"
)]
pub type About = EventMetadata;

/// The position in the log where a reaction starts when it is first deployed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StartFrom {
    /// At the first event of the log.
    #[default]
    Origin,
    /// At the first event that is recorded after the deployment.
    Now,
}
