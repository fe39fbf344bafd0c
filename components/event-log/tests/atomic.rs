//! The atomic protocol: drawn slots, gaps, and stores that both protocols write to.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;

use annals_event_log::*;
use common::faults::{Fault, Faulty};
use common::*;
use proptest::prelude::*;

fn atomic() -> MemorySlots {
    MemorySlots::with_conditional()
}

fn append<S: Slots>(slots: S, stream: &str, seed: u64) -> Appended {
    let request = request(stream, Precondition::Any, "", seed, &["E"]);
    open(slots).append(request).unwrap()
}

fn divided<S: Slots>(slots: S, partitions: u32) -> EventLog<S> {
    let settings = Settings {
        partitions,
        ..Settings::default()
    };
    EventLog::open(slots, &settings).unwrap()
}

/// Draws a log slot as a writer that dies before it creates anything.
fn draw_and_die(slots: &MemorySlots) -> u64 {
    slots.draw("a.log-counter", 0).unwrap()
}

fn read(slots: &MemorySlots, after: u64, now: u64) -> LogPage {
    let filter = LogFilter::default();
    open(slots).read_log(after, 100, &filter, now).unwrap()
}

#[test]
fn a_reader_waits_at_a_gap_while_its_writer_may_live_and_then_passes_it() {
    let slots = atomic();
    append(&slots, "a-1", 1);
    let gap = draw_and_die(&slots);
    append(&slots, "b-1", 2);
    let young = read(&slots, 0, NOW);
    assert_eq!((young.events.len(), young.end), (1, true));
    assert_eq!(slots.get(&format!("a.log.{gap:016x}")).unwrap(), None);
    let old = read(&slots, 0, LATER);
    assert_eq!((old.events.len(), old.end), (2, true));
    assert!(slots.has(&format!("a.log.{gap:016x}")).unwrap());
}

#[test]
fn a_gap_at_the_end_is_the_end() {
    let slots = atomic();
    append(&slots, "a-1", 1);
    for _ in 0..100 {
        draw_and_die(&slots);
    }
    let before = slots.dump();
    let page = read(&slots, 0, LATER);
    assert_eq!((page.events.len(), page.end), (1, true));
    assert_eq!(slots.dump(), before, "nothing is there to be passed");
    assert_eq!(open(&slots).log_end(), Ok(page.next));
    // The next commit comes behind the gap, and readers come to it.
    let appended = append(&slots, "b-1", 2);
    assert_eq!(
        open(&slots).log_end().unwrap() / 1024,
        appended.position / 1024
    );
    assert_eq!(read(&slots, page.next, LATER).events.len(), 1);
}

/// No reader waits for a gap that only a skip follows, so the end lies before it.
#[test]
fn a_gap_before_a_skip_at_the_end_is_the_end() {
    let slots = atomic();
    append(&slots, "a-1", 1);
    draw_and_die(&slots);
    let index = draw_and_die(&slots).into();
    let skip = records::encode(&records::Skip { index }).unwrap();
    slots
        .create(&format!("a.log.{:016x}", index.get()), &skip)
        .unwrap();
    let page = read(&slots, 0, LATER);
    assert_eq!((page.events.len(), page.end), (1, true));
    assert_eq!(open(&slots).log_end(), Ok(page.next));
}

/// Readers pass skips that nothing follows, so the end lies behind them: what a reader has reached is never beyond the end.
#[test]
fn skips_at_the_end_lie_before_it() {
    let slots = atomic();
    let mut log = open(&slots);
    assert_eq!(log.log_end(), Ok(0));
    let mut reached = 0;
    for n in 0..40 {
        // First without any commit, and then behind one.
        if n == 20 {
            let last = append(&slots, "a-1", n).position;
            assert!(last > reached && log.log_end().unwrap() >= last);
        }
        let index = draw_and_die(&slots).into();
        let skip = records::encode(&records::Skip { index }).unwrap();
        slots
            .create(&format!("a.log.{:016x}", index.get()), &skip)
            .unwrap();
        let page = read(&slots, reached, NOW);
        assert!(page.end && page.next > reached, "it passes the skip");
        reached = page.next;
        for log in [&mut log, &mut open(&slots)] {
            assert_eq!(log.log_end(), Ok(reached));
        }
    }
    assert_eq!(read(&slots, 0, LATER).events.len(), 1);
}

#[test]
fn a_writer_whose_command_is_claimed_meanwhile_writes_nothing() {
    let slots = atomic();
    let claiming = |command: &str| AppendRequest {
        cursor: Some(0),
        claim: Some(7),
        ..request("a-1", Precondition::Any, command, 1, &["E"])
    };
    append(&slots, "a-1", 1);
    let slow = faults::Slow::new(&slots, u64::MAX, || {});
    open(&slow).append(claiming("c")).unwrap();
    let create = slow.count.get() - 1;
    for step in [create, create - 1] {
        let id = format!("c{step}");
        let others = || {
            let claim = open(&slots).claim_command(&id, 7, "a-1", 0);
            assert_eq!(claim, Ok(Claim::Fresh));
        };
        let slow = faults::Slow::new(&slots, step, others);
        let late = open(&slow).append(claiming(&id));
        assert_eq!(late, Err(AppendError::Claimed));
    }
    assert_eq!(check(&slots, &["a-1"]).len(), 2);
    // A repeated command does not even draw a log slot.
    let before = slots.dump();
    assert_eq!(
        open(&slots).append(claiming("c")),
        Err(AppendError::Claimed)
    );
    assert_eq!(slots.dump(), before);
}

#[test]
fn a_writer_whose_drawn_slot_was_filled_draws_again() {
    let slots = atomic();
    append(&slots, "a-1", 1);
    let others = || {
        append(&slots, "b-1", 2);
        assert_eq!(read(&slots, 0, LATER).events.len(), 3);
    };
    // Operations of the writer: the last but one draws, the last one creates.
    let slow = faults::Slow::new(&slots, u64::MAX, || {});
    append(&slow, "a-1", 3);
    let create = slow.count.get() - 1;
    let slow = faults::Slow::new(&slots, create, others);
    let appended = append(&slow, "a-1", 4);
    let all = check(&slots, &["a-1", "b-1"]);
    assert_eq!(all.last().unwrap().position, appended.position);
    assert_eq!(all.len(), 4);
}

#[test]
fn a_writer_that_is_beaten_leaves_no_gap() {
    let slots = atomic();
    append(&slots, "a-1", 1);
    let others = || drop(append(&slots, "a-1", 2));
    let slow = faults::Slow::new(&slots, u64::MAX, || {});
    append(&slow, "a-1", 3);
    let create = slow.count.get() - 1;
    append(faults::Slow::new(&slots, create, others), "a-1", 4);
    // A patient reader passes everything at once.
    let page = read(&slots, 0, NOW);
    assert_eq!((page.events.len(), page.end), (4, true));
    assert_eq!(check(&slots, &["a-1"]).len(), 4);
}

#[test]
fn a_warm_append_takes_two_steps_and_a_page_of_the_log_few() {
    let slots = atomic();
    let counting = faults::Slow::new(&slots, u64::MAX, || {});
    let mut log = open(&counting);
    let mut cursor = 0;
    for n in 0..40 {
        let before = counting.count.get();
        let request = AppendRequest {
            cursor: Some(cursor),
            // Every second append claims a command in the same step.
            claim: (n % 2 == 1).then_some(7),
            ..request("a-1", Precondition::At(n), &format!("c{n}"), n, &["E"])
        };
        cursor = log.append(request).unwrap().cursor;
        let hints = u64::from((n + 1).is_multiple_of(16)) * 2;
        let took = counting.count.get() - before - hints;
        // A look for the claim is a step of its own.
        let steps = 2 + n % 2;
        assert!(n == 0 || took == steps, "append {n} took {took} steps");
    }
    let before = counting.count.get();
    let page = log.read_log(0, 40, &LogFilter::default(), NOW).unwrap();
    assert_eq!(page.events.len(), 40);
    let took = counting.count.get() - before;
    assert!(took <= 8, "the page took {took} steps");
    let before = counting.count.get();
    let (events, _) = load_all(&mut open(&counting), "a-1", 1000);
    assert_eq!(events.len(), 40);
    let took = counting.count.get() - before;
    assert!(took <= 9, "the stream took {took} steps");
}

#[test]
fn a_lost_or_wrong_counter_loses_nothing() {
    for text in [None, Some("1"), Some("3"), Some("200")] {
        let slots = atomic();
        for n in 0..5 {
            append(&slots, "a-1", n);
        }
        match text {
            None => slots.delete("a.log-counter").unwrap(),
            Some(text) => slots.put("a.log-counter", text.as_bytes()).unwrap(),
        }
        let last = read(&slots, 0, NOW).next;
        for n in 5..8 {
            let appended = append(&slots, "a-1", n);
            assert!(appended.position > last, "{text:?}");
        }
        assert_eq!(check(&slots, &["a-1"]).len(), 8, "{text:?}");
    }
}

#[test]
fn a_counter_that_is_no_number_is_an_error_that_names_it() {
    for text in [
        "",
        "-1",
        "1.5",
        "18446744073709551615",
        "99999999999999999999",
    ] {
        let slots = atomic();
        append(&slots, "a-1", 1);
        slots.put("a.log-counter", text.as_bytes()).unwrap();
        let before = slots.dump();
        let corrupt = |error: StoreError| {
            let named = matches!(&error, StoreError::Corrupt { key, .. } if key == "a.log-counter");
            assert!(named, "{text:?}: {error:?}");
        };
        corrupt(open(&slots).log_end().unwrap_err());
        let refused = open(&slots).append(request("b-1", Precondition::Any, "", 1, &["E"]));
        match refused {
            Err(AppendError::Store(error)) => corrupt(error),
            other => panic!("{text:?}: {other:?}"),
        }
        assert_eq!(slots.dump(), before);
    }
}

/// What a killed writer of the atomic protocol had under way may still arrive, so a writer of the portable protocol takes
/// no slot that was drawn.
#[test]
fn a_portable_writer_appends_behind_everything_that_was_drawn() {
    let slots = atomic();
    append(&slots, "a-1", 1);
    let drawn = (0..3).map(|_| draw_and_die(&slots)).max().unwrap();
    let slots = slots.made_conditional(false);
    let appended = append(&slots, "a-1", 2);
    assert!(appended.position / 1024 > drawn, "{appended:?}");
    assert_eq!(check(&slots, &["a-1"]).len(), 2);
}

/// What a history does next.
#[derive(Clone, Debug)]
enum Step {
    Append {
        stream: u8,
    },
    DrawAndDie,
    Die {
        stream: u8,
        fault: u8,
        at: u8,
    },
    Read {
        patient: bool,
    },
    /// The store is used by the other protocol from here on.
    Switch,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0u8..3).prop_map(|stream| Step::Append { stream }),
        1 => Just(Step::DrawAndDie),
        2 => (0u8..3, 0u8..5, 0u8..9).prop_map(|(stream, fault, at)| Step::Die { stream, fault, at }),
        3 => any::<bool>().prop_map(|patient| Step::Read { patient }),
        1 => Just(Step::Switch),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]
    #[test]
    fn both_protocols_one_after_the_other_keep_one_log(
        partitions in 1u32..4,
        steps in prop::collection::vec(step(), 1..50),
    ) {
        let mut slots = MemorySlots::new();
        let mut is_atomic = false;
        let (mut after, mut seen) = (0, Vec::new());
        let mut acknowledged: BTreeMap<String, u64> = BTreeMap::new();
        for (n, step) in steps.into_iter().enumerate() {
            let n = n as u64;
            match step {
                Step::Append { stream } => {
                    let stream = format!("a-{stream}");
                    let appended = divided(&slots, partitions)
                        .append(request(&stream, Precondition::Any, "", n, &["E", "F"]))
                        .unwrap();
                    let last = acknowledged.insert(stream, appended.position).unwrap_or(0);
                    prop_assert!(appended.position > last.max(after));
                }
                Step::DrawAndDie => {
                    if is_atomic && slots.has("a.store").unwrap() {
                        let counter = if partitions == 1 { "a.log-counter".into() } else { format!("a.log{partitions}-counter") };
                        slots.draw(&counter, 0).unwrap();
                    }
                }
                Step::Die { stream, fault, at } => {
                    let faulty = Faulty::new(&slots, Fault::ALL[fault as usize], at.into());
                    let request = request(&format!("a-{stream}"), Precondition::Any, "", n, &["E"]);
                    drop(divided(&faulty, partitions).append(request));
                }
                Step::Read { patient } => {
                    let now = if patient { NOW } else { LATER };
                    let page = divided(&slots, partitions).read_log(after, 3, &LogFilter::default(), now).unwrap();
                    prop_assert!(page.next >= after);
                    if page.end && !patient {
                        let last = acknowledged.values().max().copied().unwrap_or(0);
                        prop_assert!(page.next >= last, "an impatient reader sees what was acknowledged");
                        prop_assert!(page.next >= divided(&slots, partitions).log_end().unwrap());
                    }
                    after = page.next;
                    seen.extend(page.events);
                }
                Step::Switch => {
                    is_atomic = !is_atomic;
                    slots = slots.made_conditional(is_atomic);
                }
            }
        }
        let all = log_all(&mut divided(&slots, partitions), 5, LATER);
        prop_assert!(all.is_sorted_by(|a, b| a.position < b.position));
        prop_assert_eq!(&all[..seen.len()], &seen[..]);
        prop_assert!(all[seen.len()..].iter().all(|e| e.position > after));
        let mut versions = BTreeMap::new();
        for event in &all {
            let version = versions.entry(&event.stream).or_insert(0);
            *version += 1;
            prop_assert_eq!(event.version, *version, "the log keeps the order of each stream");
        }
        for (stream, position) in &acknowledged {
            prop_assert!(all.iter().any(|e| e.stream == *stream && e.position == *position));
        }
    }
}

/// The answer to a creation is lost, and another writer or reader acts before the writer looks again.
#[test]
fn a_creation_in_doubt_is_decided_by_the_commit_alone() {
    for fault in [Fault::LostBefore, Fault::LostAfter] {
        for meanwhile in 0..3 {
            let slots = atomic();
            append(&slots, "a-1", 1);
            // The probe counts the operations. The last one creates the commit.
            let probe = faults::Slow::new(&slots, u64::MAX, || {});
            append(&probe, "x-1", 9);
            let faulty = Faulty::new(&slots, fault, probe.count.get() - 1);
            let request = request("b-1", Precondition::Any, "", 2, &["E"]);
            let mut log = open(&faulty);
            let told = log.append(request).unwrap();
            match meanwhile {
                0 => {}
                1 => drop(read(&slots, 0, LATER)),
                _ => drop(append(&slots, "b-1", 3)),
            }
            let all = check(&slots, &["a-1", "b-1", "x-1"]);
            let ours: Vec<_> = all.iter().filter(|e| e.id == told.events[0].id).collect();
            assert_eq!(ours.len(), 1);
            assert_eq!(ours[0].position, told.position);
        }
    }
}
