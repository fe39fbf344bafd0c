//! Reading streams: forward, backward and for folding, in pages of every size.

use annals_event_log::{Head, StreamPage};

use crate::case::Case;
use crate::reading;
use crate::scene::{Connection, Scene};

pub(super) const CASES: &[Case] = &[
    Case::new(
        "read.unknown-stream",
        "a stream without events is its own answer, not an empty page",
        unknown_stream,
    ),
    Case::new(
        "read.forward-from-every-version",
        "from any version, in pages of any size, the same events in order",
        forward,
    ),
    Case::new(
        "read.backward-from-every-version",
        "newest first, before any version, in pages of any size",
        backward,
    ),
    Case::new(
        "read.fold-from-every-head",
        "folding goes on after any head that was given, in pages of any size",
        fold,
    ),
    Case::new(
        "read.whole-commits-for-folding",
        "every head that folding gives lies between two commits",
        whole_commits,
    ),
    Case::new(
        "read.behind-the-end",
        "behind its last event a known stream has an empty page that ends",
        behind_the_end,
    ),
    Case::new(
        "read.sees-what-was-just-written",
        "what one connection was told is written, all others read",
        sees_what_was_just_written,
    ),
    Case::new(
        "read.streams-do-not-leak",
        "no stream has events of another, however their names begin",
        streams_do_not_leak,
    ),
];

/// Commits of several sizes; the last one is the largest.
const SIZES: &[usize] = &[1, 3, 1, 1, 4, 2, 5];
const EVENTS: u64 = 17;

fn unknown_stream(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("none"));
    for after in [0, 1, 100] {
        assert_eq!(store.read_stream(&stream, after, 10), Ok(None));
    }
    for before in [None, Some(1), Some(100)] {
        assert_eq!(store.read_stream_backward(&stream, before, 10), Ok(None));
    }
    let page = store.load(&stream, Head::default(), 10).expect("loading");
    assert_eq!(
        (page.events, page.head, page.end),
        (vec![], Head::default(), true)
    );
}

fn forward(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    scene.fill(store, &stream, SIZES);
    let all = reading::stream(store, &stream);
    let versions: Vec<u64> = all.iter().map(|event| event.version).collect();
    assert_eq!(versions, (1..=EVENTS).collect::<Vec<_>>());
    let types: Vec<_> = all.iter().map(|event| &*event.event_type).collect();
    assert_eq!(&types[..5], ["E0.0", "E1.0", "E1.1", "E1.2", "E2.0"]);
    for limit in [1, 2, 3, 4, 7, 16, 17, 18, 1000] {
        for after in [0, 1, 2, 3, 4, 9, 16] {
            for store in [store as &mut Connection, &mut scene.connect()] {
                let found = reading::stream_after(store, &stream, after, limit);
                reading::assert_same(
                    &found,
                    &all[after as usize..],
                    &format!("{limit} after {after}"),
                );
            }
        }
    }
}

fn backward(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    scene.fill(store, &stream, SIZES);
    let mut all = reading::stream(store, &stream);
    all.reverse();
    for limit in [1, 2, 3, 4, 7, 16, 17, 18, 1000] {
        let found = reading::stream_before(store, &stream, None, limit);
        reading::assert_same(&found, &all, &format!("pages of {limit} from the end"));
    }
    for before in 1..=EVENTS + 3 {
        let expected: Vec<_> = all.iter().filter(|e| e.version < before).collect();
        for store in [store as &mut Connection, &mut scene.connect()] {
            let found = reading::stream_before(store, &stream, Some(before), 3);
            assert_eq!(
                found.iter().collect::<Vec<_>>(),
                expected,
                "before {before}"
            );
        }
    }
    let page = store.read_stream_backward(&stream, None, 2);
    let page = page.expect("reading").expect("it is there");
    assert_eq!((page.version, page.end), (EVENTS - 1, false));
    let page = store.read_stream_backward(&stream, Some(3), 2);
    let page = page.expect("reading").expect("it is there");
    assert_eq!((page.version, page.end), (1, true), "the end is version 1");
}

fn fold(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    scene.fill(store, &stream, SIZES);
    let all: Vec<_> = reading::stream(store, &stream)
        .iter()
        .map(reading::lean)
        .collect();
    let (_, end) = reading::fold(store, &stream);
    assert_eq!((end.version, end.closed), (EVENTS, false));
    let mut heads = vec![Head::default()];
    loop {
        let page = store.load(&stream, heads[heads.len() - 1], 1);
        let page = page.expect("loading");
        heads.push(page.head);
        if page.end {
            break;
        }
    }
    for limit in [1, 2, 3, 6, 7, 1000] {
        for head in &heads {
            for store in [store as &mut Connection, &mut scene.connect()] {
                let (found, after) = reading::fold_after(store, &stream, *head, limit);
                assert_eq!(
                    found,
                    all[head.version as usize..],
                    "{limit} after {head:?}"
                );
                assert_eq!(after, end);
            }
        }
    }
}

fn whole_commits(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    let told = scene.fill(store, &stream, SIZES);
    let between: Vec<_> = told
        .iter()
        .map(|told| (told.cursor, told.version))
        .collect();
    for limit in [1, 2, 5] {
        let mut head = Head::default();
        loop {
            let page = store.load(&stream, head, limit).expect("loading");
            head = page.head;
            assert!(
                between.contains(&(head.cursor, head.version)),
                "{head:?} is none of {between:?}"
            );
            if page.end {
                break;
            }
        }
    }
}

fn behind_the_end(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    scene.fill(store, &stream, &[1, 2]);
    for (after, version) in [(3, 3), (4, 3), (1000, 3)] {
        let empty = StreamPage {
            events: vec![],
            version,
            end: true,
        };
        for store in [store as &mut Connection, &mut scene.connect()] {
            let page = store.read_stream(&stream, after, 10);
            assert_eq!(page, Ok(Some(empty.clone())), "after {after}");
        }
    }
    let page = store.read_stream_backward(&stream, Some(1), 10);
    let page = page.expect("reading").expect("the stream is known");
    assert_eq!((page.events, page.end), (vec![], true));
    let (_, end) = reading::fold(store, &stream);
    let page = store.load(&stream, end, 10).expect("loading");
    assert_eq!((page.events, page.head, page.end), (vec![], end, true));
}

fn sees_what_was_just_written(scene: &Scene<'_>) {
    let stream = scene.stream("1");
    let mut connections: Vec<_> = (0..3).map(|_| scene.connect()).collect();
    for version in 1..=9u64 {
        let writer = (version % 3) as usize;
        scene.append(&mut connections[writer], &stream, &["E"]);
        for store in &mut connections {
            assert_eq!(reading::stream(store, &stream).len() as u64, version);
            assert_eq!(reading::fold(store, &stream).1.version, version);
            let newest = store.read_stream_backward(&stream, None, 1);
            let newest = newest.expect("reading").expect("it is there");
            assert_eq!(newest.version, version);
        }
    }
}

fn streams_do_not_leak(scene: &Scene<'_>) {
    let store = &mut scene.connect();
    let ids = [
        "1", "11", "1-1", "1.1", "1 ", " 1", "1-", "01", "1/1", "1=2E1",
    ];
    for (count, id) in (1..).zip(ids) {
        for _ in 0..count {
            scene.append(store, &scene.stream(id), &[id]);
        }
    }
    for (count, id) in (1..).zip(ids) {
        let found = reading::stream(&mut scene.connect(), &scene.stream(id));
        let found: Vec<_> = found.iter().map(|event| &*event.event_type).collect();
        assert_eq!(found, vec![id; count], "stream {:?}", scene.stream(id));
    }
}
