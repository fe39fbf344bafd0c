use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::remote::Opening;
use super::{
    Blocking, Created, Embedded, Flusher, Kv, KvError, MAX_KEY, Memory, Nats, Postgres, Swap,
};
use crate::error::HostError;
use annals_test_servers::postgres::Server;

fn stores(check: impl Fn(&dyn Kv)) {
    stores_with(|store, _| check(store));
}

/// Passes a number along: how many times fewer operations than a local store it does in the same time.
fn stores_with(check: impl Fn(&dyn Kv, usize)) {
    check(&Memory::default(), 1);
    let dir = tempfile::tempdir().expect("a directory");
    check(&Embedded::open(dir.path()).expect("opens"), 1);
    if let Some(server) = Server::shared() {
        check(&table(server), 20);
    }
    if let Some(server) = annals_test_servers::nats::Nats::shared() {
        check(&stream(server), 20);
    }
}

fn making() -> Opening {
    Opening {
        make: true,
        ..Opening::default()
    }
}

/// A store in a stream of its own.
fn stream(server: &annals_test_servers::nats::Nats) -> Blocking<Nats> {
    static STREAMS: AtomicUsize = AtomicUsize::new(0);
    let number = STREAMS.fetch_add(1, Ordering::Relaxed);
    let url = server.url(&format!("test_{number}"), "");
    Blocking(Nats::open_alone(&url, &making()).expect("opens"))
}

/// A store in a schema of its own.
fn table(server: &Server) -> Blocking<Postgres> {
    static TABLES: AtomicUsize = AtomicUsize::new(0);
    let number = TABLES.fetch_add(1, Ordering::Relaxed);
    let url = server.url(&format!("schema=test_{number}"));
    Blocking(Postgres::open_alone(&url, &making()).expect("opens"))
}

#[test]
fn a_compare_and_set_takes_place_only_on_what_was_expected() {
    stores(|store| {
        let set = |expected, new| {
            store
                .compare_and_set("b", "k", expected, new)
                .expect("works")
        };
        assert_eq!(
            set(Some(b"x"), b"y"),
            Swap::Lost(None),
            "an absent key holds nothing"
        );
        assert_eq!(set(None, b""), Swap::Done);
        assert_eq!(
            set(None, b"late"),
            Swap::Lost(Some(Vec::new())),
            "an empty value is a value"
        );
        assert_eq!(set(Some(b""), b"two"), Swap::Done);
        assert_eq!(store.get("b", "k"), Ok(Some(b"two".to_vec())));
        assert_eq!(store.get("other", "k"), Ok(None), "buckets are separate");
        assert_eq!(store.delete("b", "k"), Ok(()));
        assert_eq!(store.get("b", "k"), Ok(None));
    });
}

#[test]
fn of_eight_threads_that_want_one_key_one_wins() {
    stores_with(|store, slower| {
        let start = std::sync::Barrier::new(8);
        let wins: Vec<_> = (0..2_000 / slower).map(|_| AtomicUsize::new(0)).collect();
        std::thread::scope(|scope| {
            for thread in 0..8_u8 {
                let (wins, start) = (&wins, &start);
                scope.spawn(move || {
                    for (n, won) in wins.iter().enumerate() {
                        // Start all threads together for each key: otherwise the first thread wins
                        // long before the others start.
                        start.wait();
                        let swap = store.compare_and_set("b", &format!("k{n}"), None, &[thread]);
                        if swap.expect("works") == Swap::Done {
                            won.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        assert!(wins.iter().all(|won| won.load(Ordering::Relaxed) == 1));
    });
}

#[test]
fn no_increment_is_lost_among_eight_threads() {
    stores_with(|store, slower| {
        let each = 5_000 / slower;
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..each {
                        store.increment("b", "n", 1, 0..=i128::MAX).expect("works");
                    }
                });
            }
        });
        let sum = 8 * each as i128;
        assert_eq!(store.increment("b", "n", -1, -5..=50_000), Ok(sum - 1));
        assert_eq!(
            store.increment("b", "n", 9, 0..=sum),
            Err(KvError::Overflow)
        );
        assert_eq!(
            store.get("b", "n"),
            Ok(Some((sum - 1).to_string().into_bytes()))
        );
        store.set("b", "text", b"abc").expect("works");
        assert_eq!(
            store.increment("b", "text", 1, 0..=9),
            Err(KvError::NotACounter)
        );
    });
}

/// The keys that a thread creates together. Each key is wanted by three threads, and no thread names
/// them in ascending order.
fn group(round: usize, thread: usize) -> Vec<String> {
    [3, 0, 1]
        .map(|step| format!("{round:04}-{}", (thread + step) % 8))
        .to_vec()
}

#[test]
fn of_groups_that_overlap_each_is_created_whole_or_not_at_all() {
    stores_with(|store, slower| {
        let rounds = 1_000 / slower;
        let (current, done) = (AtomicUsize::new(0), AtomicBool::new(false));
        let start = std::sync::Barrier::new(9);
        // A thread that panicked would leave the others waiting for it.
        let faults = Mutex::new(Vec::new());
        let expect = |fine: bool, what: String| {
            if !fine {
                faults.lock().expect("no panic").push(what);
            }
        };
        let create = |round, thread| {
            let entries = group(round, thread).into_iter();
            let entries = entries.map(|key| (key, vec![thread as u8]));
            store.create_all("b", entries.collect())
        };
        // The value of each of a thread's keys is the thread's own, or none is.
        let whole = |round, thread: usize| {
            let found = store
                .get_many("b", &group(round, thread))
                .unwrap_or_default();
            let own = Some(vec![thread as u8]);
            let count = found.iter().filter(|value| **value == own).count();
            let fine = found.len() == 3 && (count == 0 || count == 3);
            expect(fine, format!("{round}, {thread}: {found:?}"));
            count == 3
        };
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let (start, expect, create, whole) = (&start, &expect, &create, &whole);
                scope.spawn(move || {
                    for round in 0..rounds {
                        start.wait();
                        let created = create(round, thread);
                        let what = format!("{round}, {thread}: {created:?}");
                        let fine = match created {
                            Ok(Created::All) => whole(round, thread),
                            Ok(Created::Exists(at)) => {
                                let value = store.get("b", &group(round, thread)[at]);
                                let other =
                                    |value: Option<_>| value.is_some_and(|v| v != [thread as u8]);
                                value.is_ok_and(other) && !whole(round, thread)
                            }
                            Err(_) => false,
                        };
                        expect(fine, what);
                    }
                    start.wait();
                });
            }
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut thread = 0;
                    while !done.load(Ordering::Relaxed) {
                        thread = (thread + 1) % 8;
                        whole(current.load(Ordering::Relaxed), thread);
                    }
                });
            }
            for round in 0..rounds {
                current.store(round, Ordering::Relaxed);
                start.wait();
            }
            // Let the last round end.
            start.wait();
            done.store(true, Ordering::Relaxed);
        });
        for round in 0..rounds {
            let winners = (0..8).filter(|thread| whole(round, *thread)).count();
            let prefix = format!("{round:04}-");
            let keys = store.list_keys("b", Some(&prefix), 8).expect("works");
            let created = keys.iter().filter(|key| key.starts_with(&prefix)).count();
            expect(winners > 0, format!("{round}: no winner"));
            expect(
                created == winners * 3,
                format!("{round}: other keys: {keys:?}"),
            );
        }
        let faults = faults.into_inner().expect("no panic");
        assert!(
            faults.is_empty(),
            "{} faults: {:?}",
            faults.len(),
            faults[0]
        );
    });
}

#[test]
fn a_group_names_the_first_key_that_exists_and_has_limits() {
    stores(|store| {
        let entries = |keys: &[&str]| {
            keys.iter()
                .map(|key| (key.to_string(), b"v".to_vec()))
                .collect()
        };
        let create = |keys: &[&str]| store.create_all("b", entries(keys));
        assert_eq!(create(&["d", "b"]), Ok(Created::All));
        assert_eq!(create(&["a", "b", "c", "d"]), Ok(Created::Exists(1)));
        assert_eq!(store.create_all("other", entries(&["b"])), Ok(Created::All));
        let values = store.get_many("b", &["c", "d", "a", "d"].map(String::from));
        let there = Some(b"v".to_vec());
        assert_eq!(values, Ok(vec![None, there.clone(), None, there]));
        assert_eq!(create(&[]), Ok(Created::All));
        assert_eq!(
            create(&["x", "y", "x"]),
            Err(KvError::DuplicateKey("x".into()))
        );
        let many = |count| {
            (0..count)
                .map(|n| (format!("many{n}"), Vec::new()))
                .collect()
        };
        assert_eq!(
            store.create_all("b", many(65)),
            Err(KvError::TooManyEntries(65))
        );
        assert_eq!(store.create_all("b", many(64)), Ok(Created::All));
        assert_eq!(
            store.get_many("b", &vec![String::new(); 1025]),
            Err(KvError::TooManyKeys(1025))
        );
        let long = "k".repeat(MAX_KEY + 1);
        assert_eq!(create(&["y", &long]), Err(KvError::NameTooLong));
        assert_eq!(store.get("b", "y"), Ok(None));
    });
}

#[test]
fn a_number_is_drawn_once_and_is_higher_than_all_drawn_before() {
    const DRAWS: usize = 2_000;
    stores(|store| {
        let highest = AtomicU64::new(0);
        let mut all: Vec<u64> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| {
                        let draw = |_| {
                            let before = highest.load(Ordering::SeqCst);
                            let drawn = store.draw("b", "n", 0).expect("works");
                            assert!(drawn > before, "{drawn} after {before}");
                            highest.fetch_max(drawn, Ordering::SeqCst);
                            drawn
                        };
                        (0..DRAWS).map(draw).collect::<Vec<_>>()
                    })
                })
                .collect();
            let threads = threads.into_iter();
            threads
                .flat_map(|thread| thread.join().expect("no panic"))
                .collect()
        });
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 8 * DRAWS);
        let last = highest.into_inner();
        assert_eq!(store.get("b", "n"), Ok(Some(last.to_string().into_bytes())));
    });
}

#[test]
fn a_number_is_drawn_above_what_the_caller_knows() {
    stores(|store| {
        assert_eq!(store.draw("b", "n", 41), Ok(42));
        assert_eq!(store.draw("b", "n", 7), Ok(43));
        assert_eq!(store.draw("b", "n", 43), Ok(44));
        assert_eq!(store.get("b", "n"), Ok(Some(b"44".to_vec())));
        assert_eq!(store.draw("b", "n", u64::MAX), Err(KvError::Overflow));
        assert_eq!(store.draw("b", "n", u64::MAX - 1), Ok(u64::MAX));
        assert_eq!(store.draw("b", "n", 0), Err(KvError::Overflow));
        for text in ["abc", "1.5", "NaN", "\u{0}"] {
            store.set("b", "text", text.as_bytes()).expect("works");
            assert_eq!(store.draw("b", "text", 0), Err(KvError::NotACounter));
            let sum = store.increment("b", "text", 1, 0..=9);
            assert_eq!(sum, Err(KvError::NotACounter));
        }
    });
}

#[test]
fn keys_are_listed_in_pages_and_by_bucket() {
    stores(|store| {
        for n in 0..5 {
            store.set("b", &format!("k{n}"), b"v").expect("works");
        }
        store.set("a", "k9", b"v").expect("works");
        store.set("bb", "k9", b"v").expect("works");
        assert_eq!(
            store.list_keys("b", None, 3),
            Ok(vec!["k0".into(), "k1".into(), "k2".into()])
        );
        assert_eq!(
            store.list_keys("b", Some("k2"), 3),
            Ok(vec!["k3".into(), "k4".into()])
        );
        assert_eq!(store.list_keys("none", None, 3), Ok(Vec::new()));
        assert_eq!(
            store.set(&"b".repeat(256), "k", b""),
            Err(KvError::NameTooLong)
        );
    });
}

#[tokio::test]
async fn a_store_that_is_opened_again_has_what_was_written() {
    let dir = tempfile::tempdir().expect("a directory");
    let store = Embedded::open(dir.path()).expect("opens");
    store.set("b", "k", b"v").expect("works");
    store.barrier().wait().await.expect("durable");
    let again = Embedded::open(dir.path())
        .err()
        .map(|error| error.is_users());
    assert_eq!(again, Some(true), "one process at a time");
    drop(store);
    let store = Embedded::open(dir.path()).expect("opens again");
    assert_eq!(store.get("b", "k"), Ok(Some(b"v".to_vec())));
}

/// The number of tables on the disk, and of tables that were ever written.
fn tables(directory: &Path) -> (usize, usize) {
    let tables = std::fs::read_dir(directory.join("keyspaces/1/tables")).expect("has tables");
    let numbers: Vec<usize> = tables
        .filter_map(|table| table.expect("a table").file_name().to_str()?.parse().ok())
        .collect();
    (
        numbers.len(),
        numbers.iter().max().map_or(0, |last| last + 1),
    )
}

#[tokio::test]
async fn what_went_into_tables_and_was_merged_is_still_there() {
    const KEYS: usize = 400;
    const MAX_ROUNDS: u8 = 100;
    let dir = tempfile::tempdir().expect("a directory");
    let store = Embedded::open(dir.path()).expect("opens");
    let value = |key: usize, round: u8| [key.to_le_bytes().as_slice(), &[round; 64 << 10]].concat();
    // fjall merges at least four tables of the memory at a time.
    let merged = || {
        let (there, ever) = tables(dir.path());
        there + 4 <= ever
    };
    let mut round = 0;
    while !merged() {
        round += 1;
        assert!(round < MAX_ROUNDS, "no merge");
        for key in 0..KEYS {
            let set = store.set("b", &format!("k{key}"), &value(key, round));
            set.expect("works");
        }
        // Delete every second key, so that nothing of it remains.
        for key in (0..KEYS).step_by(2) {
            store.delete("b", &format!("k{key}")).expect("works");
        }
        store.barrier().wait().await.expect("durable");
    }
    let check = |store: &Embedded| {
        for key in 0..KEYS {
            let expected = (key % 2 == 1).then(|| value(key, round));
            let found = store.get("b", &format!("k{key}"));
            assert!(found == Ok(expected), "k{key}");
        }
        let listed = store.list_keys("b", None, KEYS).expect("lists");
        assert_eq!(listed.len(), KEYS / 2);
    };
    check(&store);
    drop(store);
    check(&Embedded::open(dir.path()).expect("opens again"));
}

fn slow_flusher(flushes: &Arc<AtomicUsize>, fail: &Arc<AtomicBool>) -> Flusher {
    let (flushes, fail) = (flushes.clone(), fail.clone());
    Flusher::start(move || {
        std::thread::sleep(Duration::from_millis(20));
        flushes.fetch_add(1, Ordering::SeqCst);
        if fail.load(Ordering::SeqCst) {
            Err("disk on fire".into())
        } else {
            Ok(())
        }
    })
    .expect("a thread")
}

#[tokio::test]
async fn a_barrier_waits_for_a_flush_only_if_something_was_written() {
    let (flushes, fail) = Default::default();
    let flusher = slow_flusher(&flushes, &fail);
    flusher.barrier().wait().await.expect("nothing to do");
    assert_eq!(flushes.load(Ordering::SeqCst), 0);
    flusher.write(|| Ok(())).expect("works");
    flusher.barrier().wait().await.expect("durable");
    assert_eq!(flushes.load(Ordering::SeqCst), 1);
    flusher.barrier().wait().await.expect("nothing to do");
    assert_eq!(flushes.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_write_that_is_still_under_way_needs_a_flush_that_starts_later() {
    let (flushes, fail) = Default::default();
    let flusher = slow_flusher(&flushes, &fail);
    let barrier_during_a_write = || flusher.write(|| Ok(flusher.barrier())).expect("works");
    flusher.write(|| Ok(())).expect("works");
    flusher.barrier().wait().await.expect("durable");
    // All finished writes are flushed. The running write may have been observed, and is not flushed
    // yet.
    barrier_during_a_write().wait().await.expect("durable");
    assert_eq!(flushes.load(Ordering::SeqCst), 2);
    // A flush that is already running does not cover this write.
    flusher.write(|| Ok(())).expect("works");
    let running = flusher.barrier();
    tokio::time::sleep(Duration::from_millis(5)).await;
    barrier_during_a_write().wait().await.expect("durable");
    assert_eq!(flushes.load(Ordering::SeqCst), 4);
    running.wait().await.expect("durable");
}

#[tokio::test]
async fn many_that_wait_share_a_flush() {
    let (flushes, fail) = Default::default();
    let flusher = slow_flusher(&flushes, &fail);
    let barriers: Vec<_> = (0..100)
        .map(|_| {
            flusher.write(|| Ok(())).expect("works");
            flusher.barrier()
        })
        .collect();
    for barrier in barriers {
        barrier.wait().await.expect("durable");
    }
    let flushes = flushes.load(Ordering::SeqCst);
    assert!(
        (1..=3).contains(&flushes),
        "{flushes} flushes for 100 writers"
    );
}

#[tokio::test]
async fn what_another_has_asked_for_is_not_asked_for_again() {
    let (flushes, fail) = Default::default();
    let flusher = slow_flusher(&flushes, &fail);
    flusher.write(|| Ok(())).expect("works");
    let first = flusher.barrier();
    tokio::time::sleep(Duration::from_millis(5)).await;
    // The running flush began after all writes.
    let second = flusher.barrier();
    first.wait().await.expect("durable");
    second.wait().await.expect("durable");
    assert_eq!(flushes.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_flush_that_another_asked_for_during_a_write_does_not_count_for_it() {
    let (flushes, fail) = Default::default();
    let flusher = slow_flusher(&flushes, &fail);
    let write = flusher.write(|| {
        drop(flusher.barrier());
        while flushes.load(Ordering::SeqCst) == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    });
    write.expect("works");
    flusher.barrier().wait().await.expect("durable");
    assert_eq!(flushes.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn who_comes_alone_after_many_is_served_all_the_same() {
    let (flushes, fail) = Default::default();
    let flusher = slow_flusher(&flushes, &fail);
    let write = || {
        flusher.write(|| Ok(())).expect("works");
        flusher.barrier()
    };
    for count in [20, 1, 20, 1, 1] {
        let barriers: Vec<_> = (0..count).map(|_| write()).collect();
        for barrier in barriers {
            let served = tokio::time::timeout(Duration::from_secs(10), barrier.wait()).await;
            served.expect("not forgotten").expect("durable");
        }
    }
}

#[tokio::test]
async fn who_gives_up_waiting_takes_nobody_along() {
    let (flushes, fail) = Default::default();
    let flusher = slow_flusher(&flushes, &fail);
    for given_up in 0..5 {
        let mut waiting: Vec<_> = (0..5)
            .map(|_| {
                flusher.write(|| Ok(())).expect("works");
                tokio::spawn(flusher.barrier().wait())
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(5)).await;
        waiting.remove(given_up).abort();
        for waiting in waiting {
            let served = tokio::time::timeout(Duration::from_secs(10), waiting).await;
            served
                .expect("not forgotten")
                .expect("no panic")
                .expect("durable");
        }
    }
}

#[tokio::test]
async fn nobody_waits_for_a_store_that_is_closed() {
    let (flushes, fail) = Default::default();
    let mut flusher = slow_flusher(&flushes, &fail);
    flusher.write(|| Ok(())).expect("works");
    let before = flusher.barrier();
    flusher.stop();
    before.wait().await.expect("what was asked for is done");
    flusher
        .write(|| Ok(()))
        .expect("the failure is not known yet");
    let after = tokio::time::timeout(Duration::from_secs(10), flusher.barrier().wait()).await;
    assert!(after.expect("an answer").is_err());
}

#[tokio::test]
async fn after_a_flush_that_failed_nothing_is_acknowledged_any_more() {
    let (flushes, fail) = Default::default();
    let flusher = slow_flusher(&flushes, &fail);
    flusher.write(|| Ok(())).expect("works");
    flusher.barrier().wait().await.expect("durable");
    fail.store(true, Ordering::SeqCst);
    flusher
        .write(|| Ok(()))
        .expect("the failure is not known yet");
    assert!(flusher.barrier().wait().await.is_err());
    fail.store(false, Ordering::SeqCst);
    assert!(
        flusher.write(|| Ok(())).is_err(),
        "no write on a store of unknown state"
    );
    assert!(
        flusher.barrier().wait().await.is_err(),
        "no barrier is passed, even if nothing was written"
    );
}

/// Writes more than fits into fjall's memory: most of it is in tables, and the remainder in a
/// journal.
#[tokio::test]
async fn a_store_is_read_as_it_is_and_does_not_change() {
    let dir = tempfile::tempdir().expect("a directory");
    let value = |n: u32| [n.to_le_bytes(); 16 << 10].concat();
    let store = Embedded::open(dir.path()).expect("opens");
    for n in 0..400 {
        let key = format!("k{n}");
        store.set("b", &key, &value(n)).expect("works");
        if n % 40 == 39 {
            store.barrier().wait().await.expect("durable");
        }
    }
    // A store that another process has open cannot be read.
    let refused = Embedded::open_to_read(dir.path());
    assert!(matches!(refused, Err(HostError::StoreLocked(path)) if path == dir.path()));
    drop(store);
    let tables = dir.path().join("keyspaces/1/tables");
    let names = || {
        let entries = std::fs::read_dir(&tables).expect("there");
        let mut names: Vec<_> = entries.map(|one| one.expect("one").file_name()).collect();
        names.sort();
        names
    };
    let before = names();
    assert!(!before.is_empty(), "no tables: write more");

    let store_copy = Embedded::open_to_read(dir.path()).expect("opens");
    // Two readers may have the store open at once, and no host can serve it meanwhile.
    let second = Embedded::open_to_read(dir.path()).expect("opens");
    let refused = Embedded::open(dir.path());
    assert!(matches!(refused, Err(HostError::StoreLocked(_))));
    for n in 0..400 {
        let found = store_copy.get("b", &format!("k{n}")).expect("works");
        assert!(found == Some(value(n)), "k{n}");
    }
    drop((store_copy, second));
    assert_eq!(names(), before);
    drop(Embedded::open(dir.path()).expect("it is free again"));
}
