//! Exit statuses, as `--help`, docs/operations.md and docs/diagnostics.md define them.
//!
//! Status 3 of `annals-host serve` is tested in host-min/tests/unavailable.rs: it needs a store that cannot continue.

use annals_tests::tools;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

/// A program, its arguments, and its exit status.
type Row = (&'static str, &'static [&'static str], i32);

const TABLE: &[Row] = &[
    // Usage errors, and requests for help.
    ("annals", &[], 2),
    ("annals", &["--help"], 0),
    ("annals", &["--version"], 0),
    ("annals", &["chek"], 2),
    ("annals", &["check", "--host", "nowhere"], 2),
    ("annals", &["new"], 2),
    ("annals", &["new", "x", "--kind", "saga"], 2),
    ("annals", &["run", "--port", "1"], 2),
    ("annals", &["test", "--colour"], 2),
    // `annals run` passes on the exit status of the host.
    ("annals", &["run", "--", "--nonsense"], 2),
    ("annals", &["completions", "tcsh"], 2),
    ("annals-host", &[], 2),
    ("annals-host", &["--help"], 0),
    ("annals-host", &["serve"], 2),
    ("annals-host", &["serve", "app.wasm", "--timeout", "10"], 2),
    ("annals-host", &["verify", "--store", "memory:"], 2),
    // Success.
    ("annals", &["check"], 0),
    ("annals", &["compose", "-o", "app.wasm"], 0),
    ("annals", &["graph"], 0),
    ("annals", &["completions", "bash"], 0),
    ("annals", &["wit", "-o", "wit"], 0),
    ("annals", &["new", "basket"], 0),
    ("annals-host", &["completions", "bash"], 0),
    (
        "annals-host",
        &[
            "serve",
            "app.wasm",
            "--compile-only",
            "--cache-dir",
            "cache",
        ],
        0,
    ),
    // Errors of the input.
    ("annals", &["check", "-m", "absent.toml"], 1),
    ("annals", &["compose", "-m", "absent.toml"], 1),
    ("annals", &["graph", "-m", "absent.toml"], 1),
    ("annals", &["run", "-m", "absent.toml"], 1),
    ("annals", &["test", "-m", "absent.toml"], 1),
    ("annals", &["new", "basket"], 1),
    ("annals", &["new", "Basket"], 1),
    ("annals", &["wit", "-o", "annals.toml/wit"], 1),
    (
        "annals-host",
        &["serve", "absent.wasm", "--store", "memory:"],
        1,
    ),
    (
        "annals-host",
        &["serve", "annals.toml", "--store", "memory:"],
        1,
    ),
    (
        "annals-host",
        &[
            "serve",
            "app.wasm",
            "--store",
            "memory:",
            "--cache-dir",
            "cache",
            "--listen",
            "256.0.0.1:1",
        ],
        1,
    ),
    ("annals-host", &["verify", "--store", "absent"], 1),
    ("annals-host", &["export", "--store", "absent"], 1),
    (
        "annals-host",
        &["import", "absent.jsonl", "--store", "new"],
        1,
    ),
    (
        "annals-host",
        &["import", "annals.toml", "--store", "new"],
        1,
    ),
    // The store cannot be read or written, so its content is unknown.
    ("annals-host", &["verify", "--store", "annals.toml"], 3),
    ("annals-host", &["export", "--store", "annals.toml"], 3),
    (
        "annals-host",
        &["import", "/dev/null", "--store", "annals.toml/new"],
        3,
    ),
    (
        "annals-host",
        &["import", "/dev/null", "--store", "files:annals.toml/new"],
        3,
    ),
];

fn run(folder: &Path, program: &str, args: &[&str], stdout: Stdio) -> (Option<i32>, String) {
    let program = tools::built(program).expect("it is built");
    let mut command = tools::with_tools(Command::new(program)).expect("tools");
    command.current_dir(folder).args(args);
    let out = command.stdin(Stdio::null()).stdout(stdout).output();
    let out = out.expect("it runs");
    let said = String::from_utf8_lossy(&out.stderr).into_owned();
    (out.status.code(), said)
}

#[test]
fn every_end_has_the_status_that_is_documented() {
    let folder = tempfile::tempdir().expect("a folder");
    annals_fixtures::application(folder.path(), 1).expect("a decider");
    for (program, args, status) in TABLE {
        let (ended, said) = run(folder.path(), program, args, Stdio::null());
        assert_eq!(ended, Some(*status), "{program} {args:?}: {said}");
        // Every failure has a message, and an error of the input is not reported as an internal error.
        assert!(*status == 0 || !said.is_empty(), "{program} {args:?}");
        assert!(
            !said.contains("please report it"),
            "{program} {args:?}: {said}"
        );
        assert!(!said.contains("panicked"), "{program} {args:?}: {said}");
    }
}

/// `annals graph | head -1` is no failure. A full disk is a failure, but no internal error of annals.
#[test]
fn an_output_that_nobody_takes_is_no_fault_of_annals() {
    let folder = tempfile::tempdir().expect("a folder");
    annals_fixtures::application(folder.path(), 1).expect("a decider");
    for args in [
        &["check"][..],
        &["compose", "-o", "app.wasm"],
        &["graph"],
        &["graph", "--format", "json"],
        &["completions", "bash"],
        &["wit", "-o", "wit"],
    ] {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let (ended, said) = run(folder.path(), "annals", args, writer.into());
        assert_eq!(
            (ended, said.contains("panicked")),
            (Some(0), false),
            "{args:?}: {said}"
        );
        let full = File::options()
            .write(true)
            .open("/dev/full")
            .expect("there");
        let (ended, said) = run(folder.path(), "annals", args, full.into());
        assert_eq!(ended, Some(1), "{args:?}: {said}");
        assert!(said.contains("stdout: cannot be written"), "{said}");
    }
}

/// The tables of the documentation have the statuses that are tested here.
#[test]
fn the_documentation_names_every_status() {
    let docs = |name: &str| {
        fs::read_to_string(tools::workspace().join("docs").join(name)).expect("a file")
    };
    let flat = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(flat(docs("operations.md")).contains(
        "Exit status: 0 done or clean, 1 damage or an input at fault, 2 usage, 3 the store cannot be read or written."
    ));
    assert!(
        flat(docs("guide.md"))
            .contains("Exit status: 0 done, 1 your input is at fault, 2 usage, 3 our fault.")
    );
    assert!(flat(docs("hosts.md")).contains("the host ends with status 3"));
    for (program, command, words) in [
        (
            "annals",
            "test",
            "0 all passed, 1 a case failed or your input is at fault, 2 usage, 3 our fault",
        ),
        (
            "annals",
            "run",
            "0 ended by a signal, 1 your input is at fault, 2 usage, 3 our fault",
        ),
        (
            "annals-host",
            "serve",
            "3 the host is at fault, or its store cannot go on",
        ),
        (
            "annals-host",
            "verify",
            "0 clean, 1 damage found, or the store is in use or not there, 2 usage, 3 the store cannot be read",
        ),
        (
            "annals-host",
            "export",
            "2 usage, 3 the store cannot be read, or nobody takes the output",
        ),
        (
            "annals-host",
            "import",
            "2 usage, 3 the store cannot be written",
        ),
    ] {
        let program = tools::built(program).expect("it is built");
        let out = Command::new(program)
            .args([command, "--help"])
            .output()
            .expect("it runs");
        let help = flat(String::from_utf8_lossy(&out.stdout).into_owned());
        assert!(help.contains(words), "{command}: no {words} in: {help}");
    }
}
