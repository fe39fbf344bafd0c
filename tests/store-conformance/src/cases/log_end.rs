//! The end of the log: never before an acknowledged event.

use std::sync::Barrier;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use annals_event_log::{LogFilter, Precondition};

use crate::case::Case;
use crate::panics;
use crate::scene::{Connection, Scene, later};

pub(super) const CASES: &[Case] = &[
    Case::new("log-end.empty", "a log without events ends at 0", empty),
    Case::new(
        "log-end.after-every-append",
        "no event that was acknowledged is after the end, whoever asks",
        after_every_append,
    ),
    Case::new(
        "log-end.is-reached",
        "a reader of the log comes to the end, also where that is inside of nobody's commit",
        is_reached,
    ),
    Case::new(
        "log-end.while-writers-run",
        "asked again and again among four writers, it is never behind what they were told",
        while_writers_run,
    ),
];

#[track_caller]
fn end(store: &mut Connection) -> u64 {
    store.log_end().expect("asking for the end of the log")
}

fn empty(scene: &Scene<'_>) {
    let store = &mut scene.backend.connect(&scene.name("empty"));
    assert_eq!(store.log_end(), Ok(0));
}

fn after_every_append(scene: &Scene<'_>) {
    let (writer, asker) = (&mut scene.connect(), &mut scene.connect());
    let mut last = end(asker);
    for n in 0..40usize {
        let stream = scene.stream(&format!("{}", n % 7));
        let types: Vec<_> = (0..=n % 3).map(|_| "E").collect();
        let position = scene.append(writer, &stream, &types).position;
        for store in [&mut *asker, &mut *writer, &mut scene.connect()] {
            let now = end(store);
            assert!(now >= position, "{now} is before the event at {position}");
            assert!(now >= last, "the end went back from {last} to {now}");
            last = now;
        }
    }
}

fn is_reached(scene: &Scene<'_>) {
    let store = &mut scene.connect();
    let start = scene.end_of_log(store);
    for n in 0..5 {
        let stream = scene.stream(&format!("{n}"));
        scene.append(store, &stream, &["A", "B"]);
        // The append fails, but may take a place in the log.
        let lost = scene.request(&stream, Precondition::NoStream, &["C"]);
        assert!(store.append(lost).is_err());
    }
    let end = end(store);
    let mut after = start;
    while after < end {
        let page = store.read_log(after, 3, &LogFilter::default(), later());
        let page = page.expect("reading the log");
        assert!(
            page.next > after,
            "the reader stays at {after} before {end}"
        );
        after = page.next;
    }
}

fn while_writers_run(scene: &Scene<'_>) {
    let (told, running) = (AtomicU64::new(0), AtomicUsize::new(4));
    let start = Barrier::new(5);
    panics::each(5, |thread| {
        let store = &mut scene.connect();
        if thread == 4 {
            let first = store.log_end();
            start.wait();
            assert!(first.is_ok(), "{first:?}");
            loop {
                let is_over = running.load(Ordering::SeqCst) == 0;
                let told = told.load(Ordering::SeqCst);
                let found = end(store);
                assert!(found >= told, "{found} is before the event at {told}");
                if is_over {
                    return;
                }
            }
        }
        start.wait();
        let written = panics::catch(|| {
            for n in 0..30 {
                let stream = scene.stream(&format!("{thread}.{}", n % 3));
                let appended = scene.append(store, &stream, &["A"]);
                told.fetch_max(appended.position, Ordering::SeqCst);
            }
        });
        running.fetch_sub(1, Ordering::SeqCst);
        if let Err(said) = written {
            panic!("{said}");
        }
    });
}
