//! Instances that stay warm, and when the host replaces them.
//!
//! The first request of the first instance is the host's own: at its start it lets the application
//! compare itself with the store. A client's first request is therefore the second one of that
//! instance.

mod support;

use std::time::{Duration, Instant};

use support::{Host, Workspace};

/// The number of this request in its instance.
fn request(host: &Host, path: &str) -> u32 {
    let answer = host.get(path);
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.text().parse().expect("a number")
}

fn requests(host: &Host, path: &str, count: usize) -> Vec<u32> {
    (0..count).map(|_| request(host, path)).collect()
}

#[test]
fn the_next_request_meets_the_instance_of_the_last_one() {
    let workspace = Workspace::new();
    let host = workspace.start(&["--no-delivery"]);
    let counts = requests(&host, "/instance", 20);
    assert_eq!(counts, (2..=21).collect::<Vec<_>>());
}

#[test]
fn without_warm_instances_each_request_has_a_fresh_one() {
    let workspace = Workspace::new();
    let host = workspace.start(&["--no-delivery", "--warm", "0"]);
    assert_eq!(requests(&host, "/instance", 5), [1; 5]);
}

#[test]
fn an_instance_that_failed_is_never_used_again() {
    let workspace = Workspace::new();
    let host = workspace.start(&["--no-delivery", "--timeout", "500ms"]);
    // Each guest fails: it traps, computes for too long, waits for too long, gives half a response,
    // or fails after one.
    for path in ["/trap", "/loop", "/wait", "/half", "/xafter"] {
        requests(&host, "/instance", 2);
        let failed = host.get(path);
        assert_eq!(
            failed.status == 200,
            path == "/xafter",
            "{path}: {failed:?}"
        );
        // A guest that fails after its response may still be running.
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(request(&host, "/instance"), 1, "after {path}");
    }
}

#[test]
fn an_answer_that_its_guest_never_ends_ends_with_the_instance() {
    let workspace = Workspace::new();
    let host = workspace.start(&["--no-delivery"]);
    requests(&host, "/instance", 2);
    let start = Instant::now();
    assert_eq!(host.get("/begun").body, b"");
    assert!(start.elapsed() < Duration::from_secs(5));
    assert_eq!(request(&host, "/instance"), 1);
}

#[test]
fn an_instance_is_made_anew_after_so_many_requests() {
    let workspace = Workspace::new();
    let host = workspace.start(&["--no-delivery", "--recycle-requests", "3"]);
    assert_eq!(requests(&host, "/instance", 7), [2, 3, 1, 2, 3, 1, 2]);
}

#[test]
fn an_instance_is_made_anew_when_its_memory_has_grown() {
    let workspace = Workspace::new();
    let host = workspace.start(&["--no-delivery", "--recycle-memory", "2MiB"]);
    // Each request adds one MiB, and the host's own adds none.
    assert_eq!(requests(&host, "/keep", 7), [2, 3, 4, 1, 2, 3, 1]);
}

#[test]
fn an_instance_is_made_anew_when_it_is_old() {
    let workspace = Workspace::new();
    let host = workspace.start(&["--no-delivery", "--recycle-age", "600ms"]);
    assert_eq!(requests(&host, "/instance", 2), [2, 3]);
    std::thread::sleep(Duration::from_millis(700));
    // The instance is too old. It serves this request, and the host then drops it.
    assert_eq!(requests(&host, "/instance", 2), [4, 1]);
}
