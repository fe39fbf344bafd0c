//! The packages in other languages run their own tests: `host-node/`, `sdk-js/` and `sdk-py/`.

use annals_tests::tools::workspace;
use std::process::Command;

/// Runs a command in a package's folder, and fails with all that it printed.
fn passes(package: &str, command: &mut Command) {
    let folder = workspace().join(package);
    let out = command.current_dir(folder).output().expect("it starts");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let printed = text(&out.stdout) + &text(&out.stderr);
    assert!(out.status.success(), "{package}: {}\n{printed}", out.status);
}

#[test]
fn the_host_in_node() {
    passes("host-node", Command::new("node").arg("--test"));
}

#[test]
fn the_sdk_for_javascript() {
    passes("sdk-js", Command::new("node").arg("--test"));
}

#[test]
fn the_sdk_for_python() {
    let mut python = Command::new("python3");
    python.args(["-m", "unittest", "discover", "-s", "tests"]);
    passes("sdk-py", python.env("PYTHONDONTWRITEBYTECODE", "1"));
}
