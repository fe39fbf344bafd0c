//! Larger histories, at random.
//!
//! `ANNALS_EXPLORE_SECONDS=600` goes on for ten minutes, with new seeds. The seed of every failure
//! is printed; `ANNALS_EXPLORE_SEED=<seed>` does that one again.

use std::env;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use annals_event_log::Precondition::{Any, At, NoStream, StreamExists};

use crate::programs::{
    History, Program, Task, actor, append, claimed_first, close, command, history, read,
    read_patiently,
};
use crate::random::{Chance, walk};

/// Walks of the short mode.
const WALKS: u64 = 150;
/// Operations of a reader; see [`Program::dies_after`].
const READS: u32 = 60;

fn task(chance: &mut Chance) -> Task {
    let stream = chance.one_of(&["a-1", "a-1", "b-1"]);
    match chance.below(10) {
        0..=2 => append(
            stream,
            chance.one_of(&[Any, NoStream, At(1), At(2), StreamExists]),
        ),
        3..=5 => {
            let rejects: [fn(u64) -> bool; 3] = [|_| false, |_| true, |version| version % 3 == 1];
            let id = chance.one_of(&["c", "c", "d"]);
            let submits = [command, claimed_first][chance.below(2)];
            submits(
                if id == "c" { "a-1" } else { "b-1" },
                id,
                chance.one_of(&rejects),
            )
        }
        6 => chance.one_of(&[close("z-1", Any), append("z-1", Any)]),
        7 => read_patiently(),
        8 => Task::Read {
            impatient: true,
            limit: 1,
        },
        _ => read(),
    }
}

fn program(name: &'static str, chance: &mut Chance) -> Program {
    let tasks: Vec<_> = (0..=chance.below(3)).map(|_| task(chance)).collect();
    let reads = tasks.iter().any(|task| matches!(task, Task::Read { .. }));
    let program = Program {
        lives: 1 + chance.below(3) as u32,
        attempts: 1 + chance.below(3) as u64,
        ..actor(name, tasks)
    };
    if reads {
        program.dies_after(READS)
    } else {
        program
    }
}

fn random_history(chance: &mut Chance) -> History {
    let names = ["ann", "bob", "eve", "joe"];
    let programs: Vec<_> = names[..2 + chance.below(3)]
        .iter()
        .map(|name| program(name, chance))
        .collect();
    // With 14 commits before, hints are written.
    let commits = chance.one_of(&[0, 0, 1, 14]);
    history("at random", programs).after("a-1", commits)
}

/// The number of steps.
fn run(seed: u64) -> usize {
    let mut chance = Chance::new(seed);
    let history = random_history(&mut chance);
    let faults = chance.below(5) as u32;
    walk(&history, faults, &mut chance).unwrap_or_else(|violation| {
        panic!(
            "ANNALS_EXPLORE_SEED={seed} does this again: up to {faults} faults, {:#?}\n{violation}",
            history.programs
        )
    })
}

#[test]
fn random_histories_hold() {
    let number = |name| env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    if let Some(seed) = number("ANNALS_EXPLORE_SEED") {
        println!("seed {seed}: {} steps", run(seed));
        return;
    }
    let began = Instant::now();
    let (first, seconds) = match number("ANNALS_EXPLORE_SECONDS") {
        Some(seconds) => {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            (now.as_nanos() as u64, seconds)
        }
        None => (0, 0),
    };
    println!("seeds from {first} on");
    let (mut walks, mut longest) = (0, 0);
    while walks < WALKS || began.elapsed() < Duration::from_secs(seconds) {
        longest = longest.max(run(first.wrapping_add(walks)));
        walks += 1;
    }
    println!(
        "{walks} random histories, longest {longest} steps, {:.1?}",
        began.elapsed()
    );
}
