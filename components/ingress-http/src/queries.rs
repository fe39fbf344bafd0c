//! Queries: streams, the log, the state, health.

use crate::annals::es::event_reader::{self, LogFilter};
use crate::annals::es::sourcer::StateError;
use crate::annals::es::types::RecordedEvent;
use crate::annals::framework::settings;
use crate::application;
use crate::cloudevent;
use crate::conditional;
use crate::cursor;
use crate::json;
use crate::problem::Problem;
use crate::request::Request;
use crate::response::Response;
use serde::Serialize;
use serde_json::value::RawValue;
use std::cell::OnceCell;
use std::rc::Rc;

#[derive(Serialize)]
struct State<'a> {
    stream: &'a str,
    decider: &'a str,
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_base64: Option<String>,
}

/// Default and upper limit of events per page.
const DEFAULT_LIMIT: u64 = 100;
const MAX_LIMIT: u64 = 1000;

pub fn limit(request: &Request) -> Result<u32, Problem> {
    match request
        .number("limit")?
        .unwrap_or(DEFAULT_LIMIT)
        .min(MAX_LIMIT)
    {
        0 => Err(Problem::bad_request(
            "`limit` must be at least 1",
            "query parameter limit",
        )),
        limit => Ok(u32::try_from(limit).unwrap_or(u32::MAX)),
    }
}

thread_local! {
    /// The application's name is constant, so an instance reads the settings once.
    static SOURCE: OnceCell<Rc<str>> = const { OnceCell::new() };
}

/// The `source` of the application's CloudEvents.
pub fn source() -> Rc<str> {
    let make = || cloudevent::source(&settings::get().name).into();
    SOURCE.with(|known| known.get_or_init(make).clone())
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
                "`after` reads forward and `before` reads backward: give only one of them",
                "before",
            ));
        }
        Some(before) => event_reader::read_stream_backward(stream, before, limit),
        None => event_reader::read_stream(stream, after, limit),
    };
    let Some(page) = page.map_err(Problem::store)? else {
        return Err(unknown_stream(stream));
    };
    let next = page.version.max(after);
    let response = Response::written(200, body(Some(stream), &page.events, next, page.end));
    // The tag is the stream's version. Only the last page of a forward read contains it.
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
            "the query parameter `decider` is missing: it names the decider of the state",
            "query parameter decider",
        ));
    };
    let at = request.number("at")?;
    if at == Some(0) {
        return Err(Problem::bad_request(
            "`at` must be at least 1: the first version is 1",
            "query parameter at",
        ));
    }
    let state = application::state_of(stream, decider, at).map_err(|error| match error {
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
    // A changed decider may fold the same version into another state, so the tag contains a hash of the
    // state.
    let tag = conditional::tag(state.version, &[decider.as_bytes(), &state.value]);
    let (json, base64) = json::raw_or_base64(&state.value);
    let body = State {
        stream,
        decider,
        version: state.version,
        state: json,
        state_base64: base64,
    };
    Ok(Response::json(200, &body).with_header("etag", tag))
}

pub fn log(request: &Request) -> Result<Response, Problem> {
    let after = request.number("after")?.unwrap_or(0);
    let page =
        application::read_log(after, limit(request)?, &filter(request)).map_err(Problem::store)?;
    cursor::check_end(after, &page)?;
    let body = body(None, &page.events, page.next, page.end);
    Ok(Response::written(200, body))
}

/// A page of events. A page of the log has no stream: it contains all of them.
fn body(stream: Option<&str>, events: &[RecordedEvent], next: u64, end: bool) -> Vec<u8> {
    let mut out = vec![b'{'];
    if let Some(stream) = stream {
        out.extend_from_slice(br#""stream":"#);
        json::push_text(&mut out, stream);
        out.push(b',');
    }
    out.extend_from_slice(br#""events":"#);
    cloudevent::push_all(&mut out, events, &source());
    out.extend_from_slice(br#","next":"#);
    json::push_number(&mut out, next);
    let end: &[u8] = match end {
        true => br#","end":true}"#,
        false => br#","end":false}"#,
    };
    out.extend_from_slice(end);
    out
}

/// The filter that the query parameters describe.
pub fn filter(request: &Request) -> LogFilter {
    LogFilter {
        event_types: request.parameters("type"),
        categories: request.parameters("category"),
        tags: request.parameters("tag"),
    }
}

pub fn health(_: &Request) -> Result<Response, Problem> {
    application::health().map_err(Problem::store)?;
    Ok(Response::fields(200, &[("status", "ok".into())]))
}
