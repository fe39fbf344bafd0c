//! The HTTP face of an application: routes, headers, statuses and JSON; nothing of the domain.
//!
//! # Layout
//!
//! - [`wire`]: reading requests and writing responses through `wasi:http`.
//! - [`router`]: which path does what.
//! - [`commands`]: `POST /commands/{type}`: headers to a request, outcomes to responses.
//! - [`queries`]: streams, the log, the state, the app itself, health.
//! - [`administration`]: what operators do to the store.
//! - [`cloudevent`]: a recorded event as CloudEvents JSON.
//! - [`problem`]: errors as `application/problem+json`.
#![allow(missing_docs, reason = "generated bindings")]

mod administration;
mod cloudevent;
mod commands;
mod problem;
mod queries;
mod router;
mod wire;

wit_bindgen::generate!({
    path: "../../wit",
    world: "ingress",
    generate_all,
});

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};

struct Ingress;

impl Guest for Ingress {
    fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
        let response = match wire::Request::read(request) {
            Ok(request) => router::route(&request),
            Err(problem) => problem.into_response(),
        };
        response.send(response_out);
    }
}

wasip2::http::proxy::export!(Ingress);
