//! The command line itself: help, usage, and a manifest that is not there.

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
    for command in ["check", "compose", "graph"] {
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
