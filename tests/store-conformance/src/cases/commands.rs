//! Command ids take effect once, and every repetition gets the first answer.

use std::sync::Barrier;

use annals_event_log::Precondition::{self, Any, At};
use annals_event_log::{
    AppendError, AppendRequest, Appended, Claim, Head, Outcome, Rejection, StoreError,
};

use crate::case::Case;
use crate::panics;
use crate::reading;
use crate::scene::{Connection, Scene, append, metadata, now};
use crate::sourcer::{
    Command, Decision, NoOutcome, check_once, no, nothing, submit, submitted, two_events,
};

pub(super) const CASES: &[Case] = &[
    Case::new(
        "commands.fresh-pending-done",
        "a claim is fresh, then pending until there is an outcome, then done",
        fresh_pending_done,
    ),
    Case::new(
        "commands.again-after-accepted",
        "the same command again gets the first outcome, and nothing is written",
        again_after_accepted,
    ),
    Case::new(
        "commands.again-after-rejected",
        "a rejection is kept, also when the same command would now be accepted",
        again_after_rejected,
    ),
    Case::new(
        "commands.again-after-nothing-to-do",
        "a decision without events is an outcome like another",
        again_after_nothing_to_do,
    ),
    Case::new(
        "commands.again-after-others",
        "the first outcome is found behind any number of later commits",
        again_after_others,
    ),
    Case::new(
        "commands.four-at-once",
        "the same command from four connections at once takes effect once",
        four_at_once,
    ),
    Case::new(
        "commands.four-at-once-rejected",
        "the same for a command that is rejected",
        four_at_once_rejected,
    ),
    Case::new(
        "commands.fresh-for-one-at-most",
        "of four that claim the same command at once, at most one is told that it is fresh",
        fresh_for_one_at_most,
    ),
    Case::new(
        "commands.other-content",
        "the id of a different command is a mismatch, before and after the outcome",
        other_content,
    ),
    Case::new(
        "commands.other-stream",
        "the same id for another stream is a mismatch",
        other_stream,
    ),
    Case::new(
        "commands.pending-goes-on",
        "an attempt after one that ended half-way takes effect",
        pending_goes_on,
    ),
    Case::new(
        "commands.claimed-with-append",
        "an append that claims its command is the command's outcome, and takes effect once",
        claimed_with_append,
    ),
    Case::new(
        "commands.append-after-claim",
        "an append that claims its command writes nothing if the command is claimed",
        append_after_claim,
    ),
    Case::new(
        "commands.late-attempt-is-a-conflict",
        "an attempt with an old cursor meets the command's own events, whatever it expects",
        late_attempt,
    ),
    Case::new(
        "commands.outcomes-change-no-version",
        "outcomes without events change neither version nor log, and no append fails by them",
        outcomes_change_no_version,
    ),
    Case::new(
        "commands.outcome-conflicts-with-events",
        "an outcome that was decided on an old version is refused",
        outcome_conflicts,
    ),
    Case::new(
        "commands.rejection-in-closed-stream",
        "a rejection is kept even in a closed stream, which stays closed",
        rejection_in_closed_stream,
    ),
    Case::new(
        "commands.unknown-outcome",
        "a command that was never tried has no outcome, anywhere",
        unknown_outcome,
    ),
];

fn command<'a>(
    scene: &Scene<'_>,
    id: &str,
    decide: &'a (dyn Fn(u64) -> Decision + Sync),
) -> Command<'a> {
    Command {
        id: scene.name(id),
        fingerprint: 7,
        stream: scene.stream("1"),
        decide,
    }
}

fn rejection() -> Rejection {
    match no(0) {
        Decision::Reject(rejection) => rejection,
        Decision::Accept(_) => panic!("`no` rejects"),
    }
}

fn fresh_pending_done(scene: &Scene<'_>) {
    let (store, stream, id) = (&mut scene.connect(), scene.stream("1"), scene.name("c"));
    scene.fill(store, &stream, &[1, 1]);
    let cursor = reading::fold(store, &stream).1.cursor;
    let claim = store.claim_command(&id, 7, &stream, cursor);
    assert_eq!(claim, Ok(Claim::Fresh));
    for store in [&mut *store, &mut scene.connect()] {
        let claim = store.claim_command(&id, 7, &stream, cursor);
        assert_eq!(claim, Ok(Claim::Pending));
    }
    let request = AppendRequest {
        cursor: Some(cursor),
        metadata: metadata(&id),
        ..scene.request(&stream, At(2), &["A", "B"])
    };
    let appended = append(store, request);
    let done = Claim::Done(Outcome::Accepted(appended));
    for store in [&mut *store, &mut scene.connect()] {
        let claim = store.claim_command(&id, 7, &stream, cursor);
        assert_eq!(claim.as_ref(), Ok(&done));
    }
}

/// Submits a command twice on one connection and once on another. All must have the same outcome, and one effect.
#[track_caller]
fn again(scene: &Scene<'_>, first: &Command<'_>, second: &Command<'_>) -> Outcome {
    let store = &mut scene.connect();
    scene.fill(store, &first.stream, &[1, 2]);
    let told = submitted(scene, store, first);
    let before = reading::stream(store, &first.stream);
    assert_eq!(submitted(scene, store, second), told);
    assert_eq!(submitted(scene, &mut scene.connect(), second), told);
    assert_eq!(reading::stream(store, &first.stream), before);
    check_once(&mut scene.connect(), &first.stream, &first.id, &told);
    told
}

fn again_after_accepted(scene: &Scene<'_>) {
    let (first, second) = (command(scene, "c", &two_events), command(scene, "c", &no));
    let told = again(scene, &first, &second);
    assert!(
        matches!(&told, Outcome::Accepted(Appended { version: 5, events, .. }) if events.len() == 2),
        "{told:?}"
    );
}

fn again_after_rejected(scene: &Scene<'_>) {
    let (first, second) = (command(scene, "c", &no), command(scene, "c", &two_events));
    let told = again(scene, &first, &second);
    assert_eq!(told, Outcome::Rejected(rejection()));
}

fn again_after_nothing_to_do(scene: &Scene<'_>) {
    let first = command(scene, "c", &nothing);
    let second = command(scene, "c", &two_events);
    let told = again(scene, &first, &second);
    assert!(
        matches!(&told, Outcome::Accepted(Appended { version: 3, position: 0, events, .. }) if events.is_empty()),
        "{told:?}"
    );
}

fn again_after_others(scene: &Scene<'_>) {
    let store = &mut scene.connect();
    let accepted = command(scene, "a", &two_events);
    let rejected = command(scene, "r", &no);
    let told = [&accepted, &rejected].map(|command| submitted(scene, store, command));
    scene.fill(store, &accepted.stream, &[1; 40]);
    for (command, told) in [&accepted, &rejected].iter().zip(&told) {
        assert_eq!(submitted(scene, &mut scene.connect(), command), *told);
        check_once(store, &command.stream, &command.id, told);
    }
}

#[track_caller]
fn at_once(scene: &Scene<'_>, decide: &(dyn Fn(u64) -> Decision + Sync)) {
    let stream = scene.stream("1");
    for round in 0..8 {
        let told = panics::each(4, |_| {
            let command = command(scene, &format!("c{round}"), decide);
            submitted(scene, &mut scene.connect(), &command)
        });
        assert!(told.iter().all(|outcome| *outcome == told[0]), "{told:#?}");
        let id = scene.name(&format!("c{round}"));
        check_once(&mut scene.connect(), &stream, &id, &told[0]);
    }
}

fn four_at_once(scene: &Scene<'_>) {
    at_once(scene, &two_events);
    let found = reading::stream(&mut scene.connect(), &scene.stream("1"));
    assert_eq!(found.len(), 16);
}

fn four_at_once_rejected(scene: &Scene<'_>) {
    at_once(scene, &no);
    let found = scene.connect().read_stream(&scene.stream("1"), 0, 10);
    assert_eq!(found, Ok(None), "rejections are no events");
}

fn fresh_for_one_at_most(scene: &Scene<'_>) {
    let (stream, barrier) = (scene.stream("1"), Barrier::new(4));
    let ended = panics::each(4, |_| {
        let store = &mut scene.connect();
        let claim = |round| {
            let id = scene.name(&format!("c{round}"));
            // No thread may panic before a barrier: the others would wait for ever.
            barrier.wait();
            store.claim_command(&id, 7, &stream, 0)
        };
        (0..40).map(claim).collect::<Vec<_>>()
    });
    for round in 0..40 {
        let claims: Vec<_> = ended.iter().map(|claims| &claims[round]).collect();
        let told = |wanted: Claim| {
            claims
                .iter()
                .filter(|it| it.as_ref() == Ok(&wanted))
                .count()
        };
        let (fresh, pending) = (told(Claim::Fresh), told(Claim::Pending));
        assert!(
            fresh <= 1 && fresh + pending == 4,
            "round {round}: {claims:?}"
        );
    }
}

fn other_content(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    for (id, decide) in [("a", two_events as fn(u64) -> Decision), ("r", no)] {
        let id = scene.name(id);
        let claim = store.claim_command(&id, 7, &stream, 0);
        assert_eq!(claim, Ok(Claim::Fresh));
        let claim = scene.connect().claim_command(&id, 8, &stream, 0);
        assert_eq!(claim, Ok(Claim::Mismatch), "before the outcome");
        let mut command = Command {
            id,
            fingerprint: 7,
            stream: stream.clone(),
            decide: &decide,
        };
        let told = submitted(scene, store, &command);
        let before = reading::stream(store, &stream);
        command.fingerprint = 8;
        for store in [&mut *store, &mut scene.connect()] {
            let result = submit(scene, store, &command);
            assert!(matches!(result, Err(NoOutcome::Mismatch)), "{result:?}");
        }
        assert_eq!(reading::stream(store, &stream), before);
        command.fingerprint = 7;
        assert_eq!(submitted(scene, store, &command), told, "the first one's");
    }
}

fn other_stream(scene: &Scene<'_>) {
    let store = &mut scene.connect();
    let mut command = command(scene, "c", &two_events);
    submitted(scene, store, &command);
    command.stream = scene.stream("2");
    for store in [&mut *store, &mut scene.connect()] {
        let result = submit(scene, store, &command);
        assert!(matches!(result, Err(NoOutcome::Mismatch)), "{result:?}");
    }
    let found = store.read_stream(&command.stream, 0, 10);
    assert_eq!(found, Ok(None), "nothing was written");
}

fn pending_goes_on(scene: &Scene<'_>) {
    let store = &mut scene.connect();
    let command = command(scene, "c", &two_events);
    scene.fill(store, &command.stream, &[1]);
    let claim = store.claim_command(&command.id, 7, &command.stream, 0);
    assert_eq!(claim, Ok(Claim::Fresh));
    scene.fill(store, &command.stream, &[1, 1]);
    let told = submitted(scene, &mut scene.connect(), &command);
    assert!(
        matches!(&told, Outcome::Accepted(Appended { version: 5, .. })),
        "{told:?}"
    );
    check_once(store, &command.stream, &command.id, &told);
}

fn claimed_with_append(scene: &Scene<'_>) {
    let (store, stream, id) = (&mut scene.connect(), scene.stream("1"), scene.name("c"));
    scene.fill(store, &stream, &[1]);
    let cursor = reading::fold(store, &stream).1.cursor;
    let request = |expected, events: &[&str]| AppendRequest {
        cursor: Some(cursor),
        metadata: metadata(&id),
        claim: Some(7),
        ..scene.request(&stream, expected, events)
    };
    let empty = store.append(request(At(1), &[]));
    assert!(
        matches!(&empty, Err(AppendError::Store(StoreError::Invalid(_)))),
        "{empty:?}"
    );
    let stale = store.append(request(At(5), &["Never"]));
    assert!(
        matches!(stale, Err(AppendError::Conflict { actual: 1, .. })),
        "{stale:?}"
    );
    let id = scene.name("d");
    let request = |expected| AppendRequest {
        cursor: Some(cursor),
        metadata: metadata(&id),
        claim: Some(7),
        ..scene.request(&stream, expected, &["One", "Two"])
    };
    let told = Outcome::Accepted(append(store, request(At(1))));
    for store in [&mut *store, &mut scene.connect()] {
        let claim = |store: &mut Connection, fingerprint| {
            store.claim_command(&id, fingerprint, &stream, u64::MAX >> 20)
        };
        assert_eq!(claim(store, 7), Ok(Claim::Done(told.clone())));
        assert_eq!(claim(store, 8), Ok(Claim::Mismatch));
        for expected in [Any, At(3)] {
            let again = AppendRequest {
                cursor: Some(cursor + 1),
                ..request(expected)
            };
            assert_eq!(store.append(again), Err(AppendError::Claimed));
        }
    }
    check_once(store, &stream, &id, &told);
    assert_eq!(reading::stream(store, &stream).len(), 3);
}

fn append_after_claim(scene: &Scene<'_>) {
    let (store, stream, id) = (&mut scene.connect(), scene.stream("1"), scene.name("c"));
    scene.fill(store, &stream, &[1]);
    let start = scene.end_of_log(store);
    let cursor = reading::fold(store, &stream).1.cursor;
    let claim = store.claim_command(&id, 7, &stream, cursor);
    assert_eq!(claim, Ok(Claim::Fresh));
    for store in [&mut *store, &mut scene.connect()] {
        for claim in [7, 8] {
            let request = AppendRequest {
                cursor: Some(cursor),
                metadata: metadata(&id),
                claim: Some(claim),
                ..scene.request(&stream, At(1), &["Never"])
            };
            assert_eq!(store.append(request), Err(AppendError::Claimed));
        }
    }
    assert_eq!(reading::stream(store, &stream).len(), 1);
    let filter = reading::of_categories(&[scene.category()]);
    assert_eq!(reading::log(store, start, &filter), []);
    let claim = store.claim_command(&id, 7, &stream, cursor);
    assert_eq!(claim, Ok(Claim::Pending));
}

fn late_attempt(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    scene.fill(store, &stream, &[1]);
    let old = reading::fold(store, &stream).1;
    let accepted = command(scene, "a", &two_events);
    let rejected = command(scene, "r", &no);
    for command in [&accepted, &rejected] {
        submitted(scene, store, command);
    }
    for id in [&accepted.id, &rejected.id] {
        for expected in [Any, Precondition::StreamExists, At(1), At(3)] {
            let request = AppendRequest {
                cursor: Some(old.cursor),
                metadata: metadata(id),
                ..scene.request(&stream, expected, &["Twice"])
            };
            for store in [&mut *store, &mut scene.connect()] {
                let conflict = AppendError::Conflict {
                    expected,
                    actual: 3,
                };
                assert_eq!(store.append(request.clone()), Err(conflict));
            }
        }
        let result = store.record_outcome(&stream, old, metadata(id), None, now());
        assert!(
            matches!(result, Err(AppendError::Conflict { .. })),
            "{result:?}"
        );
    }
    assert_eq!(reading::stream(store, &stream).len(), 3);
}

fn outcomes_change_no_version(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    scene.fill(store, &stream, &[2]);
    let start = scene.end_of_log(store);
    let head = reading::fold(store, &stream).1;
    for n in 0..3 {
        let reason = (n % 2 == 0).then(rejection);
        let known = metadata(&scene.name(&n.to_string()));
        let result = store.record_outcome(&stream, head, known, reason, now());
        assert_eq!(result, Ok(()));
    }
    let (events, after) = reading::fold(&mut scene.connect(), &stream);
    assert_eq!((events.len(), after.version, after.closed), (2, 2, false));
    assert_eq!(reading::stream(store, &stream).len(), 2);
    let filter = reading::of_categories(&[scene.category()]);
    assert_eq!(reading::log(store, start, &filter), []);
    for store in [&mut *store, &mut scene.connect()] {
        let version = reading::fold(store, &stream).1.version;
        let request = AppendRequest {
            cursor: Some(head.cursor),
            ..scene.request(&stream, At(version), &["E"])
        };
        assert_eq!(append(store, request).version, version + 1);
    }
    let backward = reading::stream_before(store, &stream, None, 3);
    let versions: Vec<u64> = backward.iter().map(|event| event.version).collect();
    assert_eq!(versions, [4, 3, 2, 1]);
}

fn outcome_conflicts(scene: &Scene<'_>) {
    let (store, stream, id) = (&mut scene.connect(), scene.stream("1"), scene.name("late"));
    scene.fill(store, &stream, &[1]);
    let old = reading::fold(store, &stream).1;
    scene.fill(&mut scene.connect(), &stream, &[1]);
    let result = store.record_outcome(&stream, old, metadata(&id), Some(rejection()), now());
    let conflict = AppendError::Conflict {
        expected: At(1),
        actual: 2,
    };
    assert_eq!(result, Err(conflict));
    assert_eq!(store.find_outcome(&id, &stream, 0), Ok(None));
}

fn rejection_in_closed_stream(scene: &Scene<'_>) {
    let (store, stream, id) = (&mut scene.connect(), scene.stream("1"), scene.name("r"));
    let closing = AppendRequest {
        close: true,
        ..scene.request(&stream, Any, &["Last"])
    };
    append(store, closing);
    let head = reading::fold(store, &stream).1;
    let result = store.record_outcome(&stream, head, metadata(&id), Some(rejection()), now());
    assert_eq!(result, Ok(()));
    let store = &mut scene.connect();
    let found = store.find_outcome(&id, &stream, 0);
    assert_eq!(found, Ok(Some(Outcome::Rejected(rejection()))));
    let after = reading::fold(store, &stream).1;
    assert_eq!((after.version, after.closed), (1, true));
    let late = store.append(scene.request(&stream, Any, &["Late"]));
    assert_eq!(late, Err(AppendError::Closed(1)));
}

fn unknown_outcome(scene: &Scene<'_>) {
    let (store, stream, id) = (&mut scene.connect(), scene.stream("1"), scene.name("c"));
    assert_eq!(store.find_outcome(&id, &stream, 0), Ok(None));
    scene.fill(store, &stream, &[1, 2]);
    let head: Head = reading::fold(store, &stream).1;
    for cursor in [0, head.cursor] {
        assert_eq!(store.find_outcome(&id, &stream, cursor), Ok(None));
    }
}
