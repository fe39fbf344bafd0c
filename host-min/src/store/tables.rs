//! What fjall does beside those who serve: it writes its memory to tables, and merges tables.
//!
//! Nobody waits for that, as long as it gets done some time. Yet it takes a processor for seconds; and where
//! it gives back its memory, or removes what it has merged, it holds the lock of all who read. So its
//! threads give way to others, and there is little to give back at a time.

use std::path::Path;
use std::sync::Arc;

use fjall::compaction::Leveled;
use fjall::{Database, Keyspace, KeyspaceCreateOptions};

/// What is written to a table of its own when there is that much in memory, in bytes. To free it takes
/// some 15 ms.
const MEMORY: u64 = 8 << 20;
/// What goes into one table at a merge, in bytes. To remove such a file takes some 4 ms, and two dozen of them
/// may go at once. The first level has four of these, and each level after it ten times as much. With smaller
/// ones there are more levels, and more is written.
const TABLE: u64 = 8 << 20;
/// The first thread leaves merges to the others. If all of them are at one, it hands the next one back to
/// the queue, over and over, and takes a whole processor for that; so there are more than merges at a time.
const THREADS: usize = 4;
/// Of the threads: one that serves gets nine times as much of a processor that both want. Not more, since
/// these threads hold locks at times.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// What is done beside those who read and write.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Background {
    /// Tables are made and merged, by threads that stay in the background.
    Works,
    /// Nothing: whoever only reads gains nothing by it, and the directory does not grow.
    Rests,
}

/// Opens the database, which keeps so many tables open.
///
/// # Errors
/// What fjall says.
pub fn open(directory: &Path, files: usize, background: Background) -> fjall::Result<Database> {
    let threads = match background {
        Background::Works => THREADS,
        Background::Rests => 0,
    };
    // Threads are as nice as the one that starts them, and this one cannot become less nice again.
    let open = || {
        be_nice();
        // Manual: the journal reaches the system with the flush, not with each write. What a
        // crash takes away has not been acknowledged.
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

/// The one keyspace. What it is made with stays with it.
///
/// # Errors
/// What fjall says.
pub fn keyspace(db: &Database) -> fjall::Result<Keyspace> {
    db.keyspace("kv", || {
        let tables = Leveled::default().with_table_target_size(TABLE);
        KeyspaceCreateOptions::default()
            .manual_journal_persist(true)
            .max_memtable_size(MEMORY)
            .compaction_strategy(Arc::new(tables))
    })
}

/// Of this thread; elsewhere it would be of the whole process.
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

    /// Of each thread of this process that bears the name.
    fn niceness(name: &str) -> Vec<i32> {
        let mut found = Vec::new();
        for thread in fs::read_dir("/proc/self/task").expect("lists threads") {
            let Ok(stat) = fs::read_to_string(thread.expect("a thread").path().join("stat")) else {
                continue;
            };
            // `id (name) state …`, and of what follows the name niceness is the 17th.
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
        let db = super::open(dir.path(), 16, super::Background::Works).expect("opens");
        // A thread takes its name when it begins. There may be those of other tests' databases, too.
        let started = Instant::now();
        let mut workers = niceness("fjall:worker");
        while workers.len() < super::THREADS {
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
        assert_eq!(now, own, "who opens it stays as it was");
        drop(db);
    }
}
