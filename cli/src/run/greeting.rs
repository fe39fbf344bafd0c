//! The text that a user sees when an application is served.

use annals_compose::report::{Report, Route};
use serde_json::{Map, Value, json};
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;

/// Maximum number of commands that are shown. The URL shows the others.
const MAX_SHOWN_COMMANDS: usize = 3;

/// The URL of the application, and examples of requests.
#[must_use]
pub fn text(report: &Report, url: &str, folder: &Path, store: &OsStr, watching: bool) -> String {
    let mut out = String::new();
    let store = Path::new(store);
    let store = store.strip_prefix(folder).unwrap_or(store).display();
    let _ = writeln!(
        out,
        "annals: {} is served at {url} (events in {store})\n",
        report.app
    );
    let offered = report.routes.iter().filter(|route| !route.internal);
    for route in offered.take(MAX_SHOWN_COMMANDS) {
        let _ = writeln!(
            out,
            "  curl -i {url}/commands/{} -H 'content-type: application/json' -d '{}'",
            route.command,
            sample(route).replace('\'', "'\\''")
        );
    }
    let _ = writeln!(out, "  curl {url}/events");
    for view in report
        .reactions
        .iter()
        .flat_map(|reaction| &reaction.views)
        .take(MAX_SHOWN_COMMANDS)
    {
        let _ = writeln!(out, "  curl {url}/views/{view}");
    }
    let _ = writeln!(out, "  curl {url}/    # all commands, events and views\n");
    let watching = if watching {
        "; each change is built and served at once"
    } else {
        ""
    };
    let _ = writeln!(out, "Ctrl-C stops it{watching}.");
    out
}

/// An example payload of a command, made from its schema.
fn sample(route: &Route) -> String {
    let schema = route
        .schema
        .as_deref()
        .and_then(|schema| serde_json::from_str(schema).ok());
    match schema {
        Some(schema) => value(&schema, 0).to_string(),
        None => "{…}".into(),
    }
}

/// An example value of a JSON schema, for common schemas only.
fn value(schema: &Value, depth: usize) -> Value {
    if let Some(example) = schema["examples"]
        .get(0)
        .or_else(|| schema.get("default"))
        .or_else(|| schema.get("const"))
    {
        return example.clone();
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.first().and_then(Value::as_str),
        kind => kind.as_str(),
    };
    match kind {
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(true),
        Some("array") => json!([]),
        Some("null") => Value::Null,
        Some("string") => json!("1"),
        _ if depth > 8 => json!({}),
        _ => {
            let properties = schema["properties"].as_object();
            let fields = properties.into_iter().flatten();
            Value::Object(
                fields
                    .map(|(name, field)| (name.clone(), value(field, depth + 1)))
                    .collect::<Map<_, _>>(),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(schema: Option<&str>) -> Route {
        Route {
            command: "OpenAccount".into(),
            decider: "open-account".into(),
            category: "account".into(),
            precondition: "any".into(),
            internal: false,
            emits: vec![],
            schema: schema.map(Into::into),
        }
    }

    #[test]
    fn a_payload_is_made_of_the_schema() {
        let schema = r#"{"type":"object","properties":{"account":{"type":"string"},"deposit":{"type":"integer","minimum":0},
            "kind":{"enum":["a","b"]},"inner":{"properties":{"x":{"type":["boolean","null"]}}}}}"#;
        assert_eq!(
            sample(&route(Some(schema))),
            r#"{"account":"1","deposit":0,"inner":{"x":true},"kind":"a"}"#
        );
    }

    #[test]
    fn where_nothing_is_known_nothing_is_claimed() {
        assert_eq!(sample(&route(None)), "{…}");
        assert_eq!(sample(&route(Some("not json"))), "{…}");
    }
}
