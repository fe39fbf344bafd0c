//! Small histories, searched.

use std::env;

use annals_event_log::Precondition::{Any, At, NoStream};

use crate::programs::{
    History, Program, Task, actor, append, claimed_first, close, command, history, read,
    read_patiently,
};
use crate::search::search;

/// Searches without faults, then with up to so many: a simpler violation is told first. Where there
/// are three actors, faults are left to `chance` and to `ANNALS_EXPLORE_MORE=1`, which allows so many more.
fn holds(history: &History, faults: u32) {
    let more = env::var("ANNALS_EXPLORE_MORE").map_or(0, |more| more.parse().unwrap());
    let faults: u32 = faults + more;
    for faults in 0..=faults {
        match search(history, faults) {
            Ok(figures) => println!("{figures}"),
            Err(violation) => panic!("{}, {faults} faults:\n{violation}", history.name),
        }
    }
}

#[test]
fn of_two_writers_at_one_version_one_wins() {
    let writers = [
        actor("ann", [append("a-1", At(1))]).comes_back(),
        actor("bob", [append("a-1", At(1))]).comes_back(),
    ];
    holds(&history("at a version", writers).after("a-1", 1), 1);
}

#[test]
fn of_two_writers_of_a_new_stream_one_wins() {
    let writers = [
        actor("ann", [append("a-1", NoStream)]).comes_back(),
        actor("bob", [append("a-1", NoStream)]).comes_back(),
    ];
    holds(&history("no stream", writers), 1);
}

#[test]
fn an_impatient_reader_and_a_writer_agree() {
    let actors = [
        actor("ann", [append("a-1", Any), append("b-1", Any)]).comes_back(),
        actor("eve", [read(), read()]).dies_after(12),
    ];
    holds(&history("writer and impatient reader", actors), 1);
}

#[test]
fn writers_of_two_streams_and_an_impatient_reader_agree() {
    let actors = [
        actor("ann", [append("a-1", NoStream)]),
        actor("bob", [append("b-1", NoStream)]),
        actor("eve", [read(), read()]).dies_after(12),
    ];
    holds(&history("two streams and impatient reader", actors), 0);
}

#[test]
fn writers_of_two_streams_and_a_patient_reader_agree() {
    let actors = [
        actor("ann", [append("a-1", NoStream)]),
        actor("bob", [append("b-1", NoStream)]),
        actor("eve", [read_patiently(), read_patiently()]),
    ];
    holds(&history("two streams and patient reader", actors), 1);
}

#[test]
fn writers_of_one_stream_and_an_impatient_reader_agree() {
    let actors = [
        actor("ann", [append("a-1", At(0))]),
        actor("bob", [append("a-1", Any)]),
        actor("eve", [read(), read()]).dies_after(12),
    ];
    holds(&history("one stream and impatient reader", actors), 0);
}

#[test]
fn a_writer_that_repeats_its_seed_is_delivered_once() {
    let ann = Program {
        repeats: true,
        ..actor("ann", [append("a-1", Any)])
    };
    let actors = [ann, actor("eve", [read()]).dies_after(8)];
    holds(&history("one seed for all attempts", actors), 2);
}

#[test]
fn a_closed_stream_takes_no_events() {
    let writers = [
        actor("ann", [close("a-1", Any)]).comes_back(),
        actor("bob", [append("a-1", Any)]).comes_back(),
    ];
    holds(&history("close", writers), 1);
}

#[test]
fn a_writer_sees_its_own_events_in_the_log() {
    let writers = [
        actor("ann", [append("a-1", Any), read()]).dies_after(20),
        actor("bob", [append("b-1", Any)]),
    ];
    holds(&history("read your writes", writers), 1);
}

/// The ways in which two submitters may claim a command.
const CLAIMS: [[Submits; 2]; 3] = [
    [command, command],
    [command, claimed_first],
    [claimed_first, claimed_first],
];
type Submits = fn(&'static str, &'static str, fn(u64) -> bool) -> Task;

#[test]
fn a_command_that_two_submit_takes_effect_once() {
    for [ann, bob] in CLAIMS {
        let submitters = [
            actor("ann", [ann("a-1", "c", |_| false)]).comes_back(),
            actor("bob", [bob("a-1", "c", |_| false)]).comes_back(),
        ];
        holds(&history("one command twice", submitters), 1);
    }
}

#[test]
fn a_command_that_one_would_reject_ends_in_one_way() {
    for submits in [command, claimed_first] {
        let submitters = [
            actor("ann", [submits("a-1", "c", |_| false)]).comes_back(),
            actor("bob", [command("a-1", "c", |_| true)]).comes_back(),
        ];
        holds(&history("one command, rejected or not", submitters), 1);
    }
}

#[test]
fn a_rejected_command_and_an_accepted_one_both_end() {
    let submitters = [
        actor("ann", [command("a-1", "c", |version| version == 0)]).comes_back(),
        actor("bob", [command("a-1", "d", |_| false)]).comes_back(),
    ];
    holds(&history("rejected and accepted", submitters), 1);
}

#[test]
fn a_command_whose_submitter_crashes_takes_effect_once() {
    let actors = [
        actor("ann", [command("a-1", "c", |_| false)]).comes_back(),
        actor("eve", [read()]).dies_after(10),
    ];
    holds(&history("crash and reader", actors), 1);
    for submits in [command, claimed_first] {
        let alone = [actor("ann", [submits("a-1", "c", |_| false)]).comes_back()];
        holds(&history("crash and doubt", alone), 2);
    }
}

#[test]
fn hints_do_no_harm() {
    let writers = [
        actor("ann", [append("a-1", Any)]),
        actor("bob", [append("a-1", Any)]),
    ];
    holds(&history("hints", writers).after("a-1", 14), 1);
}

#[test]
fn a_rejection_an_append_and_an_impatient_reader_agree() {
    let actors = [
        actor("ann", [command("a-1", "c", |_| true)]),
        actor("bob", [append("a-1", Any)]),
        actor("eve", [read()]).dies_after(10),
    ];
    holds(&history("rejection, append and reader", actors), 0);
}

#[test]
fn two_impatient_readers_see_the_same() {
    let actors = [
        actor("ann", [append("a-1", Any)]),
        actor("eve", [read()]).dies_after(10),
        actor("joe", [read()]).dies_after(10),
    ];
    holds(&history("two impatient readers", actors), 0);
}

#[test]
fn a_conflict_names_a_version_that_conflicts() {
    let writers = [
        actor("ann", [append("a-1", At(1))]),
        actor("bob", [append("a-1", NoStream)]),
    ];
    holds(&history("ahead of the stream", writers), 1);
}
