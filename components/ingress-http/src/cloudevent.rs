//! A recorded event as a CloudEvents 1.0 structured event.

use crate::annals::es::types::RecordedEvent;
use crate::extensions::is_reserved;
use crate::json::raw;
use crate::response::time;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
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
    // CloudEvents limits integers to 32 bits, so these numbers are strings.
    #[serde(serialize_with = "as_text")]
    streamversion: u64,
    #[serde(serialize_with = "as_text")]
    position: u64,
    commandid: &'a str,
    correlationid: &'a str,
    causationid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'a str>,
    schemaversion: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    tags: Option<String>,
    #[serde(flatten)]
    extensions: Attributes<'a>,
}

/// The extension attributes of the event's command.
struct Attributes<'a>(&'a [(String, String)]);

impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        // An application's own ingress may accept reserved names. The event's own attributes take precedence.
        let own = self.0.iter().filter(|(name, _)| !is_reserved(name));
        for (name, value) in own {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// Characters that are percent-encoded in tags. All tags form one string, separated by spaces.
const TAG: &AsciiSet = &CONTROLS.add(b' ').add(b'%');

fn tags(tags: &[String]) -> Option<String> {
    let encoded = tags
        .iter()
        .map(|tag| utf8_percent_encode(tag, TAG).to_string());
    let encoded: Vec<String> = encoded.collect();
    (!encoded.is_empty()).then(|| encoded.join(" "))
}

/// Characters that are percent-encoded in a segment of a URI's path (RFC 3986, section 3.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// The `source` of an application's events: a valid URI reference for any name.
pub fn source(application: &str) -> String {
    format!("/apps/{}", utf8_percent_encode(application, SEGMENT))
}

fn as_text<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

impl<'a> CloudEvent<'a> {
    /// Converts a recorded event. `source` is that of the application.
    pub fn new(event: &'a RecordedEvent, source: &'a str) -> Self {
        // JSON is embedded. Other payloads, and invalid JSON, become base64.
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
            tags: tags(&event.tags),
            extensions: Attributes(&event.metadata.extensions),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::annals::es::types::Metadata;

    #[test]
    fn a_source_is_a_uri_reference() {
        for (name, source) in [
            ("bank", "/apps/bank"),
            ("my shop", "/apps/my%20shop"),
            ("a/b?c#d%", "/apps/a%2Fb%3Fc%23d%25"),
            ("Caf\u{e9}", "/apps/Caf%C3%A9"),
            ("a:b@c;d=1", "/apps/a:b@c;d=1"),
        ] {
            assert_eq!(super::source(name), source);
        }
    }

    #[test]
    fn numbers_that_32_bits_may_not_hold_are_texts() {
        let event = RecordedEvent {
            id: "e".into(),
            stream: "a-1".into(),
            version: 3,
            position: u64::MAX,
            recorded_at: 0,
            event_type: "T".into(),
            schema_version: 2,
            content_type: "application/json".into(),
            payload: b"{}".to_vec(),
            tags: vec!["account:4 2".into(), "100%".into(), "\u{e9}".into()],
            metadata: Metadata {
                command_id: "c".into(),
                command_type: "C".into(),
                correlation_id: "c".into(),
                causation_id: "c".into(),
                actor: None,
                traceparent: None,
                extensions: vec![
                    ("tenant".into(), "a".into()),
                    ("position".into(), "0".into()),
                ],
            },
        };
        let text = serde_json::to_string(&CloudEvent::new(&event, "/apps/x")).unwrap_or_default();
        assert!(
            text.contains(
                r#""streamversion":"3","position":"18446744073709551615","commandid":"c""#
            ),
            "{text}"
        );
        let end = r#""schemaversion":2,"tags":"account:4%202 100%25 %C3%A9","tenant":"a"}"#;
        assert!(text.ends_with(end), "{text}");
    }
}
