//! Rows of unused views are deleted: all of them, and no others.

use std::sync::Barrier;

use annals_event_log::Row;

use crate::case::Case;
use crate::panics;
use crate::scene::{Connection, Scene};

pub(super) const CASES: &[Case] = &[
    Case::new(
        "drop.nothing",
        "of a view that never had a row nothing is left",
        nothing,
    ),
    Case::new(
        "drop.everything",
        "rows that changed, were deleted, or have long keys are gone, for whoever asks",
        everything,
    ),
    Case::new(
        "drop.no-more-than-asked",
        "a call deletes so many rows at most, and the next one goes on",
        no_more_than_asked,
    ),
    Case::new(
        "drop.other-views-stay",
        "views whose names look alike keep their rows, and handlers their checkpoints",
        other_views_stay,
    ),
    Case::new(
        "drop.often-changed",
        "a row with 300 revisions goes as a whole",
        often_changed,
    ),
    Case::new(
        "drop.many-at-once",
        "four that drop the same view at once all come to an end",
        many_at_once,
    ),
];

fn row(key: &str, position: u64) -> Row {
    Row {
        key: key.to_owned(),
        content_type: "text/plain".into(),
        value: key.into(),
        position,
    }
}

#[track_caller]
pub(super) fn fill(store: &mut Connection, view: &str, keys: &[&str]) {
    for key in keys {
        assert_eq!(
            store.put_row(view, row(key, 5), 0),
            Ok(()),
            "{key} of {view}"
        );
    }
}

/// Drops rows until none is left. Returns the number of calls.
#[track_caller]
pub(super) fn drop_all(store: &mut Connection, view: &str, limit: u32) -> usize {
    for calls in 1..=1000 {
        match store.drop_rows(view, limit) {
            Ok(true) => return calls,
            Ok(false) => {}
            Err(error) => panic!("dropping {view}: {error}"),
        }
    }
    panic!("after 1000 calls something of {view} is still left");
}

#[track_caller]
pub(super) fn keys(store: &mut Connection, view: &str) -> Vec<String> {
    let page = store.scan_rows(view, None, 1000).expect("scanning");
    assert!(page.end);
    page.rows.into_iter().map(|row| row.key).collect()
}

fn nothing(scene: &Scene<'_>) {
    let view = scene.name("never");
    assert_eq!(scene.connect().drop_rows(&view, 10), Ok(true));
    assert_eq!(scene.connect().drop_rows(&view, 10), Ok(true), "again");
}

fn everything(scene: &Scene<'_>) {
    let (store, view) = (&mut scene.connect(), scene.name("v@1"));
    let long = "k".repeat(300);
    let names = ["a", "b", "b.", "é", "a\0b", &long, "z"];
    fill(store, &view, &names);
    for position in 6..=9 {
        let seen = position - 1;
        assert_eq!(store.put_row(&view, row("b", position), seen), Ok(()));
    }
    assert_eq!(store.delete_row(&view, "z", 5, 6), Ok(()));
    let warm = &mut scene.connect();
    assert_eq!(keys(warm, &view).len(), names.len() - 1);
    drop_all(&mut scene.connect(), &view, 2);
    for store in [store, warm, &mut scene.connect()] {
        assert_eq!(keys(store, &view), Vec::<String>::new());
        for key in names {
            assert_eq!(store.get_row(&view, key), Ok(None), "{key:?}");
        }
    }
    assert_eq!(scene.connect().drop_rows(&view, 10), Ok(true), "again");
}

fn no_more_than_asked(scene: &Scene<'_>) {
    let (store, view) = (&mut scene.connect(), scene.name("v@1"));
    let names: Vec<String> = (0..20).map(|n| format!("{n:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    fill(store, &view, &names);
    let mut left = 20;
    while left > 0 {
        // Use another connection for each call, as after a crash.
        let is_done = scene.connect().drop_rows(&view, 3).expect("dropping");
        let now = keys(&mut scene.connect(), &view).len();
        assert!(now + 3 >= left, "{} rows were deleted at once", left - now);
        assert!(!is_done || now == 0, "{now} rows are left");
        assert!(is_done || now < left, "nothing was deleted");
        left = now;
    }
    drop_all(store, &view, 3);
}

fn other_views_stay(scene: &Scene<'_>) {
    let store = &mut scene.connect();
    let names =
        ["v@1", "v@10", "v@1.k", "v@", "v", "V@1", "~v@1", "v@1/"].map(|name| scene.name(name));
    let rows = ["k", "k.k", "kk", "K"];
    for name in &names {
        fill(store, name, &rows);
    }
    let next = annals_event_log::Checkpoint {
        position: 5,
        ..Default::default()
    };
    assert_eq!(store.save_checkpoint(&names[0], next), Ok(()));
    drop_all(store, &names[0], 1);
    assert_eq!(keys(&mut scene.connect(), &names[0]), Vec::<String>::new());
    for name in &names[1..] {
        for store in [&mut *store, &mut scene.connect()] {
            assert_eq!(keys(store, name), ["K", "k", "k.k", "kk"], "{name}");
        }
        let changed = scene.connect().put_row(name, row("k", 6), 5);
        assert_eq!(changed, Ok(()), "{name} goes on");
    }
    let found = scene.connect().load_checkpoint(&names[0]).expect("loading");
    assert_eq!(found.map(|found| found.position), Some(5));
}

fn often_changed(scene: &Scene<'_>) {
    let (store, view) = (&mut scene.connect(), scene.name("v@1"));
    for position in 1..=300 {
        let put = store.put_row(&view, row("k", position), position - 1);
        assert_eq!(put, Ok(()));
    }
    fill(store, &view, &["l"]);
    drop_all(&mut scene.connect(), &view, 10);
    assert_eq!(keys(&mut scene.connect(), &view), Vec::<String>::new());
    assert_eq!(scene.connect().get_row(&view, "k"), Ok(None));
}

fn many_at_once(scene: &Scene<'_>) {
    let view = scene.name("v@1");
    let names: Vec<String> = (0..30).map(|n| format!("{n:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    fill(&mut scene.connect(), &view, &names);
    let barrier = Barrier::new(4);
    panics::each(4, |thread| {
        let store = &mut scene.connect();
        barrier.wait();
        drop_all(store, &view, thread as u32 + 1);
    });
    assert_eq!(keys(&mut scene.connect(), &view), Vec::<String>::new());
}
