//! The HTTP face of an application: routes, headers, statuses and JSON; nothing of the domain.
//!
//! # Layout
//!
//! - [`request`]: requests, as `wasi:http` gives them; [`response`]: responses, sent by it.
//! - [`routes`]: the table of routes: paths, methods, query parameters.
//! - [`router`]: from a request to an answer, and what goes on after it.
//! - [`conditional`]: `If-Match`, `If-None-Match` and tags.
//! - [`accept`]: what clients want to be answered with.
//! - [`cors`]: browsers that call from pages of other origins.
//! - [`commands`]: `POST /commands/{type}`: headers to a request, outcomes to responses.
//! - [`cloud_command`]: `POST /commands`: commands as CloudEvents.
//! - [`submission`]: what headers say of a command.
//! - [`extensions`]: extension attributes that a command brings along.
//! - [`preferences`]: the header `Prefer`.
//! - [`queries`]: streams, the log, the state, health.
//! - [`cursor`]: places in the log, as clients remember them.
//! - [`live`]: the log as a stream of server-sent events.
//! - [`views`]: rows of views.
//! - [`application`]: where commands and queries go to.
//! - [`about`]: the application itself, for programs and for people.
//! - [`administration`]: what operators do to the store.
//! - [`reactions`]: what operators see of reactions and do to them; driving deliveries.
//! - [`processes`]: what process managers remember.
//! - [`dead_letters`]: deliveries that were put aside.
//! - [`cloudevent`]: a recorded event as CloudEvents JSON.
//! - [`json`]: how answers are written.
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
                // The answer is complete before a handler is called that may trap.
                response.send(response_out);
                application::after_answer();
            }
            Answer::Live(stream) => stream.send(response_out),
        }
    }
}

wasip2::http::proxy::export!(Ingress);
