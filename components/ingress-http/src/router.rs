//! Which path does what.

use crate::problem::Problem;
use crate::wire::{Request, Response};
use crate::{administration, commands, queries};
use wasip2::http::types::Method;

/// Answers a request whose path and method fit.
type Answer = fn(&Request) -> Result<Response, Problem>;

pub fn route(request: &Request) -> Response {
    let path: Vec<&str> = request.path.iter().map(String::as_str).collect();
    let (allowed, answer): (&str, Answer) = match path.as_slice() {
        [] => ("GET", queries::about),
        ["commands", _] => ("POST", commands::submit),
        ["streams", _] => ("GET", queries::stream),
        ["streams", _, "state"] => ("GET", queries::state),
        ["events"] => ("GET", queries::log),
        ["admin", "repair"] => ("POST", administration::repair),
        ["healthz"] => ("GET", queries::health),
        _ => {
            let detail = "The routes are /, /commands/{type}, /streams/{stream}, /streams/{stream}/state, /events, /admin/repair and /healthz.";
            return Problem::new(404, "unknown-route", "No such route", detail).into_response();
        }
    };
    let fits = match &request.method {
        Method::Post => allowed == "POST",
        Method::Get | Method::Head => allowed == "GET",
        _ => false,
    };
    if !fits {
        return Problem::new(
            405,
            "method-not-allowed",
            "Method not allowed",
            format!("This route takes {allowed}."),
        )
        .with_header("allow", allowed)
        .into_response();
    }
    answer(request).unwrap_or_else(Problem::into_response)
}
