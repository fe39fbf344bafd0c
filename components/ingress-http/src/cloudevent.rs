//! A recorded event as a CloudEvents 1.0 structured event.

use crate::annals::es::types::RecordedEvent;
use crate::json::raw;
use crate::wire::time;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::value::RawValue;

#[derive(Serialize)]
pub struct CloudEvent<'a> {
    specversion: &'static str,
    id: &'a str,
    source: &'a str,
    #[serde(rename = "type")]
    event_type: &'a str,
    subject: &'a str,
    time: String,
    datacontenttype: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_base64: Option<String>,
    streamversion: u64,
    position: u64,
    commandid: &'a str,
    correlationid: &'a str,
    causationid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'a str>,
    schemaversion: u32,
}

impl<'a> CloudEvent<'a> {
    /// `source` is the application's own name as a URI reference.
    pub fn new(event: &'a RecordedEvent, source: &'a str) -> Self {
        // JSON goes in as it is; anything else, and what is not the JSON that it claims to be, as base64.
        let json = event.content_type.starts_with("application/json")
            || event.content_type.ends_with("+json");
        let data: Option<&RawValue> = if json { raw(&event.payload) } else { None };
        Self {
            specversion: "1.0",
            id: &event.id,
            source,
            event_type: &event.event_type,
            subject: &event.stream,
            time: time(event.recorded_at),
            datacontenttype: &event.content_type,
            data,
            data_base64: if data.is_none() {
                Some(STANDARD.encode(&event.payload))
            } else {
                None
            },
            streamversion: event.version,
            position: event.position,
            commandid: &event.metadata.command_id,
            correlationid: &event.metadata.correlation_id,
            causationid: &event.metadata.causation_id,
            actor: event.metadata.actor.as_deref(),
            traceparent: event.metadata.traceparent.as_deref(),
            schemaversion: event.schema_version,
        }
    }
}
