//! The steps of the README for a new user: a new project outside of the repository, the SDK, a manifest, compose,
//! serve.

use annals_tests::client::Client;
use annals_tests::server::{Kind, Server};
use annals_tests::{app, tools};
use std::path::Path;
use std::process::Command;

/// The README, whose code the test uses.
const README: &str = include_str!("../../README.md");

/// The README's code blocks in a language.
fn blocks(language: &str) -> Vec<&'static str> {
    let start = format!("```{language}\n");
    let blocks = README.split(&start).skip(1);
    blocks
        .map(|rest| rest.split_once("```").expect("its end").0)
        .collect()
}

/// The domain: a decider, whose last line is replaced by the second block.
fn domain() -> String {
    let blocks = blocks("rust");
    let [decider, view] = blocks[..] else {
        panic!("two blocks are expected: {blocks:?}");
    };
    let decider = decider
        .strip_suffix("annals::export! { deciders: [Counter] }\n")
        .expect("the export comes last");
    format!("{decider}{view}")
}

fn cargo(folder: &Path, args: &[&str]) {
    let cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let out = tools::with_tools(cargo)
        .expect("tools")
        .current_dir(folder)
        .args(args)
        .output()
        .expect("cargo runs");
    assert!(
        out.status.success(),
        "cargo {args:?}: {}",
        String::from_utf8_lossy(&out.stderr)
    );
}

/// The tool that builds a project.
enum Tool {
    CargoComponent,
    Cargo,
}

fn walks(tool: &Tool) {
    let home = tempfile::tempdir().expect("a folder");
    let sdk = tools::workspace().join("guest-sdk");
    match tool {
        Tool::CargoComponent => cargo(home.path(), &["component", "new", "--lib", "counter"]),
        Tool::Cargo => cargo(home.path(), &["new", "--lib", "counter"]),
    }
    let project = home.path().join("counter");
    cargo(
        &project,
        &["add", "annals", "--path", &sdk.to_string_lossy()],
    );
    if matches!(tool, Tool::Cargo) {
        let file = project.join("Cargo.toml");
        let manifest = std::fs::read_to_string(&file).expect("a manifest");
        std::fs::write(
            &file,
            format!("{manifest}\n[lib]\ncrate-type = [\"cdylib\"]\n"),
        )
        .expect("written");
    }
    std::fs::write(project.join("src/lib.rs"), domain()).expect("written");
    std::fs::write(home.path().join("annals.toml"), blocks("toml")[0]).expect("written");
    let app = app::compose(home.path(), Kind::Annals, home.path()).expect("it composes");
    let server = Server::start(Kind::Annals, &app, home.path()).expect("the host starts");
    let client = Client::new(server.url());
    for expected in 1..=3 {
        let answer = client
            .post(
                "/commands/Count",
                &[("prefer", "wait=10")],
                br#"{"counter":"c"}"#,
            )
            .expect("an answer");
        assert_eq!(
            (answer.status, answer.body["version"].as_u64()),
            (200, Some(expected)),
            "{}",
            answer.text
        );
    }
    let row = client.get("/views/totals/c").expect("an answer");
    assert_eq!(row.text, r#"{"counted":3}"#);
}

#[test]
fn a_cargo_component_project_as_it_is_made_becomes_a_handler() {
    walks(&Tool::CargoComponent);
}

#[test]
fn a_plain_cargo_project_becomes_a_handler() {
    walks(&Tool::Cargo);
}
