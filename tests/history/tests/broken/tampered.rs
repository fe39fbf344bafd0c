//! Correct histories that the test changes: kinds of violations that no broken store here shows alone.

use std::sync::Arc;
use std::sync::LazyLock;

use annals_event_log::*;
use annals_history::check::{Kind, check};
use annals_history::record::{Action, Answer, Claimed, History, Operation, load, save};
use annals_history::workload::Options;
use annals_store_conformance::Native;

use super::{history, judge, only, options, settings};

static SOUND: LazyLock<History> = LazyLock::new(|| {
    let backend = Native::new("memory", Arc::new(MemorySlots::new()), settings());
    let options = Options {
        seed: 7,
        streams: 60,
        ..options()
    };
    let history = history(&backend, &options);
    assert!(check(&history).violations.is_empty());
    history
});

fn tampered(tamper: impl FnOnce(&mut History), kinds: &[Kind]) {
    let mut history = SOUND.clone();
    tamper(&mut history);
    assert_ne!(history, *SOUND, "nothing was changed");
    only(&judge(&history), kinds);
}

/// The last operation that matches.
fn last<T>(history: &mut History, mut wanted: impl FnMut(&mut Operation) -> Option<T>) -> T {
    history
        .clients
        .iter_mut()
        .flatten()
        .rev()
        .find_map(&mut wanted)
        .unwrap()
}

/// Changes one operation at a time, from the last one on, until the checker reports a violation. An operation that
/// overlaps many others may be legal even with the change.
fn one_tampered(change: impl Fn(&mut Operation) -> bool, kinds: &[Kind]) {
    let changed = |operation: &Operation| {
        let mut changed = operation.clone();
        change(&mut changed).then_some(changed)
    };
    let all: Vec<&Operation> = SOUND.clients.iter().flatten().collect();
    let candidates = (0..all.len())
        .rev()
        .filter_map(|n| Some((n, changed(all[n])?)));
    for (n, operation) in candidates.take(20) {
        let mut history = SOUND.clone();
        *history.clients.iter_mut().flatten().nth(n).unwrap() = operation;
        let report = judge(&history);
        if !report.kinds.is_empty() {
            return only(&report, kinds);
        }
    }
    panic!("not caught");
}

#[test]
fn a_gap_in_the_versions_is_told() {
    tampered(
        |history| {
            let stream = history
                .last
                .streams
                .iter_mut()
                .find(|s| s.events.len() > 5)
                .unwrap();
            stream.events.remove(2);
        },
        &[Kind::VersionGap, Kind::NotAtomic, Kind::LostCommit],
    );
}

#[test]
fn time_that_goes_back_is_told() {
    tampered(
        |history| {
            let stream = history
                .last
                .streams
                .iter_mut()
                .find(|s| s.events.len() > 5)
                .unwrap();
            stream.events[2].recorded_at += 1_000_000;
        },
        &[Kind::TimeWentBack],
    );
    tampered(
        |history| {
            let stream = history
                .last
                .streams
                .iter_mut()
                .find(|s| s.events.len() > 5)
                .unwrap();
            stream.events[0].recorded_at -= 1_000_000;
        },
        &[Kind::TimeWentBack],
    );
}

#[test]
fn what_follows_a_closing_commit_is_told() {
    tampered(
        |history| {
            let stream = history
                .last
                .streams
                .iter()
                .position(|s| s.events.len() > 5 && !s.head.closed);
            let token = history.last.streams[stream.unwrap()].events[0]
                .token
                .unwrap();
            let by = token.operation();
            let operation = &mut history.clients[usize::from(by.client)][by.index as usize];
            if let Action::Append(submission) = &mut operation.action {
                submission.close = true;
            }
        },
        &[Kind::WrongClose],
    );
}

#[test]
fn a_wrong_acknowledgement_is_told() {
    tampered(
        |history| {
            last(history, |operation| {
                match (&operation.action, &mut operation.answer) {
                    (Action::Append(submission), Answer::Appended(appended))
                        if submission.command.is_empty() && !appended.events.is_empty() =>
                    {
                        appended.position += 1;
                        Some(())
                    }
                    _ => None,
                }
            });
        },
        &[Kind::AnswerDiffers],
    );
}

#[test]
fn an_order_against_real_time_is_told() {
    // This changes the history as if the first commit of each stream had been submitted after everything else.
    tampered(
        |history| {
            for stream in &history.last.streams {
                let Some(first) = stream.events.first() else {
                    continue;
                };
                let by = first.token.unwrap().operation();
                let operation = &mut history.clients[usize::from(by.client)][by.index as usize];
                operation.invoked += 1_000_000;
                operation.completed += 1_000_000;
            }
        },
        &[
            Kind::WrongOrder,
            Kind::LogOrder,
            Kind::UnjustifiedRefusal,
            Kind::OutcomeForgotten,
            Kind::WrongClaim,
        ],
    );
}

#[test]
fn a_refusal_without_reason_is_told() {
    // A stale version, an early one, and one at which the precondition holds.
    for actual in [0u64, 1] {
        one_tampered(
            |operation| match (&operation.action, &mut operation.answer) {
                (
                    Action::Append(_),
                    Answer::Conflict {
                        expected,
                        actual: told,
                    },
                ) if *told > 1 && !expected.holds(0) => {
                    *told = match (actual, *expected) {
                        (1, Precondition::At(version)) => version,
                        (1, _) => return false,
                        _ => 0,
                    };
                    true
                }
                _ => false,
            },
            &[Kind::UnjustifiedRefusal],
        );
    }
    tampered(
        |history| {
            let first = history.clients[0]
                .iter_mut()
                .find(|operation| matches!(operation.answer, Answer::Conflict { .. }))
                .unwrap();
            first.answer = Answer::Closed(1);
        },
        &[Kind::UnjustifiedRefusal],
    );
}

#[test]
fn heads_that_disagree_are_told() {
    tampered(
        |history| {
            last(history, |operation| match &mut operation.answer {
                Answer::Appended(appended)
                    if !appended.events.is_empty() && appended.cursor > 9 =>
                {
                    appended.cursor -= 5;
                    Some(())
                }
                _ => None,
            });
        },
        &[Kind::HeadsDisagree, Kind::AnswersDisagree],
    );
}

#[test]
fn pages_that_break_their_rules_are_told() {
    tampered(
        |history| {
            last(history, |operation| {
                match (&mut operation.action, &mut operation.answer) {
                    (Action::Read { limit, .. }, Answer::Page { events, .. })
                        if events.len() > 2 =>
                    {
                        *limit = 2;
                        Some(())
                    }
                    _ => None,
                }
            });
        },
        &[Kind::BadPage],
    );
    tampered(
        |history| {
            last(history, |operation| match &mut operation.answer {
                Answer::Log { events, next, .. } if events.is_empty() && *next > 2000 => {
                    *next = 1;
                    Some(())
                }
                _ => None,
            });
        },
        &[Kind::BadPage],
    );
}

#[test]
fn a_log_that_differs_from_the_streams_is_told() {
    tampered(
        |history| drop(history.last.log.pop()),
        &[Kind::LogDisagrees, Kind::Vanished],
    );
    tampered(
        |history| history.last.log[3].digest ^= 1,
        &[Kind::LogDisagrees, Kind::Altered],
    );
    tampered(
        |history| history.last.log.swap(3, 4),
        &[
            Kind::LogOrder,
            Kind::LogReordered,
            Kind::LogDisagrees,
            Kind::LogSkipped,
            Kind::Vanished,
            Kind::BadPage,
            Kind::LogRepeated,
            Kind::NotAtomic,
        ],
    );
    tampered(
        |history| history.last.log[3].stream = "z-stranger".into(),
        &[Kind::Phantom, Kind::LogDisagrees],
    );
}

#[test]
fn different_answers_about_one_command_are_told() {
    tampered(
        |history| {
            last(history, |operation| match &mut operation.answer {
                Answer::Found(Some(Outcome::Accepted(appended))) if appended.position > 0 => {
                    appended.position += 1;
                    Some(())
                }
                _ => None,
            });
        },
        &[Kind::AnswersDisagree],
    );
    tampered(
        |history| {
            last(history, |operation| match &mut operation.answer {
                Answer::Found(Some(Outcome::Rejected(rejection))) => {
                    rejection.code = "other".into();
                    Some(())
                }
                _ => None,
            });
        },
        &[Kind::AnswersDisagree],
    );
}

#[test]
fn two_first_claims_are_told() {
    tampered(
        |history| {
            last(history, |operation| match &mut operation.answer {
                Answer::Claimed(claimed) if *claimed != Claimed::Fresh => {
                    *claimed = Claimed::Fresh;
                    Some(())
                }
                _ => None,
            });
        },
        &[Kind::WrongClaim, Kind::OutcomeForgotten],
    );
}

#[test]
fn a_fault_is_told() {
    tampered(
        |history| history.clients[3][5].answer = Answer::Faulty("corrupt".into()),
        &[Kind::Fault, Kind::RefusedTookEffect],
    );
    tampered(
        |history| history.last.unread.push("the log is corrupt".into()),
        &[Kind::Fault],
    );
}

#[test]
fn a_saved_history_is_the_same_when_loaded() {
    let path = std::env::temp_dir().join(format!("annals-history-{}.jsonl", std::process::id()));
    save(&SOUND, &path).unwrap();
    let loaded = load(&path);
    std::fs::remove_file(&path).unwrap();
    assert!(loaded.unwrap() == *SOUND);
}
