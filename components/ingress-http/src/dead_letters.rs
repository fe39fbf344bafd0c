//! Deliveries that were put aside: seen, tried again, forgotten.

use crate::annals::es::administration::{self, DeadLetter, ParkedCommand, Retried};
use crate::cloudevent::CloudEvent;
use crate::problem::Problem;
use crate::queries::{limit, source};
use crate::reactions::refused;
use crate::wire::{Request, Response, time};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// `GET /admin/dead-letters`
pub fn all(request: &Request) -> Result<Response, Problem> {
    let after = request.parameter("after");
    let limit = limit(request)?;
    // One more than wanted tells whether there are more.
    let mut letters =
        administration::dead_letters(after, limit.saturating_add(1)).map_err(Problem::store)?;
    let end = letters.len() <= limit as usize;
    letters.truncate(limit as usize);
    let next = letters.last().map(|letter| letter.id.as_str()).or(after);
    let body = json!({
        "deadLetters": letters.iter().map(json_of).collect::<Vec<_>>(),
        "next": next,
        "end": end,
    });
    Ok(Response::json(200, &body))
}

/// `GET /admin/dead-letters/{id}`: with its event.
pub fn one(request: &Request) -> Result<Response, Problem> {
    let id = &request.path[2];
    let (letter, event) = administration::inspect(id).map_err(|error| refused(id, error))?;
    let mut body = json_of(&letter);
    body["event"] = serde_json::to_value(CloudEvent::new(&event, &source())).unwrap_or_default();
    Ok(Response::json(200, &body))
}

/// `POST /admin/dead-letters/{id}/retry`
pub fn retry(request: &Request) -> Result<Response, Problem> {
    let id = &request.path[2];
    match administration::retry(id).map_err(|error| refused(id, error))? {
        Retried::Delivered => Ok(Response::json(200, &json!({"result": "delivered"}))),
        Retried::Failed(reason) => Err(Problem::new(
            409,
            "still-failing",
            "It failed again, and stays a dead letter",
            reason.clone(),
        )
        .with("reason", reason)),
    }
}

/// `POST /admin/dead-letters/{id}/skip`
pub fn skip(request: &Request) -> Result<Response, Problem> {
    let id = &request.path[2];
    administration::skip(id).map_err(|error| refused(id, error))?;
    Ok(Response::json(200, &json!({"result": "skipped"})))
}

fn json_of(letter: &DeadLetter) -> Value {
    json!({
        "id": letter.id,
        "reaction": letter.reaction,
        "eventId": letter.event_id,
        "eventType": letter.event_type,
        "stream": letter.stream,
        "position": letter.position,
        "command": letter.command.as_ref().map(command),
        "attempts": letter.attempts,
        "reason": letter.reason,
        "parkedAt": time(letter.parked_at),
    })
}

fn command(parked: &ParkedCommand) -> Value {
    let command = &parked.command;
    let mut body = json!({
        "process": parked.process,
        "id": parked.id,
        "type": command.command_type,
        "contentType": command.content_type,
    });
    match serde_json::from_slice::<Value>(&command.payload) {
        Ok(payload) => body["payload"] = payload,
        Err(_) => body["payload_base64"] = STANDARD.encode(&command.payload).into(),
    }
    body
}
