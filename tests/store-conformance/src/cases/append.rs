//! Appending: preconditions, conflicts, and the absence of effects after a failed append.

use annals_event_log::Precondition::{self, Any, At, NoStream, StreamExists};
use annals_event_log::{AppendError, AppendRequest, MAX_EVENTS};

use crate::case::Case;
use crate::reading;
use crate::scene::{Connection, Scene, append, assert_append_invalid};

pub(super) const CASES: &[Case] = &[
    Case::new(
        "append.at-exact-versions",
        "1, 2, 3 events at the version where the stream is, each told where it ended",
        at_exact_versions,
    ),
    Case::new(
        "append.any-on-any-stream",
        "`any` holds for an absent and a present stream",
        any_on_any_stream,
    ),
    Case::new(
        "append.no-stream-on-absent-stream",
        "`no-stream` holds for an absent stream",
        no_stream_on_absent_stream,
    ),
    Case::new(
        "append.no-stream-on-present-stream",
        "`no-stream` fails on a present stream, naming expected and actual",
        no_stream_on_present_stream,
    ),
    Case::new(
        "append.stream-exists-on-present-stream",
        "`stream-exists` holds for a present stream, whatever its version",
        stream_exists_on_present_stream,
    ),
    Case::new(
        "append.stream-exists-on-absent-stream",
        "`stream-exists` fails on an absent stream, naming expected and actual",
        stream_exists_on_absent_stream,
    ),
    Case::new(
        "append.at-zero-is-the-absent-stream",
        "version 0 is the stream without events",
        at_zero,
    ),
    Case::new(
        "append.at-another-version-of-absent-stream",
        "`at(1)` fails on an absent stream, naming expected and actual",
        at_on_absent_stream,
    ),
    Case::new(
        "append.at-a-version-behind",
        "`at` fails behind the end of the stream, naming expected and actual",
        at_behind,
    ),
    Case::new(
        "append.at-a-version-ahead",
        "`at` fails ahead of the end of the stream, naming expected and actual",
        at_ahead,
    ),
    Case::new(
        "append.at-the-middle-of-a-commit",
        "`at` a version inside of a commit fails",
        at_the_middle,
    ),
    Case::new(
        "append.to-closed-stream",
        "nothing follows the events that closed a stream, whatever is expected",
        to_closed_stream,
    ),
    Case::new(
        "append.close-an-absent-stream",
        "a stream can be closed by its first events",
        close_at_once,
    ),
    Case::new(
        "append.close-without-events",
        "a stream is not closed by no events",
        close_without_events,
    ),
    Case::new(
        "append.failure-leaves-no-trace",
        "after failed appends the stream and the log are as before",
        failure_leaves_no_trace,
    ),
    Case::new(
        "append.empty-writes-nothing",
        "an append without events writes nothing, and tells where the stream is",
        empty_writes_nothing,
    ),
    Case::new(
        "append.empty-holds-to-the-precondition",
        "an append without events fails like one with events",
        empty_holds_to_the_precondition,
    ),
    Case::new(
        "append.most-events",
        "1024 events go into one commit, 1025 are refused as invalid",
        most_events,
    ),
    Case::new(
        "append.with-an-old-cursor",
        "an old cursor is a hint: `any` still goes to the end, `at` still holds",
        with_an_old_cursor,
    ),
    Case::new(
        "append.told-as-recorded",
        "what an append answers is what readers find",
        told_as_recorded,
    ),
];

/// Asserts that the append fails with a conflict.
#[track_caller]
fn conflicts(
    scene: &Scene<'_>,
    store: &mut Connection,
    stream: &str,
    expected: Precondition,
    actual: u64,
) {
    let result = store.append(scene.request(stream, expected, &["E"]));
    assert_eq!(result, Err(AppendError::Conflict { expected, actual }));
}

fn at_exact_versions(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    let mut told = Vec::new();
    for (version, types) in [(0, &["A"][..]), (1, &["B", "C"]), (3, &["D", "E", "F"])] {
        let appended = append(store, scene.request(&stream, At(version), types));
        assert_eq!(appended.version, version + types.len() as u64);
        told.extend(appended.events);
    }
    let told: Vec<_> = told.iter().map(|e| (&*e.event_type, e.version)).collect();
    assert_eq!(
        told,
        [("A", 1), ("B", 2), ("C", 3), ("D", 4), ("E", 5), ("F", 6)]
    );
    let found = reading::stream(store, &stream);
    let found: Vec<_> = found.iter().map(|e| (&*e.event_type, e.version)).collect();
    assert_eq!(found, told);
}

fn any_on_any_stream(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    for version in 1..=3 {
        assert_eq!(scene.append(store, &stream, &["E"]).version, version);
    }
    assert_eq!(reading::stream(store, &stream).len(), 3);
}

fn no_stream_on_absent_stream(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    let appended = append(store, scene.request(&stream, NoStream, &["A", "B"]));
    assert_eq!(appended.version, 2);
}

fn no_stream_on_present_stream(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    scene.fill(store, &stream, &[1, 2]);
    conflicts(scene, store, &stream, NoStream, 3);
    conflicts(scene, &mut scene.connect(), &stream, NoStream, 3);
}

fn stream_exists_on_present_stream(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    scene.fill(store, &stream, &[1]);
    for version in 2..=4 {
        let appended = append(store, scene.request(&stream, StreamExists, &["E"]));
        assert_eq!(appended.version, version);
    }
}

fn stream_exists_on_absent_stream(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    conflicts(scene, store, &stream, StreamExists, 0);
    assert_eq!(store.read_stream(&stream, 0, 10), Ok(None));
}

fn at_zero(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    let appended = append(store, scene.request(&stream, At(0), &["E"]));
    assert_eq!(appended.version, 1);
    conflicts(scene, store, &stream, At(0), 1);
}

fn at_on_absent_stream(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    conflicts(scene, store, &stream, At(1), 0);
    conflicts(scene, store, &stream, At(u64::MAX), 0);
}

fn at_behind(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    scene.fill(store, &stream, &[1, 1, 1]);
    for version in [0, 1, 2] {
        conflicts(scene, store, &stream, At(version), 3);
        conflicts(scene, &mut scene.connect(), &stream, At(version), 3);
    }
}

fn at_ahead(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    scene.fill(store, &stream, &[1, 1, 1]);
    for version in [4, 5, 1000] {
        conflicts(scene, store, &stream, At(version), 3);
        conflicts(scene, &mut scene.connect(), &stream, At(version), 3);
    }
}

fn at_the_middle(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    scene.fill(store, &stream, &[3]);
    conflicts(scene, store, &stream, At(1), 3);
    conflicts(scene, &mut scene.connect(), &stream, At(2), 3);
}

fn to_closed_stream(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    scene.fill(store, &stream, &[1]);
    let closing = AppendRequest {
        close: true,
        ..scene.request(&stream, At(1), &["Last", "Closed"])
    };
    assert_eq!(append(store, closing).version, 3);
    let before = reading::stream(store, &stream);
    for expected in [Any, StreamExists, At(3)] {
        for store in [store as &mut Connection, &mut scene.connect()] {
            let result = store.append(scene.request(&stream, expected, &["Late"]));
            assert_eq!(result, Err(AppendError::Closed(3)), "{expected:?}");
        }
    }
    for expected in [NoStream, At(1), At(4)] {
        let result = store.append(scene.request(&stream, expected, &["Late"]));
        assert!(
            matches!(
                result,
                Err(AppendError::Closed(3) | AppendError::Conflict { actual: 3, .. })
            ),
            "{expected:?}: {result:?}"
        );
    }
    assert_eq!(reading::stream(store, &stream), before);
    assert!(reading::fold(store, &stream).1.closed, "the head tells");
}

fn close_at_once(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    let closing = AppendRequest {
        close: true,
        ..scene.request(&stream, NoStream, &["Only"])
    };
    assert_eq!(append(store, closing).version, 1);
    let late = store.append(scene.request(&stream, Any, &["Late"]));
    assert_eq!(late, Err(AppendError::Closed(1)));
}

fn close_without_events(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    scene.fill(store, &stream, &[1]);
    let closing = AppendRequest {
        close: true,
        ..scene.request(&stream, Any, &[])
    };
    assert_append_invalid(store.append(closing), "closing without events");
    assert_eq!(scene.append(store, &stream, &["E"]).version, 2);
}

fn failure_leaves_no_trace(scene: &Scene<'_>) {
    let (store, stream, absent) = (
        &mut scene.connect(),
        scene.stream("1"),
        scene.stream("absent"),
    );
    let start = scene.end_of_log(store);
    scene.fill(store, &stream, &[1, 2]);
    let seen = |store: &mut Connection| {
        let log = reading::log(store, start, &reading::of_categories(&[scene.category()]));
        let page = store.read_stream(&stream, 0, 100);
        (log, page, reading::fold(store, &stream))
    };
    let before = seen(store);
    for expected in [NoStream, At(0), At(2), At(4)] {
        conflicts(scene, store, &stream, expected, 3);
    }
    for expected in [StreamExists, At(1)] {
        conflicts(scene, store, &absent, expected, 0);
    }
    assert_eq!(seen(store), before);
    assert_eq!(seen(&mut scene.connect()), before);
    assert_eq!(store.read_stream(&absent, 0, 10), Ok(None));
    let after = append(store, scene.request(&stream, At(3), &["E"]));
    assert_eq!(after.version, 4, "versions go on without a gap");
}

fn empty_writes_nothing(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    for expected in [Any, NoStream, At(0)] {
        let appended = append(store, scene.request(&stream, expected, &[]));
        assert_eq!((appended.version, appended.position), (0, 0));
        assert_eq!(appended.events, []);
        assert_eq!(store.read_stream(&stream, 0, 10), Ok(None), "{expected:?}");
    }
    scene.fill(store, &stream, &[2]);
    let start = scene.end_of_log(store);
    let head = reading::fold(store, &stream).1;
    for expected in [Any, StreamExists, At(2)] {
        let appended = append(store, scene.request(&stream, expected, &[]));
        assert_eq!((appended.version, appended.position), (2, 0));
        assert_eq!(appended.events, []);
    }
    assert_eq!(reading::fold(store, &stream).1, head);
    let filter = reading::of_categories(&[scene.category()]);
    assert_eq!(reading::log(store, start, &filter), []);
}

fn empty_holds_to_the_precondition(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    scene.fill(store, &stream, &[2]);
    for expected in [NoStream, At(0), At(1), At(3)] {
        let result = store.append(scene.request(&stream, expected, &[]));
        let conflict = AppendError::Conflict {
            expected,
            actual: 2,
        };
        assert_eq!(result, Err(conflict));
    }
}

fn most_events(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    let types = vec!["E"; MAX_EVENTS + 1];
    let result = store.append(scene.request(&stream, Any, &types));
    assert_append_invalid(result, "a commit of 1025 events");
    assert_eq!(store.read_stream(&stream, 0, 10), Ok(None));
    let appended = append(store, scene.request(&stream, NoStream, &types[1..]));
    assert_eq!((appended.version, appended.events.len()), (1024, 1024));
    assert_eq!(scene.append(store, &stream, &["E"]).version, 1025);
    let found = reading::stream_after(store, &stream, 0, 1000);
    assert!(found.is_sorted_by(|a, b| a.version + 1 == b.version && a.position < b.position));
    assert_eq!(found.len(), 1025);
}

fn with_an_old_cursor(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    let cursors: Vec<u64> = scene
        .fill(store, &stream, &[1, 2, 1])
        .iter()
        .map(|appended| appended.cursor)
        .collect();
    let mut version = 4;
    for cursor in [0, cursors[0], cursors[1], cursors[2]] {
        for expected in [Any, StreamExists, At(version + 2)] {
            version += 1;
            let request = AppendRequest {
                cursor: Some(cursor),
                ..scene.request(&stream, expected, &["E"])
            };
            // The request was made before the first two appends of the round.
            assert_eq!(append(&mut scene.connect(), request).version, version);
        }
        let stale = AppendRequest {
            cursor: Some(cursor),
            ..scene.request(&stream, At(1), &["E"])
        };
        let conflict = AppendError::Conflict {
            expected: At(1),
            actual: version,
        };
        assert_eq!(scene.connect().append(stale), Err(conflict));
    }
}

fn told_as_recorded(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    let told = scene.fill(store, &stream, &[1, 3, 2]);
    let recorded = reading::stream(&mut scene.connect(), &stream);
    let mut rest = &recorded[..];
    for appended in &told {
        let (commit, after) = rest.split_at(appended.events.len());
        rest = after;
        let last = &commit[commit.len() - 1];
        assert_eq!(
            (appended.version, appended.position),
            (last.version, last.position)
        );
        for (told, found) in appended.events.iter().zip(commit) {
            assert_eq!(
                (&told.id, &told.event_type, told.version),
                (&found.id, &found.event_type, found.version)
            );
        }
    }
    let head = reading::fold(store, &stream).1;
    assert_eq!(told[2].cursor, head.cursor, "the cursor is the stream's");
}
