//! The command line: help, usage, what is refused and how, and what is composed.

use annals_compose::descriptors::{ReactionDescriptor, StartFrom};
use annals_compose::kind::Kind;
use annals_fixtures::{Decider, Reactions, projector, reaction};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};

fn annals(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_annals"))
        .args(args)
        .current_dir(std::env::temp_dir())
        .output()
        .expect("annals runs")
}

#[test]
fn help_names_every_command() {
    let out = annals(&["--help"]);
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    assert_eq!(out.status.code(), Some(0));
    for command in ["new", "run", "check", "compose", "graph", "completions"] {
        assert!(text.contains(command), "{text}");
        assert_eq!(annals(&[command, "--help"]).status.code(), Some(0));
    }
}

#[test]
fn a_missing_manifest_is_the_users_to_mend() {
    let out = annals(&["check", "-m", "no/such/annals.toml"]);
    assert_eq!(out.status.code(), Some(1));
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert!(
        said.starts_with("no/such/annals.toml: cannot be read"),
        "{said}"
    );
    assert!(said.contains("-m"), "{said}");
}

#[test]
fn usage_errors_exit_with_2() {
    assert_eq!(
        annals(&["compose", "--host", "nowhere"]).status.code(),
        Some(2)
    );
    assert_eq!(annals(&[]).status.code(), Some(2));
}

/// A folder with a manifest of these handlers, and their components: `name.wasm` each.
fn app(keys: &str, handlers: &[(&str, &str, Vec<u8>)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let mut manifest = format!("[app]\nname = \"x\"\n{keys}");
    for (name, keys, component) in handlers {
        let _ = write!(
            manifest,
            "[handlers.{name}]\ncomponent = \"{name}.wasm\"\n{keys}"
        );
        let file = folder.path().join(format!("{name}.wasm"));
        std::fs::write(file, component).expect("written");
    }
    std::fs::write(folder.path().join("annals.toml"), manifest).expect("written");
    folder
}

fn annals_in(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_annals"))
        .args(args)
        .current_dir(folder)
        .output()
        .expect("annals runs")
}

/// The output of `annals check` for handlers that it rejects.
fn refused(args: &[&str], handlers: &[(&str, &str, Vec<u8>)]) -> String {
    let folder = app("", handlers);
    let out = annals_in(folder.path(), &[&["check"], args].concat());
    let said = String::from_utf8(out.stderr).expect("text");
    assert_eq!(out.status.code(), Some(1), "{said}");
    assert!(
        said.lines()
            .all(|line| line.starts_with("annals.toml:") && line.contains("; ")),
        "{said}"
    );
    said
}

fn assert_lines(said: &str, lines: &[&str]) {
    for line in lines {
        assert!(said.contains(line), "no {line} in: {said}");
    }
    assert_eq!(said.lines().count(), lines.len(), "{said}");
}

/// A decider that handles `Command0` and emits `Happened0`.
fn decider() -> Vec<u8> {
    Decider::default().component().expect("a decider")
}

const HTTP: &[&str] = &[
    "wasi:http/outgoing-handler@0.2.4",
    "wasi:cli/environment@0.2.4",
];

#[test]
fn what_reactions_want_and_emit_must_exist() {
    let wants = |event: &str| ReactionDescriptor {
        event_types: vec![event.into()],
        ..projector("v")
    };
    let manager = ReactionDescriptor {
        emits: vec!["Command0".into(), "Comand0".into(), "Unheard".into()],
        ..reaction("m")
    };
    let handlers = [
        ("decider", "", decider()),
        (
            "near",
            "",
            Reactions::of(Kind::Projector, &[wants("Hapened0")]).component(),
        ),
        (
            "manager",
            "",
            Reactions::of(Kind::ProcessManager, &[manager]).component(),
        ),
        (
            "far",
            "",
            Reactions::of(
                Kind::Notifier,
                &[ReactionDescriptor {
                    event_types: vec!["Nothing".into()],
                    ..reaction("n")
                }],
            )
            .component(),
        ),
    ];
    assert_lines(
        &refused(&[], &handlers),
        &[
            "handler `near`: `v` reads the event `Hapened0`, which no decider emits; did you mean `Happened0`?",
            "handler `manager`: `m` emits the command `Comand0`, which no decider handles; did you mean `Command0`?",
            "handler `manager`: `m` emits the command `Unheard`, which no decider handles; add a decider that handles it",
            "handler `far`: `n` reads the event `Nothing`, which no decider emits; add a decider that emits it",
        ],
    );
}

#[test]
fn what_others_lack_is_not_told_while_some_handlers_are_broken() {
    let manager = ReactionDescriptor {
        emits: vec!["Command0".into()],
        ..reaction("m")
    };
    let handlers = [
        ("broken", "", b"nonsense".to_vec()),
        (
            "manager",
            "",
            Reactions::of(Kind::ProcessManager, &[manager]).component(),
        ),
    ];
    assert_lines(&refused(&[], &handlers), &["handler `broken`: "]);
}

#[test]
fn a_reaction_says_possible_things_of_itself() {
    let odd = ReactionDescriptor {
        version: 0,
        concurrency: 2,
        views: vec!["Balances".into(), "b".repeat(65), "b".repeat(64)],
        ..reaction("p")
    };
    let deaf = ReactionDescriptor {
        concurrency: 0,
        ..reaction("n")
    };
    let wide = ReactionDescriptor {
        concurrency: 16,
        ..reaction("wide")
    };
    let long = "b".repeat(65);
    let handlers = [
        (
            "odd",
            "",
            Reactions::of(Kind::Projector, &[odd]).component(),
        ),
        (
            "blind",
            "",
            Reactions::of(Kind::Projector, &[reaction("p")]).component(),
        ),
        (
            "deaf",
            "",
            Reactions::of(Kind::Notifier, &[deaf]).component(),
        ),
        (
            "wide",
            "",
            Reactions::of(Kind::Notifier, &[wide]).component(),
        ),
        ("hollow", "", Reactions::of(Kind::Notifier, &[]).component()),
    ];
    assert_lines(
        &refused(&[], &handlers),
        &[
            "handler `odd`: `Balances` declares version 0; versions of a reaction start at 1",
            "handler `odd`: `Balances` declares a concurrency of 2, but a projector receives events one after the other; declare a concurrency of 1",
            "handler `odd`: `Balances` keeps a view named `Balances`; a view's name is a lower-case letter",
            &format!("handler `odd`: `Balances` keeps a view named `{long}`;"),
            "handler `blind`: holds a projector `p` that keeps no view; name at least one",
            "handler `deaf`: `n` declares a concurrency of 0",
            "handler `hollow`: exports the interface of notifiers, but contains none",
        ],
    );
}

#[test]
fn names_and_views_belong_to_one_reaction() {
    let twins = Reactions {
        reactions: vec![
            (Kind::Projector, vec![projector("x"), projector("y")]),
            (Kind::ProcessManager, vec![reaction("x")]),
        ],
        ..Reactions::default()
    };
    let twice = ReactionDescriptor {
        views: vec!["w".into(), "w".into()],
        ..reaction("p")
    };
    let handlers = [
        (
            "a",
            "",
            Reactions::of(Kind::Projector, &[projector("v")]).component(),
        ),
        (
            "b",
            "",
            Reactions::of(Kind::Projector, &[projector("v")]).component(),
        ),
        (
            "c",
            "",
            Reactions::of(Kind::Projector, &[twice]).component(),
        ),
        ("twins", "", twins.component()),
        (
            "odd",
            "",
            Reactions::of(Kind::ProcessManager, &[reaction("y/z")]).component(),
        ),
    ];
    assert_lines(
        &refused(&[], &handlers),
        &[
            "handler `b`: keeps the view `v`, which `a` keeps too; a view has one projector",
            "handler `c`: `w` names the view `w` twice",
            "handler `odd`: holds a process manager that is named `y/z`; set NAME to",
            "handler `twins`: holds a process manager that is named `x`, like a projector; give each reaction",
        ],
    );
}

#[test]
fn pure_handlers_are_granted_nothing_and_import_nothing() {
    let clock = &["wasi:clocks/wall-clock@0.2.4"];
    let mixed = Reactions {
        reactions: vec![
            (Kind::Projector, vec![projector("w")]),
            (Kind::Notifier, vec![reaction("n")]),
        ],
        imports: HTTP.to_vec(),
        ..Reactions::default()
    };
    let handlers = [
        (
            "projector",
            "",
            Reactions::of(Kind::Projector, &[projector("v")])
                .importing(clock)
                .component(),
        ),
        (
            "manager",
            "allow = [\"wasi:clocks/wall-clock\"]\n",
            Reactions::of(Kind::ProcessManager, &[reaction("m")]).component(),
        ),
        (
            "mixed",
            "allow = [\"wasi:http/outgoing-handler\"]\n",
            mixed.component(),
        ),
    ];
    assert_lines(
        &refused(&[], &handlers),
        &[
            "handler `projector`: imports `wasi:clocks/wall-clock@0.2.4` to read the wall clock (`toy`), but a projector must be pure; take the time from the event",
            "handler `manager`: is granted `wasi:clocks/wall-clock`, but a process manager cannot be granted anything; remove `allow`",
            "handler `mixed`: holds a projector beside a notifier, and imports `wasi:http/outgoing-handler@0.2.4`, `wasi:cli/environment@0.2.4`; a projector must be pure; split it into two components",
        ],
    );
}

#[test]
fn a_notifier_imports_what_it_is_granted_and_is_granted_what_it_imports() {
    let notifier = |imports: &[&'static str]| {
        Reactions::of(Kind::Notifier, &[reaction("n")])
            .importing(imports)
            .component()
    };
    let handlers = [
        ("ungranted", "", notifier(HTTP)),
        (
            "half",
            "allow = [\"wasi:http/outgoing-handlr\", \"wasi:cli/environment\"]\n",
            notifier(HTTP),
        ),
        ("idle", "allow = [\"wasi:io/streams\"]\n", notifier(&[])),
        (
            "framework",
            "allow = [\"annals:es/event-store\"]\n",
            notifier(&["annals:es/event-store@0.9.0"]),
        ),
        (
            "sockets",
            "allow = [\"wasi:sockets/tcp\"]\n",
            notifier(&["wasi:sockets/tcp@0.2.4"]),
        ),
    ];
    assert_lines(
        &refused(&[], &handlers),
        &[
            "handler `ungranted`: imports `wasi:http/outgoing-handler`, `wasi:cli/environment`, which it is not granted; set allow = [\"wasi:http/outgoing-handler\", \"wasi:cli/environment\"]",
            "handler `half`: imports `wasi:http/outgoing-handler`, which it is not granted; set allow = [\"wasi:cli/environment\", \"wasi:http/outgoing-handler\"]",
            "handler `half`: is granted `wasi:http/outgoing-handlr`, which it does not import; did you mean `wasi:http/outgoing-handler`?",
            "handler `idle`: is granted `wasi:io/streams`, which it does not import; remove it from `allow`",
            "handler `framework`: is granted `annals:es/event-store@0.9.0`, which no host offers to handlers; remove the import",
            "handler `sockets`: is granted `wasi:sockets/tcp@0.2.4`, which no host offers to handlers; remove the import",
        ],
    );
}

#[test]
fn a_notifier_that_has_effects_to_describe_itself_is_refused() {
    let rash = Reactions {
        rash: true,
        ..Reactions::of(Kind::Notifier, &[reaction("n")]).importing(&["wasi:cli/environment@0.2.4"])
    };
    let keys = "allow = [\"wasi:cli/environment\"]\n";
    let said = refused(&[], &[("rash", keys, rash.component())]);
    assert_lines(&said, &["handler `rash`: `describe` failed: "]);
    assert!(said.contains("wasi:cli/environment@0.2.4"), "{said}");
}

#[test]
fn grants_are_judged_for_the_host() {
    let store = |import: &'static str| {
        Reactions::of(Kind::Notifier, &[reaction("n")])
            .importing(&[import])
            .component()
    };
    let keyvalue = || store("wasi:keyvalue/store@0.2.0-draft2");
    let files = || store("wasi:filesystem/types@0.2.4");
    let handlers = [
        ("files", "allow = [\"wasi:filesystem/types\"]\n", files()),
        ("keys", "allow = [\"wasi:keyvalue/store\"]\n", keyvalue()),
    ];
    assert_lines(
        &refused(&["--host", "annals"], &handlers),
        &[
            "handler `keys`: is granted `wasi:keyvalue/store@0.2.0-draft2`, through which the host `annals` stores the events; remove the import",
        ],
    );
    assert_lines(
        &refused(&["--host", "wasmtime"], &handlers),
        &[
            "handler `files`: is granted `wasi:filesystem/types@0.2.4`, through which the host `wasmtime` stores the events; remove the import, or compose with --host annals",
            "handler `keys`: is granted `wasi:keyvalue/store@0.2.0-draft2`, which the host `wasmtime` does not offer; remove the import",
        ],
    );
}

#[test]
fn keys_that_mean_nothing_for_a_kind_are_refused() {
    let handlers = [
        ("decider", "on-failure = { attempts = 3 }\n", decider()),
        (
            "projector",
            "snapshot-every = 3\n",
            Reactions::of(Kind::Projector, &[projector("v")]).component(),
        ),
    ];
    assert_lines(
        &refused(&[], &handlers),
        &[
            "handler `decider`: has `on-failure`, but events are never delivered to a decider again; remove `on-failure`",
            "handler `projector`: has `snapshot-every`, and a projector has no snapshots; remove `snapshot-every`",
        ],
    );
}

/// Composes for a host, and returns the component's imports and exports, and the report.
fn composed(folder: &Path, host: &str) -> (Vec<String>, Vec<String>, serde_json::Value) {
    let args = ["compose", "--host", host, "--report", "report.json"];
    let out = annals_in(folder, &args);
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    assert_eq!(out.status.code(), Some(0), "{said}");
    let app = std::fs::read(folder.join("app.wasm")).expect("the component");
    let (imports, exports) = annals_compose::read::externs(&app).expect("a component");
    let report = std::fs::read(folder.join("report.json")).expect("the report");
    let report = serde_json::from_slice(&report).expect("JSON");
    (imports, exports, report)
}

/// An application with a handler of each kind.
fn every_kind() -> tempfile::TempDir {
    let balances = ReactionDescriptor {
        event_types: vec!["Happened0".into()],
        start: StartFrom::Now,
        version: 3,
        ..projector("balances")
    };
    let manager = ReactionDescriptor {
        emits: vec!["Command0".into()],
        ..reaction("m")
    };
    let several = Reactions {
        reactions: vec![
            (Kind::Projector, vec![balances]),
            (Kind::ProcessManager, vec![manager]),
        ],
        ..Reactions::default()
    };
    let mailer = Reactions::of(Kind::Notifier, &[reaction("n")]).importing(HTTP);
    let keys = "allow = [\"wasi:http/outgoing-handler\", \"wasi:cli/environment@0.2\"]\n\
                on-failure = { then = \"skip\" }\n";
    app(
        "[delivery]\nbudget = \"1s\"\n",
        &[
            ("decider", "", decider()),
            ("several", "", several.component()),
            ("mailer", keys, mailer.component()),
        ],
    )
}

#[test]
fn an_application_of_every_kind_imports_what_is_granted_and_exports_both_faces() {
    let folder = every_kind();
    let plain = app("", &[("decider", "", decider())]);
    for host in ["annals", "wasmtime", "jco", "wasmcloud", "spin"] {
        let (imports, exports, report) = composed(folder.path(), host);
        let (plain_imports, plain_exports, _) = composed(plain.path(), host);
        let of_host = |exports: &[String]| {
            let named = |name: &str| exports.iter().any(|export| export.starts_with(name));
            (
                named("wasi:http/incoming-handler@0.2"),
                named("wasi:cli/run@0.2"),
                exports.len(),
            )
        };
        // The other hosts do not run commands.
        let runs = ["annals", "wasmtime"].contains(&host);
        assert_eq!(
            of_host(&exports),
            (true, runs, 1 + usize::from(runs)),
            "{host}"
        );
        assert_eq!(of_host(&plain_exports), (true, false, 1), "{host}");
        let more: Vec<&str> = imports
            .iter()
            .filter(|import| !plain_imports.contains(import))
            .map(|import| import.split('@').next().unwrap_or_default())
            .filter(|import| !import.starts_with("wasi:cli/std"))
            .collect();
        assert_eq!(
            BTreeSet::from_iter(more),
            BTreeSet::from(["wasi:http/outgoing-handler", "wasi:cli/environment"]),
            "{host}"
        );
        let reactions: Vec<&str> = report["reactions"]
            .as_array()
            .expect("reactions")
            .iter()
            .filter_map(|one| one["name"].as_str())
            .collect();
        assert_eq!(reactions, ["n", "balances", "m"]);
        let balances = &report["reactions"][1];
        assert_eq!(balances["views"], serde_json::json!(["balances"]));
        assert_eq!(balances["from"], "now");
        assert_eq!(balances["version"], 3);
        assert_eq!(balances["handler"], "several");
        let grants = report["grants"].as_array().expect("grants");
        assert_eq!(grants.len(), 2);
        assert!(grants.iter().all(|grant| grant["handler"] == "mailer"));
    }
}

#[test]
fn an_application_of_a_hundred_projectors_compiles() {
    let views: Vec<String> = (0..100).map(|n| format!("view-{n}")).collect();
    let handlers: Vec<(&str, &str, Vec<u8>)> = views
        .iter()
        .map(|view| {
            let toy = Reactions::of(Kind::Projector, &[projector(view)]);
            (view.as_str(), "", toy.component())
        })
        .collect();
    let folder = app("", &handlers);
    let (_, _, report) = composed(folder.path(), "wasmtime");
    assert_eq!(report["reactions"].as_array().map(Vec::len), Some(100));
    let bytes = std::fs::read(folder.path().join("app.wasm")).expect("the component");
    wasmtime::component::Component::new(&wasmtime::Engine::default(), bytes).expect("it compiles");
}

fn drawn(folder: &Path, args: &[&str]) -> String {
    let out = annals_in(folder, &[&["graph"], args].concat());
    assert_eq!(out.status.code(), Some(0));
    String::from_utf8(out.stdout).expect("text")
}

/// The arrows of a Mermaid flowchart, by the first lines of their ends. Every line must be a box or
/// an arrow between boxes.
fn arrows(mermaid: &str) -> Vec<String> {
    let (mut boxes, mut arrows) = (BTreeMap::new(), Vec::new());
    for line in mermaid
        .strip_prefix("flowchart LR\n")
        .expect("a flowchart")
        .lines()
    {
        let line = line.strip_prefix("  ").expect("indented");
        let (id, rest) = line
            .split_once(|c: char| !c.is_ascii_alphanumeric())
            .expect("an id");
        match rest.split_once("-> ").or_else(|| rest.split_once("\"| ")) {
            Some((arrow, to)) => {
                let label = arrow.split_once("|\"").map_or("", |(_, label)| label);
                let style = if arrow.starts_with("-.") { "..>" } else { "->" };
                let (from, to): (&String, &String) = (&boxes[id], &boxes[to]);
                arrows.push(format!("{from} {style}{label} {to}"));
            }
            None => {
                let mut quoted = rest.split('"');
                let text = quoted.nth(1).expect("a quoted text");
                assert_eq!(quoted.count(), 1, "{line}");
                let name = text.split("<br/>").next().expect("a first line");
                assert_eq!(boxes.insert(id, name.to_owned()), None, "{line}");
            }
        }
    }
    arrows
}

#[test]
fn the_graph_tells_who_does_what_after_which_event() {
    let folder = every_kind();
    let mermaid = drawn(folder.path(), &[]);
    assert_eq!(
        arrows(&mermaid),
        [
            "Command0 -> decider",
            "decider -> Happened0",
            "every event ..> n",
            "n ->wasi:http/outgoing-handler host",
            "n ->wasi:cli/environment@0.2 host",
            "Happened0 ..> balances",
            "balances -> balances",
            "every event ..> m",
            "m ..> Command0",
        ],
        "{mermaid}"
    );
    for label in [
        "\"m<br/>process manager<br/>in several, ",
        "\"decider<br/>decider<br/>",
        "[(\"balances\")]",
    ] {
        assert!(mermaid.contains(label), "no {label} in: {mermaid}");
    }
    let dot = drawn(folder.path(), &["--format", "dot"]);
    assert_eq!(dot.matches(" -> ").count(), 9, "{dot}");
    assert!(
        dot.contains("[label=\"balances\", shape=cylinder];"),
        "{dot}"
    );
    let json: serde_json::Value =
        serde_json::from_str(&drawn(folder.path(), &["--format", "json"])).expect("JSON");
    assert_eq!(json["routes"][0]["command"], "Command0");
}

#[test]
fn the_graph_of_parts_shows_every_component_with_its_size() {
    let folder = every_kind();
    let mermaid = drawn(folder.path(), &["--parts"]);
    let arrows = arrows(&mermaid);
    for arrow in [
        "dispatcher ->projectors projectors-1",
        "sourcer ->deciders deciders-1",
        "mailer ->wasi:http/outgoing-handler host",
    ] {
        assert!(
            arrows.iter().any(|one| one == arrow),
            "no {arrow} in: {mermaid}"
        );
    }
    assert!(
        mermaid.contains("\"several<br/>projector balances<br/>process manager m<br/>"),
        "{mermaid}"
    );
    assert!(!mermaid.contains("\"types"), "{mermaid}");
}

#[test]
fn switchboards_of_kinds_that_are_not_there_are_not_drawn() {
    let folder = app("", &[("d", "", decider())]);
    for format in ["mermaid", "dot"] {
        let drawn = drawn(folder.path(), &["--parts", "--format", format]);
        assert!(drawn.contains("deciders-1"), "{drawn}");
        for absent in [
            "projectors-1",
            "process-managers-1",
            "notifiers-1",
            "\"host\"",
        ] {
            assert!(!drawn.contains(absent), "{absent} in: {drawn}");
        }
    }
}

#[test]
fn shells_can_complete_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let out = annals(&["completions", shell]);
        let script = String::from_utf8_lossy(&out.stdout).into_owned();
        assert_eq!(out.status.code(), Some(0), "{shell}");
        for word in ["new", "run", "graph", "process-manager", "mermaid"] {
            // PowerShell's script contains no values.
            assert!(
                script.contains(word) || shell == "powershell" || shell == "elvish",
                "{shell}: no {word}"
            );
        }
    }
}

/// Users look for the messages that compilers print on stdout. A build command that prompts must
/// not wait for an answer.
#[test]
fn the_output_of_build_commands_is_shown_and_their_input_is_closed() {
    let build = "build = \"echo error TS2304 in a.ts; cat; exit 3\"\n";
    let folder = app("", &[("a", build, decider())]);
    let mut annals = Command::new(env!("CARGO_BIN_EXE_annals"));
    annals.args(["check"]).current_dir(folder.path());
    // A process that reads this pipe waits, because its other end stays open.
    let annals = annals.stdin(std::process::Stdio::piped());
    let annals = annals.stdout(std::process::Stdio::piped());
    let annals = annals.stderr(std::process::Stdio::piped());
    let mut annals = annals.spawn().expect("annals runs");
    let input = annals.stdin.take();
    let out = annals.wait_with_output().expect("it ends");
    drop(input);
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(said.contains("error TS2304 in a.ts\n"), "{said}");
    assert!(said.contains("exit status: 3"), "{said}");
    assert!(out.stdout.is_empty(), "{:?}", out.stdout);
}

/// Only `annals` knows the host. Without this the host would keep the port and the store.
#[cfg(target_os = "linux")]
#[test]
fn the_host_of_a_run_that_is_killed_ends_too() {
    use std::io::Read as _;
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::{Duration, Instant};

    let folder = app("", &[("a", "", decider())]);
    // `annals` looks for the host beside itself. This script behaves like a host as far as `annals
    // run` observes.
    let beside = tempfile::tempdir().expect("a folder");
    let annals = beside.path().join("annals");
    std::fs::copy(env!("CARGO_BIN_EXE_annals"), &annals).expect("copied");
    let host = beside.path().join("annals-host");
    let script = "#!/bin/sh\necho $$ > pid\necho 'annals-host: listening on http://127.0.0.1:1'\nexec sleep 60\n";
    std::fs::write(&host, script).expect("written");
    std::fs::set_permissions(&host, std::fs::Permissions::from_mode(0o755)).expect("executable");
    let mut run = Command::new(&annals)
        .arg("run")
        .current_dir(folder.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("annals runs");
    // The application is served.
    let mut output = run.stdout.take().expect("an output");
    output.read_exact(&mut [0; 1]).expect("it says something");
    let pid = std::fs::read_to_string(folder.path().join("pid")).expect("started");
    let process = Path::new("/proc").join(pid.trim());
    assert!(process.exists());
    // After SIGKILL no code of `annals` runs.
    run.kill().expect("killed");
    run.wait().expect("ended");
    let deadline = Instant::now() + Duration::from_secs(10);
    let lives = || {
        let status = std::fs::read_to_string(process.join("status")).unwrap_or_default();
        status.contains("State:") && !status.contains("(zombie)")
    };
    while lives() {
        assert!(Instant::now() < deadline, "the host still runs");
        std::thread::sleep(Duration::from_millis(20));
    }
}
