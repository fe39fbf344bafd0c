//! The same input gives the same output, byte for byte, regardless of its folder, its build time
//! and the cache.

use annals_compose::kind::Kind;
#[allow(dead_code, reason = "shared with the tests of the command line")]
use annals_fixtures::{Decider, Reactions, projector, reaction};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

/// Writes an application with handlers of every kind into a folder.
fn application(folder: &Path, backwards: bool, built: SystemTime) {
    let mut handlers: Vec<(String, &str, Vec<u8>)> = (0..20)
        .map(|number| {
            let toy = Decider {
                number,
                ..Default::default()
            };
            (
                format!("decider-{number}"),
                "snapshot-every = 7\n",
                toy.component().expect("a decider"),
            )
        })
        .collect();
    let several = Reactions {
        reactions: vec![
            (
                Kind::Projector,
                vec![
                    projector("a"),
                    annals_compose::descriptors::ReactionDescriptor {
                        name: "b".into(),
                        ..projector("b")
                    },
                ],
            ),
            (Kind::ProcessManager, vec![reaction("m")]),
        ],
        ..Reactions::default()
    };
    handlers.push(("several".into(), "", several.component()));
    let mailer = Reactions::of(Kind::Notifier, &[reaction("n")])
        .importing(&["wasi:http/outgoing-handler@0.2.4"]);
    handlers.push((
        "mailer".into(),
        "allow = [\"wasi:http/outgoing-handler\"]\n",
        mailer.component(),
    ));
    if backwards {
        handlers.reverse();
    }
    let mut manifest = String::from("[app]\nname = \"x\"\nversion = \"1.2.3\"\n");
    for (name, keys, component) in &handlers {
        let _ = write!(
            manifest,
            "[handlers.{name}]\ncomponent = \"{name}.wasm\"\n{keys}"
        );
        let file = folder.join(format!("{name}.wasm"));
        fs::write(&file, component).expect("written");
        fs::File::options()
            .append(true)
            .open(file)
            .expect("open")
            .set_modified(built)
            .expect("set");
    }
    fs::write(folder.join("annals.toml"), manifest).expect("written");
}

/// Composes with the real binary. Returns the component, the report and the duration.
fn composed(folder: &Path, cache: &Path, host: &str) -> (Vec<u8>, Vec<u8>, Duration) {
    let started = Instant::now();
    let out = Command::new(env!("CARGO_BIN_EXE_annals"))
        .args([
            "compose",
            "--host",
            host,
            "-o",
            "app.wasm",
            "--report",
            "report.json",
        ])
        .current_dir(folder)
        .env("ANNALS_CACHE", cache)
        .output()
        .expect("annals runs");
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let file = |name: &str| fs::read(folder.join(name)).expect("written");
    (file("app.wasm"), file("report.json"), started.elapsed())
}

/// The cached descriptions of handlers. A folder beside these files has the code that wasmtime
/// compiled.
fn answers(cache: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(cache).expect("a folder");
    let files = entries.map(|entry| entry.expect("an entry").path());
    files.filter(|path| path.is_file()).collect()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

#[test]
fn the_same_input_makes_the_same_output() {
    let now = SystemTime::now();
    let (one, other) = (
        tempfile::tempdir().expect("a folder"),
        tempfile::tempdir().expect("a folder"),
    );
    application(one.path(), false, now);
    application(other.path(), true, now - Duration::from_secs(100_000));
    let cache = tempfile::tempdir().expect("a folder");
    let remembered = cache.path().join("handlers");
    for host in ["annals", "wasmtime", "wasmcloud"] {
        let (bytes, report, cold) = composed(one.path(), &remembered, host);
        let (again, report_again, warm) = composed(one.path(), &remembered, host);
        println!("{host}: composed in {cold:?}, and again in {warm:?}");
        let elsewhere = composed(other.path(), Path::new(""), host);
        assert!(
            bytes == again && bytes == elsewhere.0,
            "{host}: the component differs"
        );
        assert_eq!(
            String::from_utf8_lossy(&report),
            String::from_utf8_lossy(&report_again)
        );
        assert_eq!(
            String::from_utf8_lossy(&report),
            String::from_utf8_lossy(&elsewhere.1)
        );
        for folder in [one.path(), other.path(), cache.path()] {
            let path = folder.to_string_lossy();
            assert!(
                !contains(&bytes, path.as_bytes()) && !contains(&report, path.as_bytes()),
                "{path}"
            );
        }
    }
    // Twenty-two handlers, for all hosts. The cache has the description of each, and for each kind
    // in it (one handler has two) the type check.
    assert_eq!(answers(&remembered).len(), 22 + 23);
}

#[test]
fn what_is_remembered_is_not_believed_if_it_is_damaged() {
    let folder = tempfile::tempdir().expect("a folder");
    application(folder.path(), false, SystemTime::now());
    let cache = tempfile::tempdir().expect("a folder");
    let (bytes, report, _) = composed(folder.path(), cache.path(), "annals");
    for (index, file) in answers(cache.path()).into_iter().enumerate() {
        let mut text = fs::read(&file).expect("there");
        let half = text.len() / 2;
        match index % 3 {
            0 => text.truncate(half),
            1 => text[half] ^= 1,
            _ => text.clear(),
        }
        fs::write(&file, text).expect("written");
    }
    let (again, report_again, _) = composed(folder.path(), cache.path(), "annals");
    assert!(bytes == again && report == report_again);
}
