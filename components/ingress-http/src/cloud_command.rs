//! Commands as CloudEvents 1.0 over HTTP, in structured mode (`application/cloudevents+json`) and binary mode (`ce-*` headers).
//!
//! | attribute | of the command |
//! |---|---|
//! | `type` | its type |
//! | `id` | its idempotency key |
//! | `datacontenttype`, and the data | its payload |
//! | `correlationid`, `causationid`, `actor`, `traceparent` | the same metadata as the headers bring |
//! | `specversion`, `source`, `subject`, `time`, `dataschema` | checked if CloudEvents requires them, and not kept |
//! | others | its extensions |

use crate::annals::es::sourcer::Request as Submission;
use crate::extensions::Extensions;
use crate::problem::Problem;
use crate::request::Request;
use crate::submission::{checked, from_headers, text};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The headers of binary mode begin like this.
const HEADER: &str = "ce-";
const STRUCTURED: &str = "application/cloudevents+json";
const JSON: &str = "application/json";

/// A CloudEvent, whichever way it came.
struct Event {
    attributes: Vec<(String, String)>,
    content_type: String,
    payload: Vec<u8>,
    /// What goes before an attribute's name where the client is told of it.
    place: &'static str,
}

/// The command of a request to `/commands`.
pub fn submission(request: &Request) -> Result<Submission, Problem> {
    let content_type = request.header("content-type")?.unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if media_type.eq_ignore_ascii_case(STRUCTURED) {
        return structured(request)?.into_submission(request);
    }
    let family = media_type.get(..24).unwrap_or_default();
    if family.eq_ignore_ascii_case("application/cloudevents-")
        || media_type.eq_ignore_ascii_case("application/cloudevents")
        || family.eq_ignore_ascii_case("application/cloudevents+")
    {
        return Err(Problem::new(
            415,
            "unsupported-media-type",
            "Unsupported media type",
            format!("`{media_type}` is not taken. Send one command at a time, as `{STRUCTURED}`."),
        ));
    }
    if request.names_after(HEADER).next().is_none() {
        return Err(Problem::bad_request(
            format!(
                "`POST /commands` takes a command as a CloudEvent: send it as `{STRUCTURED}`, or with the headers `ce-specversion`, \
                 `ce-id`, `ce-source` and `ce-type`. Without an event, send the payload to `/commands/{{type}}`"
            ),
            "header Content-Type",
        ));
    }
    binary(request)?.into_submission(request)
}

fn structured(request: &Request) -> Result<Event, Problem> {
    let body: BTreeMap<String, &RawValue> = serde_json::from_slice(&request.body)
        .map_err(|error| Problem::bad_request(format!("not a JSON object: {error}"), "body"))?;
    let mut attributes = Vec::new();
    let (mut data, mut base64) = (None, None);
    for (name, value) in body {
        match name.as_str() {
            "data" => data = Some(value),
            "data_base64" => base64 = Some(value),
            _ => {
                if let Some(text) = attribute(&name, value)? {
                    attributes.push((name, text));
                }
            }
        }
    }
    let content_type = attributes
        .iter()
        .find(|(name, _)| name == "datacontenttype");
    let content_type = content_type.map_or(JSON, |(_, value)| value);
    let payload = match (data, base64) {
        (Some(_), Some(_)) => {
            return Err(Problem::bad_request(
                "`data` and `data_base64` exclude each other",
                "attribute data_base64",
            ));
        }
        (Some(data), None) => text_or_json(data, content_type),
        (None, Some(data)) => decoded(data)?,
        (None, None) => Vec::new(),
    };
    Ok(Event {
        content_type: content_type.into(),
        attributes,
        payload,
        place: "attribute ",
    })
}

/// The text of an attribute; none where it is `null`, which is as good as absent.
fn attribute(name: &str, value: &RawValue) -> Result<Option<String>, Problem> {
    let text = value.get();
    let is_integer = || text.parse::<i32>().is_ok();
    match text {
        "null" => Ok(None),
        "true" | "false" => Ok(Some(text.into())),
        _ if is_integer() => Ok(Some(text.into())),
        _ => serde_json::from_str(text).map(Some).map_err(|_| {
            Problem::bad_request(
                "an attribute of a CloudEvent is a string, a boolean or an integer of 32 bits",
                &format!("attribute {name}"),
            )
        }),
    }
}

/// The payload in `data`: JSON as it is; a text, where the media type is no JSON.
fn text_or_json(data: &RawValue, content_type: &str) -> Vec<u8> {
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let is_json =
        media_type.eq_ignore_ascii_case(JSON) || media_type.to_ascii_lowercase().ends_with("+json");
    match serde_json::from_str::<String>(data.get()) {
        Ok(text) if !is_json => text.into_bytes(),
        _ => data.get().as_bytes().to_vec(),
    }
}

fn decoded(data: &RawValue) -> Result<Vec<u8>, Problem> {
    let text: Option<String> = serde_json::from_str(data.get()).ok();
    let bytes = text.and_then(|text| STANDARD.decode(text).ok());
    bytes.ok_or_else(|| Problem::bad_request("must be a string of Base64", "attribute data_base64"))
}

fn binary(request: &Request) -> Result<Event, Problem> {
    let mut attributes = Vec::new();
    for name in request.names_after(HEADER) {
        let header = format!("{HEADER}{name}");
        let value = request.header(&header)?.unwrap_or_default();
        let value = unescaped(value).ok_or_else(|| {
            Problem::bad_request(
                "what is percent-encoded must be UTF-8",
                &format!("header {header}"),
            )
        })?;
        attributes.push((name, value));
    }
    Ok(Event {
        attributes,
        content_type: request.header("content-type")?.unwrap_or(JSON).into(),
        payload: request.body.clone(),
        place: "header ce-",
    })
}

/// The value of a header as the HTTP binding of CloudEvents has it (section 3.1.3.2): perhaps in double quotes, then
/// percent-encoded.
fn unescaped(value: &str) -> Option<String> {
    let quoted = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let plain: String = match quoted {
        None => value.into(),
        Some(quoted) => {
            let mut plain = String::with_capacity(quoted.len());
            let mut characters = quoted.chars();
            while let Some(character) = characters.next() {
                plain.push(match character {
                    '\\' => characters.next().unwrap_or('\\'),
                    other => other,
                });
            }
            plain
        }
    };
    let decoded = percent_decode_str(&plain).decode_utf8().ok()?;
    Some(decoded.into_owned())
}

impl Event {
    fn into_submission(mut self, request: &Request) -> Result<Submission, Problem> {
        let version = self.required("specversion")?;
        if version != "1.0" {
            let at = self.at("specversion");
            let why = format!("CloudEvents 1.0 is known, not `{version}`");
            return Err(Problem::bad_request(why, &at));
        }
        self.required("source")?;
        let command_type = self.required("type")?;
        let id = self.required("id")?;
        let id = checked(&id, &self.at("id"))?;
        if let Some(key) = text(request, "Idempotency-Key")?
            && key != id
        {
            return Err(Problem::bad_request(
                "the id of a CloudEvent is the command's idempotency key: leave the header out, or give it the same value",
                "header Idempotency-Key",
            ));
        }
        let mut submission = from_headers(request)?;
        submission.command_type = command_type;
        submission.command_id = Some(id);
        for (name, field) in [
            ("correlationid", &mut submission.correlation_id),
            ("causationid", &mut submission.causation_id),
            ("actor", &mut submission.actor),
            ("traceparent", &mut submission.traceparent),
        ] {
            if let Some(value) = self.take(name) {
                *field = Some(checked(&value, &self.at(name))?);
            }
        }
        for name in ["subject", "time", "dataschema", "datacontenttype"] {
            self.take(name);
        }
        let mut extensions = Extensions::of_headers(request)?;
        for (name, value) in &self.attributes {
            extensions.add(name, value, &self.at(name))?;
        }
        submission.extensions = extensions.into_pairs();
        submission.content_type = self.content_type;
        submission.payload = self.payload;
        Ok(submission)
    }

    fn at(&self, name: &str) -> String {
        format!("{}{name}", self.place)
    }

    fn take(&mut self, name: &str) -> Option<String> {
        let index = self
            .attributes
            .iter()
            .position(|(known, _)| known == name)?;
        Some(self.attributes.remove(index).1)
    }

    /// Takes an attribute that CloudEvents requires.
    fn required(&mut self, name: &str) -> Result<String, Problem> {
        let value = self.take(name);
        value.filter(|value| !value.is_empty()).ok_or_else(|| {
            let why = format!("a CloudEvent has the attribute `{name}`, and it is not empty");
            Problem::bad_request(why, &self.at(name))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::tests::request;
    use wasip2::http::types::Method;

    fn sent(headers: &[(&str, &str)], body: &str) -> Result<Submission, u16> {
        let mut request = request(Method::Post, "/commands", headers);
        request.body = body.as_bytes().to_vec();
        submission(&request).map_err(|problem| problem.into_response().status)
    }

    fn structured(body: &str) -> Result<Submission, u16> {
        sent(
            &[(
                "content-type",
                "Application/CloudEvents+JSON; charset=utf-8",
            )],
            body,
        )
    }

    const BINARY: [(&str, &str); 4] = [
        ("ce-specversion", "1.0"),
        ("ce-id", "k-1"),
        ("ce-source", "/shop"),
        ("ce-type", "OpenAccount"),
    ];

    fn binary(more: &[(&str, &str)], body: &str) -> Result<Submission, u16> {
        sent(&[&BINARY[..], more].concat(), body)
    }

    #[test]
    fn a_structured_event_is_a_command() {
        let body = r#"{"specversion":"1.0","id":"k-1","source":"/shop","type":"OpenAccount","time":"2026-01-01T00:00:00Z",
            "subject":"account-1","actor":"ada","correlationid":"c","tenant":"a","retry":true,"shard":-7,"unset":null,
            "data":{"account": "1"}}"#;
        let command = structured(body).expect("a command");
        assert_eq!(command.command_type, "OpenAccount");
        assert_eq!(command.command_id.as_deref(), Some("k-1"));
        assert_eq!(command.payload, br#"{"account": "1"}"#);
        assert_eq!(command.content_type, "application/json");
        assert_eq!(command.actor.as_deref(), Some("ada"));
        assert_eq!(command.correlation_id.as_deref(), Some("c"));
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            command.extensions,
            [
                pair("retry", "true"),
                pair("shard", "-7"),
                pair("tenant", "a")
            ]
        );
    }

    #[test]
    fn data_may_be_text_or_base64() {
        let payload = |fields: &str| {
            let body =
                format!(r#"{{"specversion":"1.0","id":"k","source":"/","type":"T",{fields}}}"#);
            structured(&body).map(|command| command.payload)
        };
        let text = r#""datacontenttype":"text/plain","data":"a\nb""#;
        assert_eq!(payload(text), Ok(b"a\nb".to_vec()));
        assert_eq!(payload(r#""data":"a""#), Ok(br#""a""#.to_vec()));
        assert_eq!(payload(r#""data_base64":"AAE=""#), Ok(vec![0, 1]));
        assert_eq!(payload(r#""tenant":"a""#), Ok(Vec::new()));
        for wrong in [
            r#""data":1,"data_base64":"AAE=""#,
            r#""data_base64":"?""#,
            r#""data_base64":7"#,
            r#""tenant":{}"#,
            r#""tenant":1.5"#,
            r#""Tenant":"a""#,
            r#""position":"7""#,
        ] {
            assert_eq!(payload(wrong), Err(400), "{wrong}");
        }
    }

    #[test]
    fn a_binary_event_is_a_command() {
        let more = [
            ("content-type", "text/plain"),
            ("ce-tenant", "\"a \\\"b\\\" %E2%82%AC\""),
            ("Annals-Extension-Region", "eu"),
            ("traceparent", "00-1"),
        ];
        let command = binary(&more, "body").expect("a command");
        assert_eq!(command.command_type, "OpenAccount");
        assert_eq!(command.command_id.as_deref(), Some("k-1"));
        assert_eq!(
            (&*command.payload, &*command.content_type),
            (&b"body"[..], "text/plain")
        );
        assert_eq!(command.traceparent.as_deref(), Some("00-1"));
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            command.extensions,
            [pair("region", "eu"), pair("tenant", "a \"b\" \u{20ac}")]
        );
    }

    #[test]
    fn what_is_no_cloudevent_is_refused() {
        for missing in 0..BINARY.len() {
            let headers: Vec<(&str, &str)> = BINARY
                .iter()
                .enumerate()
                .filter(|(index, _)| *index != missing)
                .map(|(_, header)| *header)
                .collect();
            assert_eq!(sent(&headers, "{}").map(|_| ()), Err(400), "{missing}");
        }
        let refused = |headers: &[(&str, &str)], body: &str| sent(headers, body).err();
        assert_eq!(refused(&[], "{}"), Some(400));
        for media_type in [
            "application/cloudevents-batch+json",
            "application/cloudevents+xml",
            "application/cloudevents",
        ] {
            assert_eq!(
                refused(&[("content-type", media_type)], "[]"),
                Some(415),
                "{media_type}"
            );
        }
        assert_eq!(structured("[]").err(), Some(400));
        assert_eq!(structured("no JSON").err(), Some(400));
        assert_eq!(binary(&[("ce-specversion", "0.3")], "").err(), Some(400));
        assert_eq!(binary(&[("Idempotency-Key", "k-2")], "").err(), Some(400));
        assert!(binary(&[("Idempotency-Key", "k-1")], "").is_ok());
        let two = [("ce-tenant", "a"), ("annals-extension-tenant", "b")];
        assert_eq!(binary(&two, "").err(), Some(400));
    }
}
