//! Events across the boundary between components.
//!
//! Here: pages of events given to `session.evolve` of a decider that the SDK built, by the host, through the
//! component model. What the host lowers, and what the SDK decodes (JSON) and folds, is in it. The whole
//! way from the store to the decider inside a composition is measured with `lengths`: a cold command
//! on a stream of 100,000 events, less a command on a short one.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use annals_tests::app;
use anyhow::{Context as _, Result, anyhow};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, Store};

use crate::apps::App;
use crate::bench::Bench;
use crate::report::{Metric, Sample};

#[allow(missing_docs, reason = "generated")]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "annals:es/decider",
    });
}

use bindings::annals::es::types::Event;

/// As many as the sourcer gives at a time.
const PAGE: u64 = 256;

/// The case of the events that a decider folds.
pub const FOLDED: &str = "pages of 256 events, folded by transact";
/// The case of the events that a decider passes over: the boundary, with no JSON behind it.
pub const PASSED_OVER: &str = "pages of 256 events, passed over by transact";

/// `boundary`
pub fn run(bench: &mut Bench) -> Result<()> {
    // Builds it.
    bench.apps.get(
        App::Deciders { snapshots: 100 },
        annals_tests::server::Kind::Annals,
    )?;
    let module = app::bank().join("target/wasm32-unknown-unknown/release/transact.wasm");
    let module = std::fs::read(&module).with_context(|| format!("reading {}", module.display()))?;
    let component = annals_compose::probe::read("transact", module)?.bytes;
    for round in 0..bench.rounds {
        for (case, event_type) in [(FOLDED, "Deposited"), (PASSED_OVER, "SomethingElse")] {
            let rate = evolve(&component, event_type, bench.time)?;
            bench.report.add(Sample {
                part: "boundary",
                case: case.into(),
                x: None,
                peer: "transact".into(),
                round,
                values: BTreeMap::from([(Metric::Events, rate)]),
            });
        }
    }
    Ok(())
}

/// Events a second.
fn evolve(component: &[u8], event_type: &str, time: Duration) -> Result<f64> {
    let lift = |error: wasmtime::Error| anyhow!("{error:#}");
    let mut config = Config::new();
    config.concurrency_support(false);
    let engine = Engine::new(&config).map_err(lift)?;
    let component = Component::new(&engine, component).map_err(lift)?;
    let linker: Linker<()> = Linker::new(&engine);
    let mut store = Store::new(&engine, ());
    let decider = bindings::Decider::instantiate(&mut store, &component, &linker).map_err(lift)?;
    let sessions = decider.annals_es_deciders().session();
    let session = sessions.call_constructor(&mut store, 0).map_err(lift)?;
    let event = |version, event_type: &str, payload: &str| Event {
        version,
        event_type: event_type.into(),
        schema_version: 1,
        content_type: "application/json".into(),
        payload: payload.into(),
    };
    let opened = event(
        1,
        "AccountOpened",
        r#"{"account":"1","owner":"Ada","deposit":100}"#,
    );
    let page: Vec<Event> = (2..2 + PAGE)
        .map(|version| event(version, event_type, r#"{"account":"1","amount":1}"#))
        .collect();
    let mut fold = |page: &[Event]| -> Result<()> {
        let folded = sessions
            .call_evolve(&mut store, session, page)
            .map_err(lift)?;
        folded.map_err(|fault| anyhow!("{}", fault.message))
    };
    fold(&[opened])?;
    let (start, mut events) = (Instant::now(), 0_u64);
    while start.elapsed() < time {
        fold(&page)?;
        events += PAGE;
    }
    #[allow(clippy::cast_precision_loss, reason = "a few digits are enough")]
    Ok(events as f64 / start.elapsed().as_secs_f64())
}
