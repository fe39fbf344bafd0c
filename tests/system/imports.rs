//! A composed application imports only interfaces that its host offers, and no more than the bank needs.

use annals_tests::app;
use serde_json::Value;

/// The imports of the bank, composed for a host, with the folder of the output.
fn bank(host: &str) -> (Vec<String>, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (app, report) = (file("app.wasm"), file("report.json"));
    let args = ["compose", "--host", host, "-o", &app, "--report", &report];
    let out = app::annals(&app::bank(), &args).expect("annals runs");
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let report = std::fs::read_to_string(report).expect("a report");
    let report: Value = serde_json::from_str(&report).expect("JSON");
    let imports = report["imports"].as_array().expect("a list").iter();
    let name = |import: &Value| {
        let name = import.as_str().expect("a text");
        // Any version of WASI 0.2 is accepted.
        match name.split_once("@0.2.") {
            Some((interface, rest)) if !rest.contains("draft") => interface.to_owned(),
            _ => name.to_owned(),
        }
    };
    let mut imports: Vec<String> = imports.map(name).collect();
    imports.sort();
    (imports, folder)
}

/// The interfaces that the ingress and the notifier use on every host.
const EVERYWHERE: [&str; 9] = [
    "wasi:cli/environment",
    "wasi:cli/stderr",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:http/outgoing-handler",
    "wasi:http/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
];

fn imports(host: &str, more: &[&str]) -> tempfile::TempDir {
    let (imports, folder) = bank(host);
    let mut expected: Vec<&str> = [&EVERYWHERE, more].concat();
    expected.sort_unstable();
    assert_eq!(imports, expected, "{host}");
    folder
}

#[test]
fn for_annals_host() {
    imports(
        "annals",
        &[
            "annals:keyvalue/conditional@0.1.0",
            // The arguments and the output of `wasi:cli/run`.
            "wasi:cli/stdout",
            "wasi:keyvalue/store@0.2.0-draft2",
            "wasi:random/random",
        ],
    );
}

#[test]
fn for_keyvalue_on_annals_host() {
    imports(
        "keyvalue",
        &[
            // The arguments and the output of `wasi:cli/run`.
            "wasi:cli/stdout",
            "wasi:keyvalue/atomics@0.2.0-draft2",
            "wasi:keyvalue/store@0.2.0-draft2",
            "wasi:random/random",
        ],
    );
}

#[test]
fn for_wasmtime() {
    imports(
        "wasmtime",
        &[
            "wasi:cli/stdout",
            "wasi:filesystem/preopens",
            "wasi:filesystem/types",
            "wasi:random/insecure",
            "wasi:random/random",
        ],
    );
}

#[test]
fn for_jco() {
    imports(
        "jco",
        &[
            "wasi:filesystem/preopens",
            "wasi:filesystem/types",
            "wasi:random/insecure",
            "wasi:random/random",
        ],
    );
}

#[test]
fn for_wasmcloud() {
    let folder = imports(
        "wasmcloud",
        &[
            "wasi:keyvalue/atomics@0.2.0-draft",
            "wasi:keyvalue/store@0.2.0-draft",
            "wasi:random/random",
        ],
    );
    let written = folder.path().join(".wash/config.yaml");
    let written = std::fs::read_to_string(written).expect("a configuration");
    assert!(
        written.contains("\n  component_path: \"app.wasm\"\n"),
        "{written}"
    );
    assert!(written.contains("\n  allowedHosts: [\"*\"]\n"), "{written}");
}

#[test]
fn for_spin() {
    let folder = imports(
        "spin",
        &[
            "wasi:keyvalue/atomics@0.2.0-draft2",
            "wasi:keyvalue/store@0.2.0-draft2",
            "wasi:random/random",
        ],
    );
    let written = std::fs::read_to_string(folder.path().join("spin.toml")).expect("a manifest");
    for line in [
        "spin_manifest_version = 2",
        "route = \"/...\"",
        "source = \"app.wasm\"",
        "key_value_stores = [\"default\"]",
        "allowed_outbound_hosts = [\"http://*:*\", \"https://*:*\"]",
    ] {
        assert!(written.lines().any(|one| one == line), "{line}: {written}");
    }
}
