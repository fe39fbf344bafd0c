//! Snapshots: a load returns the stored snapshot or none.

use annals_event_log::{AppendRequest, Head, Precondition, Snapshot};

use crate::case::{Case, Skip};
use crate::reading;
use crate::scene::{Connection, Scene, append};

pub(super) const CASES: &[Case] = &[
    Case::new(
        "snapshots.absent",
        "there is none until one is saved, also of an unknown stream",
        absent,
    ),
    Case::new(
        "snapshots.saved-and-loaded",
        "any bytes, any state version and the head come back as given",
        saved_and_loaded,
    ),
    Case::new("snapshots.replaced", "the last one saved counts", replaced),
    Case::new(
        "snapshots.per-decider-and-stream",
        "each decider has its own for each stream",
        per_decider_and_stream,
    ),
    Case::new(
        "snapshots.deleted",
        "a deleted one is gone; deleting none is fine",
        deleted,
    ),
    Case::new(
        "snapshots.state-version-is-kept",
        "the version of the encoding is carried as it is: who loads it compares",
        state_version,
    ),
    Case::new(
        "snapshots.of-closed-stream",
        "that the stream is closed comes back",
        of_closed_stream,
    ),
    Case::new(
        "snapshots.ahead-of-the-stream",
        "one of a head that the stream never had is none",
        ahead_of_the_stream,
    ),
    Case::new(
        "snapshots.and-tail",
        "folding goes on from a snapshot's head, behind later events",
        and_tail,
    ),
    Case::if_possible(
        "snapshots.damaged",
        "a damaged one is none, never another state; the stream is as it was",
        damaged,
    ),
];

const DECIDER: &str = "decider";

fn snapshot(state: &[u8], state_version: u32, head: Head) -> Snapshot {
    Snapshot {
        state: state.to_vec(),
        state_version,
        head,
    }
}

#[track_caller]
fn saved(store: &mut Connection, stream: &str, decider: &str, snapshot: &Snapshot) {
    let result = store.save_snapshot(stream, decider, snapshot.clone());
    assert_eq!(result, Ok(()), "saving a snapshot");
}

#[track_caller]
fn loads(scene: &Scene<'_>, stream: &str, decider: &str, expected: Option<&Snapshot>) {
    let found = scene.connect().load_snapshot(stream, decider);
    assert_eq!(found.expect("loading a snapshot").as_ref(), expected);
}

fn absent(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    loads(scene, &stream, DECIDER, None);
    scene.fill(store, &stream, &[1, 2]);
    loads(scene, &stream, DECIDER, None);
}

fn saved_and_loaded(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    scene.fill(store, &stream, &[1, 2, 1]);
    let head = reading::fold(store, &stream).1;
    let every: Vec<u8> = (0..=255).collect();
    let large = every.repeat(4096);
    for state in [&b""[..], b"\0", b"state", &every, &large] {
        let snapshot = snapshot(state, 3, head);
        saved(store, &stream, DECIDER, &snapshot);
        let found = store.load_snapshot(&stream, DECIDER);
        assert!(found == Ok(Some(snapshot.clone())), "{} bytes", state.len());
        loads(scene, &stream, DECIDER, Some(&snapshot));
    }
}

fn replaced(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    for n in 1..=3u8 {
        scene.fill(store, &stream, &[2]);
        let head = reading::fold(store, &stream).1;
        let snapshot = snapshot(&vec![n; 10 - 3 * usize::from(n)], 1, head);
        saved(&mut scene.connect(), &stream, DECIDER, &snapshot);
        loads(scene, &stream, DECIDER, Some(&snapshot));
        let found = store.load_snapshot(&stream, DECIDER);
        assert_eq!(
            found,
            Ok(Some(snapshot)),
            "on a connection that had the last"
        );
    }
}

fn per_decider_and_stream(scene: &Scene<'_>) {
    let store = &mut scene.connect();
    let mut given = Vec::new();
    for stream in ["1", "11", "1.a", "1-a"] {
        let stream = scene.stream(stream);
        scene.fill(store, &stream, &[1]);
        let head = reading::fold(store, &stream).1;
        for decider in [
            "a",
            "A",
            "a.b",
            "a b",
            "",
            "é",
            "decider-with-a-long-name-for-a-key",
        ] {
            let state = format!("{stream} {decider}").into_bytes();
            let snapshot = snapshot(&state, 1, head);
            saved(store, &stream, decider, &snapshot);
            given.push((stream.clone(), decider, snapshot));
        }
    }
    for (stream, decider, snapshot) in &given {
        loads(scene, stream, decider, Some(snapshot));
    }
}

fn deleted(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    assert_eq!(store.delete_snapshot(&stream, DECIDER), Ok(()));
    scene.fill(store, &stream, &[1]);
    let head = reading::fold(store, &stream).1;
    let (mine, other) = (snapshot(b"mine", 1, head), snapshot(b"other", 1, head));
    saved(store, &stream, DECIDER, &mine);
    saved(store, &stream, "other", &other);
    for _ in 0..2 {
        assert_eq!(store.delete_snapshot(&stream, DECIDER), Ok(()));
        loads(scene, &stream, DECIDER, None);
    }
    loads(scene, &stream, "other", Some(&other));
    assert_eq!(reading::stream(store, &stream).len(), 1);
    saved(store, &stream, DECIDER, &mine);
    loads(scene, &stream, DECIDER, Some(&mine));
}

fn state_version(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    scene.fill(store, &stream, &[1]);
    let head = reading::fold(store, &stream).1;
    for version in [0, 1, 7, 2, u32::MAX] {
        let snapshot = snapshot(b"state", version, head);
        saved(store, &stream, DECIDER, &snapshot);
        loads(scene, &stream, DECIDER, Some(&snapshot));
    }
}

fn of_closed_stream(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    let closing = AppendRequest {
        close: true,
        ..scene.request(&stream, Precondition::Any, &["Last"])
    };
    append(store, closing);
    let head = reading::fold(store, &stream).1;
    assert!(head.closed);
    let snapshot = snapshot(b"state", 1, head);
    saved(store, &stream, DECIDER, &snapshot);
    loads(scene, &stream, DECIDER, Some(&snapshot));
}

fn ahead_of_the_stream(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    scene.fill(store, &stream, &[1, 2]);
    let head = reading::fold(store, &stream).1;
    let never = [
        Head {
            cursor: head.cursor + 1,
            version: 4,
            ..head
        },
        Head {
            cursor: head.cursor + 100,
            version: 103,
            ..head
        },
        Head { version: 4, ..head },
        Head { version: 2, ..head },
    ];
    for head in never {
        saved(store, &stream, DECIDER, &snapshot(b"foreign", 1, head));
        loads(scene, &stream, DECIDER, None);
        assert_eq!(store.load_snapshot(&stream, DECIDER), Ok(None), "{head:?}");
    }
    let unknown = scene.stream("unknown");
    saved(store, &unknown, DECIDER, &snapshot(b"foreign", 1, head));
    loads(scene, &unknown, DECIDER, None);
}

fn and_tail(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    scene.fill(store, &stream, &[1, 2, 1]);
    let head = reading::fold(store, &stream).1;
    saved(store, &stream, DECIDER, &snapshot(b"state", 1, head));
    scene.fill(store, &stream, &[2, 1]);
    let store = &mut scene.connect();
    let found = store.load_snapshot(&stream, DECIDER);
    let found = found.expect("loading").expect("it is there");
    let (tail, end) = reading::fold_after(store, &stream, found.head, 2);
    let versions: Vec<u64> = tail.iter().map(|event| event.version).collect();
    assert_eq!((versions, end.version), (vec![5, 6, 7], 7));
}

fn damaged(scene: &Scene<'_>) -> Result<(), Skip> {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    scene.fill(store, &stream, &[1, 2]);
    let (events, head) = reading::fold(store, &stream);
    let good = snapshot(b"a state that means something", 1, head);
    for state in [&good.state[..], &[7; 5000], b"x"] {
        saved(store, &stream, DECIDER, &snapshot(state, 1, head));
        if !scene.backend.damage_snapshots() {
            return Err(Skip("what this backend keeps cannot be damaged from here"));
        }
        loads(scene, &stream, DECIDER, None);
    }
    assert_eq!(reading::fold(&mut scene.connect(), &stream), (events, head));
    saved(store, &stream, DECIDER, &good);
    loads(scene, &stream, DECIDER, Some(&good));
    Ok(())
}
