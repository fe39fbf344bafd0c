//! Frozen handlers of contract 0.1.0, one of each kind, behind the current switchboards.

use annals_compose::manifest::Manifest;
use annals_compose::{pipeline, verify, wire};
use std::path::Path;
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit",
        inline: "
            package annals:test;
            world handlers {
                export annals:es/deciders@0.2.0;
                export annals:es/projectors@0.2.0;
                export annals:es/process-managers@0.2.0;
                export annals:es/notifiers@0.2.0;
            }
        ",
    });
}

use bindings::Handlers;
use bindings::annals::es::types::{Context, Metadata, RecordedEvent};
use bindings::exports::annals::es::deciders::Command;
use bindings::exports::annals::es::notifiers::Delivery;
use bindings::exports::annals::es::process_managers::{Input, Interest};
use bindings::exports::annals::es::projectors::{Projection, RowChange};

/// The frozen handlers as an application's handlers, ready to be called.
fn thawed() -> (Store<()>, Handlers) {
    let frozen = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/contract-0-1");
    let folder = tempfile::tempdir().expect("a folder");
    let mut text = String::from("[app]\nname = \"frozen\"\n");
    for kind in ["decider", "projector", "process-manager", "notifier"] {
        let component =
            wat::parse_file(frozen.join(format!("toy-{kind}.wat"))).expect("a component");
        std::fs::write(folder.path().join(format!("{kind}.wasm")), component).expect("written");
        text.push_str(&format!("[handlers.{kind}]\ncomponent = \"{kind}.wasm\"\n"));
    }
    let manifest = Manifest::parse(&folder.path().join("annals.toml"), text).expect("a manifest");
    let handlers = pipeline::check(&manifest, None)
        .expect("no problems")
        .handlers;
    let wired = wire::switchboards(&handlers).expect("it composes");
    verify::valid(&wired.bytes).expect("it is valid");
    let engine = Engine::default();
    let component = Component::from_binary(&engine, &wired.bytes).expect("it compiles");
    let mut store = Store::new(&engine, ());
    let handlers = Handlers::instantiate(&mut store, &component, &Linker::new(&engine));
    (store, handlers.expect("it needs nothing of a host"))
}

fn event() -> RecordedEvent {
    RecordedEvent {
        id: "event".into(),
        stream: "toy-7".into(),
        version: 1,
        position: 1024,
        recorded_at: 3,
        event_type: "Happened0".into(),
        schema_version: 1,
        content_type: "text/plain".into(),
        payload: b"payload".to_vec(),
        tags: vec!["toy:7".into()],
        metadata: Metadata {
            command_id: "command".into(),
            command_type: "Command0".into(),
            correlation_id: "correlation".into(),
            causation_id: "causation".into(),
            actor: Some("actor".into()),
            traceparent: None,
            extensions: vec![("tenant".into(), "a".into())],
        },
    }
}

fn context() -> Context {
    Context {
        now: 1,
        seed: 2,
        actor: None,
        extensions: vec![("tenant".into(), "a".into())],
    }
}

#[test]
fn a_frozen_decider_decides() {
    let (mut store, handlers) = thawed();
    let deciders = handlers.annals_es_deciders();
    let described = deciders.call_describe(&mut store).expect("an answer");
    assert_eq!(described[0].category, "toy");
    assert_eq!(described[0].commands[0].command_type, "Command0");
    let command = Command {
        id: "c".into(),
        command_type: "Command0".into(),
        content_type: "application/json".into(),
        payload: b"{}".to_vec(),
    };
    let stream = deciders.call_stream_id(&mut store, 0, &command);
    assert_eq!(stream.expect("an answer").expect("a stream"), "toy-0");
    let sessions = deciders.session();
    let session = sessions.call_constructor(&mut store, 0).expect("a session");
    let decision = sessions
        .call_decide(&mut store, session, &[], &command, &context())
        .expect("an answer")
        .expect("a decision");
    assert_eq!(decision.events[0].event_type, "Happened0");
    assert_eq!(decision.events[0].tags, [""; 0]);
}

#[test]
fn a_frozen_projector_folds_a_page_event_by_event() {
    let (mut store, handlers) = thawed();
    let projectors = handlers.annals_es_projectors();
    let other = RecordedEvent {
        stream: "toy-8".into(),
        ..event()
    };
    let page = [event(), other, event()];
    let keys = projectors
        .call_keys(&mut store, 0, &page)
        .expect("an answer")
        .expect("no fault");
    let keys: Vec<&str> = keys.iter().map(|keys| keys[0].key.as_str()).collect();
    assert_eq!(keys, ["toy-7", "toy-8", "toy-7"]);
    let projection = projectors
        .call_project(&mut store, 0, &page, &[], &[])
        .expect("an answer")
        .expect("no fault");
    let Projection::Changes(changes) = projection else {
        panic!("{projection:?}");
    };
    let told: Vec<(&str, u32)> = changes
        .iter()
        .map(|changed| match &changed.change {
            RowChange::Put(row) => (row.key.as_str(), changed.event),
            RowChange::Remove(row) => panic!("{row:?}"),
        })
        .collect();
    assert_eq!(told, [("toy-7", 2), ("toy-8", 1)]);
}

#[test]
fn a_frozen_process_manager_reacts() {
    let (mut store, handlers) = thawed();
    let managers = handlers.annals_es_process_managers();
    let interests = managers
        .call_interested(&mut store, 0, &event())
        .expect("an answer")
        .expect("no fault");
    assert!(matches!(&interests[..], [Interest::Start(process)] if process == "toy-7"));
    let input = Input::Event(event());
    let reacted = managers
        .call_react(
            &mut store,
            0,
            "the process",
            Some(b"state"),
            &input,
            &context(),
        )
        .expect("an answer")
        .expect("no fault");
    assert_eq!(reacted.state, b"the process");
}

#[test]
fn a_frozen_notifier_notifies() {
    let (mut store, handlers) = thawed();
    let notifiers = handlers.annals_es_notifiers();
    let described = notifiers.call_describe(&mut store).expect("an answer");
    assert_eq!(described[0].name, "notifier");
    let answer = notifiers
        .call_notify(&mut store, 0, &event(), 7)
        .expect("an answer")
        .expect("no fault");
    assert!(matches!(answer, Delivery::RetryAfter(7)), "{answer:?}");
}
