//! The output and the exit statuses of `store-conformance`.
#![cfg(feature = "hosts")]

use std::process::{Command, Output};

fn suite(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_store-conformance"))
        .args(args)
        .output()
        .expect("it runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn what_passes_is_summed_up_and_the_status_is_0() {
    let out = suite(&["--adapter", "native", "--filter", "append."]);
    let said = text(&out.stdout);
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("native: "), "{said}");
    assert!(
        said.ends_with(" cases passed, 0 failed, 0 skipped\n"),
        "{said}"
    );
    assert_eq!(out.status.code(), Some(0));
}

#[test]
fn the_list_has_a_line_for_each_case() {
    let out = suite(&["--list"]);
    let said = text(&out.stdout);
    assert_eq!(
        said.lines().count(),
        annals_store_conformance::all().count()
    );
    let line = "\nappend.no-stream-on-present-stream: `no-stream` fails on a present stream";
    assert!(said.contains(line), "{said}");
}

#[test]
fn a_filter_that_no_case_passes_is_no_success() {
    let out = suite(&["--filter", "no-such-case"]);
    assert_eq!(out.status.code(), Some(2));
    assert!(text(&out.stderr).contains("no-such-case"));
}

#[test]
fn a_file_that_is_no_component_is_told_of() {
    let out = suite(&["--component", "Cargo.toml", "--serve", "true {app}"]);
    assert_eq!(out.status.code(), Some(3));
    assert!(text(&out.stderr).contains("Cargo.toml"));
}
