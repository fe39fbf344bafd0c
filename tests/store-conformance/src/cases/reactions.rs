//! Checkpoints and rows: compare-and-set, positions that never go back, scans in order.

use std::sync::Barrier;

use annals_event_log::{Checkpoint, Row, WriteError};

use crate::case::Case;
use crate::panics;
use crate::scene::{Connection, Scene, assert_invalid};

pub(super) const CASES: &[Case] = &[
    Case::new(
        "checkpoints.absent",
        "a handler that never said how far it is has no checkpoint",
        checkpoint_absent,
    ),
    Case::new(
        "checkpoints.saved-and-loaded",
        "saving on the revision that was read; the revision changes with every write",
        checkpoint_saved,
    ),
    Case::new(
        "checkpoints.stale",
        "saving on another revision than the stored one is stale, and changes nothing",
        checkpoint_stale,
    ),
    Case::new(
        "checkpoints.never-go-back",
        "a generation's position never goes back, even on the right revision",
        checkpoint_never_goes_back,
    ),
    Case::new(
        "checkpoints.per-handler",
        "each handler has its own, whatever their names look like",
        checkpoint_per_handler,
    ),
    Case::new(
        "checkpoints.race",
        "of four that save on the same revision, exactly one does",
        checkpoint_race,
    ),
    Case::new(
        "checkpoints.state",
        "any bytes beside the position come back as given, up to 1 MiB; more is refused",
        checkpoint_state,
    ),
    Case::new(
        "checkpoints.state-of-the-winner",
        "of four that save different states on the same revision, all read the one that was acknowledged",
        checkpoint_state_race,
    ),
    Case::new(
        "checkpoints.many-writes",
        "two hundred writes, and the last one counts",
        checkpoint_many_writes,
    ),
    Case::new(
        "rows.absent",
        "a row that was never put is none; a view without rows has an empty page",
        row_absent,
    ),
    Case::new(
        "rows.put-and-get",
        "any bytes under any key come back as given, and are replaced",
        row_put_and_get,
    ),
    Case::new(
        "rows.stale",
        "putting or deleting on another position than the row reflects is stale",
        row_stale,
    ),
    Case::new(
        "rows.never-go-back",
        "a row is only replaced by one that reflects a later position",
        row_never_goes_back,
    ),
    Case::new(
        "rows.deleted",
        "a deleted row is gone from reads and scans, and its position is remembered",
        row_deleted,
    ),
    Case::new(
        "rows.views-do-not-leak",
        "equal keys in different views are different rows",
        views_do_not_leak,
    ),
    Case::new(
        "rows.scan-in-order",
        "rows in the order of their keys' bytes, in pages of any size, after any key",
        scan_in_order,
    ),
    Case::new(
        "rows.scan-many",
        "a view of 300 rows, put in no order, and changed between scans",
        scan_many,
    ),
    Case::new(
        "rows.large",
        "rows of 1 MiB are kept and scanned",
        row_large,
    ),
    Case::new(
        "rows.race",
        "of four that put the same row on the same position, exactly one does",
        row_race,
    ),
];

fn checkpoint(position: u64, generation: u32, revision: u64) -> Checkpoint {
    Checkpoint {
        position,
        generation,
        revision,
        state: format!("state of {position}").into_bytes(),
    }
}

/// Every connection must read this checkpoint now.
#[track_caller]
fn checkpoint_of(scene: &Scene<'_>, store: &mut Connection, handler: &str) -> Option<Checkpoint> {
    let found = store
        .load_checkpoint(handler)
        .expect("loading a checkpoint");
    let other = scene.connect().load_checkpoint(handler);
    assert_eq!(other, Ok(found.clone()), "two connections read the same");
    found
}

fn checkpoint_absent(scene: &Scene<'_>) {
    let store = &mut scene.connect();
    assert_eq!(checkpoint_of(scene, store, &scene.name("h")), None);
}

fn checkpoint_saved(scene: &Scene<'_>) {
    let (store, handler) = (&mut scene.connect(), scene.name("h"));
    let mut revision = 0;
    for (position, generation) in [(5, 1), (6, 1), (1000, 1), (1001, 2), (u64::MAX / 2, 2)] {
        let saved = store.save_checkpoint(&handler, checkpoint(position, generation, revision));
        assert_eq!(saved, Ok(()));
        let found = checkpoint_of(scene, store, &handler).expect("it was saved");
        assert_eq!((found.position, found.generation), (position, generation));
        assert_eq!(found.state, format!("state of {position}").into_bytes());
        assert_ne!(found.revision, revision, "the revision changes");
        assert_ne!(found.revision, 0, "0 means that there is none");
        revision = found.revision;
    }
}

fn checkpoint_stale(scene: &Scene<'_>) {
    let (store, handler) = (&mut scene.connect(), scene.name("h"));
    let mut revisions = vec![0];
    for position in 1..=3 {
        let revision = revisions[revisions.len() - 1];
        let saved = store.save_checkpoint(&handler, checkpoint(position, 1, revision));
        assert_eq!(saved, Ok(()));
        let found = checkpoint_of(scene, store, &handler).expect("it was saved");
        revisions.push(found.revision);
    }
    let last = revisions.pop().expect("three were saved");
    let before = checkpoint_of(scene, store, &handler);
    for revision in revisions.into_iter().chain([last + 1, u64::MAX]) {
        for store in [&mut *store, &mut scene.connect()] {
            let stale = store.save_checkpoint(&handler, checkpoint(10, 1, revision));
            assert_eq!(stale, Err(WriteError::Stale), "revision {revision}");
        }
        assert_eq!(checkpoint_of(scene, store, &handler), before);
    }
    let never = scene.name("never");
    let stale = store.save_checkpoint(&never, checkpoint(10, 1, 1));
    assert_eq!(stale, Err(WriteError::Stale), "there is none yet");
    assert_eq!(checkpoint_of(scene, store, &never), None);
}

fn checkpoint_never_goes_back(scene: &Scene<'_>) {
    let (store, handler) = (&mut scene.connect(), scene.name("h"));
    let saved = store.save_checkpoint(&handler, checkpoint(10, 1, 0));
    assert_eq!(saved, Ok(()));
    let before = checkpoint_of(scene, store, &handler).expect("it was saved");
    for position in [9, 1, 0] {
        let back = store.save_checkpoint(&handler, checkpoint(position, 1, before.revision));
        assert!(back.is_err(), "going back to {position} was accepted");
        assert_eq!(checkpoint_of(scene, store, &handler), Some(before.clone()));
    }
    let next = store.save_checkpoint(&handler, checkpoint(11, 1, before.revision));
    assert_eq!(next, Ok(()), "what was refused used up no revision");
}

fn checkpoint_per_handler(scene: &Scene<'_>) {
    let store = &mut scene.connect();
    let names = ["a", "A", "a.b", "a=2Eb", "a/b", "a b", "é", "aa"].map(|name| scene.name(name));
    for (position, name) in (1..).zip(&names) {
        let saved = store.save_checkpoint(name, checkpoint(position, 1, 0));
        assert_eq!(saved, Ok(()), "{name:?}");
    }
    for (position, name) in (1..).zip(&names) {
        let found = checkpoint_of(scene, store, name).expect("it was saved");
        assert_eq!(found.position, position, "{name:?}");
    }
}

fn checkpoint_race(scene: &Scene<'_>) {
    let handler = scene.name("h");
    let barrier = Barrier::new(4);
    let ended = panics::each(4, |thread| {
        let store = &mut scene.connect();
        let mut results = Vec::new();
        // No thread may panic between two barriers: the others would wait for ever.
        for round in 1..=10u64 {
            let revision = store
                .load_checkpoint(&handler)
                .map(|found| found.map_or(0, |found| found.revision));
            barrier.wait();
            let result = revision.map_err(WriteError::from).and_then(|revision| {
                let position = round * 10 + thread as u64;
                store.save_checkpoint(&handler, checkpoint(position, 1, revision))
            });
            barrier.wait();
            let after = store.load_checkpoint(&handler);
            barrier.wait();
            results.push((result, after));
        }
        results
    });
    for round in 0..10 {
        let results: Vec<_> = ended.iter().map(|results| &results[round]).collect();
        let won: Vec<_> = (0..4).filter(|n| results[*n].0 == Ok(())).collect();
        assert_eq!(won.len(), 1, "round {round}: {results:?}");
        for (result, after) in results {
            assert!(
                matches!(result, Ok(()) | Err(WriteError::Stale)),
                "{result:?}"
            );
            let position = after
                .as_ref()
                .ok()
                .and_then(|found| Some(found.as_ref()?.position));
            assert_eq!(position, Some((round as u64 + 1) * 10 + won[0] as u64));
        }
    }
}

fn checkpoint_state(scene: &Scene<'_>) {
    let (store, handler) = (&mut scene.connect(), scene.name("h"));
    let states = [
        b"state".to_vec(),
        vec![],
        (0..=255).collect(),
        vec![0xa5; 1 << 20],
        vec![0],
    ];
    let mut revision = 0;
    for state in states {
        let next = Checkpoint {
            state: state.clone(),
            ..checkpoint(5, 1, revision)
        };
        assert_eq!(store.save_checkpoint(&handler, next), Ok(()));
        let found = checkpoint_of(scene, store, &handler).expect("it was saved");
        assert!(
            found.state == state,
            "{} bytes came back",
            found.state.len()
        );
        let stale = Checkpoint {
            state: b"stale".to_vec(),
            ..checkpoint(6, 1, revision)
        };
        let refused = scene.connect().save_checkpoint(&handler, stale);
        assert_eq!(refused, Err(WriteError::Stale));
        let large = Checkpoint {
            state: vec![0; (1 << 20) + 1],
            ..checkpoint(6, 1, found.revision)
        };
        match store.save_checkpoint(&handler, large) {
            Err(WriteError::Store(error)) => {
                assert_invalid::<()>(Err(error), "a state of more than 1 MiB");
            }
            other => panic!("a state of more than 1 MiB: {other:?}"),
        }
        let after = checkpoint_of(scene, store, &handler);
        assert!(
            after.as_ref() == Some(&found),
            "what was refused changes nothing"
        );
        revision = found.revision;
    }
}

fn checkpoint_state_race(scene: &Scene<'_>) {
    let handler = scene.name("h");
    let barrier = Barrier::new(4);
    let ended = panics::each(4, |thread| {
        let store = &mut scene.connect();
        let mut results = Vec::new();
        // No thread may panic between two barriers: the others would wait for ever.
        for round in 1..=10u64 {
            let known = store.load_checkpoint(&handler);
            barrier.wait();
            let state = vec![thread as u8; 300 + round as usize];
            let result = known.map_err(WriteError::from).and_then(|known| {
                let next = Checkpoint {
                    state: state.clone(),
                    ..checkpoint(round, 1, known.map_or(0, |known| known.revision))
                };
                store.save_checkpoint(&handler, next)
            });
            barrier.wait();
            let after = store.load_checkpoint(&handler);
            barrier.wait();
            results.push((result, state, after));
        }
        results
    });
    for round in 0..10 {
        let results: Vec<_> = ended.iter().map(|results| &results[round]).collect();
        let won: Vec<_> = results
            .iter()
            .filter(|(result, ..)| *result == Ok(()))
            .collect();
        assert_eq!(won.len(), 1, "round {round}");
        for (_, _, after) in &results {
            let found = after.as_ref().ok().and_then(|found| found.as_ref());
            let found = found.map(|found| &found.state);
            assert_eq!(found, Some(&won[0].1), "round {round}");
        }
    }
}

fn checkpoint_many_writes(scene: &Scene<'_>) {
    let (store, handler) = (&mut scene.connect(), scene.name("h"));
    for position in 1..=200 {
        let revision = store.load_checkpoint(&handler).expect("loading");
        let revision = revision.map_or(0, |found| found.revision);
        let saved = store.save_checkpoint(&handler, checkpoint(position, 1, revision));
        assert_eq!(saved, Ok(()), "write {position}");
    }
    let found = checkpoint_of(scene, store, &handler).expect("it was saved");
    assert_eq!(found.position, 200);
}

fn row(key: &str, value: &[u8], position: u64) -> Row {
    Row {
        key: key.to_owned(),
        content_type: "application/json".into(),
        value: value.to_vec(),
        position,
    }
}

#[track_caller]
fn put(store: &mut Connection, view: &str, row: &Row, seen: u64) {
    let result = store.put_row(view, row.clone(), seen);
    assert_eq!(result, Ok(()), "putting {:?} of {view} on {seen}", row.key);
}

#[track_caller]
fn is(scene: &Scene<'_>, view: &str, key: &str, expected: Option<&Row>) {
    let found = scene.connect().get_row(view, key).expect("getting a row");
    assert_eq!(found.as_ref(), expected, "{key:?} of {view}");
}

/// All rows after a key, in pages of `limit` rows.
#[track_caller]
fn scan(store: &mut Connection, view: &str, after: Option<&str>, limit: u32) -> Vec<Row> {
    let (mut rows, mut after) = (Vec::new(), after.map(str::to_owned));
    loop {
        let page = store.scan_rows(view, after.as_deref(), limit);
        let page = page.expect("scanning");
        assert!(page.rows.len() <= limit as usize, "a page is too long");
        assert!(page.end || page.next > after, "a page that gets nowhere");
        let last = page.rows.last().map(|row| &row.key);
        assert!(page.next.as_ref() >= last, "the next page repeats rows");
        after = page.next.or(after);
        rows.extend(page.rows);
        if page.end {
            return rows;
        }
    }
}

fn row_absent(scene: &Scene<'_>) {
    let view = scene.name("v");
    is(scene, &view, "k", None);
    assert_eq!(scan(&mut scene.connect(), &view, None, 10), []);
    assert_eq!(scan(&mut scene.connect(), &view, Some("k"), 10), []);
}

fn row_put_and_get(scene: &Scene<'_>) {
    let (store, view) = (&mut scene.connect(), scene.name("v"));
    let every: Vec<u8> = (0..=255).collect();
    let long = "k".repeat(300);
    let keys = [
        "k",
        "K",
        "k.",
        "k=2E",
        "k/l",
        " ",
        "é",
        "日本語",
        "a\0b",
        &long,
    ];
    for (position, key) in (1..).zip(keys) {
        put(store, &view, &row(key, key.as_bytes(), position), 0);
    }
    for (position, key) in (1..).zip(keys) {
        is(scene, &view, key, Some(&row(key, key.as_bytes(), position)));
        let next = Row {
            content_type: "application/octet-stream".into(),
            ..row(key, &every, position + 100)
        };
        put(store, &view, &next, position);
        is(scene, &view, key, Some(&next));
        put(store, &view, &row(key, b"", position + 200), position + 100);
    }
    for (position, key) in (201..).zip(keys) {
        is(scene, &view, key, Some(&row(key, b"", position)));
    }
}

fn row_stale(scene: &Scene<'_>) {
    let (store, view) = (&mut scene.connect(), scene.name("v"));
    let current = row("k", b"current", 10);
    let stale = store.put_row(&view, row("k", b"x", 20), 5);
    assert_eq!(stale, Err(WriteError::Stale), "there is none yet");
    is(scene, &view, "k", None);
    put(store, &view, &row("k", b"first", 5), 0);
    put(store, &view, &current, 5);
    for seen in [0, 5, 9, 11, u64::MAX] {
        for store in [&mut *store, &mut scene.connect()] {
            let stale = store.put_row(&view, row("k", b"x", 20), seen);
            assert_eq!(stale, Err(WriteError::Stale), "on {seen}");
            let stale = store.delete_row(&view, "k", seen, 20);
            assert_eq!(stale, Err(WriteError::Stale), "deleting on {seen}");
        }
        is(scene, &view, "k", Some(&current));
    }
}

fn row_never_goes_back(scene: &Scene<'_>) {
    let (store, view) = (&mut scene.connect(), scene.name("v"));
    let current = row("k", b"current", 10);
    put(store, &view, &current, 0);
    for position in [9, 1, 0] {
        let back = store.put_row(&view, row("k", b"older", position), 10);
        assert!(back.is_err(), "going back to {position} was accepted");
        is(scene, &view, "k", Some(&current));
    }
    put(store, &view, &row("k", b"next", 11), 10);
}

fn row_deleted(scene: &Scene<'_>) {
    let (store, view) = (&mut scene.connect(), scene.name("v"));
    for key in ["a", "b", "c"] {
        put(store, &view, &row(key, key.as_bytes(), 10), 0);
    }
    assert_eq!(store.delete_row(&view, "b", 10, 20), Ok(()));
    is(scene, &view, "b", None);
    let found = |key: &str| {
        let found = scene.connect().find_row(&view, key);
        let found = found.expect("finding a row");
        (found.position, found.row.map(|row| row.value))
    };
    assert_eq!(found("a"), (10, Some(b"a".to_vec())));
    assert_eq!(found("b"), (20, None), "where a row was deleted");
    assert_eq!(found("never"), (0, None));
    let left = || ["a", "c"].map(|key| row(key, key.as_bytes(), 10));
    assert_eq!(scan(&mut scene.connect(), &view, None, 1), left());
    for position in [11, 19, 20] {
        let late = store.put_row(&view, row("b", b"late", position), 0);
        assert!(
            late.is_err(),
            "deleted at 20, and an event at {position} brought it back"
        );
        is(scene, &view, "b", None);
    }
    let again = row("b", b"again", 21);
    put(&mut scene.connect(), &view, &again, 0);
    is(scene, &view, "b", Some(&again));
    assert_eq!(scan(store, &view, None, 2).len(), 3);
}

fn views_do_not_leak(scene: &Scene<'_>) {
    let store = &mut scene.connect();
    let views = ["v", "V", "v.", "v.k", "vk", "v/k", "v="].map(|view| scene.name(view));
    for (position, view) in (1..).zip(&views) {
        put(store, view, &row("k", view.as_bytes(), position), 0);
        put(store, view, &row("k.k", view.as_bytes(), position), 0);
    }
    for (position, view) in (1..).zip(&views) {
        let rows = ["k", "k.k"].map(|key| row(key, view.as_bytes(), position));
        assert_eq!(scan(&mut scene.connect(), view, None, 10), rows);
    }
    assert_eq!(store.delete_row(&views[0], "k", 1, 50), Ok(()));
    is(
        scene,
        &views[1],
        "k",
        Some(&row("k", views[1].as_bytes(), 2)),
    );
}

fn scan_in_order(scene: &Scene<'_>) {
    let (store, view) = (&mut scene.connect(), scene.name("v"));
    let mut keys = vec![
        "b", "a", "aa", "a\0", "a.b", "a-b", "a=b", "A", "Z", "10", "9", "1", "é", "e", "日", "~",
        " ", "🦀", "\u{ffff}", "z",
    ];
    for key in &keys {
        put(store, &view, &row(key, key.as_bytes(), 1), 0);
    }
    keys.sort_unstable();
    for limit in [1, 2, 3, 7, 19, 20, 21] {
        let found = scan(&mut scene.connect(), &view, None, limit);
        let found: Vec<&str> = found.iter().map(|row| &*row.key).collect();
        assert_eq!(found, keys, "pages of {limit}");
    }
    for (index, key) in keys.iter().enumerate() {
        let found = scan(store, &view, Some(key), 4);
        let found: Vec<&str> = found.iter().map(|row| &*row.key).collect();
        assert_eq!(found, keys[index + 1..], "after {key:?}");
    }
    let found = scan(store, &view, Some("a-"), 100);
    assert_eq!(found[0].key, "a-b", "after a key that is no row's");
}

fn scan_many(scene: &Scene<'_>) {
    let (store, view) = (&mut scene.connect(), scene.name("v"));
    // 300 and 7 have no common factor, so every number occurs once.
    let keys = (0..300).map(|n| format!("{:03}", n * 7 % 300));
    for (position, key) in (1..).zip(keys) {
        put(store, &view, &row(&key, b"first", position), 0);
    }
    let found = scan(&mut scene.connect(), &view, None, 64);
    assert_eq!(found.len(), 300);
    assert!(found.is_sorted_by(|a, b| a.key < b.key));
    for row in found.iter().filter(|row| row.key.ends_with('3')) {
        let deleted = store.delete_row(&view, &row.key, row.position, 1000);
        assert_eq!(deleted, Ok(()));
    }
    put(store, &view, &row("1505", b"new", 1001), 0);
    let found = scan(&mut scene.connect(), &view, None, 64);
    assert_eq!(found.len(), 271);
    assert!(found.is_sorted_by(|a, b| a.key < b.key));
    assert!(found.iter().all(|row| !row.key.ends_with('3')));
}

fn row_large(scene: &Scene<'_>) {
    let (store, view) = (&mut scene.connect(), scene.name("v"));
    let rows = ["a", "b", "c"].map(|key| row(key, &key.as_bytes().repeat(1 << 20), 1));
    for row in &rows {
        put(store, &view, row, 0);
    }
    assert!(scan(&mut scene.connect(), &view, None, 10) == rows);
}

fn row_race(scene: &Scene<'_>) {
    let view = scene.name("v");
    let barrier = Barrier::new(4);
    let ended = panics::each(4, |thread| {
        let store = &mut scene.connect();
        let mut results = Vec::new();
        // No thread may panic between two barriers: the others would wait for ever.
        for round in 1..=10u64 {
            let seen = store
                .get_row(&view, "k")
                .map(|found| found.map_or(0, |row| row.position));
            barrier.wait();
            let result = seen
                .map_err(WriteError::from)
                .and_then(|seen| store.put_row(&view, row("k", &[thread as u8], round), seen));
            barrier.wait();
            let after = store.get_row(&view, "k");
            barrier.wait();
            results.push((result, after));
        }
        results
    });
    for round in 0..10 {
        let results: Vec<_> = ended.iter().map(|results| &results[round]).collect();
        let won: Vec<_> = (0..4).filter(|n| results[*n].0 == Ok(())).collect();
        assert_eq!(won.len(), 1, "round {round}: {results:?}");
        for (result, after) in results {
            assert!(
                matches!(result, Ok(()) | Err(WriteError::Stale)),
                "{result:?}"
            );
            let expected = row("k", &[won[0] as u8], round as u64 + 1);
            assert_eq!(after, &Ok(Some(expected)));
        }
    }
}
