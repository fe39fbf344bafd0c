//! How the host starts and ends, and its error messages.

mod support;

use std::process::Stdio;
use std::time::Duration;

use support::{Host, Workspace};

fn refused(mut command: std::process::Command) -> (Option<i32>, String) {
    let output = command
        .stdout(Stdio::null())
        .output()
        .expect("the host runs");
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[test]
fn a_fault_of_the_input_is_one_line_with_a_remedy_and_status_1() {
    let workspace = Workspace::new();
    let refuse = |bytes: &[u8]| {
        std::fs::write(workspace.app(), bytes).expect("written");
        refused(workspace.command(&["--store", "memory:"]))
    };
    for (bytes, words) in [
        (&b"\0asm\x01\0\0\0"[..], "annals compose"),
        (&b"nonsense"[..], "not a component"),
        (
            &wat::parse_str("(component (import \"x:y/z\" (func)))").expect("text")[..],
            "x:y/z",
        ),
    ] {
        let (status, error) = refuse(bytes);
        assert_eq!(status, Some(1), "{error}");
        assert!(
            error.contains(words) && error.trim().lines().count() == 1,
            "{error}"
        );
    }
    std::fs::remove_file(workspace.app()).expect("removed");
    assert_eq!(
        refused(workspace.command(&["--store", "memory:"])).0,
        Some(1)
    );
    assert_eq!(
        refused(workspace.command(&["--timeout", "soon"])).0,
        Some(2)
    );
}

#[test]
fn a_second_host_on_one_store_is_refused() {
    let workspace = Workspace::new();
    let _first = workspace.start(&[]);
    let mut second = workspace.command(&[]);
    second.arg("--store").arg(workspace.path("store"));
    let (status, error) = refused(second);
    assert_eq!(status, Some(1), "{error}");
    assert!(error.contains("in use by another process"), "{error}");
}

#[test]
fn a_running_request_is_answered_though_the_host_is_told_to_stop() {
    let workspace = Workspace::new();
    let host = workspace.start(&["--timeout", "1500ms"]);
    let address = host.address.clone();
    let running = std::thread::spawn(move || support::send(&address, "/wait", "", b""));
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(host.terminate(), Some(0));
    let answer = running.join().expect("no panic").expect("an answer");
    assert_eq!(answer.status, 500);
}

#[test]
fn a_store_in_memory_forgets() {
    let workspace = Workspace::new();
    for _ in 0..2 {
        let host = Host::start(workspace.command(&["--store", "memory:"]));
        assert_eq!(host.get("/counter").text(), "2");
    }
}
