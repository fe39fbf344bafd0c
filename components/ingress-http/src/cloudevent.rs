//! A recorded event as a CloudEvents 1.0 structured event.
//!
//! A page has many events, so the ingress writes each event straight into the response's body, without serde (ADR 0097).

use crate::annals::es::types::RecordedEvent;
use crate::extensions::is_reserved;
use crate::json::{push_number, push_text, raw};
use crate::response::time;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::value::RawValue;

/// Upper bound of a usual event's size without its payload, in bytes.
const USUAL_BYTES: usize = 640;

/// Appends an event. `source` is the `source` of the application's events.
pub fn push(out: &mut Vec<u8>, event: &RecordedEvent, source: &str) {
    let metadata = &event.metadata;
    out.reserve(USUAL_BYTES + event.payload.len());
    out.extend_from_slice(br#"{"specversion":"1.0""#);
    text(out, r#","id":"#, &event.id);
    text(out, r#","source":"#, source);
    text(out, r#","type":"#, &event.event_type);
    text(out, r#","subject":"#, &event.stream);
    text(out, r#","time":"#, &time(event.recorded_at));
    text(out, r#","datacontenttype":"#, &event.content_type);
    // JSON is embedded. Other payloads, and invalid JSON, become base64.
    let is_json =
        event.content_type.starts_with("application/json") || event.content_type.ends_with("+json");
    let json = if is_json { raw(&event.payload) } else { None };
    match json {
        Some(json) => {
            out.extend_from_slice(br#","data":"#);
            out.extend_from_slice(json.get().as_bytes());
        }
        None => text(out, r#","data_base64":"#, &STANDARD.encode(&event.payload)),
    }
    // CloudEvents limits integers to 32 bits, so these numbers are strings.
    quoted(out, r#","streamversion":"#, event.version);
    quoted(out, r#","position":"#, event.position);
    text(out, r#","commandid":"#, &metadata.command_id);
    text(out, r#","correlationid":"#, &metadata.correlation_id);
    text(out, r#","causationid":"#, &metadata.causation_id);
    if let Some(actor) = &metadata.actor {
        text(out, r#","actor":"#, actor);
    }
    if let Some(traceparent) = &metadata.traceparent {
        text(out, r#","traceparent":"#, traceparent);
    }
    out.extend_from_slice(br#","schemaversion":"#);
    push_number(out, event.schema_version.into());
    if let Some(tags) = tags(&event.tags) {
        text(out, r#","tags":"#, &tags);
    }
    // An application's own ingress may accept reserved names. The event's own attributes take precedence.
    let own = metadata.extensions.iter();
    for (name, value) in own.filter(|(name, _)| !is_reserved(name)) {
        out.push(b',');
        push_text(out, name);
        text(out, ":", value);
    }
    out.push(b'}');
}

/// Appends the events of a page as a list.
pub fn push_all(out: &mut Vec<u8>, events: &[RecordedEvent], source: &str) {
    out.push(b'[');
    for (index, event) in events.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        push(out, event, source);
    }
    out.push(b']');
}

/// Serializes an event as a part of another response.
pub fn embedded(event: &RecordedEvent, source: &str) -> Option<Box<RawValue>> {
    let mut out = Vec::new();
    push(&mut out, event, source);
    serde_json::from_slice(&out).ok()
}

fn text(out: &mut Vec<u8>, before: &str, text: &str) {
    out.extend_from_slice(before.as_bytes());
    push_text(out, text);
}

fn quoted(out: &mut Vec<u8>, before: &str, number: u64) {
    out.extend_from_slice(before.as_bytes());
    out.push(b'"');
    push_number(out, number);
    out.push(b'"');
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
        let mut text = Vec::new();
        push(&mut text, &event, "/apps/x");
        let text = String::from_utf8(text).expect("UTF-8");
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
