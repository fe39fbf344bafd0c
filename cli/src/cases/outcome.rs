//! The outcome of a command, and its comparison with the expected one.

use super::file::{Message, Rejected, Then};
use super::runtime::{Answer, DecideError, Decision, Stopped};
use serde_json::Value;

/// The outcome of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The decision: events for a stream.
    Decided {
        /// The stream.
        stream: String,
        /// The events, in order.
        events: Vec<Emitted>,
        /// True if they close the stream.
        close: bool,
    },
    /// The decider rejected the command.
    Rejected {
        /// Stable code.
        code: String,
        /// Message for people.
        message: String,
        /// Details as JSON.
        details: Option<String>,
    },
    /// The command could not be read: the message and the place.
    Malformed(String),
    /// The handler failed.
    Fault(String),
}

/// An event of a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emitted {
    /// Its type.
    pub event_type: String,
    /// Version of its schema.
    pub schema_version: u32,
    /// Media type of the payload.
    pub content_type: String,
    /// The payload.
    pub payload: Vec<u8>,
    /// Tags by which readers of the log can filter.
    pub tags: Vec<String>,
}

impl Outcome {
    /// Converts the result of `decide`.
    #[must_use]
    pub fn of(stream: String, answer: Answer<Result<Decision, DecideError>>) -> Self {
        match answer {
            Ok(Ok(decision)) => Self::Decided {
                stream,
                events: decision
                    .events
                    .into_iter()
                    .map(|event| Emitted {
                        event_type: event.event_type,
                        schema_version: event.schema_version,
                        content_type: event.content_type,
                        payload: event.payload,
                        tags: event.tags,
                    })
                    .collect(),
                close: decision.close,
            },
            Ok(Err(error)) => error.into(),
            Err(stopped) => stopped.into(),
        }
    }

    /// The differences from the expected outcome as a diff: `-` expected, `+` got. Empty if there
    /// are none.
    #[must_use]
    pub fn differs(&self, then: &Then) -> Vec<String> {
        let fits = |message: &str, expected: &str| message.contains(expected);
        match self {
            Self::Decided {
                stream,
                events,
                close,
            } if then.events.is_some() => {
                let expected = then.events.as_deref().unwrap_or_default();
                let mut lines = events_differ(events, expected);
                if let Some(wanted) = &then.stream
                    && wanted != stream
                {
                    lines.push(format!("- stream {wanted}"));
                    lines.push(format!("+ stream {stream}"));
                }
                let closes = then.closes.unwrap_or(false);
                if closes != *close {
                    lines.push(format!("- closes: {closes}"));
                    lines.push(format!("+ closes: {close}"));
                }
                lines
            }
            Self::Rejected {
                code,
                message,
                details,
            } if then.rejected.is_some() => {
                let got = details.as_deref().map_or(Value::Null, parse);
                match &then.rejected {
                    Some(Rejected::Whole {
                        code: wanted,
                        message: text,
                        details: value,
                    }) => {
                        let same = wanted == code
                            && text.as_ref().is_none_or(|text| text == message)
                            && value.as_ref().is_none_or(|value| *value == got);
                        if same {
                            Vec::new()
                        } else {
                            vec![format!("- {}", then_text(then)), format!("+ {self}")]
                        }
                    }
                    Some(Rejected::Code(wanted)) if wanted == code => Vec::new(),
                    _ => vec![format!("- {}", then_text(then)), format!("+ {self}")],
                }
            }
            Self::Malformed(message)
                if then.malformed.as_deref().is_some_and(|e| fits(message, e)) =>
            {
                Vec::new()
            }
            Self::Fault(message) if then.fault.as_deref().is_some_and(|e| fits(message, e)) => {
                Vec::new()
            }
            _ => {
                let mut lines: Vec<String> = then_text(then)
                    .lines()
                    .map(|line| format!("- {line}"))
                    .collect();
                lines.extend(self.to_string().lines().map(|line| format!("+ {line}")));
                lines
            }
        }
    }
}

impl From<DecideError> for Outcome {
    fn from(error: DecideError) -> Self {
        match error {
            DecideError::Malformed(malformed) => Self::Malformed(match malformed.at {
                Some(at) => format!("{} at {at}", malformed.message),
                None => malformed.message,
            }),
            DecideError::Rejected(rejection) => Self::Rejected {
                code: rejection.code,
                message: rejection.message,
                details: rejection.details,
            },
            DecideError::Failed(fault) => Self::Fault(fault.message),
        }
    }
}

impl From<Stopped> for Outcome {
    fn from(stopped: Stopped) -> Self {
        Self::Fault(stopped.0)
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Decided { events, .. } if events.is_empty() => f.write_str("no events"),
            Self::Decided { events, .. } => {
                let lines: Vec<String> = events.iter().map(Emitted::text).collect();
                f.write_str(&lines.join("\n"))
            }
            Self::Rejected {
                code,
                message,
                details,
            } => write!(
                f,
                "rejected {code}: {message:?}, details {}",
                details.as_deref().unwrap_or("null")
            ),
            Self::Malformed(message) => write!(f, "malformed: {message}"),
            Self::Fault(message) => write!(f, "fault: {message}"),
        }
    }
}

impl Emitted {
    fn text(&self) -> String {
        let (payload, kind) = (
            String::from_utf8_lossy(&self.payload),
            match self.content_type.as_str() {
                "application/json" => String::new(),
                other => format!(" as {other}"),
            },
        );
        let version = match self.schema_version {
            1 => String::new(),
            version => format!(" (schema {version})"),
        };
        let tags = tags_text(&self.tags);
        format!("{}{version}{kind} {payload}{tags}", self.event_type)
    }

    fn fits(&self, expected: &Message) -> bool {
        let payload = match &expected.raw {
            Some(raw) => raw.as_bytes() == self.payload,
            None => {
                let wanted = expected.data.clone().unwrap_or_else(|| parse("{}"));
                serde_json::from_slice::<Value>(&self.payload).is_ok_and(|got| got == wanted)
            }
        };
        payload
            && expected.r#type == self.event_type
            && expected.content_type() == self.content_type
            && expected
                .schema_version
                .is_none_or(|version| version == self.schema_version)
            && expected.tags.as_ref().is_none_or(|tags| *tags == self.tags)
    }
}

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

/// Compares event by event. The diff shows matching events between differing ones.
fn events_differ(got: &[Emitted], expected: &[Message]) -> Vec<String> {
    let same = |i: usize| match (got.get(i), expected.get(i)) {
        (Some(got), Some(expected)) => got.fits(expected),
        _ => false,
    };
    let most = got.len().max(expected.len());
    if (0..most).all(same) {
        return Vec::new();
    }
    let mut lines = Vec::new();
    for i in 0..most {
        if same(i) {
            lines.extend(got.get(i).map(|event| format!("  {}", event.text())));
            continue;
        }
        lines.extend(
            expected
                .get(i)
                .map(|event| format!("- {}", message_text(event))),
        );
        lines.extend(got.get(i).map(|event| format!("+ {}", event.text())));
    }
    lines
}

fn message_text(message: &Message) -> String {
    let payload = String::from_utf8_lossy(&message.payload()).into_owned();
    let kind = match &message.content_type {
        Some(other) if other != "application/json" => format!(" as {other}"),
        _ => String::new(),
    };
    let version = match message.schema_version {
        Some(version) if version != 1 => format!(" (schema {version})"),
        _ => String::new(),
    };
    let tags = tags_text(message.tags.as_deref().unwrap_or_default());
    format!("{}{version}{kind} {payload}{tags}", message.r#type)
}

fn tags_text(tags: &[String]) -> String {
    if tags.is_empty() {
        return String::new();
    }
    format!(" tagged {}", tags.join(", "))
}

/// The expected outcome, in the format of [`Outcome`].
fn then_text(then: &Then) -> String {
    if let Some(events) = &then.events {
        let lines: Vec<String> = events.iter().map(message_text).collect();
        return if lines.is_empty() {
            "no events".into()
        } else {
            lines.join("\n")
        };
    }
    match (&then.rejected, &then.malformed, &then.fault) {
        (Some(Rejected::Code(code)), ..) => format!("rejected {code}"),
        (
            Some(Rejected::Whole {
                code,
                message,
                details,
            }),
            ..,
        ) => {
            let mut text = format!("rejected {code}");
            if let Some(message) = message {
                text += &format!(": {message:?}");
            }
            if let Some(details) = details {
                text += &format!(", details {details}");
            }
            text
        }
        (_, Some(malformed), _) => format!("malformed: ..{malformed}.."),
        (.., Some(fault)) => format!("fault: ..{fault}.."),
        _ => "rows".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn then(text: &str) -> Then {
        serde_json::from_str(text).expect("an expectation")
    }

    fn decided(payload: &str) -> Outcome {
        Outcome::Decided {
            stream: "account-1".into(),
            events: vec![Emitted {
                event_type: "Opened".into(),
                schema_version: 1,
                content_type: "application/json".into(),
                payload: payload.into(),
                tags: vec!["account:1".into()],
            }],
            close: false,
        }
    }

    #[test]
    fn events_are_compared_as_json_and_shown_as_a_diff() {
        let outcome = decided(r#"{"a":1,"b":"x"}"#);
        let fits = |text: &str| outcome.differs(&then(text));
        for right in [
            r#"{"events":[{"type":"Opened","data":{"b":"x","a":1}}]}"#,
            r#"{"events":[{"type":"Opened","data":{"a":1,"b":"x"},"tags":["account:1"]}]}"#,
        ] {
            assert!(fits(right).is_empty(), "{right}");
        }
        for wrong in [
            r#"{"events":[]}"#,
            r#"{"events":[{"type":"Opened","data":{"a":1,"b":"y"}}]}"#,
            r#"{"events":[{"type":"Open","data":{"a":1,"b":"x"}}]}"#,
            r#"{"events":[{"type":"Opened","data":{"a":1,"b":"x"},"schema-version":2}]}"#,
            r#"{"events":[{"type":"Opened","data":{"a":1,"b":"x"},"content-type":"text/plain"}]}"#,
            r#"{"events":[{"type":"Opened","raw":"{\"b\":\"x\",\"a\":1}"}]}"#,
            r#"{"events":[{"type":"Opened","data":{"a":1,"b":"x"},"tags":[]}]}"#,
            r#"{"events":[{"type":"Opened","data":{"a":1,"b":"x"}}],"stream":"account-2"}"#,
            r#"{"events":[{"type":"Opened","data":{"a":1,"b":"x"}}],"closes":true}"#,
            r#"{"rejected":"no"}"#,
            r#"{"malformed":""}"#,
            r#"{"fault":""}"#,
        ] {
            assert!(!fits(wrong).is_empty(), "{wrong}");
        }
        assert_eq!(
            fits(r#"{"events":[{"type":"Opened","data":{"a":2,"b":"x"}}]}"#),
            [
                r#"- Opened {"a":2,"b":"x"}"#,
                r#"+ Opened {"a":1,"b":"x"} tagged account:1"#
            ]
        );
    }

    #[test]
    fn of_a_rejection_only_what_is_named_matters() {
        let outcome = Outcome::Rejected {
            code: "no".into(),
            message: "never".into(),
            details: Some(r#"{"a":1}"#.into()),
        };
        let fits = |text: &str| outcome.differs(&then(text)).is_empty();
        assert!(fits(r#"{"rejected":"no"}"#));
        assert!(fits(
            r#"{"rejected":{"code":"no","message":"never","details":{"a":1}}}"#
        ));
        assert!(!fits(r#"{"rejected":"yes"}"#));
        assert!(!fits(r#"{"rejected":{"code":"no","message":"never!"}}"#));
        assert!(!fits(r#"{"rejected":{"code":"no","details":null}}"#));
        assert!(!fits(r#"{"events":[]}"#));
    }
}
