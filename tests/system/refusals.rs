//! Refusals of the composer: messages with the user's names and a remedy, and exit status 1.

use annals_fixtures::Decider;
use annals_tests::app;
use std::path::Path;

/// Runs `annals check`, asserts that it refuses the application, and returns its output.
fn refused(folder: &Path) -> String {
    let out = app::annals(folder, &["check"]).expect("annals runs");
    assert_eq!(
        out.status.code(),
        Some(1),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    String::from_utf8(out.stderr).expect("text")
}

fn folder_with(manifest: &str, files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let manifest = format!("[app]\nname = \"x\"\n{manifest}");
    std::fs::write(folder.path().join("annals.toml"), manifest).expect("written");
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).expect("written");
    }
    folder
}

#[test]
fn an_import_beyond_the_contract_is_named_with_the_remedy() {
    let impure = wat::parse_str(
        r#"(component
             (import "wasi:clocks/wall-clock@0.2.6" (instance (export "now" (func))))
             (instance $i)
             (export "annals:es/deciders@0.2.0" (instance $i)))"#,
    )
    .expect("a component");
    let folder = folder_with(
        "[handlers.clocky]\ncomponent = \"c.wasm\"\n",
        &[("c.wasm", &impure)],
    );
    let said = refused(folder.path());
    assert_eq!(said.lines().count(), 1, "{said}");
    for part in [
        "annals.toml:3",
        "`clocky`",
        "`wasi:clocks/wall-clock@0.2.6`",
        "read the wall clock",
        "context",
    ] {
        assert!(said.contains(part), "no {part} in: {said}");
    }
}

#[test]
fn every_problem_of_every_handler_is_told_in_one_run() {
    let toy = Decider::default().component().expect("a decider");
    let folder = folder_with(
        "[handlers.a]\ncomponent = \"a.wasm\"\n[handlers.b]\ncomponent = \"b.wasm\"\n\
         [handlers.c]\ncomponent = \"missing.wasm\"\n[handlers.d]\ncomponent = \"d.wasm\"\n\
         [handlers.e]\ncomponent = \"a.wasm\"\nallow = [\"wasi:http/outgoing-handler\"]\n",
        &[
            ("a.wasm", &toy),
            ("b.wasm", &toy),
            ("d.wasm", b"\0asm nonsense"),
        ],
    );
    let said = refused(folder.path());
    for part in [
        "handler `b`: handles `Command0`, which `a` handles too",
        "handler `c`: missing.wasm cannot be read",
        "handler `d`: its file is not a valid component",
        "handler `e`: is granted `wasi:http/outgoing-handler`",
    ] {
        assert!(said.contains(part), "no {part} in: {said}");
    }
    assert!(
        said.lines()
            .all(|line| line.starts_with("annals.toml:") && line.contains("; ")),
        "{said}"
    );
}

#[test]
fn a_core_module_without_a_world_is_refused() {
    let module = wat::parse_str("(module)").expect("a module");
    let folder = folder_with(
        "[handlers.m]\ncomponent = \"m.wasm\"\n",
        &[("m.wasm", &module)],
    );
    let said = refused(folder.path());
    assert!(
        said.contains("does not describe its exports") && said.contains("annals::export!"),
        "{said}"
    );
}

#[test]
fn a_handler_that_never_returns_is_refused_soon() {
    let looping = Decider {
        describe: Some("(loop $l (br $l)) unreachable"),
        ..Decider::default()
    };
    let looping = looping.component().expect("a decider");
    let folder = folder_with(
        "[handlers.slow]\ncomponent = \"s.wasm\"\n",
        &[("s.wasm", &looping)],
    );
    let said = refused(folder.path());
    assert!(
        said.contains("handler `slow`: `describe` does not return"),
        "{said}"
    );
}

#[test]
fn a_misspelt_manifest_names_the_nearest_key() {
    let folder = folder_with("[handlers.a]\ncomponnent = \"a.wasm\"\n", &[]);
    let said = refused(folder.path());
    assert!(said.contains("did you mean `component`?"), "{said}");
}
