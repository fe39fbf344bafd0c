//! Runs switchboards of reactions: any number of components of every kind behind one interface each.

#[allow(dead_code, reason = "shared with other tests")]
use annals_compose::check::Checked;
use annals_compose::descriptors::{EventSchema, ReactionDescriptor, StartFrom};
use annals_compose::kind::Kind;
use annals_compose::manifest::Manifest;
use annals_compose::{pipeline, verify, wire};
use annals_fixtures::{Reactions, projector, reaction};
use std::fmt::Write as _;
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
use bindings::annals::es::types::{Context, Metadata, RecordedEvent, Row};
use bindings::exports::annals::es::notifiers::Delivery;
use bindings::exports::annals::es::process_managers::{Input, Interest};
use bindings::exports::annals::es::projectors::{Projection, RowChange};

/// Checks components like the files of a manifest, with the names `toy-0` and so on.
fn checked(components: &[Vec<u8>]) -> Vec<Checked> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut text = String::from("[app]\nname = \"toys\"\n");
    for (number, component) in components.iter().enumerate() {
        let file = format!("toy-{number:03}.wasm");
        std::fs::write(folder.path().join(&file), component).expect("written");
        let _ = writeln!(text, "[handlers.toy-{number:03}]\ncomponent = \"{file}\"");
    }
    let file = folder.path().join("annals.toml");
    let manifest = Manifest::parse(&file, text).expect("a manifest");
    pipeline::check(&manifest, None)
        .expect("no problems")
        .handlers
}

/// The handlers behind their switchboards, ready to be called.
struct Composed {
    store: Store<()>,
    handlers: Handlers,
}

fn composed(components: &[Vec<u8>]) -> Composed {
    let wired = wire::switchboards(&checked(components)).expect("it composes");
    verify::valid(&wired.bytes).expect("it is valid");
    let engine = Engine::default();
    let component = Component::from_binary(&engine, &wired.bytes).expect("it compiles");
    let mut store = Store::new(&engine, ());
    let handlers = Handlers::instantiate(&mut store, &component, &Linker::new(&engine))
        .expect("it needs nothing of a host");
    Composed { store, handlers }
}

fn event(stream: &str) -> RecordedEvent {
    RecordedEvent {
        id: "event".into(),
        stream: stream.into(),
        version: 1,
        position: 2,
        recorded_at: 3,
        event_type: "Happened".into(),
        schema_version: 1,
        content_type: "text/plain".into(),
        payload: b"payload".to_vec(),
        tags: Vec::new(),
        metadata: Metadata {
            command_id: "command".into(),
            command_type: "Do".into(),
            correlation_id: "correlation".into(),
            causation_id: "causation".into(),
            actor: Some("actor".into()),
            traceparent: None,
            extensions: Vec::new(),
        },
    }
}

#[test]
fn each_of_a_hundred_and_fifty_projectors_answers_for_itself() {
    let components: Vec<Vec<u8>> = (0..150)
        .map(|n| Reactions::of(Kind::Projector, &[projector(&format!("view-{n}"))]).component())
        .collect();
    let Composed {
        mut store,
        handlers,
    } = composed(&components);
    let projectors = handlers.annals_es_projectors();
    let described = projectors.call_describe(&mut store).expect("an answer");
    let names: Vec<String> = described.into_iter().map(|one| one.name).collect();
    let expected: Vec<String> = (0..150).map(|n| format!("view-{n}")).collect();
    assert_eq!(names, expected);
    // Call twice, so that data left over from the first call would be noticed.
    for index in (0..150).chain(0..150) {
        let stream = format!("stream-of-{index}");
        let touched = projectors
            .call_keys(&mut store, index, &[event(&stream)])
            .expect("an answer")
            .expect("no fault");
        let touched: Vec<_> = touched[0]
            .iter()
            .map(|row| (&*row.view, &*row.key))
            .collect();
        assert_eq!(touched, [(&*format!("view-{index}"), &*stream)]);
    }
    let old = Row {
        view: "view-149".into(),
        key: "k".into(),
        content_type: "text/plain".into(),
        value: vec![7; 5000],
    };
    for index in [0, 63, 64, 127, 128, 149] {
        let changes = projectors
            .call_project(
                &mut store,
                index,
                &[event("a-1")],
                std::slice::from_ref(&old),
                &[],
            )
            .expect("an answer")
            .expect("no fault");
        let Projection::Changes(changes) = changes else {
            panic!("{changes:?}");
        };
        let [changed] = &changes[..] else {
            panic!("{changes:?}");
        };
        let RowChange::Put(row) = &changed.change else {
            panic!("{changed:?}");
        };
        assert_eq!(changed.event, 0);
        assert_eq!(row.view, format!("view-{index}"));
        assert_eq!((&*row.key, &*row.content_type), ("a-1", "text/plain"));
        assert_eq!(row.value, b"payload");
    }
}

#[test]
fn what_a_reaction_says_of_itself_arrives_whole() {
    let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
    let notifier = ReactionDescriptor {
        name: "toy-000".into(),
        version: 7,
        // The check rejects an event that no decider emits.
        event_types: texts(&[]),
        emits: texts(&["A", "Bb"]),
        views: texts(&["v"]),
        start: StartFrom::Now,
        concurrency: 16,
        schemas: vec![EventSchema {
            event_type: "A".into(),
            version: 3,
            schema: Some("{}".into()),
        }],
        annotations: vec![("since".into(), "7".into())],
    };
    let toy = Reactions::of(Kind::Notifier, std::slice::from_ref(&notifier)).component();
    let other = Reactions::of(Kind::Notifier, &[reaction("n")]).component();
    let Composed {
        mut store,
        handlers,
    } = composed(&[toy, other]);
    let notifiers = handlers.annals_es_notifiers();
    let described = notifiers.call_describe(&mut store).expect("an answer");
    assert_eq!(format!("{:?}", described[0]), format!("{notifier:?}"));
    assert_eq!(described.len(), 2);
}

#[test]
fn an_index_that_nobody_has_traps() {
    let toy = Reactions::of(Kind::Projector, &[projector("v")]).component();
    let Composed {
        mut store,
        handlers,
    } = composed(&[toy]);
    let projectors = handlers.annals_es_projectors();
    assert!(
        projectors
            .call_keys(&mut store, 1, &[event("a-1")])
            .is_err()
    );
}

#[test]
fn several_reactions_in_a_component_are_counted_through_all_of_them() {
    let components: Vec<Vec<u8>> = (0..70)
        .map(|number| {
            let own = |name: &str| reaction(&format!("{name}{number}"));
            Reactions::of(Kind::Notifier, &[own("a"), own("b")]).component()
        })
        .collect();
    let Composed {
        mut store,
        handlers,
    } = composed(&components);
    let notifiers = handlers.annals_es_notifiers();
    let described = notifiers.call_describe(&mut store).expect("an answer");
    assert_eq!(described.len(), 140);
    assert_eq!(described[127].name, "b63");
    assert_eq!(described[129].name, "b64");
    for index in 0..140 {
        let answer = notifiers
            .call_notify(&mut store, index, &event("a-1"), 7)
            .expect("an answer")
            .expect("no fault");
        let Delivery::RetryAfter(after) = answer else {
            panic!("{answer:?}");
        };
        assert_eq!(after, u64::from(index % 2 * 1000 + 7));
    }
}

#[test]
fn a_component_of_several_kinds_is_instantiated_once_and_answers_for_each() {
    let both = Reactions {
        reactions: vec![
            (
                Kind::Projector,
                vec![ReactionDescriptor {
                    name: "p".into(),
                    ..projector("v")
                }],
            ),
            (Kind::ProcessManager, vec![reaction("m")]),
        ],
        ..Reactions::default()
    };
    let all = checked(&[both.component()]);
    let wired = wire::switchboards(&all).expect("it composes");
    let instances = wired.sizes.iter().filter(|(name, _)| name == "toy-000");
    assert_eq!(instances.count(), 1);

    let Composed {
        mut store,
        handlers,
    } = composed(&[both.component()]);
    let managers = handlers.annals_es_process_managers();
    let described = managers.call_describe(&mut store).expect("an answer");
    assert_eq!(described[0].name, "m");
    let interests = managers
        .call_interested(&mut store, 0, &event("a-1"))
        .expect("an answer")
        .expect("no fault");
    assert!(matches!(&interests[..], [Interest::Start(process)] if process == "a-1"));
    let context = Context {
        now: 1,
        seed: 2,
        actor: None,
        extensions: Vec::new(),
    };
    let what = Input::Event(event("a-1"));
    let reacted = managers
        .call_react(
            &mut store,
            0,
            "the process",
            Some(b"state"),
            &what,
            &context,
        )
        .expect("an answer")
        .expect("no fault");
    assert_eq!(reacted.state, b"the process");
    let projectors = handlers.annals_es_projectors();
    let touched = projectors
        .call_keys(&mut store, 0, &[event("a-1")])
        .expect("an answer")
        .expect("no fault");
    assert_eq!(touched[0][0].view, "v");
}

#[test]
fn a_kind_that_an_application_lacks_is_there_and_empty() {
    let toy = Reactions::of(Kind::Projector, &[projector("v")]).component();
    let Composed {
        mut store,
        handlers,
    } = composed(&[toy]);
    let deciders = handlers.annals_es_deciders();
    assert!(
        deciders
            .call_describe(&mut store)
            .expect("an answer")
            .is_empty()
    );
    let managers = handlers.annals_es_process_managers();
    assert!(
        managers
            .call_describe(&mut store)
            .expect("an answer")
            .is_empty()
    );
    let notifiers = handlers.annals_es_notifiers();
    assert!(
        notifiers
            .call_describe(&mut store)
            .expect("an answer")
            .is_empty()
    );
    assert!(
        notifiers
            .call_notify(&mut store, 0, &event("a-1"), 1)
            .is_err()
    );
}
