//! The HTTP interface of an application: routes, headers, statuses and JSON. It knows nothing of the domain.
//!
//! # Layout
//!
//! - [`request`]: requests from `wasi:http`; [`response`]: responses to it.
//! - [`routes`]: the table of routes: paths, methods, query parameters.
//! - [`router`]: from a request to an answer, and the work after it.
//! - [`conditional`]: `If-Match`, `If-None-Match` and entity tags.
//! - [`accept`]: content negotiation.
//! - [`cors`]: cross-origin access for browsers.
//! - [`commands`]: `POST /commands/{type}`: converts headers to a request, and outcomes to responses.
//! - [`cloud_command`]: `POST /commands`: commands as CloudEvents.
//! - [`submission`]: the command metadata in headers.
//! - [`extensions`]: extension attributes of a command.
//! - [`preferences`]: the header `Prefer`.
//! - [`queries`]: streams, the log, the state, health.
//! - [`cursor`]: places in the log that clients store.
//! - [`live`]: the log as a stream of server-sent events.
//! - [`views`]: rows of views.
//! - [`application`]: the sourcer and the store, to which routes pass commands and queries.
//! - [`about`]: the description of the application, for programs and for people.
//! - [`administration`]: operators' requests about the store.
//! - [`reactions`]: the state of reactions, operators' requests about them, and pumps.
//! - [`processes`]: stored processes of process managers.
//! - [`dead_letters`]: parked deliveries.
//! - [`cloudevent`]: recorded events as CloudEvents JSON.
//! - [`json`]: JSON in responses.
//! - [`problem`]: errors as `application/problem+json`.
#![allow(missing_docs, reason = "generated bindings")]

use annals_allocator as _;

mod about;
mod accept;
mod administration;
mod application;
mod cloud_command;
mod cloudevent;
mod commands;
mod conditional;
mod cors;
mod cursor;
mod dead_letters;
mod extensions;
mod json;
mod live;
mod preferences;
mod problem;
mod processes;
mod queries;
mod reactions;
mod request;
mod response;
mod router;
mod routes;
mod submission;
mod views;

wit_bindgen::generate!({
    path: ["../../wit", "../../wit/framework"],
    world: "annals:framework/ingress",
    generate_all,
});

use annals::framework::settings;
use router::Answer;
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};

struct Ingress;

impl Guest for Ingress {
    fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
        let mut head = request::Request::head(&request);
        let body = |head: &request::Request| head.read_body(&request);
        let answer = router::answer(&mut head, &settings::cors(), body);
        drop(request);
        match answer {
            Answer::Whole(response) => response.send(response_out),
            Answer::ThenDeliver(response) => {
                // The client must have the complete answer before a handler is called, because the handler
                // may trap.
                response.send(response_out);
                application::after_answer();
            }
            Answer::Live(stream) => stream.send(response_out),
        }
    }
}

wasip2::http::proxy::export!(Ingress);
