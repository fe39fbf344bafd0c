//! Converts the contract's types to the library's and back, field by field.

use annals_event_log as log;

use crate::bindings::annals::es::types as wit;
use crate::bindings::exports::annals::es::event_reader as reader;
use crate::bindings::exports::annals::es::event_store as store;

/// Conversions of records that have the same fields on both sides.
macro_rules! same_fields {
    ($($from:ty => $to:path { $($field:ident),* $(,)? })*) => {$(
        impl From<$from> for $to {
            fn from(from: $from) -> Self {
                Self { $($field: from.$field.into()),* }
            }
        }
    )*};
}

pub(crate) use same_fields;

same_fields! {
    store::Head => log::Head { cursor, version, closed }
    log::Head => store::Head { cursor, version, closed }
    log::Event => wit::Event { version, event_type, schema_version, content_type, payload }
    wit::NewEvent => log::NewEvent { event_type, schema_version, content_type, payload, tags }
    wit::Metadata => log::Metadata {
        command_id, command_type, correlation_id, causation_id, actor, traceparent, extensions,
    }
    log::Metadata => wit::Metadata {
        command_id, command_type, correlation_id, causation_id, actor, traceparent, extensions,
    }
    wit::Rejection => log::Rejection { code, message, details }
    log::Rejection => wit::Rejection { code, message, details }
    log::RecordedId => store::RecordedId { id, event_type, version }
    log::RecordedEvent => wit::RecordedEvent {
        id, stream, version, position, recorded_at, event_type, schema_version, content_type, payload, tags,
        metadata,
    }
    reader::LogFilter => log::LogFilter { event_types, categories, tags }
    store::Snapshot => log::Snapshot { state, state_version, head }
    log::Snapshot => store::Snapshot { state, state_version, head }
}

pub(crate) fn all<A, B: From<A>>(list: Vec<A>) -> Vec<B> {
    list.into_iter().map(B::from).collect()
}

impl From<log::Page> for store::Page {
    fn from(log::Page { events, head, end }: log::Page) -> Self {
        Self {
            events: all(events),
            head: head.into(),
            end,
        }
    }
}

impl From<log::StreamPage> for reader::StreamPage {
    fn from(
        log::StreamPage {
            events,
            version,
            end,
        }: log::StreamPage,
    ) -> Self {
        Self {
            events: all(events),
            version,
            end,
        }
    }
}

impl From<log::LogPage> for reader::LogPage {
    fn from(log::LogPage { events, next, end }: log::LogPage) -> Self {
        Self {
            events: all(events),
            next,
            end,
        }
    }
}

impl From<log::Appended> for store::Appended {
    fn from(
        log::Appended {
            version,
            position,
            cursor,
            events,
        }: log::Appended,
    ) -> Self {
        Self {
            version,
            position,
            cursor,
            events: all(events),
        }
    }
}

impl From<store::AppendRequest> for log::AppendRequest {
    fn from(from: store::AppendRequest) -> Self {
        Self {
            stream: from.stream,
            expected: from.expected.into(),
            cursor: from.cursor,
            events: all(from.events),
            close: from.close,
            metadata: from.metadata.into(),
            recorded_at: from.recorded_at,
            seed: from.seed,
            claim: from.claim,
        }
    }
}

impl From<wit::Precondition> for log::Precondition {
    fn from(from: wit::Precondition) -> Self {
        match from {
            wit::Precondition::Any => Self::Any,
            wit::Precondition::NoStream => Self::NoStream,
            wit::Precondition::StreamExists => Self::StreamExists,
            wit::Precondition::At(version) => Self::At(version),
        }
    }
}

impl From<log::Precondition> for wit::Precondition {
    fn from(from: log::Precondition) -> Self {
        match from {
            log::Precondition::Any => Self::Any,
            log::Precondition::NoStream => Self::NoStream,
            log::Precondition::StreamExists => Self::StreamExists,
            log::Precondition::At(version) => Self::At(version),
        }
    }
}

impl From<log::Outcome> for store::Outcome {
    fn from(from: log::Outcome) -> Self {
        match from {
            log::Outcome::Accepted(appended) => Self::Accepted(appended.into()),
            log::Outcome::Rejected(rejection) => Self::Rejected(rejection.into()),
        }
    }
}

impl From<log::Claim> for store::Claim {
    fn from(from: log::Claim) -> Self {
        match from {
            log::Claim::Fresh => Self::Fresh,
            log::Claim::Pending => Self::Pending,
            log::Claim::Done(outcome) => Self::Done(outcome.into()),
            log::Claim::Mismatch => Self::Mismatch,
        }
    }
}

impl From<log::Settled> for store::RepairOutcome {
    fn from(from: log::Settled) -> Self {
        match from {
            log::Settled::Written => Self::Written,
            log::Settled::Decided => Self::Decided,
            log::Settled::Untouched => Self::Untouched,
        }
    }
}

impl From<log::StoreError> for wit::StoreError {
    fn from(from: log::StoreError) -> Self {
        match from {
            log::StoreError::Invalid(why) => Self::Invalid(why),
            log::StoreError::Unavailable(why) => Self::Unavailable(why),
            log::StoreError::Corrupt { .. } => Self::Corrupt(from.to_string()),
            // The record is not damaged: a newer release can read it.
            log::StoreError::Newer { .. } => Self::Unavailable(from.to_string()),
            log::StoreError::InDoubt(why) => Self::InDoubt(why),
        }
    }
}

impl From<log::AppendError> for store::AppendError {
    fn from(from: log::AppendError) -> Self {
        match from {
            log::AppendError::Conflict { expected, actual } => Self::Conflict(store::Conflict {
                expected: expected.into(),
                actual,
            }),
            log::AppendError::Closed(version) => Self::Closed(version),
            log::AppendError::Claimed => Self::Claimed,
            log::AppendError::Store(error) => Self::Store(error.into()),
        }
    }
}
