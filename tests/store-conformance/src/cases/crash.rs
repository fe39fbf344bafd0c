//! The process that serves the store dies at any moment, and restarts on the same data.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use annals_event_log::{
    AppendError, Appended, Checkpoint, Outcome, Precondition, Row, Snapshot, StoreError,
};

use crate::case::{Case, Skip};
use crate::cases::dropping::{drop_all, fill, keys};
use crate::panics;
use crate::reading;
use crate::scene::{Connection, Scene, metadata};
use crate::sourcer::{Command, NoOutcome, check_once, no, nothing, submit, two_events};

pub(super) const CASES: &[Case] = &[
    Case::if_possible(
        "crash.everything-is-still-there",
        "events, outcomes, snapshots, and that a stream is closed, survive",
        everything_is_still_there,
    ),
    Case::if_possible(
        "crash.reactions-are-still-there",
        "checkpoints and rows survive, and so do deletions",
        reactions_are_still_there,
    ),
    Case::if_possible(
        "crash.drop-goes-on",
        "a view that was half dropped is dropped on, also when the call did not come to its end",
        drop_goes_on,
    ),
    Case::if_possible(
        "crash.log-end",
        "crashes among writers: no acknowledged event is after the end of the log",
        log_end,
    ),
    Case::if_possible(
        "crash.same-command-again",
        "a command that was answered before the crash gets the same answer after it",
        same_command_again,
    ),
    Case::if_possible(
        "crash.no-acknowledged-commit-is-lost",
        "crashes among writers: every acknowledged commit is there, every other one whole or not at all",
        nothing_acknowledged_is_lost,
    ),
    Case::if_possible(
        "crash.retries-take-effect-once",
        "crashes among sourcers that retry by command id: every command takes effect once, as told",
        retries_take_effect_once,
    ),
];

const NO_PROCESS: Skip = Skip("no process serves this store that could be ended");
/// Maximum time that a caller waits for a store that restarts.
const PATIENCE: Duration = Duration::from_secs(60);

/// Repeats a call until it has an answer: the store is unavailable for a moment.
#[track_caller]
fn answered<T>(mut ask: impl FnMut() -> Result<T, StoreError>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(error @ (StoreError::Unavailable(_) | StoreError::InDoubt(_))) => {
                assert!(
                    Instant::now() < deadline,
                    "no answer after a crash: {error}"
                );
            }
            Err(error) => panic!("after a crash: {error}"),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Submits a command until it has an outcome, on a new connection for each attempt.
#[track_caller]
fn persist(scene: &Scene<'_>, command: &Command<'_>) -> Outcome {
    answered(|| match submit(scene, &mut scene.connect(), command) {
        Ok(outcome) => Ok(outcome),
        Err(NoOutcome::Store(error)) => Err(error),
        Err(other) => panic!("{other:?}"),
    })
}

fn everything_is_still_there(scene: &Scene<'_>) -> Result<(), Skip> {
    let store = &mut scene.connect();
    let start = scene.end_of_log(store);
    let streams = ["1", "2", "closed"].map(|id| scene.stream(id));
    for stream in &streams {
        scene.fill(store, stream, &[1, 3, 2]);
    }
    let mut closing = scene.request(&streams[2], Precondition::Any, &["Last"]);
    closing.close = true;
    assert!(store.append(closing).is_ok());
    let snapshot = Snapshot {
        state: b"state".to_vec(),
        state_version: 1,
        head: reading::fold(store, &streams[0]).1,
    };
    assert_eq!(
        store.save_snapshot(&streams[0], "decider", snapshot),
        Ok(())
    );
    let read = |store: &mut Connection| {
        let filter = reading::of_categories(&[scene.category()]);
        let streams: Vec<_> = streams
            .iter()
            .map(|stream| reading::fold(store, stream))
            .collect();
        (reading::log(store, start, &filter), streams)
    };
    let before = read(store);
    if !scene.backend.crash() {
        return Err(NO_PROCESS);
    }
    for store in [store, &mut scene.connect()] {
        answered(|| store.health());
        assert_eq!(read(store), before);
        // A crash may lose a snapshot, which costs only time. An existing snapshot must be correct.
        let found = store
            .load_snapshot(&streams[0], "decider")
            .expect("loading");
        assert!(found.is_none_or(|found| found.state == b"state"));
    }
    reading::check(scene, start, &streams);
    Ok(())
}

fn reactions_are_still_there(scene: &Scene<'_>) -> Result<(), Skip> {
    let (store, name) = (&mut scene.connect(), scene.name("r"));
    let row = |key: &str| Row {
        key: key.to_owned(),
        content_type: "text/plain".into(),
        value: key.into(),
        position: 5,
    };
    for key in ["a", "b", "c"] {
        assert_eq!(store.put_row(&name, row(key), 0), Ok(()));
    }
    assert_eq!(store.delete_row(&name, "b", 5, 6), Ok(()));
    let next = Checkpoint {
        position: 6,
        generation: 1,
        revision: 0,
        state: vec![0, 255],
    };
    assert_eq!(store.save_checkpoint(&name, next), Ok(()));
    let before = store.load_checkpoint(&name);
    if !scene.backend.crash() {
        return Err(NO_PROCESS);
    }
    let store = &mut scene.connect();
    answered(|| store.health());
    assert_eq!(store.load_checkpoint(&name), before);
    let page = store.scan_rows(&name, None, 10).expect("scanning");
    assert_eq!(page.rows, [row("a"), row("c")]);
    let late = store.put_row(
        &name,
        Row {
            position: 6,
            ..row("b")
        },
        0,
    );
    assert!(late.is_err(), "that it was deleted was forgotten");
    Ok(())
}

fn drop_goes_on(scene: &Scene<'_>) -> Result<(), Skip> {
    let names: Vec<String> = (0..40).map(|n| format!("{n:02}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let views = ["v@1", "v@2", "v@3"].map(|view| scene.name(view));
    for view in &views {
        fill(&mut scene.connect(), view, &names);
        assert_eq!(scene.connect().drop_rows(view, 7), Ok(false));
    }
    // A call may be in progress when the process ends.
    let crashed = panics::each(2, |thread| {
        if thread == 0 {
            let _ = scene.connect().drop_rows(&views[0], 100);
            return true;
        }
        std::thread::sleep(Duration::from_millis(2));
        scene.backend.crash()
    });
    if !crashed[1] {
        return Err(NO_PROCESS);
    }
    answered(|| scene.connect().health());
    for view in &views[1..] {
        assert_eq!(keys(&mut scene.connect(), view).len(), 33, "{view}");
    }
    for view in &views[..2] {
        drop_all(&mut scene.connect(), view, 9);
        assert_eq!(keys(&mut scene.connect(), view), Vec::<String>::new());
    }
    assert_eq!(keys(&mut scene.connect(), &views[2]).len(), 33);
    Ok(())
}

fn log_end(scene: &Scene<'_>) -> Result<(), Skip> {
    let acknowledged = among_crashes(scene, |writer, n| {
        let store = &mut scene.connect();
        let stream = scene.stream(&format!("{writer}.{}", n % 3));
        let appended = store.append(scene.request(&stream, Precondition::Any, &["A"]));
        let position = appended.ok()?.position;
        // Query at once, before or after the restart.
        if let Ok(end) = scene.connect().log_end() {
            assert!(end >= position, "{end} is before the event at {position}");
        }
        Some(position)
    })?;
    let end = answered(|| scene.connect().log_end());
    let last = acknowledged.into_iter().max().unwrap_or_default();
    assert!(end >= last, "{end} is before the event at {last}");
    Ok(())
}

fn same_command_again(scene: &Scene<'_>) -> Result<(), Skip> {
    let stream = scene.stream("1");
    let commands: Vec<_> = [
        ("a", &two_events as &(dyn Fn(u64) -> _ + Sync)),
        ("r", &no),
        ("n", &nothing),
    ]
    .into_iter()
    .map(|(id, decide)| Command {
        id: scene.name(id),
        fingerprint: 1,
        stream: stream.clone(),
        decide,
    })
    .collect();
    let told: Vec<_> = commands
        .iter()
        .map(|command| persist(scene, command))
        .collect();
    if !scene.backend.crash() {
        return Err(NO_PROCESS);
    }
    for (command, told) in commands.iter().zip(&told) {
        assert_eq!(persist(scene, command), *told, "{}", command.id);
        check_once(&mut scene.connect(), &stream, &command.id, told);
    }
    Ok(())
}

const WRITERS: usize = 4;
const CRASHES: usize = 3;
/// Number of acknowledged writes before each crash.
const BETWEEN: usize = 40;
/// The case fails if the store acknowledges nothing for this time.
const SILENCE: Duration = Duration::from_secs(60);

/// Runs writers with crashes in between. `write` gets the writer and a count, and returns whether the write was
/// acknowledged.
fn among_crashes<T: Send>(
    scene: &Scene<'_>,
    write: impl Fn(usize, usize) -> Option<T> + Sync,
) -> Result<Vec<T>, Skip> {
    let (over, done) = (AtomicBool::new(false), AtomicUsize::new(0));
    let ended = panics::each(WRITERS + 1, |thread| {
        if thread < WRITERS {
            let mut acknowledged = Vec::new();
            let mut last = Instant::now();
            for n in 0.. {
                if over.load(Ordering::SeqCst) {
                    break;
                }
                // Other writers continue if this one fails; the crashes must not wait for it.
                let written = panics::catch(|| write(thread, n));
                match written {
                    Ok(Some(told)) => {
                        done.fetch_add(1, Ordering::SeqCst);
                        acknowledged.push(told);
                        last = Instant::now();
                    }
                    Ok(None) if last.elapsed() > SILENCE => {
                        over.store(true, Ordering::SeqCst);
                        panic!("the store has acknowledged nothing for {SILENCE:?}");
                    }
                    Ok(None) => std::thread::sleep(Duration::from_millis(2)),
                    Err(said) => {
                        over.store(true, Ordering::SeqCst);
                        panic!("{said}");
                    }
                }
            }
            return Ok(acknowledged);
        }
        let crashed = panics::catch(|| {
            for crash in 1..=CRASHES {
                while done.load(Ordering::SeqCst) < crash * BETWEEN && !over.load(Ordering::SeqCst)
                {
                    std::thread::sleep(Duration::from_micros(200));
                }
                if !scene.backend.crash() {
                    return false;
                }
            }
            true
        });
        over.store(true, Ordering::SeqCst);
        match crashed {
            Ok(true) => Ok(Vec::new()),
            Ok(false) => Err(NO_PROCESS),
            Err(said) => panic!("{said}"),
        }
    });
    let ended: Result<Vec<_>, _> = ended.into_iter().collect();
    Ok(ended?.into_iter().flatten().collect())
}

fn nothing_acknowledged_is_lost(scene: &Scene<'_>) -> Result<(), Skip> {
    let start = scene.end_of_log(&mut scene.connect());
    let streams: Vec<_> = ["shared", "w0", "w1", "w2", "w3"]
        .map(|id| scene.stream(id))
        .into();
    let acknowledged: Vec<(String, Appended)> = among_crashes(scene, |writer, n| {
        // A new connection for every write: some writes meet the store while it is down.
        let store = &mut scene.connect();
        let stream = &streams[if n % 2 == 0 { 0 } else { writer + 1 }];
        let mut request = scene.request(stream, Precondition::Any, &["A", "B", "C"]);
        request.metadata = metadata(&scene.name(&format!("{writer}.{n}")));
        match store.append(request) {
            Ok(appended) => Some((stream.clone(), appended)),
            Err(AppendError::Store(StoreError::InDoubt(_) | StoreError::Unavailable(_))) => None,
            Err(error) => panic!("{error}"),
        }
    })?;
    answered(|| scene.connect().health());
    let all = reading::check(scene, start, &streams);
    for (stream, appended) in &acknowledged {
        for told in &appended.events {
            let found = all.iter().find(|event| event.id == told.id);
            let found = found.map(|event| (&event.stream, event.version, &event.event_type));
            let told = Some((stream, told.version, &told.event_type));
            assert_eq!(found, told, "an acknowledged event");
        }
    }
    let mut commits = std::collections::BTreeMap::new();
    for event in &all {
        *commits.entry(&event.metadata.command_id).or_insert(0) += 1;
    }
    assert!(commits.values().all(|events| *events == 3), "half a commit");
    assert!(commits.len() >= acknowledged.len());
    for stream in &streams {
        let appended = scene.append(&mut scene.connect(), stream, &["After"]);
        let count = all.iter().filter(|event| event.stream == *stream).count();
        assert_eq!(appended.version, count as u64 + 1, "writing goes on");
    }
    Ok(())
}

fn retries_take_effect_once(scene: &Scene<'_>) -> Result<(), Skip> {
    let start = scene.end_of_log(&mut scene.connect());
    let streams = ["a", "b"].map(|id| scene.stream(id));
    let told = among_crashes(scene, |writer, n| {
        let command = Command {
            // Two writers submit every command.
            id: scene.name(&format!("{}.{n}", writer / 2)),
            fingerprint: n as u64,
            stream: streams[n % 2].clone(),
            decide: if n % 5 == 4 { &no } else { &two_events },
        };
        let outcome = persist(scene, &command);
        Some((command.id, command.stream, outcome))
    })?;
    answered(|| scene.connect().health());
    let all = reading::check(scene, start, &streams);
    let store = &mut scene.connect();
    for (id, stream, outcome) in &told {
        let promised = match outcome {
            Outcome::Accepted(appended) => appended.events.iter().map(|e| &e.id).collect(),
            Outcome::Rejected(_) => Vec::new(),
        };
        let found = all.iter().filter(|event| event.metadata.command_id == *id);
        let found: Vec<_> = found.map(|event| &event.id).collect();
        assert_eq!(found, promised, "{id} took effect once, as told");
        let again = store.find_outcome(id, stream, 0);
        assert_eq!(
            again.as_ref(),
            Ok(&Some(outcome.clone())),
            "{id} asked again"
        );
    }
    Ok(())
}
