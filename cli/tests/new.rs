//! `annals new`: what it creates and what it rejects. This test builds nothing;
//! `tests/system/first_steps.rs` builds the results.

mod scripts;

use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs `annals` and returns its status, stdout and stderr.
fn annals(folder: &Path, args: &[&str]) -> (Option<i32>, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_annals"))
        .args(args)
        .current_dir(folder)
        .output()
        .expect("annals runs");
    let said = [out.stdout, out.stderr].concat();
    (
        out.status.code(),
        String::from_utf8(said).expect("it is text"),
    )
}

fn made(folder: &Path, args: &[&str]) -> String {
    let (status, said) = annals(folder, &[&["new"], args].concat());
    assert_eq!(status, Some(0), "annals new {args:?}: {said}");
    said
}

fn refused(folder: &Path, args: &[&str]) -> String {
    let (status, said) = annals(folder, &[&["new"], args].concat());
    assert_eq!(status, Some(1), "annals new {args:?}: {said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    said
}

fn read(file: impl AsRef<Path>) -> String {
    fs::read_to_string(file.as_ref()).unwrap_or_else(|error| panic!("{error}"))
}

/// The tables of the manifest's handlers.
fn handlers(app: &Path) -> Vec<String> {
    let manifest: toml::Table = read(app.join("annals.toml")).parse().expect("TOML");
    let handlers = manifest.get("handlers").and_then(toml::Value::as_table);
    let names = handlers.into_iter().flat_map(|table| table.keys().cloned());
    names.collect()
}

#[test]
fn the_first_handler_has_a_name_of_its_own_in_every_language() {
    let home = tempfile::tempdir().expect("a folder");
    for (language, file) in [
        ("rust", "src/lib.rs"),
        ("js", "handler.js"),
        ("python", "handler.py"),
    ] {
        let app = format!("shop-{language}");
        let said = made(
            home.path(),
            &[&app, "--handler", "basket", "--lang", language],
        );
        assert!(said.contains("/commands/CreateBasket"), "{said}");
        let folder = home.path().join(&app);
        assert_eq!(handlers(&folder), ["basket"]);
        assert!(read(folder.join("basket").join(file)).contains("BasketCreated"));
        assert!(read(folder.join("annals.toml")).contains(&format!("name = \"{app}\"")));
        let readme = read(folder.join("README.md"));
        assert!(readme.contains("`basket/`") && readme.starts_with(&format!("# {app}")));
    }
}

#[test]
fn an_application_may_begin_with_a_reaction_and_name_its_decider() {
    let home = tempfile::tempdir().expect("a folder");
    let names = |app: &str, args: &[&str]| {
        made(home.path(), &[&[app, "--kind", "projector"], args].concat());
        handlers(&home.path().join(app))
    };
    assert_eq!(names("a", &[]), ["a", "a-view"]);
    assert_eq!(names("b", &["--handler", "stock"]), ["b", "stock"]);
    assert_eq!(names("c", &["--decider", "basket"]), ["basket", "c-view"]);
    let both = ["--decider", "basket", "--handler", "stock", "--lang", "js"];
    assert_eq!(names("d", &both), ["basket", "stock"]);
    let stock = read(home.path().join("d/stock/handler.js"));
    assert!(stock.contains("BasketCreated: {}"), "{stock}");
    assert_eq!(names("e", &["--on", "ERenamed"]), ["e", "e-view"]);
    assert!(read(home.path().join("e/e-view/src/lib.rs")).contains("ERenamed {}"));

    let said = refused(
        home.path(),
        &["f", "--kind", "projector", "--on", "FCreatd"],
    );
    assert!(said.contains("did you mean `FCreated`?"), "{said}");
    let said = refused(home.path(), &["f", "--kind", "projector", "--handler", "f"]);
    assert!(
        said.contains("two handlers would have the name `f`"),
        "{said}"
    );
    for args in [&["f", "--on", "FCreated"][..], &["f", "--decider", "g"]] {
        let said = refused(home.path(), args);
        assert!(said.contains(&format!("`{}` does not apply here", args[1])));
    }
    assert!(!home.path().join("f").exists());
}

#[test]
fn an_application_without_handlers_gets_its_first_decider() {
    let app = tempfile::tempdir().expect("a folder");
    fs::write(app.path().join("annals.toml"), "[app]\nname = \"x\"\n").expect("written");
    let view = ["overview", "--kind", "projector"];
    let said = refused(app.path(), &view);
    assert!(
        said.contains("has no decider that emits an event") && said.contains("`annals new <name>`"),
        "{said}"
    );
    // A reaction may be created before its decider.
    let said = made(
        app.path(),
        &[&view[..], &["--on", "BasketCreated"]].concat(),
    );
    assert!(
        said.contains("note: the application has no decider yet"),
        "{said}"
    );
    made(app.path(), &["basket"]);
    assert_eq!(handlers(app.path()), ["basket", "overview"]);
    let said = refused(app.path(), &["stock", "--handler", "other"]);
    assert!(said.contains("`--handler` does not apply here"), "{said}");
    // Other problems of the manifest are still reported.
    fs::write(app.path().join("annals.toml"), "[app]\nnam = \"x\"\n").expect("written");
    let said = annals(app.path(), &["new", "stock"]).1;
    assert!(said.contains("`name`"), "{said}");
}

#[test]
fn an_event_that_no_decider_emits_is_refused_with_the_nearest_one() {
    let app = tempfile::tempdir().expect("a folder");
    let decider = annals_fixtures::Decider::default()
        .component()
        .expect("a decider");
    fs::write(app.path().join("toy.wasm"), decider).expect("written");
    let manifest = "[app]\nname = \"x\"\n[handlers.toy]\ncomponent = \"toy.wasm\"\n";
    fs::write(app.path().join("annals.toml"), manifest).expect("written");
    for kind in ["projector", "process-manager", "notifier"] {
        let on = |event| ["overview", "--kind", kind, "--on", event];
        let said = refused(app.path(), &on("Hapened0"));
        assert!(
            said.contains("did you mean `Happened0`? there are: Happened0"),
            "{kind}: {said}"
        );
        assert!(!app.path().join("overview").exists());
        made(app.path(), &on("Happened0"));
        fs::remove_dir_all(app.path().join("overview")).expect("removed");
        fs::write(app.path().join("annals.toml"), manifest).expect("written");
        fs::remove_file(app.path().join("Cargo.toml")).expect("removed");
    }
    // A handler that is not built may emit the event.
    made(app.path(), &["basket"]);
    let said = made(
        app.path(),
        &["overview", "--kind", "projector", "--on", "BasketCreated"],
    );
    assert!(
        said.contains(
            "note: whether a decider emits `BasketCreated` was not checked: `basket` is not built"
        ),
        "{said}"
    );
}

#[test]
fn a_process_manager_does_not_begin_with_its_own_events() {
    let home = tempfile::tempdir().expect("a folder");
    made(home.path(), &["shop"]);
    for event in ["WelcomeBegun", "WelcomeFinished"] {
        let said = refused(
            &home.path().join("shop"),
            &["welcome", "--kind", "process-manager", "--on", event],
        );
        assert!(said.contains(&format!("a {event} of its own")), "{said}");
    }
}

/// Events whose names have a meaning in a language or in a template.
const ODD: [&str; 7] = [
    "None",
    "Row",
    "Self",
    "About",
    "Projector",
    "OverviewProjector",
    "Overview",
];

#[test]
fn a_projector_in_javascript_or_python_folds_whatever_event_it_is_made_for() {
    for event in ODD {
        let home = tempfile::tempdir().expect("a folder");
        fs::write(home.path().join("annals.toml"), "[app]\nname = \"x\"\n").expect("written");
        let args = ["overview", "--kind", "projector", "--on", event, "--lang"];
        made(home.path(), &[&args[..], &["js"]].concat());
        // `package.json` declares that these are modules. A number in a row would need a newer
        // Node.js than the project requires.
        let script = format!(
            r#"
import {{ projectors }} from './overview/handler.js';
const payload = new TextEncoder().encode('{{}}');
const event = {{ id: 'e', stream: 'thing-1', version: 1n, position: 1n, recordedAt: 5n, tags: [], metadata: {{ extensions: [] }}, eventType: '{event}', schemaVersion: 1, contentType: 'application/json', payload }};
const [{{ change }}] = projectors.project(0, [event], [], []).val;
console.log(projectors.describe()[0].eventTypes[0], change.val.key, new TextDecoder().decode(change.val.value));
"#
        );
        let told = scripts::javascript(home.path(), &script);
        assert_eq!(told, format!("{event}1{{\"events\":1,\"last\":5}}"));

        fs::remove_dir_all(home.path().join("overview")).expect("removed");
        fs::write(home.path().join("annals.toml"), "[app]\nname = \"x\"\n").expect("written");
        made(home.path(), &[&args[..], &["python"]].concat());
        let script = format!(
            r#"
import sys
from types import SimpleNamespace as Of
sys.path.insert(0, "overview")
import handler, annals
metadata = Of(command_id="c", command_type="C", correlation_id="c", causation_id="c", actor=None, traceparent=None, extensions=[])
def event(at):
    return Of(id="e", stream="thing-1", version=1, position=1, recorded_at=at, tags=[], metadata=metadata, event_type="{event}", schema_version=1, content_type="application/json", payload=b'{{"more": 1}}')
table = annals.exported(annals.Projector)
_, [(row, _)] = table.project([event(5)], [], [])
_, [(next, _)] = table.project([event(7)], [row], [])
print(table.events.names[0], row.key, row.value.decode(), next.value.decode())
"#
        );
        let told = scripts::python(home.path(), &script);
        let rows = r#"{"events":1,"last":5}{"events":2,"last":7}"#;
        assert_eq!(told, format!("{event}1{rows}"));
    }
}
