//! What operators see of reactions and do to them, and how deliveries are driven from outside.

use crate::about;
use crate::annals::es::administration::{self, AdminError, DeliveryState, ReactionStatus};
use crate::annals::es::app;
use crate::annals::es::delivery::{self, DeliveryError};
use crate::problem::Problem;
use crate::views::nearest;
use crate::wire::{Request, Response, digits, time};
use serde_json::{Value, json};

/// Milliseconds that a pump works on, unless the caller says so.
const BUDGET: u64 = 1_000;
const MAX_BUDGET: u64 = 60_000;

/// `GET /admin/reactions`
pub fn all(_: &Request) -> Result<Response, Problem> {
    let about = app::describe();
    let lanes = |name: &str| {
        about::reactions(&about)
            .find(|(_, reaction)| reaction.name == name)
            .map_or(1, |(_, reaction)| reaction.lanes)
    };
    let reactions: Vec<Value> = administration::reactions()
        .map_err(Problem::store)?
        .iter()
        .map(|status| json_of(status, lanes(&status.name)))
        .collect();
    Ok(Response::json(200, &json!({"reactions": reactions})))
}

/// `GET /admin/reactions/{name}`
pub fn one(request: &Request) -> Result<Response, Problem> {
    let name = &request.path[2];
    let status = administration::reaction(name).map_err(|error| refused(name, error))?;
    let about = app::describe();
    let lanes = about::reactions(&about)
        .find(|(_, reaction)| reaction.name == status.name)
        .map_or(1, |(_, reaction)| reaction.lanes);
    Ok(Response::json(200, &json_of(&status, lanes)))
}

fn json_of(status: &ReactionStatus, lanes: u32) -> Value {
    let generations: Vec<Value> = status
        .generations
        .iter()
        .map(|generation| {
            json!({
                "number": generation.number,
                "version": generation.version,
                "position": generation.position,
                "active": generation.active,
            })
        })
        .collect();
    json!({
        "name": status.name,
        "kind": status.kind,
        "state": match status.state {
            DeliveryState::Running => "running",
            DeliveryState::Retrying => "retrying",
            DeliveryState::Stopped => "stopped",
            DeliveryState::Rebuilding => "rebuilding",
        },
        "position": status.position,
        "lag": status.lag,
        "attempts": status.attempts,
        "reason": status.reason,
        "retryAt": status.retry_at.map(time),
        "parked": status.parked,
        "lanes": lanes,
        "generations": generations,
    })
}

/// `POST /admin/reactions/{name}/rebuild`
pub fn rebuild(request: &Request) -> Result<Response, Problem> {
    let name = &request.path[2];
    let generation = administration::rebuild(name).map_err(|error| refused(name, error))?;
    Ok(Response::json(202, &json!({"generation": generation})))
}

/// `POST /admin/reactions/{name}/resume`
pub fn resume(request: &Request) -> Result<Response, Problem> {
    let name = &request.path[2];
    administration::resume(name).map_err(|error| refused(name, error))?;
    Ok(Response::json(200, &json!({"result": "resumed"})))
}

/// `DELETE /admin/reactions/{name}/generations/{number}`
pub fn drop_generation(request: &Request) -> Result<Response, Problem> {
    let name = &request.path[2];
    let number = digits(&request.path[4])
        .and_then(|number| u32::try_from(number).ok())
        .ok_or_else(|| Problem::bad_request("a generation is a number", "path"))?;
    administration::drop_generation(name, number).map_err(|error| refused(name, error))?;
    Ok(Response::json(200, &json!({"result": "dropped"})))
}

/// `POST /admin/pump`: delivers what is due for about `budget` milliseconds.
pub fn pump(request: &Request) -> Result<Response, Problem> {
    let reaction = request.parameter("reaction");
    let budget = request.number("budget")?.unwrap_or(BUDGET).min(MAX_BUDGET);
    let budget = u32::try_from(budget).unwrap_or(u32::MAX);
    let pumped = delivery::pump(reaction, budget).map_err(|error| match error {
        DeliveryError::UnknownReaction(known) => unknown(reaction.unwrap_or_default(), known),
        DeliveryError::Store(error) => Problem::store(error),
    })?;
    Ok(Response::json(
        200,
        &json!({"delivered": pumped.delivered, "more": pumped.more, "retryInMs": pumped.next}),
    ))
}

fn unknown(name: &str, known: Vec<String>) -> Problem {
    Problem::not_found(
        "unknown-reaction",
        "No such reaction",
        format!("There is no reaction `{name}`."),
        nearest(name, known),
    )
}

/// Why an operator's wish was not carried out. `subject`: what they named.
pub fn refused(subject: &str, error: AdminError) -> Problem {
    match error {
        AdminError::UnknownReaction(known) => unknown(subject, known),
        AdminError::UnknownProcess => Problem::not_found(
            "unknown-process",
            "No such process",
            format!("There is no process `{subject}`."),
            Vec::new(),
        ),
        AdminError::UnknownDeadLetter => Problem::not_found(
            "unknown-dead-letter",
            "No such dead letter",
            format!("There is no dead letter `{subject}`."),
            Vec::new(),
        ),
        AdminError::UnknownGeneration => Problem::not_found(
            "unknown-generation",
            "No such generation",
            format!("`{subject}` has no such generation."),
            Vec::new(),
        ),
        AdminError::Refused(reason) => Problem::new(409, "refused", "It cannot be done", reason),
        AdminError::Busy => Problem::new(
            409,
            "busy",
            "Another instance is delivering",
            "Another instance is delivering to this reaction right now; try again.",
        )
        .with_header("retry-after", "1"),
        AdminError::Store(error) => Problem::store(error),
    }
}
