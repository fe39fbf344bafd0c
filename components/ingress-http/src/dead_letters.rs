//! Dead letters: lists, retries and skips parked deliveries.

use crate::annals::es::administration::{self, DeadLetter, ParkedCommand, Retried};
use crate::cloudevent;
use crate::json;
use crate::problem::Problem;
use crate::queries::{limit, source};
use crate::reactions::refused;
use crate::request::Request;
use crate::response::{Response, time};
use serde::Serialize;
use serde_json::value::RawValue;

/// `GET /admin/dead-letters`
pub fn all(request: &Request) -> Result<Response, Problem> {
    let after = request.parameter("after");
    let limit = limit(request)?;
    let page = administration::dead_letters(after, limit).map_err(Problem::store)?;
    let body = Page {
        dead_letters: page
            .dead_letters
            .iter()
            .map(|dead_letter| described(dead_letter, None))
            .collect(),
        next: page.next.as_deref().or(after),
        end: page.end,
    };
    Ok(Response::json(200, &body))
}

/// `GET /admin/dead-letters/{id}`: with its event.
pub fn one(request: &Request) -> Result<Response, Problem> {
    let id = &request.path[2];
    let (dead_letter, event) = administration::inspect(id).map_err(|error| refused(id, error))?;
    let event = cloudevent::embedded(&event, &source());
    Ok(Response::json(200, &described(&dead_letter, event)))
}

/// `POST /admin/dead-letters/{id}/retry`
pub fn retry(request: &Request) -> Result<Response, Problem> {
    let id = &request.path[2];
    match administration::retry(id).map_err(|error| refused(id, error))? {
        Retried::Delivered => Ok(Response::fields(200, &[("result", "delivered".into())])),
        Retried::Failed(reason) => Err(Problem::new(
            409,
            "still-failing",
            "The retry failed, and the dead letter stays stored",
            reason.clone(),
        )
        .with("reason", reason)),
    }
}

/// `POST /admin/dead-letters/{id}/skip`
pub fn skip(request: &Request) -> Result<Response, Problem> {
    let id = &request.path[2];
    administration::skip(id).map_err(|error| refused(id, error))?;
    Ok(Response::fields(200, &[("result", "skipped".into())]))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    dead_letters: Vec<DeadLetterBody<'a>>,
    next: Option<&'a str>,
    end: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DeadLetterBody<'a> {
    id: &'a str,
    reaction: &'a str,
    event_id: &'a str,
    event_type: &'a str,
    stream: &'a str,
    position: u64,
    command: Option<Command<'a>>,
    /// Processes that wait until the dead letter is retried or skipped.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    waiting: &'a [String],
    attempts: u32,
    reason: &'a str,
    parked_at: String,
    /// Only in the answer to a request for one dead letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<Box<RawValue>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Command<'a> {
    process: &'a str,
    id: &'a str,
    #[serde(rename = "type")]
    command_type: &'a str,
    content_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<&'a RawValue>,
    #[serde(rename = "payload_base64", skip_serializing_if = "Option::is_none")]
    payload_base64: Option<String>,
}

fn described(dead_letter: &DeadLetter, event: Option<Box<RawValue>>) -> DeadLetterBody<'_> {
    DeadLetterBody {
        id: &dead_letter.id,
        reaction: &dead_letter.reaction,
        event_id: &dead_letter.event_id,
        event_type: &dead_letter.event_type,
        stream: &dead_letter.stream,
        position: dead_letter.position,
        command: dead_letter.command.as_ref().map(command),
        waiting: &dead_letter.waiting,
        attempts: dead_letter.attempts,
        reason: &dead_letter.reason,
        parked_at: time(dead_letter.parked_at),
        event,
    }
}

fn command(parked: &ParkedCommand) -> Command<'_> {
    let command = &parked.command;
    let (payload, payload_base64) = json::raw_or_base64(&command.payload);
    Command {
        process: &parked.process,
        id: &parked.id,
        command_type: &command.command_type,
        content_type: &command.content_type,
        payload,
        payload_base64,
    }
}
