//! Applications with many sandboxes.

#[allow(dead_code, reason = "shared with other tests")]
use annals_compose::host::Host;
use annals_compose::kind::Kind;
use annals_compose::manifest::Manifest;
use annals_compose::pipeline;
use annals_fixtures::{Reactions, reaction};
use std::fmt::Write as _;
use wasmtime::component::Component;
use wasmtime::{Config, Engine, OptLevel};

/// An application of `count` notifiers, each in a sandbox.
fn sandboxed(count: usize) -> anyhow::Result<Vec<u8>> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut text = String::from("[app]\nname = \"toys\"\n");
    for number in 0..count {
        let name = format!("toy-{number:03}");
        let toy = Reactions {
            asks: true,
            ..Reactions::of(Kind::Notifier, &[reaction(&name)])
        };
        let file = folder.path().join(format!("{name}.wasm"));
        std::fs::write(file, toy.component()).expect("written");
        let _ = writeln!(text, "[handlers.{name}]\ncomponent = \"{name}.wasm\"");
    }
    let file = folder.path().join("annals.toml");
    let manifest = Manifest::parse(&file, text).expect("a manifest");
    let checked = pipeline::check(&manifest, Some(Host::Annals))?;
    Ok(pipeline::compose(&manifest, &checked, Host::Annals)?.bytes)
}

fn compiles(component: &[u8]) {
    let mut config = Config::new();
    config.cranelift_opt_level(OptLevel::None);
    let engine = Engine::new(&config).expect("an engine");
    Component::from_binary(&engine, component).expect("it compiles");
}

/// The adapters in front of a sandbox begin a new core module, so each module has few memories.
/// (With debug assertions, as here, wasmtime's compiler accepts at most 256 core modules; without
/// them it accepts all valid ones.)
#[test]
fn twenty_five_sandboxes_compile() {
    compiles(&sandboxed(25).expect("it composes"));
}

#[test]
fn the_largest_application_is_valid_and_a_larger_one_is_refused() {
    let mut count = 160;
    let refused = loop {
        match sandboxed(count) {
            Ok(_) => count += 5,
            Err(error) => break format!("{error:#}"),
        }
    };
    assert!(
        refused.contains("an application can contain 850"),
        "{count}: {refused}"
    );
}
