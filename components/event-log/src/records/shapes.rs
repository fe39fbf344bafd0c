//! The parts of commits and outcomes on disk, by version.
//!
//! Each shape is one struct for both directions, so the code defines each layout once. A writer fills it with borrowed
//! parts of the API's values, so writing copies nothing. A reader gets it with owned parts. The order of the fields
//! defines the format, so the fields of a released version never change. A later version consists of the version before
//! it and the new fields.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Bytes;
use crate::model::{MAX_EVENTS, Metadata, NewEvent, Rejection};

/// Metadata of a command, version 1.
#[derive(Serialize, Deserialize)]
pub(super) struct MetadataV1<T> {
    command_id: T,
    command_type: T,
    correlation_id: T,
    causation_id: T,
    actor: Option<T>,
    traceparent: Option<T>,
}

/// Version 2 adds extension attributes: names and values.
#[derive(Serialize, Deserialize)]
pub(super) struct MetadataV2<T, X> {
    v1: MetadataV1<T>,
    extensions: X,
}

impl<'a> From<&'a Metadata> for MetadataV1<&'a str> {
    fn from(metadata: &'a Metadata) -> Self {
        Self {
            command_id: &metadata.command_id,
            command_type: &metadata.command_type,
            correlation_id: &metadata.correlation_id,
            causation_id: &metadata.causation_id,
            actor: metadata.actor.as_deref(),
            traceparent: metadata.traceparent.as_deref(),
        }
    }
}

impl<'a> From<&'a Metadata> for MetadataV2<&'a str, &'a [(String, String)]> {
    fn from(metadata: &'a Metadata) -> Self {
        Self {
            v1: metadata.into(),
            extensions: &metadata.extensions,
        }
    }
}

impl From<MetadataV1<String>> for Metadata {
    fn from(v1: MetadataV1<String>) -> Self {
        Self {
            command_id: v1.command_id,
            command_type: v1.command_type,
            correlation_id: v1.correlation_id,
            causation_id: v1.causation_id,
            actor: v1.actor,
            traceparent: v1.traceparent,
            extensions: Vec::new(),
        }
    }
}

impl From<MetadataV2<String, Vec<(String, String)>>> for Metadata {
    fn from(MetadataV2 { v1, extensions }: MetadataV2<String, Vec<(String, String)>>) -> Self {
        Self {
            extensions,
            ..v1.into()
        }
    }
}

/// An event, version 1.
#[derive(Serialize, Deserialize)]
pub(super) struct EventV1<T, P> {
    event_type: T,
    schema_version: u32,
    content_type: T,
    payload: P,
}

/// Version 2 adds tags.
#[derive(Serialize, Deserialize)]
pub(super) struct EventV2<T, P, X> {
    v1: EventV1<T, P>,
    tags: X,
}

impl<'a> From<&'a NewEvent> for EventV1<&'a str, Borrowed<'a>> {
    fn from(event: &'a NewEvent) -> Self {
        Self {
            event_type: &event.event_type,
            schema_version: event.schema_version,
            content_type: &event.content_type,
            payload: Borrowed(&event.payload),
        }
    }
}

impl<'a> From<&'a NewEvent> for EventV2<&'a str, Borrowed<'a>, &'a [String]> {
    fn from(event: &'a NewEvent) -> Self {
        Self {
            v1: event.into(),
            tags: &event.tags,
        }
    }
}

impl From<EventV1<String, Bytes>> for NewEvent {
    fn from(v1: EventV1<String, Bytes>) -> Self {
        Self {
            event_type: v1.event_type,
            schema_version: v1.schema_version,
            content_type: v1.content_type,
            payload: v1.payload.0,
            tags: Vec::new(),
        }
    }
}

impl From<EventV2<String, Bytes, Vec<String>>> for NewEvent {
    fn from(EventV2 { v1, tags }: EventV2<String, Bytes, Vec<String>>) -> Self {
        Self { tags, ..v1.into() }
    }
}

/// A rejection, version 1.
#[derive(Serialize, Deserialize)]
pub(super) struct RejectionV1<T> {
    code: T,
    message: T,
    details: Option<T>,
}

impl<'a> From<&'a Rejection> for RejectionV1<&'a str> {
    fn from(rejection: &'a Rejection) -> Self {
        Self {
            code: &rejection.code,
            message: &rejection.message,
            details: rejection.details.as_deref(),
        }
    }
}

impl From<RejectionV1<String>> for Rejection {
    fn from(v1: RejectionV1<String>) -> Self {
        Self {
            code: v1.code,
            message: v1.message,
            details: v1.details,
        }
    }
}

/// Borrowed bytes to write.
pub(super) struct Borrowed<'a>(&'a [u8]);

impl Serialize for Borrowed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        crate::bytes::serialize(self.0, serializer)
    }
}

/// A list of events to write in the shape `T`.
pub(super) struct Written<'a, T>(&'a [NewEvent], PhantomData<T>);

impl<'a, T> Written<'a, T> {
    pub fn new(events: &'a [NewEvent]) -> Self {
        Self(events, PhantomData)
    }
}

impl<'a, T: From<&'a NewEvent> + Serialize> Serialize for Written<'a, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(T::from))
    }
}

/// A list of events that was read in the shape `T`. Each `T` is converted at once, without an intermediate list.
pub(super) struct Read<T>(pub Vec<NewEvent>, PhantomData<T>);

impl<'de, T: Deserialize<'de> + Into<NewEvent>> Deserialize<'de> for Read<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Events<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de> + Into<NewEvent>> Visitor<'de> for Events<T> {
            type Value = Vec<NewEvent>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("events")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<NewEvent>, A::Error> {
                // Limit the capacity: the count may be damaged.
                let count = seq.size_hint().unwrap_or_default().min(MAX_EVENTS);
                let mut events = Vec::with_capacity(count);
                while let Some(event) = seq.next_element::<T>()? {
                    events.push(event.into());
                }
                Ok(events)
            }
        }
        let events = deserializer.deserialize_seq(Events(PhantomData::<T>))?;
        Ok(Self(events, PhantomData))
    }
}
