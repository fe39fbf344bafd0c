//! The settings component returns the values that it was generated from.

#[allow(dead_code, reason = "shared with other tests")]
use annals_compose::descriptors::ReactionDescriptor;
use annals_compose::generate::settings::{self, HandlerSetting, Settings};
use annals_compose::host::Host;
use annals_compose::kind::Kind;
use annals_compose::manifest::{FailurePolicy, LastResort, Manifest};
use annals_compose::pipeline;
use annals_fixtures::{Reactions, projector, reaction};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

mod bindings {
    wasmtime::component::bindgen!({
        path: ["../wit", "../wit/framework"],
        inline: "
            package annals:test;
            world constants {
                export annals:framework/settings@0.2.0;
            }
        ",
    });
}

use bindings::exports::annals::framework::settings::LastResort as Last;

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
        formerly: vec![format!("former {name}"), "older".into()],
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
        retired: vec!["gone".into(), "Dropped".into()],
        delivery_budget: 250,
        cors: vec![
            "https://shop.example".into(),
            "http://localhost:3000".into(),
        ],
        application: "digest".into(),
    };
    let engine = Engine::default();
    let component = settings::generate(&made_of).expect("a component");
    let component = Component::new(&engine, component).expect("it compiles");
    let mut store = Store::new(&engine, ());
    let constants = bindings::Constants::instantiate(&mut store, &component, &Linker::new(&engine))
        .expect("it needs nothing");
    let settings = constants
        .annals_framework_settings()
        .call_get(&mut store)
        .expect("an answer");

    assert_eq!((&*settings.name, &*settings.version), ("app", "1.2.3"));
    assert_eq!(settings.store.prefix, "tenant");
    assert_eq!(settings.store.partitions, 5);
    assert_eq!(settings.store.bucket, "bucket");
    assert_eq!(settings.store.path, "/path");
    assert_eq!(settings.delivery_budget, 250);
    let origins = constants.annals_framework_settings().call_cors(&mut store);
    assert_eq!(origins.expect("an answer"), made_of.cors);
    let digest = constants
        .annals_framework_settings()
        .call_application(&mut store);
    assert_eq!(digest.expect("an answer"), made_of.application);
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
        assert_eq!(policy.last_resort, then);
    }
}

/// The settings of an application with two reactions in one component, and one in another.
fn settings_of(keys: &str, host: Host) -> Settings {
    let folder = tempfile::tempdir().expect("a folder");
    let named = |name: &str| ReactionDescriptor {
        name: name.into(),
        version: 4,
        ..reaction(name)
    };
    let pair = Reactions::of(Kind::Notifier, &[named("x"), named("y")]);
    let single = Reactions::of(Kind::Projector, &[projector("v")]);
    for (name, toy) in [("pair", pair), ("single", single)] {
        let file = folder.path().join(format!("{name}.wasm"));
        std::fs::write(file, toy.component()).expect("written");
    }
    let text = format!(
        "[app]\nname = \"x\"\n{keys}[handlers.pair]\ncomponent = \"pair.wasm\"\n\
         on-failure = {{ attempts = 2 }}\n[handlers.single]\ncomponent = \"single.wasm\"\n"
    );
    let manifest = Manifest::parse(&folder.path().join("annals.toml"), text).expect("legal");
    let application = pipeline::check(&manifest, Some(host)).expect("no problems");
    pipeline::settings(&manifest, &application, host)
}

#[test]
fn the_digest_is_of_what_the_record_of_the_application_is_compared_with() {
    let of = |keys: &str| settings_of(keys, Host::Annals).application;
    let digest = of("");
    assert_eq!(digest.len(), 32);
    assert_eq!(of("version = \"2\"\n[delivery]\nbudget = \"1s\"\n"), digest);
    assert_eq!(settings_of("", Host::Wasmtime).application, digest);
    assert_ne!(of("retired = [\"Gone\"]\n"), digest);
}

#[test]
fn each_reaction_has_an_entry_under_its_name_in_the_application() {
    let settings = settings_of("", Host::Annals);
    let told: Vec<_> = settings
        .handlers
        .iter()
        .map(|one| (&*one.name, one.kind, &*one.version, one.on_failure.attempts))
        .collect();
    let expected = [
        ("x", Kind::Notifier, "4", 2),
        ("y", Kind::Notifier, "4", 2),
        ("v", Kind::Projector, "1", 8),
    ];
    assert_eq!(told, expected);
}

#[test]
fn origins_are_those_of_the_manifest() {
    assert!(settings_of("", Host::Annals).cors.is_empty());
    let cors = "[http]\ncors = [\"https://shop.example\"]\n";
    let settings = settings_of(cors, Host::Wasmtime);
    assert_eq!(settings.cors, ["https://shop.example"]);
}

#[test]
fn the_delivery_budget_is_the_hosts_unless_the_manifest_has_one() {
    let budget = |keys, host| settings_of(keys, host).delivery_budget;
    assert_eq!(budget("", Host::Annals), 0);
    assert_eq!(budget("", Host::Wasmtime), 200);
    assert_eq!(budget("", Host::WasmCloud), 200);
    let given = "[delivery]\nbudget = \"1s\"\n";
    assert_eq!(budget(given, Host::Annals), 1000);
    assert_eq!(budget(given, Host::Wasmtime), 1000);
}
