//! Tests the recovery of the embedded store from the files that a power cut may leave.
//!
//! A passed barrier shows which writes are synced. Of later writes the disk may contain any part. The tests build
//! such images and open them: every acknowledged write is there, and of the later writes a prefix, each of them
//! complete. Damage of synced data is an error.
//!
//! `ANNALS_POWER_LOSS=long` runs some hundred times as many images; `ANNALS_SEED=<number>` replays one run.

mod image;
mod model;

use std::path::Path;

use annals_host::error::HostError;
use annals_host::store::Embedded;

use image::{Image, scratch};
use model::{History, get, read};

/// Runs a test with a few seeds, with many, or with the one to replay.
fn with_seeds(few: u64, run: impl Fn(&mut fastrand::Rng)) {
    let is_long = std::env::var("ANNALS_POWER_LOSS").is_ok_and(|mode| mode == "long");
    let seeds = match std::env::var("ANNALS_SEED") {
        Ok(seed) => vec![seed.parse().expect("ANNALS_SEED is a number")],
        Err(_) if is_long => (0..few * 100).map(|_| fastrand::u64(..)).collect(),
        Err(_) => (0..few).collect(),
    };
    for seed in seeds {
        let replay = Replay(seed);
        run(&mut fastrand::Rng::with_seed(seed));
        std::mem::forget(replay);
    }
}

/// Prints how to replay the test if it panics.
struct Replay(u64);

impl Drop for Replay {
    fn drop(&mut self) {
        eprintln!("replay with ANNALS_SEED={}", self.0);
    }
}

fn open(directory: &Path) -> Embedded {
    Embedded::open(directory).expect("opens after a power cut")
}

/// Makes acknowledged writes and then others. Returns the files as of the passed barrier, and the
/// files at the end.
fn written(
    directory: &Path,
    history: &mut History,
    random: &mut fastrand::Rng,
    longest: usize,
) -> (Image, Image) {
    let store = open(directory);
    for _ in 0..random.usize(1..20) {
        for _ in 0..random.usize(1..10) {
            history.write(&store, random, longest);
        }
        history.acknowledge(&store);
    }
    let synced = Image::of(directory);
    for _ in 0..random.usize(1..30) {
        history.write(&store, random, longest);
    }
    drop(store);
    (synced, Image::of(directory))
}

/// Makes an image with a part of the journal's unsynced end.
fn tear(synced: &Image, full: &Image, random: &mut fastrand::Rng) -> Image {
    let journal = synced.newest_journal();
    assert_eq!(full.newest_journal(), journal, "no rotation in between");
    let from = synced.files[&journal].bytes.len();
    let mut torn = full.clone();
    let content = torn.file(&journal);
    let at = random.usize(from..=content.bytes.len());
    match random.u8(..5) {
        0 => content.cut(at, random.bool()),
        1 => {
            let (size, share) = (
                *random.choice(&[512, 4096]).expect("one"),
                random.u8(1..100),
            );
            content.lose_blocks(from, size, || random.u8(..100) < share);
        }
        2 => {
            let mut turn = at / 4096 - from / 4096 + 1;
            content.lose_blocks(from, 4096, || {
                turn = turn.wrapping_sub(1);
                turn == 0
            });
        }
        3 => random.fill(&mut content.bytes[at..]),
        _ => {
            let to = random.usize(at..=content.bytes.len());
            content.bytes[at..to].fill(0);
        }
    }
    // The flush counter file is never synced: it may have its content of any time.
    if random.bool() {
        let old = synced.files.get(Path::new("flushes")).cloned();
        let older = old.filter(|_| random.bool()).unwrap_or_default();
        torn.files.insert("flushes".into(), older);
    }
    torn
}

fn survives_tears(random: &mut fastrand::Rng, longest: usize) {
    let mut directory = scratch();
    let mut history = History::default();
    // Continues on the store that one power cut left, and tears it again.
    for _ in 0..3 {
        let (synced, full) = written(directory.path(), &mut history, random, longest);
        for _ in 0..4 {
            let torn = tear(&synced, &full, random).write();
            let found = read(&open(torn.path())).expect("readable");
            let count = history.matches(&found);
            assert!(
                count.is_some(),
                "the state of no {}..={} writes",
                history.acknowledged,
                history.len()
            );
            // A second open finds the same: dropped writes do not come back.
            assert_eq!(read(&open(torn.path())), Ok(found));
            directory = torn;
        }
        let left = read(&open(directory.path())).expect("readable");
        history.truncate(history.matches(&left).expect("as before"));
    }
}

#[test]
fn of_many_small_writes_the_acknowledged_ones_survive_any_tear_and_the_others_in_order() {
    with_seeds(4, |random| survives_tears(random, 200));
}

#[test]
fn of_large_writes_the_acknowledged_ones_survive_any_tear_and_the_others_in_order() {
    with_seeds(4, |random| survives_tears(random, 30_000));
}

#[test]
fn the_last_writes_may_be_cut_at_every_byte() {
    let directory = scratch();
    let mut history = History::default();
    let mut random = fastrand::Rng::with_seed(1);
    let store = open(directory.path());
    history.write(&store, &mut random, 40);
    history.acknowledge(&store);
    let synced = Image::of(directory.path());
    for _ in 0..3 {
        history.write(&store, &mut random, 40);
    }
    drop(store);
    let full = Image::of(directory.path());
    let journal = full.newest_journal();
    let (from, to) = (
        synced.files[&journal].bytes.len(),
        full.files[&journal].bytes.len(),
    );
    let mut survived = 1;
    for at in from..=to {
        for zeros_follow in [true, false] {
            let mut torn = full.clone();
            torn.file(&journal).cut(at, zeros_follow);
            let torn = torn.write();
            let found = read(&open(torn.path())).expect("readable");
            let count = history.matches(&found).expect("a first part");
            assert!(count >= survived, "the more there is, the more survives");
            survived = count;
        }
    }
    assert_eq!(survived, history.len(), "all, where nothing is cut");
}

#[test]
fn a_write_whose_middle_never_reached_the_disk_is_dropped_with_all_that_follow() {
    let directory = scratch();
    let mut history = History::default();
    let mut random = fastrand::Rng::with_seed(2);
    let store = open(directory.path());
    history.write(&store, &mut random, 100);
    history.acknowledge(&store);
    let from = Image::of(directory.path()).file("0.jnl").bytes.len();
    for _ in 0..9 {
        history.write(&store, &mut random, 30_000);
    }
    drop(store);
    let full = Image::of(directory.path());
    let mut cut_by_us = 0;
    for lost in 1..10 {
        let mut torn = full.clone();
        let mut blocks = 0;
        torn.file("0.jnl").lose_blocks(from, 4096, || {
            blocks += 1;
            blocks == lost
        });
        let torn = torn.write();
        let found = read(&open(torn.path())).expect("readable");
        let count = history.matches(&found).expect("a first part");
        assert!(count < history.len(), "nothing was lost");
        cut_by_us += usize::from(torn.path().join("cut-off.tail").exists());
    }
    assert!(cut_by_us > 0, "none where fjall alone would not open");
}

#[test]
fn files_that_were_begun_and_never_synced_do_no_harm() {
    let directory = scratch();
    let mut history = History::default();
    let mut random = fastrand::Rng::with_seed(3);
    let store = open(directory.path());
    fill_a_journal(&store, &mut history, &mut random);
    let full = {
        drop(store);
        Image::of(directory.path())
    };
    let mut tables = full.files.keys();
    assert!(
        tables.any(|name| name.starts_with("keyspaces/1/tables")),
        "the journal was not filled"
    );
    for length in [0, 5000] {
        let mut image = full.clone();
        for name in [
            "keyspaces/1/tables/9999",
            "keyspaces/1/v9999",
            "keyspaces/0/v9999",
            "keyspaces/1/.tmpA1b2C3",
            "keyspaces/2/v0",
        ] {
            image.file(name).length = length;
        }
        image.file("9.jnl").length = length;
        image.directories.push("keyspaces/2".into());
        let image = image.write();
        let found = read(&open(image.path())).expect("readable");
        assert_eq!(history.matches(&found), Some(history.len()), "{length}");
    }
}

/// Writes enough for fjall to seal a journal and to write its content to tables. All writes are
/// acknowledged.
fn fill_a_journal(store: &Embedded, history: &mut History, random: &mut fastrand::Rng) {
    for _ in 0..70 {
        for _ in 0..10 {
            history.write(store, random, 360_000);
        }
        history.acknowledge(store);
    }
}

#[test]
fn a_store_whose_making_was_cut_short_is_made_again() {
    let directory = scratch();
    drop(open(directory.path()));
    let full = Image::of(directory.path());
    let keep = |names: &[&str], version: usize| {
        let mut image = full.clone();
        let all: Vec<_> = image.files.keys().cloned().collect();
        for name in all {
            if !names.iter().any(|keep| name.starts_with(keep)) {
                image.files.remove(&name);
            }
        }
        image
            .directories
            .retain(|name| names.iter().any(|keep| name.starts_with(keep)));
        if names.contains(&"version") {
            image.file("version").cut(version, false);
        }
        image
    };
    let images = [
        keep(&["lock"], 0),
        // The journal's entry is there, and those that were made before it are lost.
        keep(&["0.jnl"], 0),
        keep(&["lock", "0.jnl"], 0),
        keep(&["lock", "0.jnl", "version"], 0),
        keep(&["lock", "0.jnl", "version"], 3),
        keep(&["0.jnl", "version", "lock"], 4),
        keep(&["0.jnl", "version", "lock", "keyspaces/0"], 4),
    ];
    for (at, mut image) in images.into_iter().enumerate() {
        image.directories.push("keyspaces".into());
        let image = image.write();
        let store = Embedded::open(image.path());
        let store = store.unwrap_or_else(|error| panic!("image {at}: {error}"));
        assert_eq!(read(&store), Ok(Default::default()), "image {at}");
    }
}

#[test]
fn a_journal_with_content_is_never_taken_for_a_store_half_made() {
    let directory = scratch();
    let mut history = History::default();
    let store = open(directory.path());
    history.write(&store, &mut fastrand::Rng::with_seed(4), 100);
    history.acknowledge(&store);
    drop(store);
    let mut image = Image::of(directory.path());
    image.files.remove(Path::new("version"));
    image.files.retain(|name, _| !name.starts_with("keyspaces"));
    image.directories.clear();
    let journal = image.file("0.jnl").clone();
    let image = image.write();
    assert!(Embedded::open(image.path()).is_err());
    assert_eq!(*Image::of(image.path()).file("0.jnl"), journal);
}

#[test]
fn a_journal_that_lost_synced_writes_is_refused_again_and_again() {
    with_seeds(4, |random| {
        let directory = scratch();
        let mut history = History::default();
        let (synced, full) = written(directory.path(), &mut history, random, 300);
        let journal = full.newest_journal();
        let from = synced.files[&journal].bytes.len();
        let mut cut = full.clone();
        cut.file(&journal).cut(random.usize(..from), random.bool());
        let cut = cut.write();
        for _ in 0..2 {
            let error = Embedded::open(cut.path()).err();
            assert!(
                matches!(error, Some(HostError::StoreBehind { .. })),
                "{error:?}"
            );
        }
        std::fs::remove_file(cut.path().join("flushes")).expect("removed");
        read(&open(cut.path())).expect("goes on without them");
    });
}

/// The results of damage.
#[derive(Debug, Default)]
struct Outcomes {
    refused: usize,
    error_on_reading: usize,
    harmless: usize,
    wrong: Vec<String>,
}

fn examine(image: &Image, history: &History, what: String, outcomes: &mut Outcomes) {
    let directory = image.write();
    let opened = std::panic::catch_unwind(|| Embedded::open(directory.path()));
    let Ok(Ok(store)) = opened else {
        outcomes.refused += 1;
        return;
    };
    let mut failed = false;
    for (key, value) in history.acknowledged_state() {
        match get(&store, &key) {
            Err(_) => failed = true,
            Ok(Some(found)) if found == value => {}
            Ok(found) => {
                let found = found.map_or("nothing", |_| "another value");
                outcomes.wrong.push(format!("{what}: {key} holds {found}"));
                return;
            }
        }
    }
    if failed {
        outcomes.error_on_reading += 1;
    } else {
        outcomes.harmless += 1;
    }
}

#[test]
fn flipped_bits_of_the_journal_are_errors_and_never_other_values() {
    with_seeds(2, |random| {
        let directory = scratch();
        let mut history = History::default();
        let store = open(directory.path());
        for _ in 0..30 {
            history.write(&store, random, 60);
            history.acknowledge(&store);
        }
        drop(store);
        let full = Image::of(directory.path());
        let mut outcomes = Outcomes::default();
        for _ in 0..40 {
            let mut damaged = full.clone();
            let journal = &mut damaged.file("0.jnl").bytes;
            let (at, bit) = (random.usize(..journal.len()), random.u8(..8));
            journal[at] ^= 1 << bit;
            let what = format!("bit {bit} of byte {at}");
            examine(&damaged, &history, what, &mut outcomes);
        }
        eprintln!("{outcomes:?}");
        assert!(outcomes.wrong.is_empty(), "{outcomes:#?}");
        assert!(outcomes.refused > 30, "{outcomes:#?}");
    });
}

/// Splits one journal into a sealed one and its successor, as if it had been full there.
fn seal(full: &Image, at: usize) -> Image {
    let mut image = full.clone();
    let mut successor = image.file("0.jnl").clone();
    successor.bytes.drain(..at);
    image.files.insert("1.jnl".into(), successor);
    image.file("0.jnl").cut(at, true);
    image
}

#[test]
fn damage_of_a_sealed_journal_is_an_error_although_its_successor_is_whole() {
    with_seeds(2, |random| {
        let directory = scratch();
        let mut history = History::default();
        let (synced, full) = written(directory.path(), &mut history, random, 300);
        history.acknowledged = history.len();
        let at = synced.files[Path::new("0.jnl")].bytes.len();
        let sealed = seal(&full, at);
        let whole = sealed.write();
        let found = read(&open(whole.path())).expect("readable");
        assert_eq!(history.matches(&found), Some(history.len()));
        let mut outcomes = Outcomes::default();
        for _ in 0..20 {
            let mut damaged = sealed.clone();
            let journal = &mut damaged.file("0.jnl").bytes;
            let (at, bit) = (random.usize(..journal.len()), random.u8(..8));
            journal[at] ^= 1 << bit;
            let what = format!("bit {bit} of byte {at}");
            examine(&damaged, &history, what, &mut outcomes);
        }
        eprintln!("{outcomes:?}");
        assert!(outcomes.wrong.is_empty(), "{outcomes:#?}");
        assert!(outcomes.refused > 15, "{outcomes:#?}");
    });
}

#[test]
fn flipped_bits_of_tables_are_errors_and_never_other_values() {
    with_seeds(1, |random| {
        let directory = scratch();
        let mut history = History::default();
        let store = open(directory.path());
        fill_a_journal(&store, &mut history, random);
        drop(store);
        let full = Image::of(directory.path());
        let mut outcomes = Outcomes::default();
        let names: Vec<_> = full.files.keys().cloned().collect();
        for name in names.iter().filter(|name| name.starts_with("keyspaces")) {
            let mut damaged = full.clone();
            let bytes = &mut damaged.file(name).bytes;
            let (at, bit) = (random.usize(..bytes.len()), random.u8(..8));
            bytes[at] ^= 1 << bit;
            let what = format!("{}: bit {bit} of byte {at}", name.display());
            examine(&damaged, &history, what, &mut outcomes);
        }
        eprintln!("{outcomes:#?}");
        assert!(outcomes.wrong.is_empty(), "{outcomes:#?}");
    });
}
