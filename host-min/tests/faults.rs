//! A failing guest produces a problem for the client and details in the log, and the next request
//! is served.

mod support;

use std::time::{Duration, Instant};

use support::{Host, Workspace, send};

fn fails(host: &Host, path: &str, handler: serde_json::Value) {
    let answer = host.get(path);
    assert_eq!(answer.status, 500, "{path}");
    let problem = answer.json();
    assert_eq!(
        problem["type"], "urn:annals:problem:handler-fault",
        "{path}"
    );
    assert_eq!(problem["status"], 500);
    assert_eq!(problem["handler"], handler, "{path}");
    let incident = problem["incident"]
        .as_str()
        .expect("an incident")
        .to_owned();
    assert!(
        !answer.text().contains("wasm"),
        "no internals: {}",
        answer.text()
    );
    assert!(
        host.log().contains(&incident),
        "{path}: the log names the incident"
    );
    let next = host.get("/ok");
    assert_eq!((next.status, next.text()), (200, "ok"), "after {path}");
}

#[test]
fn a_trap_is_answered_with_the_handlers_name_and_logged_with_its_stack() {
    let workspace = Workspace::new();
    let host = workspace.start(&[]);
    fails(&host, "/trap", "open-account".into());
    let log = host.log();
    assert!(
        log.contains("unreachable") && log.contains("backtrace"),
        "{log}"
    );
}

#[test]
fn an_endless_loop_ends_with_its_time() {
    let workspace = Workspace::new();
    let host = workspace.start(&["--timeout", "400ms"]);
    let start = Instant::now();
    fails(&host, "/loop", "spin".into());
    assert!(
        start.elapsed() < Duration::from_secs(3),
        "{:?}",
        start.elapsed()
    );
    let log = host.log();
    assert!(
        log.contains("a guest failed: the handler computed until its deadline (`--timeout`)"),
        "{log}"
    );
}

#[test]
fn endless_loops_on_every_thread_leave_room_for_others() {
    let workspace = Workspace::new();
    let host = workspace.start(&["--timeout", "3s"]);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| assert_eq!(host.get("/loop").status, 500));
        }
        std::thread::sleep(Duration::from_millis(300));
        let start = Instant::now();
        assert_eq!(host.get("/ok").status, 200);
        assert!(
            start.elapsed() < Duration::from_secs(2),
            "{:?}",
            start.elapsed()
        );
    });
}

#[test]
fn a_guest_that_sleeps_in_the_host_ends_with_its_time() {
    let workspace = Workspace::new();
    let host = workspace.start(&["--timeout", "300ms"]);
    fails(&host, "/wait", serde_json::Value::Null);
}

#[test]
fn a_guest_that_grows_without_end_is_stopped() {
    let workspace = Workspace::new();
    let host = workspace.start(&["--max-memory", "8MiB"]);
    let start = Instant::now();
    fails(&host, "/memory", "hog".into());
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "by its memory, not by its time"
    );
}

#[test]
fn a_guest_that_returns_without_an_answer_has_failed() {
    let workspace = Workspace::new();
    let host = workspace.start(&[]);
    fails(&host, "/nothing", serde_json::Value::Null);
}

#[test]
fn a_trap_in_the_middle_of_an_answer_is_no_success() {
    let workspace = Workspace::new();
    let host = workspace.start(&[]);
    fails(&host, "/half", "writer".into());
    // The response is too long to be held back. It is cut short, and the client can tell.
    let flood = send(&host.address, "/flood", "", b"");
    assert!(
        flood.is_err(),
        "{} bytes as a success",
        flood.map_or(0, |answer| answer.body.len())
    );
    assert_eq!(host.get("/ok").status, 200);
}

#[test]
fn a_body_beyond_the_limit_is_refused() {
    let workspace = Workspace::new();
    let host = workspace.start(&["--max-body", "1KiB"]);
    let answer = send(&host.address, "/ok", "", &[b'x'; 1025]).expect("an answer");
    assert_eq!(
        (answer.status, answer.json()["limit"].as_u64()),
        (413, Some(1024))
    );
    assert_eq!(
        send(&host.address, "/ok", "", &[b'x'; 1024])
            .expect("an answer")
            .status,
        200
    );
}

#[test]
fn too_many_requests_are_sent_away_with_a_time_to_retry() {
    let workspace = Workspace::new();
    let host = workspace.start(&["--timeout", "1s", "--concurrency", "1", "--queue", "0"]);
    std::thread::scope(|scope| {
        scope.spawn(|| host.get("/loop"));
        std::thread::sleep(Duration::from_millis(300));
        let answer = host.get("/ok");
        assert_eq!(answer.status, 503);
        assert!(answer.head.contains("retry-after: 1"), "{}", answer.head);
    });
    assert_eq!(host.get("/ok").status, 200);
}
