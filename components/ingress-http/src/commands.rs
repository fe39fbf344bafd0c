//! `POST /commands/{type}`: headers to a request, outcomes to responses.

use crate::about;
use crate::annals::es::app;
use crate::annals::es::delivery;
use crate::annals::es::sourcer::{Accepted, Request as Submission, SubmitError};
use crate::annals::es::types::Precondition;
use crate::preferences;
use crate::problem::Problem;
use crate::wire::{Request, Response, digits};
use serde::Serialize;

/// Longest metadata header, in bytes.
const MAX_HEADER: usize = 200;

pub fn submit(request: &Request) -> Result<Response, Problem> {
    let submission = Submission {
        command_type: request.path.get(1).cloned().unwrap_or_default(),
        content_type: request
            .header("content-type")?
            .unwrap_or("application/json")
            .into(),
        payload: request.body.clone(),
        command_id: text(request, "Idempotency-Key")?,
        expected: expected(request)?,
        correlation_id: text(request, "Annals-Correlation-Id")?,
        causation_id: text(request, "Annals-Causation-Id")?,
        actor: text(request, "Annals-Actor")?,
        traceparent: text(request, "traceparent")?,
        // A caller may send the command again when the stream is as expected.
        settle_unmet: false,
    };
    let command_type = submission.command_type.clone();
    match app::submit(&submission) {
        Ok(accepted) => match preferences::wait(request) {
            Some(seconds) => Ok(after_reactions(&accepted, seconds)),
            None => Ok(Response::json(200, &outcome(&accepted, Vec::new())).with_tags(&accepted)),
        },
        Err(error) => Err(match error {
            SubmitError::UnknownCommand(near) => Problem::not_found(
                "unknown-command",
                "No handler takes this command",
                format!("No handler takes `{command_type}`."),
                near,
            ),
            SubmitError::Malformed(malformed) => Problem::malformed(malformed),
            SubmitError::Rejected(refused) => Problem::rejected(refused),
            SubmitError::PreconditionFailed(conflict) => Problem::precondition_failed(conflict),
            SubmitError::Conflict(conflict) => Problem::conflict(conflict),
            SubmitError::IdReused(id) => Problem::id_reused(id),
            SubmitError::Fault(fault) => Problem::handler_fault(&fault),
            SubmitError::Store(error) => Problem::store(error),
        }),
    }
}

/// What the client is told of a command that was accepted.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'a> {
    command_id: &'a str,
    stream: &'a str,
    version: u64,
    position: u64,
    events: Vec<Event<'a>>,
    duplicate: bool,
    /// Reactions that were waited for in vain.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lagging: Vec<String>,
}

#[derive(Serialize)]
struct Event<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    event_type: &'a str,
    version: u64,
}

fn outcome(accepted: &Accepted, lagging: Vec<String>) -> Outcome<'_> {
    let appended = &accepted.appended;
    let events = appended.events.iter().map(|event| Event {
        id: &event.id,
        event_type: &event.event_type,
        version: event.version,
    });
    Outcome {
        command_id: &accepted.command_id,
        stream: &accepted.stream,
        version: appended.version,
        position: appended.position,
        events: events.collect(),
        duplicate: accepted.duplicate,
        lagging,
    }
}

/// Answers when all reactions to the command's events ran, or with 202 when the time is over. The
/// command took effect either way, so a store that fails here makes all of them lag, no error.
fn after_reactions(accepted: &Accepted, seconds: u32) -> Response {
    // Without events there is nothing to wait for.
    let lagging = match accepted.appended.position {
        0 => Vec::new(),
        position => delivery::wait(position, seconds.saturating_mul(1000)).unwrap_or_else(|_| {
            let about = app::describe();
            about::reactions(&about)
                .map(|(_, reaction)| reaction.name.clone())
                .collect()
        }),
    };
    let status = if lagging.is_empty() { 200 } else { 202 };
    Response::json(status, &outcome(accepted, lagging))
        .with_tags(accepted)
        .with_header("preference-applied", format!("wait={seconds}"))
}

impl Response {
    fn with_tags(self, accepted: &Accepted) -> Self {
        self.with_header("etag", format!("\"{}\"", accepted.appended.version))
            .with_header("annals-attempts", accepted.attempts.to_string())
    }
}

/// A header that becomes metadata. Structured strings (`"key"`) lose their quotes.
fn text(request: &Request, name: &str) -> Result<Option<String>, Problem> {
    let Some(value) = request.header(name)? else {
        return Ok(None);
    };
    let value = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(value);
    if value.is_empty() || value.len() > MAX_HEADER || value.chars().any(char::is_control) {
        return Err(Problem::bad_request(
            format!("`{name}` must have 1 to {MAX_HEADER} bytes and no control characters"),
            &format!("header {name}"),
        ));
    }
    Ok(Some(value.into()))
}

/// What `If-Match` and `If-None-Match` demand of the stream.
fn expected(request: &Request) -> Result<Option<Precondition>, Problem> {
    let if_match = request.header("If-Match")?;
    let if_none_match = request.header("If-None-Match")?;
    match (if_match, if_none_match) {
        (None, None) => Ok(None),
        (None, Some("*")) => Ok(Some(Precondition::NoStream)),
        (Some("*"), None) => Ok(Some(Precondition::StreamExists)),
        (Some(tag), None) => {
            let version = tag
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'))
                .and_then(digits);
            match version {
                Some(version) => Ok(Some(Precondition::At(version))),
                None => Err(Problem::bad_request(
                    "`If-Match` takes a stream's version in quotes, such as \"7\", or *",
                    "header If-Match",
                )),
            }
        }
        (None, Some(_)) => Err(Problem::bad_request(
            "`If-None-Match` takes * only",
            "header If-None-Match",
        )),
        (Some(_), Some(_)) => Err(Problem::bad_request(
            "`If-Match` and `If-None-Match` exclude each other",
            "header If-None-Match",
        )),
    }
}
