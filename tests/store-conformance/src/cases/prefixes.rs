//! Two prefixes in one bucket or directory are separate stores.

use annals_event_log::Precondition::{Any, NoStream};
use annals_event_log::{Checkpoint, Claim, LogFilter, Outcome, Row, Snapshot};

use crate::case::Case;
use crate::reading;
use crate::scene::{Scene, append, later};

pub(super) const CASES: &[Case] = &[
    Case::new(
        "prefixes.two-worlds",
        "streams, the log, commands and snapshots of look-alike prefixes do not meet",
        two_worlds,
    ),
    Case::new(
        "prefixes.two-worlds-of-reactions",
        "neither do checkpoints and rows",
        two_worlds_of_reactions,
    ),
];

/// Prefixes that a careless key format could confuse, with each other or with the text behind them.
fn prefixes(scene: &Scene<'_>) -> Vec<String> {
    let long = "p".repeat(60);
    let tricky = [
        "a",
        "a.b",
        "a=2Eb",
        "A",
        "a/",
        &*long,
        &*(long.clone() + "p"),
    ];
    tricky.iter().map(|prefix| scene.name(prefix)).collect()
}

fn two_worlds(scene: &Scene<'_>) {
    let mut prefixes = prefixes(scene);
    prefixes.push(String::new());
    let (stream, id) = (scene.stream("1"), scene.name("command"));
    for (count, prefix) in (1..).zip(&prefixes) {
        let store = &mut scene.backend.connect(prefix);
        let types = vec![prefix.as_str(); count];
        append(store, scene.request(&stream, NoStream, &types));
        let claim = store.claim_command(&id, count as u64, &stream, 1);
        assert_eq!(claim, Ok(Claim::Fresh), "{prefix:?}");
        let mut request = scene.request(&stream, Any, &["Claimed"]);
        request.metadata.command_id.clone_from(&id);
        append(store, request);
        let head = reading::fold(store, &stream).1;
        let snapshot = Snapshot {
            state: prefix.as_bytes().to_vec(),
            state_version: 1,
            head,
        };
        assert_eq!(store.save_snapshot(&stream, "decider", snapshot), Ok(()));
    }
    for (count, prefix) in (1..).zip(&prefixes) {
        let store = &mut scene.backend.connect(prefix);
        let found = reading::stream(store, &stream);
        assert_eq!(found.len(), count + 1, "{prefix:?}");
        assert!(
            found[..count]
                .iter()
                .all(|event| event.event_type == *prefix)
        );
        let filter = match prefix.as_str() {
            // Other cases also use the default prefix.
            "" => reading::of_categories(&[scene.category()]),
            _ => LogFilter::default(),
        };
        let log = reading::log_at(store, 0, 100, &filter, later()).0;
        assert_eq!(log, found, "the log of {prefix:?}");
        let claim = store.claim_command(&id, count as u64, &stream, 1);
        assert!(
            matches!(&claim, Ok(Claim::Done(Outcome::Accepted(it))) if it.version == count as u64 + 1),
            "{prefix:?}: {claim:?}"
        );
        let snapshot = store.load_snapshot(&stream, "decider").expect("loading");
        let state = snapshot.map(|snapshot| snapshot.state);
        assert_eq!(state.as_deref(), Some(prefix.as_bytes()));
    }
}

fn two_worlds_of_reactions(scene: &Scene<'_>) {
    let prefixes = prefixes(scene);
    let row = |position| Row {
        key: "k".into(),
        content_type: "text/plain".into(),
        value: vec![],
        position,
    };
    for (position, prefix) in (1..).zip(&prefixes) {
        let store = &mut scene.backend.connect(prefix);
        let next = Checkpoint {
            position,
            generation: 1,
            revision: 0,
            state: prefix.as_bytes().to_vec(),
        };
        assert_eq!(store.save_checkpoint("handler", next), Ok(()), "{prefix:?}");
        assert_eq!(store.put_row("view", row(position), 0), Ok(()));
    }
    for (position, prefix) in (1..).zip(&prefixes) {
        let store = &mut scene.backend.connect(prefix);
        let found = store.load_checkpoint("handler").expect("loading");
        assert_eq!(found.map(|found| found.position), Some(position));
        let page = store.scan_rows("view", None, 10).expect("scanning");
        assert_eq!(page.rows, [row(position)], "{prefix:?}");
    }
}
