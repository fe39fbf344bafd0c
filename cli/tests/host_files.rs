//! The files that hosts need beside an application.

use annals_fixtures::Decider;
use std::fs;
use std::path::Path;
use std::process::Command;

const MANIFEST: &str = "[app]\nname = \"say \\\"hi\\\"\"\nversion = \"1.2.3\"\n\
    [store]\nbucket = \"mine\"\n[handlers.h]\ncomponent = \"h.wasm\"\n";

/// An application of one decider, in a folder.
fn app() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let decider = Decider::default().component().expect("a component");
    fs::write(folder.path().join("h.wasm"), decider).expect("written");
    fs::write(folder.path().join("annals.toml"), MANIFEST).expect("written");
    fs::create_dir(folder.path().join("out put")).expect("a folder");
    folder
}

/// Composes into another folder; returns stdout and stderr.
fn compose(folder: &Path, host: &str) -> (String, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_annals"))
        .args(["compose", "--host", host, "-o", "out put/a.wasm"])
        .current_dir(folder)
        .output()
        .expect("annals runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(out.status.success(), "{}", text(&out.stderr));
    (text(&out.stdout), text(&out.stderr))
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join("out put").join(name)).expect("it was written")
}

#[test]
fn spin_has_a_manifest_in_its_words() {
    let folder = app();
    let (said, notes) = compose(folder.path(), "spin");
    assert!(
        said.contains("serve it: spin up --from 'out put/spin.toml'"),
        "{said}"
    );
    assert_eq!(notes, "");
    let text = read(folder.path(), "spin.toml");
    let manifest: toml::Table = text.parse().expect("TOML");
    assert_eq!(manifest["spin_manifest_version"], toml::Value::Integer(2));
    assert_eq!(manifest["application"]["name"].as_str(), Some("say \"hi\""));
    assert_eq!(manifest["application"]["version"].as_str(), Some("1.2.3"));
    let trigger = &manifest["trigger"]["http"][0];
    assert_eq!(trigger["route"].as_str(), Some("/..."));
    let component = &manifest["component"][trigger["component"].as_str().expect("a name")];
    assert_eq!(component["source"].as_str(), Some("a.wasm"));
    assert_eq!(component["key_value_stores"][0].as_str(), Some("mine"));
    assert_eq!(
        component["allowed_outbound_hosts"].as_array().map(Vec::len),
        Some(0)
    );
}

#[test]
fn wasmcloud_has_a_configuration_that_lets_nothing_out() {
    let folder = app();
    let (said, _) = compose(folder.path(), "wasmcloud");
    assert!(
        said.contains("serve it: cd 'out put' && wash dev"),
        "{said}"
    );
    let text = read(folder.path(), ".wash/config.yaml");
    for line in [
        "  command: \"true\"",
        "  component_path: \"a.wasm\"",
        "  allowedHosts: []",
    ] {
        assert!(text.lines().any(|one| one == line), "{line}: {text}");
    }
}

#[test]
fn jco_has_a_launcher_that_knows_its_application() {
    let folder = app();
    let (said, _) = compose(folder.path(), "jco");
    assert!(
        said.contains("npm install --prefix 'out put/a.jco' && node 'out put/a.jco/serve.mjs'"),
        "{said}"
    );
    let app: serde_json::Value =
        serde_json::from_str(&read(folder.path(), "a.jco/app.json")).expect("JSON");
    assert_eq!(
        (&app["component"], &app["path"]),
        (&"../a.wasm".into(), &"/data".into())
    );
    assert_eq!(app["name"], "say \"hi\"");
    let launcher = read(folder.path(), "a.jco/serve.mjs");
    // Each imported module exists.
    let imported = launcher.split("from \"./").skip(1);
    let mut count = 0;
    for module in imported.filter_map(|rest| rest.split('"').next()) {
        let _ = read(folder.path(), &format!("a.jco/{module}"));
        count += 1;
    }
    assert!(count >= 4, "{launcher}");
}

#[test]
fn what_a_user_has_changed_is_left_alone_and_told() {
    let folder = app();
    compose(folder.path(), "spin");
    let written = read(folder.path(), "spin.toml");
    let file = folder.path().join("out put/spin.toml");

    let changed = written.replace("mine", "theirs");
    fs::write(&file, &changed).expect("written");
    let (_, notes) = compose(folder.path(), "spin");
    assert_eq!(
        notes,
        "note: out put/spin.toml has changes of yours and was not overwritten; it must contain `key_value_stores = [\"mine\"]`\n"
    );
    assert_eq!(read(folder.path(), "spin.toml"), changed);

    let enough = format!("{written}\n# more\n");
    fs::write(&file, &enough).expect("written");
    let (_, notes) = compose(folder.path(), "spin");
    assert!(
        notes.contains("remove it, and the composer writes it again"),
        "{notes}"
    );

    fs::remove_file(&file).expect("removed");
    let (_, notes) = compose(folder.path(), "spin");
    assert_eq!(
        (read(folder.path(), "spin.toml"), notes),
        (written, String::new())
    );
}
