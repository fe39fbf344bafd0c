//! Deliveries in the background, and the work of a guest after its response.

mod support;

use std::time::{Duration, Instant};

use support::{Host, Workspace, send};

fn count(host: &Host, reaction: &str) -> u32 {
    let answer = host.get(&format!("/number{reaction}"));
    answer.text().parse().expect("a number")
}

#[test]
fn each_reaction_is_pumped_at_the_start_and_now_and_then() {
    let workspace = Workspace::reacting();
    let host = workspace.start(&[]);
    std::thread::sleep(Duration::from_millis(400));
    assert_eq!(count(&host, "a"), 1);
    // Three requests at once: each takes half a second.
    assert_eq!(count(&host, "l"), 3);
    std::thread::sleep(Duration::from_millis(1000));
    assert_eq!(count(&host, "a"), 2);
}

#[test]
fn what_was_accepted_wakes_the_workers_and_reading_does_not() {
    let workspace = Workspace::reacting();
    let host = workspace.start(&[]);
    std::thread::sleep(Duration::from_millis(300));
    let before = count(&host, "a");
    for _ in 0..5 {
        send(&host.address, "/commands", "", b"x").expect("an answer");
        std::thread::sleep(Duration::from_millis(60));
    }
    let after = count(&host, "a");
    assert!(after >= before + 5, "{before} {after}");
    for _ in 0..5 {
        host.get("/ok");
        std::thread::sleep(Duration::from_millis(60));
    }
    assert!(count(&host, "a") <= after + 1, "{after}");
}

#[test]
fn a_handler_that_traps_is_tried_again_later_and_harms_nobody() {
    let workspace = Workspace::reacting();
    let host = workspace.start(&[]);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(count(&host, "t"), 1);
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(4500) {
        send(&host.address, "/commands", "", b"x").expect("an answer");
        std::thread::sleep(Duration::from_millis(50));
    }
    // The host retries after 0, 1 and 3 seconds, however often it is woken.
    let tried = count(&host, "t");
    assert!((2..=4).contains(&tried), "{tried}");
    assert!(count(&host, "a") > 30, "{}", count(&host, "a"));
    let log = host.log();
    assert_eq!(
        log.matches("handler=\"taker\"").count(),
        1,
        "the failure is logged once: {log}"
    );
}

#[test]
fn without_delivery_nothing_is_pumped() {
    let workspace = Workspace::reacting();
    let host = workspace.start(&["--no-delivery"]);
    std::thread::sleep(Duration::from_millis(400));
    assert_eq!(count(&host, "a"), 0);
}

#[test]
fn workers_need_no_place_of_requests() {
    let workspace = Workspace::reacting();
    // One place for a request, and one for the work that the previous guest still does after its
    // response.
    let host = workspace.start(&["--concurrency", "2", "--queue", "0"]);
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(1) {
        assert_eq!(host.get("/ok").status, 200);
    }
    assert!(count(&host, "l") >= 3);
}

#[test]
fn a_stop_waits_for_the_pump_that_runs_and_no_longer() {
    let workspace = Workspace::reacting();
    let host = workspace.start(&[]);
    std::thread::sleep(Duration::from_millis(200));
    let start = Instant::now();
    assert_eq!(host.terminate(), Some(0));
    assert!(
        start.elapsed() < Duration::from_millis(1500),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn a_trap_after_the_answer_does_not_harm_it() {
    let workspace = Workspace::new();
    let host = workspace.start(&[]);
    for _ in 0..50 {
        let answer = host.get("/xtra");
        assert_eq!((answer.status, answer.text()), (200, "ok"));
    }
    assert!(host.log().contains("handler=\"after\""));
}

#[test]
fn an_answer_does_not_wait_for_what_follows_it() {
    let workspace = Workspace::new();
    let host = workspace.start(&[]);
    let start = Instant::now();
    assert_eq!(host.get("/yawn").text(), "ok");
    assert!(
        start.elapsed() < Duration::from_millis(500),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn a_wait_adds_nothing_to_the_time_of_a_request() {
    let workspace = Workspace::new();
    let host = workspace.start(&["--timeout", "300ms"]);
    let start = Instant::now();
    let answer = send(&host.address, "/loop", "Prefer: wait=20\r\n", b"").expect("an answer");
    assert_eq!(answer.status, 500);
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
}
