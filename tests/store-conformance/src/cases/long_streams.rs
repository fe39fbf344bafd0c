//! Long streams: the store's optimisations for them must not be visible.

use annals_event_log::{AppendError, Head, Precondition, Snapshot};

use crate::case::Case;
use crate::reading;
use crate::scene::{Scene, append};

pub(super) const CASES: &[Case] = &[Case::new(
    "long.three-thousand-commits",
    "3000 commits of one event, read forward, backward, by folding from any head, and in the log",
    three_thousand_commits,
)];

const COMMITS: u64 = 3000;

fn three_thousand_commits(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    let start = scene.end_of_log(store);
    let mut heads = vec![Head::default()];
    for version in 0..COMMITS {
        let mut request = scene.request(&stream, Precondition::At(version), &["E"]);
        request.cursor = Some(heads[version as usize].cursor);
        request.events[0].payload = version.to_le_bytes().into();
        let appended = append(store, request);
        heads.push(Head {
            cursor: appended.cursor,
            version: appended.version,
            closed: false,
        });
    }
    let store = &mut scene.connect();
    let all = reading::stream_after(store, &stream, 0, 1000);
    assert_eq!(all.len() as u64, COMMITS);
    for (event, version) in all.iter().zip(1u64..) {
        assert_eq!(event.version, version);
        assert_eq!(event.payload, (version - 1).to_le_bytes());
    }
    for after in [1, 999, 1000, 1024, 2047, 2990, 2999, 3000] {
        let found = reading::stream_after(&mut scene.connect(), &stream, after, 700);
        assert!(found == all[after as usize..], "after {after}");
    }
    let backward = reading::stream_before(store, &stream, None, 997);
    assert!(backward.iter().rev().eq(&all), "backward");
    for before in [2, 1001, 2500] {
        let page = store.read_stream_backward(&stream, Some(before), 5);
        let page = page.expect("reading").expect("it is there");
        let versions: Vec<u64> = page.events.iter().map(|event| event.version).collect();
        let expected: Vec<u64> = (1..before).rev().take(5).collect();
        assert_eq!(versions, expected, "before {before}");
    }
    for version in [0, 1, 7, 63, 64, 100, 1023, 1024, 1025, 2048, 2999, 3000] {
        let head = heads[version];
        let (found, end) = reading::fold_after(&mut scene.connect(), &stream, head, 1000);
        assert!(
            found
                .into_iter()
                .eq(all[version..].iter().map(reading::lean)),
            "from {version}"
        );
        assert_eq!(end, heads[COMMITS as usize]);
    }
    let snapshot = Snapshot {
        state: b"2900 events".to_vec(),
        state_version: 1,
        head: heads[2900],
    };
    assert_eq!(
        store.save_snapshot(&stream, "decider", snapshot.clone()),
        Ok(())
    );
    let store = &mut scene.connect();
    let found = store.load_snapshot(&stream, "decider");
    assert_eq!(found, Ok(Some(snapshot)));
    let (tail, end) = reading::fold_after(store, &stream, heads[2900], 1000);
    assert_eq!((tail.len(), end.version), (100, COMMITS));

    let log = reading::log(store, start, &reading::of_categories(&[scene.category()]));
    assert!(log == all, "the log");

    let stale = scene.request(&stream, Precondition::At(1500), &["E"]);
    let conflict = AppendError::Conflict {
        expected: stale.expected,
        actual: COMMITS,
    };
    assert_eq!(scene.connect().append(stale), Err(conflict));
    let next = scene.request(&stream, Precondition::At(COMMITS), &["E"]);
    assert_eq!(append(&mut scene.connect(), next).version, COMMITS + 1);
}
