//! Acknowledged writes survive every end of the process.

mod support;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use support::{Workspace, send};

#[test]
fn every_acknowledged_write_survives_a_kill() {
    let workspace = Workspace::new();
    for round in 0..3 {
        let mut host = workspace.start(&[]);
        let acknowledged = Mutex::new(Vec::new());
        let killed = AtomicBool::new(false);
        let address = host.address.clone();
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let (acknowledged, killed, address) = (&acknowledged, &killed, &address);
                scope.spawn(move || {
                    for n in 0.. {
                        let key = format!("{round}-{writer}-{n}");
                        match send(address, &format!("/p{key}"), "", b"") {
                            Ok(answer) if answer.status == 201 => {
                                acknowledged.lock().expect("no panic").push(key);
                            }
                            Ok(answer) => panic!("{key}: {answer:?}"),
                            Err(_) => assert!(killed.load(Ordering::SeqCst), "{key} failed early"),
                        }
                        if killed.load(Ordering::SeqCst) {
                            return;
                        }
                    }
                });
            }
            std::thread::sleep(Duration::from_millis(700));
            killed.store(true, Ordering::SeqCst);
            host.kill();
        });
        let host = workspace.start(&[]);
        let acknowledged = acknowledged.into_inner().expect("no panic");
        assert!(
            acknowledged.len() > 50,
            "only {} writes",
            acknowledged.len()
        );
        for key in &acknowledged {
            let answer = host.get(&format!("/g{key}"));
            assert_eq!(
                (answer.status, answer.text()),
                (200, "value"),
                "{key} is lost"
            );
            assert_eq!(host.get(&format!("/p{key}")).status, 409, "{key} is taken");
        }
    }
}

#[test]
fn both_drafts_see_one_store_and_it_outlives_the_host() {
    let workspace = Workspace::new();
    let host = workspace.start(&[]);
    assert_eq!(host.get("/gmissing").status, 404);
    assert_eq!(host.get("/counter").text(), "2");
    assert_eq!(host.get("/counter").text(), "4");
    assert_eq!(host.terminate(), Some(0));
    let host = workspace.start(&[]);
    assert_eq!(host.get("/counter").text(), "6");
}

#[test]
fn a_stale_handle_fails_and_the_fresh_one_it_returns_succeeds() {
    let workspace = Workspace::new();
    let host = workspace.start(&[]);
    let answer = host.get("/stale");
    assert_eq!((answer.status, answer.text()), (200, "ok"));
}

#[test]
fn of_many_that_create_one_key_one_wins() {
    let workspace = Workspace::new();
    let host = workspace.start(&[]);
    for key in 0..20 {
        let created: usize = std::thread::scope(|scope| {
            let rivals: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| usize::from(host.get(&format!("/prival-{key}")).status == 201))
                })
                .collect();
            rivals
                .into_iter()
                .map(|rival| rival.join().expect("no panic"))
                .sum()
        });
        assert_eq!(created, 1, "key {key}");
    }
}
