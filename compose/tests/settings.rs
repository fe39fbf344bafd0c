//! The settings component answers what it was made of.

use annals_compose::generate::settings::{self, HandlerSetting, Settings};
use annals_compose::host::Host;
use annals_compose::kind::Kind;
use annals_compose::manifest::{FailurePolicy, LastResort};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit",
        inline: "
            package annals:test;
            world constants {
                export annals:es/settings@0.1.0;
            }
        ",
    });
}

use bindings::exports::annals::es::settings::LastResort as Last;

#[test]
fn every_setting_arrives() {
    let handler = |name: &str, kind, then| HandlerSetting {
        name: name.into(),
        kind,
        version: format!("version of {name}"),
        on_failure: FailurePolicy {
            attempts: 3,
            backoff: 10,
            max_backoff: 2000,
            then,
        },
    };
    let made_of = Settings {
        name: "app".into(),
        version: "1.2.3".into(),
        prefix: "tenant".into(),
        partitions: 5,
        bucket: "bucket".into(),
        path: "/path".into(),
        handlers: vec![
            handler("d", Kind::Decider, LastResort::Park),
            handler("p", Kind::Projector, LastResort::Skip),
            handler("m", Kind::ProcessManager, LastResort::Stop),
        ],
        delivery_budget: 250,
    };
    let engine = Engine::default();
    let component = settings::generate(&made_of).expect("a component");
    let component = Component::new(&engine, component).expect("it compiles");
    let mut store = Store::new(&engine, ());
    let constants = bindings::Constants::instantiate(&mut store, &component, &Linker::new(&engine))
        .expect("it needs nothing");
    let settings = constants
        .annals_es_settings()
        .call_get(&mut store)
        .expect("an answer");

    assert_eq!((&*settings.name, &*settings.version), ("app", "1.2.3"));
    assert_eq!(settings.store.prefix, "tenant");
    assert_eq!(settings.store.partitions, 5);
    assert_eq!(settings.store.bucket, "bucket");
    assert_eq!(settings.store.path, "/path");
    assert_eq!(settings.delivery_budget, 250);
    let expected = [
        ("d", "decider", Last::Park),
        ("p", "projector", Last::Skip),
        ("m", "process-manager", Last::Stop),
    ];
    assert_eq!(settings.handlers.len(), expected.len());
    for (handler, (name, kind, then)) in settings.handlers.iter().zip(expected) {
        assert_eq!((&*handler.name, &*handler.kind), (name, kind));
        assert_eq!(handler.version, format!("version of {name}"));
        let policy = handler.on_failure;
        assert_eq!(
            (policy.attempts, policy.backoff, policy.max_backoff),
            (3, 10, 2000)
        );
        assert_eq!(policy.then, then);
    }
}

#[test]
fn hosts_that_drive_deliveries_need_no_budget() {
    assert_eq!(Host::Annals.delivery_budget(), 0);
    assert_eq!(Host::Wasmtime.delivery_budget(), 200);
    assert_eq!(Host::WasmCloud.delivery_budget(), 200);
}
