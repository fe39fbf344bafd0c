//! Streams, the log, the state, the app itself, health.

use crate::annals::es::app::{self, About, LogFilter};
use crate::annals::es::sourcer::StateError;
use crate::annals::es::types::Precondition;
use crate::cloudevent::CloudEvent;
use crate::problem::Problem;
use crate::wire::{Request, Response};
use base64::Engine as _;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Events in a page, unless the caller asks for fewer or more.
const LIMIT: u64 = 100;
const MAX_LIMIT: u64 = 1000;

fn limit(request: &Request) -> Result<u32, Problem> {
    let limit = request
        .number("limit")?
        .unwrap_or(LIMIT)
        .clamp(1, MAX_LIMIT);
    Ok(u32::try_from(limit).unwrap_or(u32::MAX))
}

fn source(about: &About) -> String {
    format!("/apps/{}", about.settings.name)
}

pub fn stream(request: &Request) -> Result<Response, Problem> {
    let stream = &request.path[1];
    let after = request.number("after")?.unwrap_or(0);
    let before = match request.parameter("before") {
        Some("end") => Some(None),
        Some(_) => request.number("before")?.map(Some),
        None => None,
    };
    let limit = limit(request)?;
    let page = match before {
        Some(_) if request.parameter("after").is_some() => {
            return Err(Problem::bad_request(
                "`after` reads forward and `before` backward: give one of them",
                "before",
            ));
        }
        Some(before) => app::read_stream_backward(stream, before, limit),
        None => app::read_stream(stream, after, limit),
    };
    let Some(page) = page.map_err(Problem::store)? else {
        return Err(unknown_stream(stream));
    };
    let source = source(&app::describe());
    let events: Vec<_> = page
        .events
        .iter()
        .map(|event| CloudEvent::new(event, &source))
        .collect();
    let body = json!({
        "stream": stream,
        "events": events,
        "next": page.version.max(after),
        "end": page.end,
    });
    let response = Response::json(200, &body);
    // The tag is the stream's version, which only the last page forward knows.
    Ok(match page.end && before.is_none() {
        true => response.with_header("etag", format!("\"{}\"", page.version)),
        false => response,
    })
}

fn unknown_stream(stream: &str) -> Problem {
    Problem::not_found(
        "unknown-stream",
        "No such stream",
        format!("`{stream}` has no events."),
        Vec::new(),
    )
}

pub fn state(request: &Request) -> Result<Response, Problem> {
    let stream = &request.path[1];
    let Some(decider) = request.parameter("decider") else {
        return Err(Problem::bad_request(
            "`decider` says whose state it is",
            "query parameter decider",
        ));
    };
    let at = request.number("at")?;
    if at == Some(0) {
        return Err(Problem::bad_request(
            "versions count from 1",
            "query parameter at",
        ));
    }
    let state = app::state_of(stream, decider, at).map_err(|error| match error {
        StateError::UnknownDecider(known) => Problem::not_found(
            "unknown-decider",
            "No such decider",
            format!("There is no decider `{decider}`."),
            known,
        ),
        StateError::UnknownStream => unknown_stream(stream),
        StateError::Fault(fault) => Problem::handler_fault(&fault),
        StateError::Store(error) => Problem::store(error),
    })?;
    let mut body = json!({"stream": stream, "decider": decider, "version": state.version});
    match serde_json::from_slice::<Value>(&state.value) {
        Ok(value) => body["state"] = value,
        Err(_) => {
            body["state_base64"] = base64::engine::general_purpose::STANDARD
                .encode(&state.value)
                .into()
        }
    }
    Ok(Response::json(200, &body).with_header("etag", format!("\"{}\"", state.version)))
}

pub fn log(request: &Request) -> Result<Response, Problem> {
    let after = request.number("after")?.unwrap_or(0);
    let filter = LogFilter {
        event_types: request.parameters("type"),
        categories: request.parameters("category"),
    };
    let page = app::read_log(after, limit(request)?, &filter).map_err(Problem::store)?;
    let source = source(&app::describe());
    let events: Vec<_> = page
        .events
        .iter()
        .map(|event| CloudEvent::new(event, &source))
        .collect();
    Ok(Response::json(
        200,
        &json!({"events": events, "next": page.next, "end": page.end}),
    ))
}

pub fn health(_: &Request) -> Result<Response, Problem> {
    app::health().map_err(Problem::store)?;
    Ok(Response::json(200, &json!({"status": "ok"})))
}

pub fn about(request: &Request) -> Result<Response, Problem> {
    let about = app::describe();
    let html = request
        .header("accept")?
        .is_some_and(|accept| accept.contains("text/html"));
    if html {
        return Ok(Response {
            status: 200,
            headers: vec![("content-type", "text/html; charset=utf-8".into())],
            body: page(&about).into_bytes(),
        });
    }
    let handlers: Vec<Value> = about
        .settings
        .handlers
        .iter()
        .map(|h| json!({"name": h.name, "kind": h.kind, "version": h.version}))
        .collect();
    let commands: Vec<Value> = about
        .deciders
        .iter()
        .flat_map(|decider| {
            decider.commands.iter().map(|command| {
                json!({
                    "type": command.command_type,
                    "decider": decider.name,
                    "category": decider.category,
                    "precondition": precondition(command.precondition),
                    "schema": command.schema.as_deref().and_then(|text| serde_json::from_str::<Value>(text).ok()),
                })
            })
        })
        .collect();
    let mut events: Vec<&str> = about
        .deciders
        .iter()
        .flat_map(|d| d.emits.iter().map(String::as_str))
        .collect();
    events.sort_unstable();
    events.dedup();
    let body = json!({
        "name": about.settings.name,
        "version": about.settings.version,
        "annals": env!("CARGO_PKG_VERSION"),
        "handlers": handlers,
        "commands": commands,
        "events": events,
        "views": [],
    });
    Ok(Response::json(200, &body))
}

fn precondition(precondition: Precondition) -> String {
    match precondition {
        Precondition::Any => "any".into(),
        Precondition::NoStream => "no-stream".into(),
        Precondition::StreamExists => "stream-exists".into(),
        Precondition::At(version) => format!("at {version}"),
    }
}

/// A page for people. The names come from the manifest and from components, so they are escaped.
fn page(about: &About) -> String {
    let name = escape(&about.settings.name);
    let mut html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>{name}</title>\
         <style>body{{font:16px/1.5 system-ui;margin:2rem auto;max-width:50rem;padding:0 1rem}}\
         td,th{{text-align:left;padding:.2rem 1rem .2rem 0}}</style>\
         <h1>{name} <small>{}</small></h1><h2>Commands</h2>\
         <table><tr><th>command<th>decider<th>streams<th>may emit</tr>",
        escape(&about.settings.version),
    );
    for decider in &about.deciders {
        for command in &decider.commands {
            let _ = write!(
                html,
                "<tr><td>{}<td>{}<td>{}-*<td>{}</tr>",
                escape(&command.command_type),
                escape(&decider.name),
                escape(&decider.category),
                escape(&decider.emits.join(", ")),
            );
        }
    }
    html.push_str(
        "</table><p><a href=\"/events\">events</a> <a href=\"/healthz\">health</a></p></html>",
    );
    html
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
