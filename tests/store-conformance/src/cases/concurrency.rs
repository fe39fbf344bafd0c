//! Several connections at once: one wins, no event is lost, and no reader sees a part of a commit.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};

use annals_event_log::AppendError;
use annals_event_log::Precondition::{self, Any, At, NoStream};

use crate::case::Case;
use crate::panics;
use crate::reading;
use crate::scene::Scene;
use crate::sourcer::{Command, check_once, no, submitted, two_events};

pub(super) const CASES: &[Case] = &[
    Case::new(
        "concurrency.any-on-one-stream",
        "four connections append to one stream: all events are there, each writer's in order",
        any_on_one_stream,
    ),
    Case::new(
        "concurrency.at-on-one-stream",
        "of four that append at the same version exactly one wins; the others are told the actual one",
        at_on_one_stream,
    ),
    Case::new(
        "concurrency.no-stream",
        "of four that create the same stream exactly one does",
        no_stream,
    ),
    Case::new(
        "concurrency.many-streams",
        "four connections append to ten streams each; streams and log agree",
        many_streams,
    ),
    Case::new(
        "concurrency.closing",
        "of one that closes and others that append, nothing comes after the close",
        closing,
    ),
    Case::new(
        "concurrency.whole-commits",
        "no reader ever sees a part of a commit, in the stream or when folding",
        whole_commits,
    ),
    Case::new(
        "concurrency.commands",
        "commands of four sourcers on one stream, each command from two of them, take effect once",
        commands,
    ),
];

fn any_on_one_stream(scene: &Scene<'_>) {
    let stream = scene.stream("1");
    let start = scene.end_of_log(&mut scene.connect());
    let told = panics::each(4, |thread| {
        let store = &mut scene.connect();
        let append = |n| scene.append(store, &stream, &[&format!("{thread}.{n}"), "Second"]);
        (0..15).map(append).collect::<Vec<_>>()
    });
    let all = reading::check(scene, start, std::slice::from_ref(&stream));
    assert_eq!(all.len(), 4 * 15 * 2);
    for (thread, told) in told.iter().enumerate() {
        assert!(told.is_sorted_by(|a, b| a.version < b.version && a.position < b.position));
        for (n, appended) in told.iter().enumerate() {
            let first = &all[appended.version as usize - 2];
            assert_eq!(first.event_type, format!("{thread}.{n}"));
            assert_eq!(first.id, appended.events[0].id);
        }
    }
}

/// Four connections race for the same version, round after round.
fn race(scene: &Scene<'_>, rounds: u64, aim: impl Fn(u64) -> (String, Precondition) + Sync) {
    let barrier = Barrier::new(4);
    let ended = panics::each(4, |thread| {
        let store = &mut scene.connect();
        let mut results = Vec::new();
        // No thread may panic between two barriers: the others would wait for ever.
        for round in 0..rounds {
            let (stream, expected) = aim(round);
            let request = scene.request(&stream, expected, &[&format!("{round}.{thread}")]);
            barrier.wait();
            results.push(store.append(request));
        }
        results
    });
    for round in 0..rounds {
        let (stream, expected) = aim(round);
        let results: Vec<_> = ended
            .iter()
            .map(|results| &results[round as usize])
            .collect();
        let won: Vec<_> = (0..4).filter(|n| results[*n].is_ok()).collect();
        assert_eq!(won.len(), 1, "round {round}: exactly one wins: {results:?}");
        for result in results.into_iter().filter(|result| result.is_err()) {
            assert!(
                matches!(result, Err(AppendError::Conflict { expected: e, actual })
                    if *e == expected && !expected.holds(*actual)),
                "round {round}: {result:?}"
            );
        }
        let found = reading::stream(&mut scene.connect(), &stream);
        let types: Vec<_> = found.iter().map(|event| &*event.event_type).collect();
        let winner = format!("{round}.{}", won[0]);
        let count = types.iter().filter(|name| **name == winner).count();
        assert_eq!(count, 1, "{winner} in {types:?}");
    }
}

fn at_on_one_stream(scene: &Scene<'_>) {
    let stream = scene.stream("1");
    race(scene, 20, |round| (stream.clone(), At(round)));
    let found = reading::stream(&mut scene.connect(), &stream);
    assert_eq!(found.len(), 20, "one event a version");
}

fn no_stream(scene: &Scene<'_>) {
    race(scene, 15, |round| {
        (scene.stream(&round.to_string()), NoStream)
    });
}

fn many_streams(scene: &Scene<'_>) {
    let start = scene.end_of_log(&mut scene.connect());
    let stream = |thread, n| scene.stream(&format!("{thread}.{n}"));
    panics::each(4, |thread| {
        let store = &mut scene.connect();
        for round in 1..=3 {
            for n in 0..10 {
                let appended = scene.append(store, &stream(thread, n), &["A", "B"]);
                assert_eq!(appended.version, 2 * round);
            }
        }
    });
    let streams: Vec<_> = (0..4)
        .flat_map(|thread| (0..10).map(move |n| stream(thread, n)))
        .collect();
    let all = reading::check(scene, start, &streams);
    assert_eq!(all.len(), 4 * 10 * 3 * 2);
}

fn closing(scene: &Scene<'_>) {
    for round in 0..5 {
        let stream = scene.stream(&round.to_string());
        let ended = panics::each(4, |thread| {
            let store = &mut scene.connect();
            let mut results = Vec::new();
            for n in 0..10 {
                let mut request = scene.request(&stream, Any, &["E"]);
                if (thread, n) == (0, 4) {
                    request.close = true;
                    request.events[0].event_type = "Last".into();
                }
                results.push(store.append(request));
            }
            results
        });
        let found = reading::stream(&mut scene.connect(), &stream);
        let version = found.len() as u64;
        assert_eq!(found[found.len() - 1].event_type, "Last");
        let accepted = ended
            .iter()
            .flatten()
            .filter(|result| result.is_ok())
            .count();
        assert_eq!(accepted, found.len(), "what was accepted is what is there");
        for result in ended.iter().flatten() {
            let refused = AppendError::Closed(version);
            assert!(result.is_ok() || *result == Err(refused), "{result:?}");
        }
    }
}

fn whole_commits(scene: &Scene<'_>) {
    let (stream, over) = (scene.stream("1"), AtomicBool::new(false));
    panics::each(4, |thread| {
        let store = &mut scene.connect();
        if thread > 0 {
            while !over.load(Ordering::SeqCst) {
                let read = store.read_stream(&stream, 0, 1000).expect("reading");
                let read = read.map_or(0, |page| page.events.len());
                assert_eq!(read % 3, 0, "a reader saw a part of a commit");
                let folded = reading::fold(store, &stream);
                assert_eq!(folded.0.len() % 3, 0, "folding saw a part of a commit");
                assert_eq!(folded.1.version, folded.0.len() as u64);
                let newest = store.read_stream_backward(&stream, None, 1);
                let newest = newest.expect("reading").map_or(0, |page| page.version);
                assert_eq!(newest % 3, 0, "a reader saw a part of a commit");
            }
            return;
        }
        // Catch a panic, so that the readers also end if an append fails.
        let ended = panics::catch(|| scene.fill(store, &stream, &[3; 25]));
        over.store(true, Ordering::SeqCst);
        if let Err(said) = ended {
            panic!("{said}");
        }
    });
}

fn commands(scene: &Scene<'_>) {
    let stream = scene.stream("1");
    let told = panics::each(4, |thread| {
        let store = &mut scene.connect();
        let run = |n: usize| {
            let id = scene.name(&format!("{}.{n}", thread / 2));
            let command = Command {
                id: id.clone(),
                fingerprint: 1,
                stream: stream.clone(),
                decide: if n % 4 == 3 { &no } else { &two_events },
            };
            (id, submitted(scene, store, &command))
        };
        (0..12).map(run).collect::<Vec<_>>()
    });
    assert_eq!(
        told[0], told[1],
        "two that submit the same are told the same"
    );
    assert_eq!(
        told[2], told[3],
        "two that submit the same are told the same"
    );
    let store = &mut scene.connect();
    for (id, outcome) in told.iter().flatten() {
        check_once(store, &stream, id, outcome);
    }
    assert_eq!(reading::stream(store, &stream).len(), 2 * 9 * 2);
}
