//! A store that behaves like another host's. It repeats the steps of that host's code over the durable store of
//! annals-host. So tests can serve, kill and inspect a whole application on it.
//!
//! Read in August 2026: `crates/key-value-spin/src/store.rs`, `crates/key-value-redis/src/store.rs` and
//! `crates/factor-key-value/src/host.rs` of spinframework/spin; `in_memory.rs` and `nats.rs` in
//! `crates/wash-runtime/src/plugin/wasi_keyvalue` of wasmCloud/wasmCloud.

use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use annals_host::store::{Barrier, Created, Entry, Kv, KvError, Swap};
use clap::ValueEnum;

/// The host to imitate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Like {
    /// Spin with SQLite: a swap of an absent value overwrites, any other swap compares values. Counters are eight
    /// bytes, little-endian. An increment of a value of another length makes the store unusable for all clients,
    /// since Spin panics with the connection locked.
    SpinSqlite,
    /// Spin with Redis: every swap reports failure, even if it took effect. Counters are text.
    SpinRedis,
    /// wasmCloud in memory, or with an increment that is equally atomic. Counters are eight bytes, little-endian. A
    /// value that is no counter counts as zero.
    #[value(name = "wasmcloud-memory")]
    WasmCloudMemory,
    /// wasmCloud with NATS: the first increment of a key is a read and a write; eight bytes, big-endian.
    #[value(name = "wasmcloud-nats")]
    WasmCloudNats,
}

/// Pause between the two steps of an increment in two steps.
const GAP: Duration = Duration::from_millis(1);

/// The store.
pub struct StandIn<S> {
    like: Like,
    store: S,
    /// Serializes the increments, as a single connection would.
    counting: Mutex<()>,
    ended: AtomicBool,
}

impl<S: Kv> StandIn<S> {
    /// A stand-in over a store without defects.
    pub fn new(like: Like, store: S) -> Self {
        Self {
            like,
            store,
            counting: Mutex::new(()),
            ended: AtomicBool::new(false),
        }
    }

    fn alive(&self) -> Result<&S, KvError> {
        match self.ended.load(Ordering::SeqCst) {
            true => Err(KvError::Unavailable("PoisonError".into())),
            false => Ok(&self.store),
        }
    }

    /// The number in a counter's value.
    fn number(&self, value: Option<&[u8]>) -> Result<i128, KvError> {
        let Some(value) = value else { return Ok(0) };
        let text = || std::str::from_utf8(value).ok()?.parse::<i128>().ok();
        match (self.like, <[u8; 8]>::try_from(value)) {
            (Like::SpinSqlite, Ok(bytes)) => Ok(i64::from_le_bytes(bytes).into()),
            (Like::SpinSqlite, Err(_)) => {
                self.ended.store(true, Ordering::SeqCst);
                Err(KvError::Unavailable("incorrect length".into()))
            }
            (Like::SpinRedis, _) => text().ok_or(KvError::NotACounter),
            (Like::WasmCloudMemory, Ok(bytes)) => Ok(u64::from_le_bytes(bytes).into()),
            (Like::WasmCloudMemory, Err(_)) => Ok(text().unwrap_or(0)),
            (Like::WasmCloudNats, Ok(bytes)) => Ok(u64::from_be_bytes(bytes).into()),
            (Like::WasmCloudNats, Err(_)) => Ok(0),
        }
    }

    fn shown(&self, number: i128) -> Vec<u8> {
        match self.like {
            Like::SpinSqlite => (number as i64).to_le_bytes().into(),
            Like::SpinRedis => number.to_string().into(),
            Like::WasmCloudMemory => (number as u64).to_le_bytes().into(),
            Like::WasmCloudNats => (number as u64).to_be_bytes().into(),
        }
    }
}

impl<S: Kv> Kv for StandIn<S> {
    fn get(&self, bucket: &str, key: &str) -> Result<Option<Vec<u8>>, KvError> {
        self.alive()?.get(bucket, key)
    }

    fn set(&self, bucket: &str, key: &str, value: &[u8]) -> Result<(), KvError> {
        self.alive()?.set(bucket, key, value)
    }

    fn delete(&self, bucket: &str, key: &str) -> Result<(), KvError> {
        self.alive()?.delete(bucket, key)
    }

    fn list_keys(&self, _: &str, _: Option<&str>, _: usize) -> Result<Vec<String>, KvError> {
        Err(KvError::Unavailable(
            "list_keys: cursor not supported".into(),
        ))
    }

    fn compare_and_set(
        &self,
        bucket: &str,
        key: &str,
        expected: Option<&[u8]>,
        new: &[u8],
    ) -> Result<Swap, KvError> {
        let store = self.alive()?;
        match (self.like, expected) {
            (Like::SpinSqlite, None) => store.set(bucket, key, new).map(|()| Swap::Done),
            (Like::SpinRedis, _) => {
                store.compare_and_set(bucket, key, expected, new)?;
                Ok(Swap::Lost(store.get(bucket, key)?))
            }
            _ => store.compare_and_set(bucket, key, expected, new),
        }
    }

    fn increment(
        &self,
        bucket: &str,
        key: &str,
        delta: i128,
        range: RangeInclusive<i128>,
    ) -> Result<i128, KvError> {
        let store = self.alive()?;
        let add = || -> Result<i128, KvError> {
            loop {
                let value = store.get(bucket, key)?;
                let sum = self.number(value.as_deref())? + delta;
                if !range.contains(&sum) {
                    return Err(KvError::Overflow);
                }
                let shown = self.shown(sum);
                if value.is_none() && self.like == Like::WasmCloudNats {
                    // Other clients may do the same meanwhile.
                    thread::sleep(GAP);
                    store.set(bucket, key, &shown)?;
                    return Ok(sum);
                }
                let swapped = store.compare_and_set(bucket, key, value.as_deref(), &shown)?;
                if swapped == Swap::Done {
                    return Ok(sum);
                }
            }
        };
        if self.like == Like::WasmCloudNats {
            return add();
        }
        let _one = self.counting.lock().unwrap_or_else(PoisonError::into_inner);
        add()
    }

    fn create_all(&self, bucket: &str, entries: Vec<Entry>) -> Result<Created, KvError> {
        self.alive()?.create_all(bucket, entries)
    }

    fn draw(&self, bucket: &str, counter: &str, above: u64) -> Result<u64, KvError> {
        self.alive()?.draw(bucket, counter, above)
    }

    fn get_many(&self, bucket: &str, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, KvError> {
        self.alive()?.get_many(bucket, keys)
    }

    fn barrier(&self) -> Barrier {
        self.store.barrier()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use annals_host::store::Memory;

    const ANY: RangeInclusive<i128> = 0..=i64::MAX as i128;

    fn like(like: Like) -> StandIn<Memory> {
        StandIn::new(like, Memory::default())
    }

    #[test]
    fn two_creators_both_win_on_spins_sqlite_and_one_swapper_does() {
        let store = like(Like::SpinSqlite);
        for value in [b"first", b"other"] {
            let swapped = store.compare_and_set("", "k", None, value);
            assert_eq!(swapped, Ok(Swap::Done));
        }
        let swap = |new: &[u8]| store.compare_and_set("", "k", Some(b"other"), new);
        assert_eq!(swap(b"third"), Ok(Swap::Done));
        assert_eq!(swap(b"fourth"), Ok(Swap::Lost(Some(b"third".into()))));
    }

    #[test]
    fn counting_what_is_no_counter_ends_spins_sqlite() {
        let store = like(Like::SpinSqlite);
        assert_eq!(store.increment("", "n", 2, ANY), Ok(2));
        assert_eq!(store.get("", "n"), Ok(Some(2i64.to_le_bytes().into())));
        store.set("", "k", b"seven b").expect("set");
        assert!(store.increment("", "k", 0, ANY).is_err());
        assert!(store.get("", "n").is_err());
    }

    #[test]
    fn every_swap_fails_on_spins_redis_and_one_is_done() {
        let store = like(Like::SpinRedis);
        for value in [b"first", b"other"] {
            let swapped = store.compare_and_set("", "k", None, value);
            assert_eq!(swapped, Ok(Swap::Lost(Some(b"first".into()))));
        }
        assert_eq!(store.increment("", "k", 0, ANY), Err(KvError::NotACounter));
        assert_eq!(store.increment("", "n", 0, ANY), Ok(0));
        assert_eq!(store.get("", "n"), Ok(Some(b"0".into())));
    }

    #[test]
    fn two_first_increments_meet_on_nats_only() {
        for (which, meet) in [(Like::WasmCloudNats, true), (Like::WasmCloudMemory, false)] {
            let met = (0..100).any(|round| {
                let store = like(which);
                let key = format!("k{round}");
                let start = std::sync::Barrier::new(2);
                let sums = thread::scope(|scope| {
                    let count = || {
                        start.wait();
                        store.increment("", &key, 1, ANY)
                    };
                    let other = scope.spawn(count);
                    (count(), other.join().expect("it counts"))
                });
                sums == (Ok(1), Ok(1))
            });
            assert_eq!(met, meet, "{which:?}");
        }
    }
}
