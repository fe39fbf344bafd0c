//! Lets the conformance suite call a store adapter from outside: `POST /call` with a call of
//! `annals-store-wire`, and `GET /healthz`. It is composed with the adapter under test.
//!
//! # Layout
//!
//! - [`http`]: reads and writes bodies with `wasi:http`.
//! - [`call`]: calls the contract's interfaces.
//! - [`convert`]: converts the wire's types to those of the bindings, and back.
#![allow(missing_docs, reason = "generated bindings")]

mod call;
mod convert;
mod http;

wit_bindgen::generate!({
    path: "../../wit",
    inline: r#"
        package annals:store-probe;

        world probe {
            import annals:es/event-reader@0.2.0;
            import annals:es/event-store@0.2.0;
            import annals:es/reaction-store@0.2.0;
        }
    "#,
    world: "annals:store-probe/probe",
    // Records have the same encoding on both sides: see annals-store-wire.
    additional_derives: [serde::Serialize, serde::Deserialize],
    generate_all,
});

use annals::es::event_reader;
use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{IncomingRequest, Method, ResponseOutparam};

struct Probe;

impl Guest for Probe {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        let (status, body) = match (request.method(), path.as_str()) {
            (Method::Post, annals_store_wire::PATH) => {
                match http::read(&request).and_then(|body| call::call(&body)) {
                    Ok(answer) => (200, answer),
                    Err(why) => (400, why.into_bytes()),
                }
            }
            (Method::Get, "/healthz") => match event_reader::health() {
                Ok(()) => (200, Vec::new()),
                Err(error) => (503, format!("{error:?}").into_bytes()),
            },
            _ => (404, b"POST /call, GET /healthz".to_vec()),
        };
        http::send(out, status, &body);
    }
}

wasip2::http::proxy::export!(Probe);
