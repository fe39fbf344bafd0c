//! What is known of a recorded event beside its payload.

/// What the framework recorded with an event. Reactions get it beside the event itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventMetadata {
    /// Unique id of the event.
    pub event_id: String,
    /// The stream, such as `account-42`.
    pub stream: String,
    /// Version of the stream that this event made, from 1.
    pub version: u64,
    /// Place of the event in the order of the whole log. Positions grow strictly, with gaps.
    pub position: u64,
    /// When it was recorded, in milliseconds since 1970-01-01T00:00:00Z. Never goes back within a
    /// stream.
    pub recorded_at: u64,
    /// The command that caused it.
    pub command_id: String,
    /// That command's type.
    pub command_type: String,
    /// Shared by everything that one first cause led to.
    pub correlation_id: String,
    /// The command or event that led to it.
    pub causation_id: String,
    /// The user or system that asked for it, as the command's sender named it.
    pub actor: Option<String>,
    /// W3C trace context of the request.
    pub traceparent: Option<String>,
    /// What the event is about, such as `account:42`.
    pub tags: Vec<String>,
    /// Extension attributes of CloudEvents that came with the command: names and values.
    pub extensions: Vec<(String, String)>,
}

impl EventMetadata {
    /// The stream's category: `account` of `account-42`.
    #[must_use]
    pub fn category(&self) -> &str {
        self.parts().0
    }

    /// The id of the stream's subject: `42` of `account-42`.
    #[must_use]
    pub fn subject(&self) -> &str {
        self.parts().1
    }

    fn parts(&self) -> (&str, &str) {
        // A category has no dash; the id after it may have any number of them.
        self.stream.split_once('-').unwrap_or((&self.stream, ""))
    }
}

/// The former name of [`EventMetadata`].
#[deprecated(
    note = "renamed `EventMetadata`; beside it, a projector's `touches` is now `keys`, and a notifier's `LANES` is `CONCURRENCY`"
)]
pub type About = EventMetadata;

/// Where a reaction starts when it is first deployed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StartFrom {
    /// With the first event of the log.
    #[default]
    Origin,
    /// With the first event that is recorded from then on.
    Now,
}
