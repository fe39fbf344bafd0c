//! The power fails while a real host serves: everything that it answered must survive.
//!
//! A recorder traces a host while clients send it commands: every call that changes a file, every sync, every answer.
//! From the record, a model as strict as POSIX allows (`disk`) makes images of the possible contents of a disk that
//! loses power at some moment. Each image is given to a new host. All answers of the old host up to that moment must
//! be true for the new one.
//!
//! Needs `strace`; without it the tests print a message and pass. `ANNALS_POWER_LOSS=long` makes many images of each
//! run. A failing test keeps its record, and prints how to make the same images from it again.

mod disk;
mod trace;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use tempfile::TempDir;

use annals_tests::bank::check_log;
use annals_tests::client::Client;
use annals_tests::server::{Kind, Server};
use annals_tests::{app, files};

use disk::{Disk, Fate};
use trace::{Event, Moment};

const TOYS: usize = 3;
const CLIENTS: usize = 3;
const COMMANDS: usize = 12;
/// Longer than readers wait for a writer that has stopped.
const GRACE: Duration = Duration::from_secs(10);

/// The applications, composed once for each host.
static APPS: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    annals_fixtures::application(folder.path(), TOYS).expect("deciders");
    folder
});
static ONCE: Mutex<()> = Mutex::new(());

fn toys(kind: Kind) -> PathBuf {
    let _guard = ONCE.lock();
    let file = APPS.path().join(format!("app-{}.wasm", kind.name()));
    if !file.exists() {
        app::compose(APPS.path(), kind, APPS.path()).expect("it composes");
    }
    file
}

/// A run of a host, with the places of its store and its record.
struct Run {
    kind: Kind,
    data: PathBuf,
    events: Vec<Event>,
}

impl Run {
    fn record(kind: Kind) -> Self {
        if let Some(data) = std::env::var_os("ANNALS_RECORD").map(PathBuf::from) {
            let text = std::fs::read_to_string(data.join("trace")).expect("a record");
            let events = trace::parse(&text).expect("a record");
            return Self { kind, data, events };
        }
        // Keep the data until the images are checked, and longer if one fails.
        let data = tempfile::tempdir().expect("a folder").keep();
        let events = trace::record(kind, &toys(kind), &data, work).expect("recorded");
        Self { kind, data, events }
    }

    /// The moments of the answers that acknowledged commands, each with all commands acknowledged by then.
    fn answers(&self) -> Vec<(usize, BTreeSet<String>)> {
        let mut told = BTreeSet::new();
        let mut answers = Vec::new();
        for (at, event) in self.events.iter().enumerate() {
            let call = &event.call;
            let is_sent = match call.name.as_str() {
                "sendto" | "sendmsg" | "write" | "writev" => call.number(0) > 2,
                _ => false,
            };
            if is_sent && event.moment == Moment::Begin {
                let before = told.len();
                told.extend(commands(&String::from_utf8_lossy(&call.bytes(1))));
                if told.len() > before {
                    answers.push((at, told.clone()));
                }
            }
        }
        answers
    }

    /// Cuts the power after `at` events, and checks the answers of a new host on that disk.
    fn check(&self, at: usize, fate: Fate, seed: u64, told: &BTreeSet<String>) -> Result<()> {
        let data = memory();
        self.disk(at, false).cut(
            &data.path().join("store"),
            fate,
            &mut fastrand::Rng::with_seed(seed),
        )?;
        verify(self.kind, data.path(), told).with_context(|| {
            let (kind, record) = (self.kind.name(), self.data.display());
            format!(
                "{kind}: power cut after event {at}, {fate:?}, seed {seed}; \
                 replay with ANNALS_RECORD={record}"
            )
        })
    }

    fn disk(&self, at: usize, ignores_syncs: bool) -> Disk {
        let mut disk = Disk::new(&self.data.join("store"), ignores_syncs);
        for event in &self.events[..at] {
            disk.apply(event);
        }
        disk
    }
}

/// The ids of commands in the bodies of answers and of pages of events.
fn commands(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if text.contains("urn:annals:problem") {
        return found;
    }
    for key in ["\"commandId\":\"", "\"commandid\":\""] {
        for part in text.split(key).skip(1) {
            if let Some((id, _)) = part.split_once('"') {
                found.push(id.to_owned());
            }
        }
    }
    found
}

/// Runs clients that send commands to the same few streams, some of them twice, and read the log.
fn work(url: &str) -> Result<()> {
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| scope.spawn(move || send(url, client)))
            .collect();
        for client in clients {
            client.join().expect("no panic")?;
        }
        Ok(())
    })
}

fn send(url: &str, number: usize) -> Result<()> {
    let client = Client::new(url.to_owned());
    for n in 0..COMMANDS {
        let command = format!("Command{}", n % TOYS);
        let id = format!("{}-{number}-{n}", n % TOYS);
        let answer = client.command(&command, &id, b"{}")?;
        ensure!(answer.status == 200, "{}: {}", answer.status, answer.text);
        if n % 4 == 3 {
            client.command(&command, &id, b"{}")?;
            client.log()?;
        }
    }
    Ok(())
}

fn verify(kind: Kind, data: &Path, told: &BTreeSet<String>) -> Result<()> {
    let server = Server::start(kind, &toys(kind), data)?;
    let client = Client::new(server.url());
    // Until the grace period is over, the log ends before a slot whose writer may still be active.
    let limit = Instant::now() + GRACE;
    loop {
        let log = client.log()?;
        let wrong = check_log(&log);
        ensure!(wrong.is_empty(), "{wrong:#?}");
        let there: BTreeSet<_> = log
            .iter()
            .filter_map(|event| event["commandid"].as_str())
            .map(ToOwned::to_owned)
            .collect();
        let lost: Vec<_> = told.difference(&there).collect();
        if lost.is_empty() {
            break;
        }
        ensure!(Instant::now() < limit, "told of and lost: {lost:?}");
        std::thread::sleep(Duration::from_millis(200));
    }
    for id in told.iter().map(String::as_str).chain(["0-new"]) {
        let toy = id.split('-').next().unwrap_or_default();
        let answer = client.command(&format!("Command{toy}"), id, b"{}")?;
        let is_duplicate = answer.body["duplicate"] == true;
        if answer.status != 200 || is_duplicate == (id == "0-new") {
            bail!("{id}: {} {}", answer.status, answer.text);
        }
    }
    let wrong = check_log(&client.log()?);
    ensure!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}

/// Serves a store and reads a stream of one event. Returns the number of syncs.
fn syncs_of_a_read(data: &Path) -> usize {
    syncs_of(data, |client| {
        let events = client.stream("toy-0")?;
        ensure!(events.len() == 1, "{events:?}");
        Ok(())
    })
}

/// The same for a command.
fn syncs_of_a_write(data: &Path, id: &str) -> usize {
    syncs_of(data, |client| {
        let answer = client.command("Command0", id, b"{}")?;
        ensure!(answer.status == 200, "{}", answer.text);
        Ok(())
    })
}

fn syncs_of(data: &Path, work: impl FnOnce(&Client) -> Result<()>) -> usize {
    let events = trace::record(Kind::Wasmtime, &toys(Kind::Wasmtime), data, |url| {
        work(&Client::new(url.to_owned()))
    });
    let events = events.expect("recorded");
    let syncs = events.iter().filter(|event| {
        event.moment == Moment::End && matches!(event.call.name.as_str(), "fsync" | "fdatasync")
    });
    syncs.count()
}

/// A store over files without a host, in its folder.
fn store_of_one_command() -> (TempDir, PathBuf) {
    let data = tempfile::tempdir().expect("a folder");
    let mut server =
        Server::start(Kind::Wasmtime, &toys(Kind::Wasmtime), data.path()).expect("it starts");
    let answer = Client::new(server.url()).command("Command0", "0-0", b"{}");
    assert_eq!(answer.expect("an answer").status, 200);
    server.kill().expect("killed");
    let store = data.path().join("store");
    (data, store)
}

/// The files of a store over files, except the store's internal files.
fn slots(store: &Path) -> Vec<PathBuf> {
    let mut slots = files::of(store);
    slots.retain(|file| !files::name(file).starts_with('%'));
    slots
}

#[test]
fn a_slot_whose_creator_may_not_be_through_is_made_durable_before_it_is_shown() {
    if !trace::is_possible() {
        eprintln!("skipped: there is no strace here that works");
        return;
    }
    let (data, store) = store_of_one_command();
    assert_eq!(syncs_of_a_read(data.path()), 0, "nothing is in the making");
    // Simulate a creator that died after the link.
    for slot in slots(&store) {
        let name = format!("%{:016x}", fastrand::u64(..));
        std::fs::hard_link(&slot, slot.with_file_name(name)).expect("linked");
    }
    assert!(
        syncs_of_a_read(data.path()) > 0,
        "shown while it may be lost"
    );
}

/// A writer must not take the log slot after one that a power loss may undo: that would leave a gap.
#[test]
fn a_slot_whose_creator_may_not_be_through_is_made_durable_before_it_is_built_upon() {
    if !trace::is_possible() {
        eprintln!("skipped: there is no strace here that works");
        return;
    }
    let (data, store) = store_of_one_command();
    for shard in 0..=u8::MAX {
        // Make the shard's directory, so that no write has to make it.
        let shard = store.join(format!("{shard:02x}"));
        std::fs::create_dir_all(&shard).expect("a shard");
        std::fs::write(shard.join("%durable"), b"").expect("a mark");
    }
    let usual = syncs_of_a_write(data.path(), "0-1");
    let is_log = |slot: &PathBuf| slot.to_string_lossy().contains(".log.");
    // Take the second log slot. The names have the same length, so their maximum is the last slot.
    let logs = slots(&store).into_iter().filter(is_log);
    let last = logs.max_by_key(|slot| files::name(slot));
    let last = last.expect("a log slot");
    std::fs::hard_link(&last, last.with_file_name("%0123456789abcdef")).expect("linked");
    assert!(
        syncs_of_a_write(data.path(), "0-2") > usual,
        "built upon while it may be lost"
    );
}

#[test]
fn what_a_crash_leaves_in_the_directory_does_no_harm() {
    let data = tempfile::tempdir().expect("a folder");
    let kind = Kind::Wasmtime;
    let mut server = Server::start(kind, &toys(kind), data.path()).expect("it starts");
    let mut told = BTreeSet::new();
    for n in 0..TOYS {
        let id = format!("{n}-before");
        let answer = Client::new(server.url()).command(&format!("Command{n}"), &id, b"{}");
        assert_eq!(answer.expect("an answer").status, 200);
        told.insert(id);
    }
    server.kill().expect("killed");
    let store = data.path().join("store");
    for slot in slots(&store) {
        // Make second links, empty and half-written files, and shards without a mark.
        let name =
            |prefix: &str| slot.with_file_name(format!("%{prefix}{:08x}", fastrand::u32(..)));
        std::fs::hard_link(&slot, name("a")).expect("linked");
        std::fs::write(name("b"), b"").expect("written");
        std::fs::write(name("c"), b"\xa5\x02").expect("written");
        let _ = std::fs::remove_file(slot.with_file_name("%durable"));
    }
    for shard in 0..=u8::MAX {
        let _ = std::fs::create_dir(store.join(format!("{shard:02x}")));
    }
    verify(kind, data.path(), &told).expect("as if nothing were there");
}

/// A directory in memory, where syncs cost nothing, if there is one.
fn memory() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = if memory.is_dir() {
        tempfile::tempdir_in(memory)
    } else {
        tempfile::tempdir()
    };
    made.expect("a folder")
}

fn survives(kind: Kind, images: u64) {
    if !trace::is_possible() {
        eprintln!("skipped: there is no strace here that works");
        return;
    }
    let is_long = std::env::var("ANNALS_POWER_LOSS").is_ok_and(|mode| mode == "long");
    let images = if is_long { images * 30 } else { images };
    let run = Run::record(kind);
    let answers = run.answers();
    let all = answers.last().expect("answers").1.len();
    assert_eq!(
        all,
        CLIENTS * COMMANDS,
        "answers were not found in the record"
    );
    let first = answers[0].0;
    let mut random = fastrand::Rng::with_seed(11);
    let nothing = BTreeSet::new();
    for seed in 0..images {
        // Cut just after an answer, at any moment, or before the first answer, while the store is created.
        let at = match seed % 3 {
            0 => answers[random.usize(..answers.len())].0 + 1,
            1 => random.usize(first..run.events.len()),
            _ => random.usize(..first),
        };
        let told = answers.iter().rev().find(|(answer, _)| *answer < at);
        let told = told.map_or(&nothing, |(_, told)| told);
        let fate = [Fate::Mixed, Fate::Lost, Fate::Mixed, Fate::Kept][seed as usize % 4];
        if let Err(error) = run.check(at, fate, seed, told) {
            panic!("{error:?}");
        }
    }
    eprintln!(
        "{}: {} events, {images} images",
        kind.name(),
        run.events.len()
    );
    // Check the check itself: on a disk that ignores syncs, the same run loses acknowledged data.
    let data = memory();
    run.disk(run.events.len(), true)
        .cut(&data.path().join("store"), Fate::Lost, &mut random)
        .expect("written");
    let told = &answers[answers.len() - 1].1;
    assert!(verify(kind, data.path(), told).is_err());
    if std::env::var_os("ANNALS_RECORD").is_none() {
        std::fs::remove_dir_all(&run.data).expect("removed");
    }
}

#[test]
fn what_annals_host_told_anybody_survives_a_power_cut() {
    survives(Kind::Annals, 12);
}

#[test]
fn what_wasmtime_serve_told_anybody_survives_a_power_cut() {
    survives(Kind::Wasmtime, 12);
}
