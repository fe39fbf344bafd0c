//! A bank in service on `wasmtime serve`: 16 clients at once, beside reactions and a live reader.

use crate::support;
use annals_tests::app;
use annals_tests::mixed::{self, Plan};
use annals_tests::server::{Kind, Place, Server};
use std::time::Duration;

fn answers_everybody(host: Kind) {
    let application = support::composed(&app::bank(), host);
    let data = tempfile::tempdir().expect("a folder");
    let serve = move |place: &Place<'_>| {
        let mut command = host.serve(place, &mixed::WASMTIME_UNDER_LOAD.map(String::from))?;
        let (name, value) = mixed::WASMTIME_THREADS;
        command.env(name, value);
        Ok(command)
    };
    let server = Server::start_by(serve, &application, data.path()).expect("the host starts");
    let plan = Plan {
        clients: 16,
        operations: 640,
        time: Duration::from_secs(60),
        seed: 17,
    };
    let outcome = mixed::play(&server, plan).expect("the host answers");
    println!("{:.0} operations/s: {outcome:?}", outcome.rate());
    let troubles = (outcome.plain_500, outcome.failed, outcome.timed_out);
    assert_eq!(troubles, (0, 0, 0), "{outcome:?}");
    assert!(outcome.wrong.is_empty(), "{outcome:?}");
}

#[test]
fn wasmtime_serve_answers_everybody_beside_its_deliveries() {
    answers_everybody(Kind::Wasmtime);
}

#[test]
fn wasmtime_serve_that_keeps_instances_answers_everybody_beside_its_deliveries() {
    answers_everybody(Kind::WasmtimeKept);
}
