//! fjall's background work: it writes its memory to tables, and merges tables.
//!
//! No request waits for this work, which only has to keep up with the writes. It occupies a
//! processor for seconds, however. When it frees memory or removes merged tables, it also holds a
//! lock that all readers need. Its threads therefore have a low priority, and only a small amount
//! is freed at a time.

use std::path::Path;
use std::sync::Arc;

use fjall::compaction::Leveled;
use fjall::{Database, Keyspace, KeyspaceCreateOptions};

/// Size of the memory table, in bytes, at which fjall writes it to disk. Freeing this much takes
/// about 15 ms.
const MEMTABLE_BYTES: u64 = 8 << 20;
/// Target size of a table after a merge, in bytes. Removing such a file takes about 4 ms, and two
/// dozen of them may be removed at once. The first level has four tables of this size, and each
/// level after it ten times as much. With smaller tables there are more levels, and fjall writes
/// more.
const TABLE_BYTES: u64 = 8 << 20;
/// Number of fjall's worker threads. The first thread leaves merges to the others. If all others
/// are merging, it returns the next merge to the queue again and again, and occupies a processor.
/// Have more threads than concurrent merges.
const WORKER_THREADS: usize = 4;
/// Niceness of these threads. A serving thread gets nine times the processor time of one of them.
/// Do not raise it further, because these threads sometimes hold locks.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// Whether fjall's background work runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Background {
    /// Threads of low priority write and merge tables.
    Active,
    /// No background work. A reader does not benefit from it, and the directory does not grow.
    Idle,
}

/// Opens the database with at most `files` open tables.
///
/// # Errors
/// The error of fjall.
pub fn open(directory: &Path, files: usize, background: Background) -> fjall::Result<Database> {
    let threads = match background {
        Background::Active => WORKER_THREADS,
        Background::Idle => 0,
    };
    // A thread inherits the niceness of its parent, and a thread cannot lower its own niceness
    // again. Open the database on a thread of its own.
    let open = || {
        be_nice();
        // Manual persistence: the journal is written with each flush, and not with each write. A
        // crash loses only writes that were not acknowledged.
        Database::builder(directory)
            .manual_journal_persist(true)
            .worker_threads_unchecked(threads)
            .max_cached_files(Some(files))
            .open()
    };
    std::thread::scope(|scope| {
        let opened = std::thread::Builder::new().spawn_scoped(scope, open)?;
        let opened = opened.join();
        opened.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Opens the only keyspace. fjall fixes the options when it creates the keyspace.
///
/// # Errors
/// The error of fjall.
pub fn keyspace(db: &Database) -> fjall::Result<Keyspace> {
    db.keyspace("kv", || {
        let tables = Leveled::default().with_table_target_size(TABLE_BYTES);
        KeyspaceCreateOptions::default()
            .manual_journal_persist(true)
            .max_memtable_size(MEMTABLE_BYTES)
            .compaction_strategy(Arc::new(tables))
    })
}

/// On Linux this sets the niceness of the calling thread; elsewhere it would set that of the
/// process.
#[cfg(target_os = "linux")]
fn be_nice() {
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::debug!(%error, "the store's threads do not give way to others");
    }
}

#[cfg(not(target_os = "linux"))]
fn be_nice() {}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;
    use std::time::{Duration, Instant};

    /// The niceness of each thread of this process with the given name.
    fn niceness(name: &str) -> Vec<i32> {
        let mut found = Vec::new();
        for thread in fs::read_dir("/proc/self/task").expect("lists threads") {
            let Ok(stat) = fs::read_to_string(thread.expect("a thread").path().join("stat")) else {
                continue;
            };
            // The format is `id (name) state …`; the niceness is field 17 after the name.
            let (front, rest) = stat.rsplit_once(") ").expect("has a name");
            if front.ends_with(&format!("({name}")) {
                let field = rest.split(' ').nth(16).expect("is nice or not");
                found.push(field.parse().expect("a number"));
            }
        }
        found
    }

    #[test]
    fn those_who_serve_come_before_tables() {
        let dir = tempfile::tempdir().expect("a directory");
        let own = rustix::process::getpriority_process(None).expect("has a niceness");
        let db = super::open(dir.path(), 16, super::Background::Active).expect("opens");
        // A thread sets its name when it starts. The process may also have threads of other tests'
        // databases.
        let started = Instant::now();
        let mut workers = niceness("fjall:worker");
        while workers.len() < super::WORKER_THREADS {
            assert!(started.elapsed() < Duration::from_secs(10), "{workers:?}");
            std::thread::yield_now();
            workers = niceness("fjall:worker");
        }
        assert!(
            workers
                .iter()
                .all(|nice| *nice == (own + super::NICENESS).min(19)),
            "{workers:?}"
        );
        let now = rustix::process::getpriority_process(None).expect("has a niceness");
        assert_eq!(now, own, "the opening thread keeps its niceness");
        drop(db);
    }
}
