//! Which path does what.

use crate::problem::Problem;
use crate::wire::{Request, Response};
use crate::{
    about, administration, commands, dead_letters, live, processes, queries, reactions, views,
};
use wasip2::http::types::Method;

/// What a request comes to.
pub enum Answer {
    Whole(Response),
    /// After it, a snapshot is taken, and events are delivered to reactions, as far as they are due.
    ThenDeliver(Response),
    /// Goes on until the client leaves.
    Live(live::Events),
}

/// Answers a request whose path and method fit.
type Respond = fn(&Request) -> Result<Response, Problem>;

/// What is beside the answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Also {
    Nothing,
    /// Deliveries, if the answer is that something took effect.
    DeliverNew,
    /// Deliveries: whoever reads a view wants it up to date the next time, also where it lags so
    /// far that the row is not there yet.
    DeliverRead,
}

const ROUTES: &str = "The routes are /, /commands/{type}, /streams/{stream}, /streams/{stream}/state, /events, \
    /views/{view}, /views/{view}/{key}, /admin/reactions, /admin/dead-letters, /admin/pump, /admin/repair and /healthz.";

pub fn route(request: &Request) -> Answer {
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    let (allowed, respond, also): (&str, Respond, Also) = match path.as_slice() {
        [] => ("GET", about::about, Also::Nothing),
        ["commands", _] => ("POST", commands::submit, Also::DeliverNew),
        ["streams", _] => ("GET", queries::stream, Also::Nothing),
        ["streams", _, "state"] => ("GET", queries::state, Also::Nothing),
        ["events"] if fits(request, "GET") && live::wanted(request) => {
            return match live::Events::open(request) {
                Ok(events) => Answer::Live(events),
                Err(problem) => Answer::Whole(problem.into_response()),
            };
        }
        ["events"] => ("GET", queries::log, Also::Nothing),
        ["views", _] => ("GET", views::rows, Also::DeliverRead),
        ["views", _, _] => ("GET", views::row, Also::DeliverRead),
        ["admin", "reactions"] => ("GET", reactions::all, Also::Nothing),
        ["admin", "reactions", _] => ("GET", reactions::one, Also::Nothing),
        ["admin", "reactions", _, "rebuild"] => ("POST", reactions::rebuild, Also::Nothing),
        ["admin", "reactions", _, "resume"] => ("POST", reactions::resume, Also::Nothing),
        ["admin", "reactions", _, "processes"] => ("GET", processes::all, Also::Nothing),
        ["admin", "reactions", _, "processes", _] => ("GET", processes::one, Also::Nothing),
        ["admin", "reactions", _, "generations", _] => {
            ("DELETE", reactions::drop_generation, Also::Nothing)
        }
        ["admin", "dead-letters"] => ("GET", dead_letters::all, Also::Nothing),
        ["admin", "dead-letters", _] => ("GET", dead_letters::one, Also::Nothing),
        ["admin", "dead-letters", _, "retry"] => ("POST", dead_letters::retry, Also::Nothing),
        ["admin", "dead-letters", _, "skip"] => ("POST", dead_letters::skip, Also::Nothing),
        ["admin", "pump"] => ("POST", reactions::pump, Also::Nothing),
        ["admin", "repair"] => ("POST", administration::repair, Also::Nothing),
        ["healthz"] => ("GET", queries::health, Also::Nothing),
        _ => {
            let problem = Problem::new(404, "unknown-route", "No such route", ROUTES);
            return Answer::Whole(problem.into_response());
        }
    };
    if !fits(request, allowed) {
        let detail = format!("This route takes {allowed}.");
        let problem = Problem::new(405, "method-not-allowed", "Method not allowed", detail)
            .with_header("allow", allowed);
        return Answer::Whole(problem.into_response());
    }
    let response = respond(request).unwrap_or_else(Problem::into_response);
    let deliver = match also {
        Also::Nothing => false,
        Also::DeliverNew => response.status < 300,
        Also::DeliverRead => response.status < 500,
    };
    match deliver {
        true => Answer::ThenDeliver(response),
        false => Answer::Whole(response),
    }
}

fn fits(request: &Request, allowed: &str) -> bool {
    match &request.method {
        Method::Post => allowed == "POST",
        Method::Get | Method::Head => allowed == "GET",
        Method::Delete => allowed == "DELETE",
        _ => false,
    }
}
