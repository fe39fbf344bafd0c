//! A typed REST API for the bank.
//!
//! It stands in front of the framework's own HTTP ingress: what it does not know it passes on, so that
//! `/events`, `/admin` and the rest stay as they are.
//!
//! | route | what |
//! |---|---|
//! | `POST /accounts` `{"account", "owner", "deposit"}` | 201, `Location` |
//! | `GET /accounts/{account}` | 200 `{"account", "owner", "balance"}`, or 404 |
//! | `POST /accounts/{account}/deposits` `{"amount"}` | 201 `{"account", "version"}` |
//! | `POST /accounts/{account}/withdrawals` `{"amount"}` | 201 `{"account", "version"}` |
//! | `POST /transfers` `{"transfer", "from", "to", "amount"}` | 202, `Location` of its events |
//!
//! `Idempotency-Key` is the command's id, as in the framework's own routes.
//!
//! # Layout
//!
//! - [`bank`]: the routes, as commands and queries of the application.
//! - [`http`]: reading requests and writing responses.
#![allow(missing_docs, reason = "generated bindings")]

mod bank;
mod http;

wit_bindgen::generate!({
    path: ["../../../wit", "wit"],
    world: "bank:rest/rest",
    with: {
        "wasi:http/types@0.2.4": wasip2::http::types,
    },
    generate_all,
});

use annals::es::delivery;
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, ResponseOutparam};

struct Rest;

impl Guest for Rest {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let target = request.path_with_query().unwrap_or_default();
        let path = target.split('?').next().unwrap_or_default().to_owned();
        match bank::Route::of(&request.method(), &path) {
            Some(route) => {
                let answer = match http::read(&request) {
                    Ok(asked) => bank::answer(route, &asked),
                    Err(refusal) => refusal,
                };
                answer.send(out);
                // Only after the answer: a reaction that traps must not take it back.
                delivery::after_answer();
            }
            None => wasi::http::incoming_handler::handle(request, out),
        }
    }
}

wasip2::http::proxy::export!(Rest);
