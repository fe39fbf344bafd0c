//! Measures events that cross the boundary between components.
//!
//! A pump, made here of WebAssembly text, is composed with a decider and gives it pages of 256 events, as the sourcer
//! does. The measured cost is that of the copies by the adapters between the two components, and that of the decider.
//! A fixture decider does nothing. `transact`, built with the SDK, parses events, decodes JSON and folds. For
//! comparison, the host gives the same pages to `transact`, which costs more.
//!
//! `lengths` measures the whole way from the store to the decider inside a real application: the cost of a cold
//! command on a stream of 100,000 events, minus that of a command on a short stream.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use annals_compose::generate::layout::{BASE, Image, Record};
use annals_compose::generate::{componentize, resolve_world};
use annals_fixtures::{Decider, text};
use annals_tests::app;
use annals_tests::server::Kind;
use anyhow::{Context as _, Result, anyhow};
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions};
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

/// Events in a page, as many as the sourcer gives at a time.
const PAGE: u64 = 256;
/// Pages of one call of the pump.
const PAGES: u32 = 16;

/// The case of a decider that does nothing.
pub const ALONE: &str = "component to component, nothing done with them";
/// The case of a decider that was built with the SDK.
const FOLDED: &str = "component to component, decoded and folded by transact";
/// The same decider, with events that it skips without decoding their JSON.
const PASSED_OVER: &str = "component to component, passed over by transact";
/// The same decider, with pages from the host.
const FROM_HOST: &str = "host to component, decoded and folded by transact";

/// The type and payload of a deposit.
const DEPOSITED: (&str, &str) = ("Deposited", r#"{"account":"1","amount":1}"#);
/// The type and payload of an event that the decider ignores.
const OTHER: (&str, &str) = ("SomethingElse", r#"{"account":"1","amount":1}"#);
/// The first event.
const OPENED: (&str, &str) = (
    "AccountOpened",
    r#"{"account":"1","owner":"Ada","deposit":100}"#,
);

/// `boundary`
pub fn run(bench: &mut Bench) -> Result<()> {
    // Composing the application builds the deciders.
    let deciders = App::Deciders { snapshots: 100 };
    bench.apps.get(deciders, Kind::Annals)?;
    let module = app::bank().join("target/wasm32-unknown-unknown/release/transact.wasm");
    let module = std::fs::read(&module).with_context(|| format!("reading {}", module.display()))?;
    let transact = annals_compose::handler::read("transact", module)?.bytes;
    let alone = composed(DEPOSITED, Decider::default().component()?)?;
    let folded = composed(DEPOSITED, transact.clone())?;
    let passed_over = composed(OTHER, transact.clone())?;
    for round in 0..bench.rounds {
        for (case, component) in [
            (ALONE, &alone),
            (FOLDED, &folded),
            (PASSED_OVER, &passed_over),
        ] {
            let rate = pump(component, bench.time / 2)?;
            add(bench, case, round, rate);
        }
        let rate = evolve(&transact, bench.time / 2)?;
        add(bench, FROM_HOST, round, rate);
    }
    Ok(())
}

/// The name of the measured peer in tables.
pub const PEER: &str = "one core";

fn add(bench: &mut Bench, case: &str, round: usize, rate: f64) {
    bench.report.add(Sample {
        part: "boundary",
        case: case.into(),
        x: None,
        peer: PEER.into(),
        round,
        values: BTreeMap::from([(Metric::Events, rate)]),
    });
}

/// Composes a pump of these events with a decider behind it.
fn composed(event: (&str, &str), decider: Vec<u8>) -> Result<Vec<u8>> {
    let (resolve, world) = resolve_world(
        "package annals:generated;\nworld pump { import annals:es/deciders@0.2.0; export run: func(pages: u32); }",
        "pump",
    )?;
    let pump = componentize(wat::parse_str(module(event))?, &resolve, world)?;
    let mut graph = CompositionGraph::new();
    let mut add = |name, bytes| -> Result<_> {
        let package = Package::from_bytes(name, None, bytes, graph.types_mut())?;
        Ok(graph.register_package(package)?)
    };
    let (pump, decider) = (add("pump", pump)?, add("decider", decider)?);
    wac_graph::plug(&mut graph, vec![decider], pump)?;
    Ok(graph.encode(EncodeOptions::default())?)
}

/// The pump's module: it gives a session the first event, and then the same page the requested number of times.
fn module(event: (&str, &str)) -> String {
    let mut image = Image::default();
    let first = page(&mut image, 1..2, OPENED);
    let page = page(&mut image, 2..2 + PAGE, event);
    // The result area: ok, or a message.
    let answer = image.place(&[0; 16], 8);
    let heap = image.end();
    let data = image.into_bytes();
    let memory = (heap as usize).div_ceil(1 << 16) + 1;
    let data = text::data(&data);
    let evolve = |[pointer, length]: [u32; 2]| {
        format!(
            "(call $evolve (local.get $session) (i32.const {pointer}) (i32.const {length}) (i32.const {answer}))
    (if (i32.load8_u (i32.const {answer})) (then unreachable))"
        )
    };
    let (first, page) = (evolve(first), evolve(page));
    format!(
        r#"(module
  (import "annals:es/deciders@0.2.0" "[constructor]session" (func $new (param i32) (result i32)))
  (import "annals:es/deciders@0.2.0" "[method]session.evolve" (func $evolve (param i32 i32 i32 i32)))
  (import "annals:es/deciders@0.2.0" "[resource-drop]session" (func $drop (param i32)))
  (memory (export "memory") {memory})
  (data (i32.const {BASE}) "{data}")
  ;; Only the message of a fault is put there.
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const {heap}))
  (func (export "run") (param $pages i32) (local $session i32)
    (local.set $session (call $new (i32.const 0)))
    {first}
    (loop $again
      {page}
      (local.set $pages (i32.sub (local.get $pages) (i32.const 1)))
      (br_if $again (local.get $pages)))
    (call $drop (local.get $session)))
)"#
    )
}

/// Places a page in the pump's memory. Returns its address and length.
fn page(
    image: &mut Image,
    versions: std::ops::Range<u64>,
    (event_type, payload): (&str, &str),
) -> [u32; 2] {
    let records: Vec<Record> = versions
        .map(|version| {
            let mut record = Record::default();
            record.u64(version).string(image, event_type).u32(1);
            // A list of bytes has the same layout as a string.
            record
                .string(image, "application/json")
                .string(image, payload);
            record
        })
        .collect();
    image.list(&records, 8)
}

fn lift(error: wasmtime::Error) -> anyhow::Error {
    anyhow!("{error:#}")
}

fn engine() -> Result<Engine> {
    let mut config = Config::new();
    // The same setting as in `annals-host`.
    config.concurrency_support(false);
    Engine::new(&config).map_err(lift)
}

/// Events per second that the pump delivers.
fn pump(component: &[u8], time: Duration) -> Result<f64> {
    let engine = engine()?;
    let component = Component::new(&engine, component).map_err(lift)?;
    let linker: Linker<()> = Linker::new(&engine);
    let mut store = Store::new(&engine, ());
    let instance = linker.instantiate(&mut store, &component).map_err(lift)?;
    let run = instance.get_typed_func::<(u32,), ()>(&mut store, "run");
    let run = run.map_err(lift)?;
    let (start, mut events) = (Instant::now(), 0_u64);
    while start.elapsed() < time {
        run.call(&mut store, (PAGES,)).map_err(lift)?;
        events += PAGE * u64::from(PAGES);
    }
    Ok(rate(events, start))
}

/// Events per second that the host delivers.
fn evolve(component: &[u8], time: Duration) -> Result<f64> {
    let engine = engine()?;
    let component = Component::new(&engine, component).map_err(lift)?;
    let linker: Linker<()> = Linker::new(&engine);
    let mut store = Store::new(&engine, ());
    let decider = bindings::Decider::instantiate(&mut store, &component, &linker).map_err(lift)?;
    let sessions = decider.annals_es_deciders().session();
    let session = sessions.call_constructor(&mut store, 0).map_err(lift)?;
    let event = |version, (event_type, payload): (&str, &str)| Event {
        version,
        event_type: event_type.into(),
        schema_version: 1,
        content_type: "application/json".into(),
        payload: payload.into(),
    };
    let page: Vec<Event> = (2..2 + PAGE)
        .map(|version| event(version, DEPOSITED))
        .collect();
    let mut fold = |page: &[Event]| -> Result<()> {
        let folded = sessions.call_evolve(&mut store, session, page);
        folded
            .map_err(lift)?
            .map_err(|fault| anyhow!("{}", fault.message))
    };
    fold(&[event(1, OPENED)])?;
    let (start, mut events) = (Instant::now(), 0_u64);
    while start.elapsed() < time {
        fold(&page)?;
        events += PAGE;
    }
    Ok(rate(events, start))
}

#[allow(clippy::cast_precision_loss, reason = "a few digits are enough")]
fn rate(events: u64, start: Instant) -> f64 {
    events as f64 / start.elapsed().as_secs_f64()
}
