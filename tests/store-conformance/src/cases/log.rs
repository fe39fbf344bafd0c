//! Reading the log: one order over all streams, resumable at any position, and without late events.

use std::sync::atomic::{AtomicUsize, Ordering};

use annals_event_log::{LogFilter, RecordedEvent};

use crate::case::{Case, Skip};
use crate::panics;
use crate::reading::{self, of_categories, of_types};
use crate::scene::{Connection, Scene, later, now};

pub(super) const CASES: &[Case] = &[
    Case::new(
        "log.agrees-with-streams",
        "the log has every event of every stream, in each stream's order",
        agrees_with_streams,
    ),
    Case::if_possible(
        "log.order-of-appends",
        "of two appends, one after the other, the log has the first one first",
        order_of_appends,
    ),
    Case::new(
        "log.from-the-beginning",
        "position 0 is before the first event",
        from_the_beginning,
    ),
    Case::new(
        "log.pages-of-any-size",
        "pages of any size skip nothing and repeat nothing",
        pages_of_any_size,
    ),
    Case::new(
        "log.resumes-anywhere",
        "after any position, also inside of a commit and between events, what follows comes",
        resumes_anywhere,
    ),
    Case::new(
        "log.goes-on-behind-the-end",
        "a reader at the end finds what is written next, once",
        goes_on_behind_the_end,
    ),
    Case::new(
        "log.filter-by-type",
        "events of the wanted types and no others",
        filter_by_type,
    ),
    Case::new(
        "log.filter-by-category",
        "events of the wanted categories, whole categories, and no others",
        filter_by_category,
    ),
    Case::new(
        "log.filter-by-both",
        "a type and a category must both be wanted",
        filter_by_both,
    ),
    Case::new(
        "log.filter-in-pages",
        "a filter and a limit together skip nothing",
        filter_in_pages,
    ),
    Case::new(
        "log.filter-that-wants-nothing",
        "a filter that nothing passes still advances, and ends",
        filter_that_wants_nothing,
    ),
    Case::new(
        "log.while-writers-run",
        "a reader among four writers sees every event once, in order, never late",
        while_writers_run,
    ),
    Case::new(
        "log.impatient-while-writers-run",
        "the same for a reader that takes every slow writer for dead",
        impatient_while_writers_run,
    ),
];

/// Appends commits of several sizes to streams of two categories, in turn. Returns a position before the first of
/// them, and all events in the order of the log.
fn woven(scene: &Scene<'_>, store: &mut Connection) -> (u64, Vec<RecordedEvent>) {
    let start = scene.end_of_log(store);
    let other = format!("{}x", scene.category());
    for (round, types) in (0..).zip([&["A"][..], &["B", "A", "C"], &["C"], &["B", "B"]]) {
        for id in ["1", "2"] {
            scene.append(store, &scene.stream(id), types);
            if round % 2 == 0 {
                scene.append(store, &format!("{other}-{id}"), types);
            }
        }
    }
    let both = of_categories(&[scene.category(), &other]);
    let all = reading::log(store, start, &both);
    assert_eq!(all.len(), 2 * 7 + 2 * 2);
    (start, all)
}

fn agrees_with_streams(scene: &Scene<'_>) {
    let store = &mut scene.connect();
    let start = scene.end_of_log(store);
    let streams = ["1", "2", "3"].map(|id| scene.stream(id));
    for sizes in [[1, 2], [3, 1], [1, 5]] {
        for stream in &streams {
            scene.fill(store, stream, &sizes);
        }
    }
    let all = reading::check(scene, start, &streams);
    assert_eq!(all.len(), 3 * 13);
}

fn order_of_appends(scene: &Scene<'_>) -> Result<(), Skip> {
    if scene.backend.partitions() > 1 {
        return Err(Skip("a log that is divided keeps the order of each stream"));
    }
    let mut connections: Vec<_> = (0..3).map(|_| scene.connect()).collect();
    let mut positions = Vec::new();
    for n in 0..12 {
        let stream = scene.stream(&(n % 4).to_string());
        let appended = scene.append(&mut connections[n % 3], &stream, &["A", "B"]);
        positions.push(appended.position);
    }
    assert!(
        positions.is_sorted_by(|a, b| a < b),
        "positions increase strictly: {positions:?}"
    );
    assert!(positions[0] > 0, "position 0 is before the first event");
    let filter = of_categories(&[scene.category()]);
    let all = reading::log(&mut connections[0], 0, &filter);
    let seconds: Vec<_> = all.chunks(2).map(|commit| commit[1].position).collect();
    assert_eq!(seconds, positions, "the position that a writer is told");
    Ok(())
}

fn from_the_beginning(scene: &Scene<'_>) {
    let store = &mut scene.connect();
    scene.fill(store, &scene.stream("1"), &[1, 2]);
    let all = reading::log(store, 0, &of_categories(&[scene.category()]));
    assert_eq!(all, reading::stream(store, &scene.stream("1")));
}

fn pages_of_any_size(scene: &Scene<'_>) {
    let store = &mut scene.connect();
    let (start, all) = woven(scene, store);
    for limit in [1, 2, 3, 4, 5, 11, 17, 18, 1000] {
        let mut found = reading::log_at(store, start, limit, &LogFilter::default(), later()).0;
        found.retain(|event| event.stream.starts_with(scene.category()));
        reading::assert_same(&found, &all, &format!("pages of {limit}"));
    }
}

fn resumes_anywhere(scene: &Scene<'_>) {
    let store = &mut scene.connect();
    let (start, all) = woven(scene, store);
    let mut places = vec![start];
    for event in &all {
        places.extend([event.position - 1, event.position, event.position + 1]);
    }
    for after in places.into_iter().filter(|place| *place >= start) {
        let mut found = reading::log_at(store, after, 4, &LogFilter::default(), later()).0;
        found.retain(|event| event.stream.starts_with(scene.category()));
        let expected: Vec<_> = all.iter().filter(|e| e.position > after).cloned().collect();
        reading::assert_same(&found, &expected, &format!("after {after}"));
    }
}

fn goes_on_behind_the_end(scene: &Scene<'_>) {
    let store = &mut scene.connect();
    let stream = scene.stream("1");
    let mut after = scene.append(store, &stream, &["E0"]).position;
    let filter = of_categories(&[scene.category()]);
    for round in 1..=5 {
        for _ in 0..2 {
            let (found, next) = reading::log_at(store, after, 10, &filter, later());
            assert_eq!(found, [], "round {round}");
            after = next;
        }
        let types = [&*format!("E{round}"), "Second"];
        scene.append(&mut scene.connect(), &stream, &types);
        let (found, next) = reading::log_at(store, after, 1, &filter, later());
        let found: Vec<_> = found.iter().map(|event| &*event.event_type).collect();
        assert_eq!(found, types, "round {round}");
        after = next;
    }
}

#[track_caller]
fn filtered(scene: &Scene<'_>, filter: &LogFilter, limit: u32, count: usize) {
    let store = &mut scene.connect();
    let (start, all) = woven(scene, store);
    // The events of an earlier call of woven() have other positions.
    let (mut found, _) = reading::log_at(store, start, limit, filter, later());
    found.retain(|event| event.stream.starts_with(scene.category()));
    let expected: Vec<_> = all
        .into_iter()
        .filter(|event| {
            let category = event.stream.split('-').next().unwrap_or_default();
            let among =
                |wanted: &[String], it: &str| wanted.is_empty() || wanted.iter().any(|w| w == it);
            among(&filter.event_types, &event.event_type) && among(&filter.categories, category)
        })
        .collect();
    reading::assert_same(&found, &expected, &format!("{filter:?}"));
    assert_eq!(found.len(), count, "{filter:?}");
}

fn filter_by_type(scene: &Scene<'_>) {
    filtered(scene, &of_types(&["A"]), 500, 6);
    filtered(scene, &of_types(&["A", "C", "Nothing"]), 500, 12);
    filtered(scene, &of_types(&["a"]), 500, 0);
}

fn filter_by_category(scene: &Scene<'_>) {
    let other = format!("{}x", scene.category());
    filtered(scene, &of_categories(&[scene.category()]), 500, 14);
    filtered(scene, &of_categories(&[&other]), 500, 4);
    filtered(scene, &of_categories(&[&other, scene.category()]), 500, 18);
}

fn filter_by_both(scene: &Scene<'_>) {
    let filter = |types: &[&str], categories: &[&str]| LogFilter {
        event_types: of_types(types).event_types,
        ..of_categories(categories)
    };
    let (own, other) = (scene.category(), &*format!("{}x", scene.category()));
    filtered(scene, &filter(&["A"], &[own]), 500, 4);
    filtered(scene, &filter(&["B"], &[other]), 500, 0);
    filtered(scene, &filter(&["C", "A"], &[own, other]), 500, 12);
}

fn filter_in_pages(scene: &Scene<'_>) {
    for limit in [1, 2, 3] {
        filtered(scene, &of_types(&["B"]), limit, 6);
        filtered(scene, &of_categories(&[scene.category()]), limit, 14);
    }
}

fn filter_that_wants_nothing(scene: &Scene<'_>) {
    let store = &mut scene.connect();
    let (start, all) = woven(scene, store);
    let last = all[all.len() - 1].position;
    let nothing = [
        of_types(&[&scene.name("None")]),
        of_categories(&[&scene.name("none")]),
        LogFilter {
            event_types: vec!["A".into()],
            ..of_categories(&[&scene.name("none")])
        },
    ];
    for filter in nothing {
        for limit in [1, 500] {
            let (found, next) = reading::log_at(store, start, limit, &filter, later());
            assert_eq!(found, []);
            assert!(next >= last, "`next` is {next}, and events go up to {last}");
        }
    }
}

const WRITERS: usize = 4;
const COMMITS: usize = 15;

/// One thread reads the log while others write. Both the events and their order must be those of the final log.
fn read_while_writing(scene: &Scene<'_>, clock: fn() -> u64) {
    let start = scene.end_of_log(&mut scene.connect());
    let filter = of_categories(&[scene.category()]);
    let running = AtomicUsize::new(WRITERS);
    let streams: Vec<_> = (0..WRITERS)
        .map(|n| scene.stream(&format!("s{n}")))
        .collect();
    let seen = panics::each(WRITERS + 1, |thread| {
        let store = &mut scene.connect();
        if thread < WRITERS {
            let _ended = Ended(&running);
            for n in 0..COMMITS {
                // Each thread writes to its own stream and to a shared one.
                scene.append(store, &streams[thread], &["A", "B"]);
                if n % 3 == 0 {
                    scene.append(store, &streams[0], &["Shared"]);
                }
            }
            return Vec::new();
        }
        let (mut seen, mut after) = (Vec::new(), start);
        loop {
            let last = running.load(Ordering::SeqCst) == 0;
            let (events, next) = reading::log_at(store, after, 7, &filter, clock());
            seen.extend(events);
            after = next;
            if last {
                return seen;
            }
        }
    });
    let all = reading::check(scene, start, &streams);
    assert_eq!(all.len(), WRITERS * (2 * COMMITS + COMMITS.div_ceil(3)));
    reading::assert_same(&seen[WRITERS], &all, "what the reader saw on its way");
}

/// Signals on drop that a writer has ended, also if it failed.
struct Ended<'a>(&'a AtomicUsize);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

fn while_writers_run(scene: &Scene<'_>) {
    read_while_writing(scene, now);
}

fn impatient_while_writers_run(scene: &Scene<'_>) {
    read_while_writing(scene, later);
}
