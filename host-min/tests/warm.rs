//! Instances that stay warm, and when they are made anew.
//!
//! The first request of the first instance is the host's own: at its start it has the application compare itself
//! with the store. So the first request of a client is the second of that instance.

mod support;

use std::time::{Duration, Instant};

use support::{Host, Workspace};

/// Which of its instance's requests this one is.
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
    // It trapped, computed for too long, waited for too long, gave half an answer, or failed after one.
    for path in ["/trap", "/loop", "/wait", "/half", "/xafter"] {
        requests(&host, "/instance", 2);
        let failed = host.get(path);
        assert_eq!(
            failed.status == 200,
            path == "/xafter",
            "{path}: {failed:?}"
        );
        // What failed after its answer may still be at it.
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
    // A MiB with each one, and none with the host's own.
    assert_eq!(requests(&host, "/keep", 7), [2, 3, 4, 1, 2, 3, 1]);
}

#[test]
fn an_instance_is_made_anew_when_it_is_old() {
    let workspace = Workspace::new();
    let host = workspace.start(&["--no-delivery", "--recycle-age", "600ms"]);
    assert_eq!(requests(&host, "/instance", 2), [2, 3]);
    std::thread::sleep(Duration::from_millis(700));
    // It is old, and serves this one; it is gone then.
    assert_eq!(requests(&host, "/instance", 2), [4, 1]);
}
