//! The state of reactions, operators' requests about them, and pumps.

use crate::about;
use crate::annals::es::administration::{self, AdminError, DeliveryState, ReactionStatus};
use crate::annals::es::delivery::{self, DeliveryError};
use crate::application;
use crate::problem::Problem;
use crate::request::{Request, digits};
use crate::response::{Response, time};
use crate::views::nearest;
use serde::Serialize;

/// Default time budget of a pump, in milliseconds.
const DEFAULT_BUDGET_MILLIS: u64 = 1_000;

/// `GET /admin/reactions`
pub fn all(_: &Request) -> Result<Response, Problem> {
    let about = application::about();
    let concurrency = |name: &str| {
        about::reactions(&about)
            .find(|(_, reaction)| reaction.name == name)
            .map_or(1, |(_, reaction)| reaction.concurrency)
    };
    let all = administration::reactions().map_err(Problem::store)?;
    let reactions = all
        .iter()
        .map(|status| described(status, concurrency(&status.name)));
    let body = All {
        reactions: reactions.collect(),
    };
    Ok(Response::json(200, &body))
}

/// `GET /admin/reactions/{name}`
pub fn one(request: &Request) -> Result<Response, Problem> {
    let name = &request.path[2];
    let status = administration::reaction(name).map_err(|error| refused(name, error))?;
    let about = application::about();
    let concurrency = about::reactions(&about)
        .find(|(_, reaction)| reaction.name == status.name)
        .map_or(1, |(_, reaction)| reaction.concurrency);
    Ok(Response::json(200, &described(&status, concurrency)))
}

#[derive(Serialize)]
struct All<'a> {
    reactions: Vec<Reaction<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reaction<'a> {
    name: &'a str,
    kind: &'a str,
    state: &'static str,
    position: u64,
    lag: u64,
    attempts: u32,
    reason: Option<&'a str>,
    retry_at: Option<String>,
    parked: u32,
    /// Its name in JSON is fixed: clients read `lanes`.
    #[serde(rename = "lanes")]
    concurrency: u32,
    generations: Vec<Generation>,
}

#[derive(Serialize)]
struct Generation {
    number: u32,
    version: u32,
    position: u64,
    active: bool,
}

fn described(status: &ReactionStatus, concurrency: u32) -> Reaction<'_> {
    let generations = status.generations.iter().map(|generation| Generation {
        number: generation.number,
        version: generation.version,
        position: generation.position,
        active: generation.active,
    });
    Reaction {
        name: &status.name,
        kind: &status.kind,
        state: match status.state {
            DeliveryState::Running => "running",
            DeliveryState::Retrying => "retrying",
            DeliveryState::Stopped => "stopped",
            DeliveryState::Rebuilding => "rebuilding",
        },
        position: status.position,
        lag: status.lag,
        attempts: status.attempts,
        reason: status.reason.as_deref(),
        retry_at: status.retry_at.map(time),
        parked: status.parked,
        concurrency,
        generations: generations.collect(),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pumped {
    delivered: u64,
    more: bool,
    retry_in_ms: Option<u64>,
}

#[derive(Serialize)]
struct Progress<'a> {
    reactions: Vec<Reached<'a>>,
}

#[derive(Serialize)]
struct Reached<'a> {
    name: &'a str,
    position: u64,
    due: bool,
}

/// `GET /admin/progress`: the positions that all reactions have reached.
pub fn progress(_: &Request) -> Result<Response, Problem> {
    let all = delivery::progress().map_err(Problem::store)?;
    let reached = all.iter().map(|reached| Reached {
        name: &reached.reaction,
        position: reached.position,
        due: reached.due,
    });
    let body = Progress {
        reactions: reached.collect(),
    };
    Ok(Response::json(200, &body))
}

/// `POST /admin/reactions/{name}/rebuild`
pub fn rebuild(request: &Request) -> Result<Response, Problem> {
    let name = &request.path[2];
    let generation = administration::rebuild(name).map_err(|error| refused(name, error))?;
    Ok(Response::fields(
        202,
        &[("generation", u64::from(generation).into())],
    ))
}

/// `POST /admin/reactions/{name}/resume`
pub fn resume(request: &Request) -> Result<Response, Problem> {
    let name = &request.path[2];
    administration::resume(name).map_err(|error| refused(name, error))?;
    Ok(Response::fields(200, &[("result", "resumed".into())]))
}

/// `DELETE /admin/reactions/{name}/generations/{number}`
pub fn drop_generation(request: &Request) -> Result<Response, Problem> {
    let name = &request.path[2];
    let number = digits(&request.path[4])
        .and_then(|number| u32::try_from(number).ok())
        .ok_or_else(|| Problem::bad_request("the generation must be a number", "path"))?;
    administration::drop_generation(name, number).map_err(|error| refused(name, error))?;
    Ok(Response::fields(200, &[("result", "dropped".into())]))
}

/// `POST /admin/pump`: delivers due events for about `budget` milliseconds, but at most for half of the
/// host's time limit: if the host interrupts a pump, the reaction has a failed attempt.
pub fn pump(request: &Request) -> Result<Response, Problem> {
    let reaction = request.parameter("reaction");
    let budget = request.number("budget")?.unwrap_or(DEFAULT_BUDGET_MILLIS);
    let budget = budget.min(request.time_limit() / 2);
    let budget = u32::try_from(budget).unwrap_or(u32::MAX);
    let pumped = delivery::pump(reaction, budget).map_err(|error| match error {
        DeliveryError::UnknownReaction(known) => unknown(reaction.unwrap_or_default(), known),
        DeliveryError::Store(error) => Problem::store(error),
    })?;
    let body = Pumped {
        delivered: pumped.delivered,
        more: pumped.more,
        retry_in_ms: pumped.next,
    };
    Ok(Response::json(200, &body))
}

fn unknown(name: &str, known: Vec<String>) -> Problem {
    Problem::not_found(
        "unknown-reaction",
        "No such reaction",
        format!("There is no reaction `{name}`."),
        nearest(name, known),
    )
}

/// Converts the error of an operator's request. `subject` is the name in the request.
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
        AdminError::Refused(reason) => {
            Problem::new(409, "refused", "The request was refused", reason)
        }
        AdminError::Busy => Problem::new(
            409,
            "busy",
            "Another instance is delivering",
            "Another instance is delivering to this reaction. Try again.",
        )
        .with_header("retry-after", "1"),
        AdminError::Store(error) => Problem::store(error),
    }
}
