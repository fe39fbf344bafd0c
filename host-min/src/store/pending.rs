//! Writes that all requests see and that are not in the journal yet.
//!
//! While fjall waits for the disk, it blocks all other writers. These would block runtime threads
//! that other guests need. Writes are therefore gathered here, and the flushing thread writes all
//! of them to the journal as one batch. No other thread waits for the disk. After a crash a batch
//! is there completely or not at all.

use std::collections::{BTreeMap, HashMap};
use std::ops::{Bound, RangeBounds};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use fjall::UserValue;

use super::KvError;

/// Maximum number of gathered bytes. Beyond it writers wait, because the disk is slower than they
/// are.
const MAX_GATHERED_BYTES: usize = 16 << 20;

/// Keys with their new values; `None` removes the key.
pub type Writes = HashMap<Vec<u8>, Option<UserValue>>;

/// The writes since the last flush began, and the writes of that flush.
#[derive(Default)]
pub struct Pending {
    layers: Mutex<Layers>,
    /// Signalled when there is room again, or when a flush has failed.
    moved: Condvar,
}

#[derive(Default)]
struct Layers {
    gathered: Writes,
    /// Bytes of the keys and values in `gathered`.
    bytes: usize,
    /// The writes of the current flush.
    under_way: Arc<Writes>,
    /// Why a flush failed. Nothing reaches the disk any more.
    failed: Option<String>,
}

impl Layers {
    fn get(&self, key: &[u8]) -> Option<&Option<UserValue>> {
        let newest = self.gathered.get(key);
        newest.or_else(|| self.under_way.get(key))
    }
}

impl Pending {
    /// Returns the pending write of a key: `Some(None)` means that the key is removed, `None` that
    /// no write is pending.
    pub fn get(&self, key: &[u8]) -> Option<Option<UserValue>> {
        self.lock().get(key).cloned()
    }

    /// Returns the pending write of each key as [`Pending::get`] does, and the result of `then`. No
    /// write is gathered or confirmed in between, so a snapshot of the database that `then` takes
    /// fits to the pending writes.
    pub fn get_all<T>(
        &self,
        keys: &[Vec<u8>],
        then: impl FnOnce() -> T,
    ) -> (Vec<Option<Option<UserValue>>>, T) {
        let layers = self.lock();
        let found = keys.iter().map(|key| layers.get(key).cloned()).collect();
        (found, then())
    }

    /// Gathers a write. Returns `true` if enough is gathered for a flush.
    ///
    /// # Errors
    /// [`KvError::Unavailable`] once a flush has failed.
    pub fn put(&self, key: Vec<u8>, value: Option<UserValue>) -> Result<bool, KvError> {
        self.put_all([(key, value)])
    }

    /// Gathers several writes in one step: a reader sees all of them or none, and the same flush
    /// takes all of them. Returns `true` if enough is gathered for a flush.
    ///
    /// # Errors
    /// [`KvError::Unavailable`] once a flush has failed. Nothing was gathered then.
    pub fn put_all(
        &self,
        writes: impl IntoIterator<Item = (Vec<u8>, Option<UserValue>)>,
    ) -> Result<bool, KvError> {
        let mut layers = self.lock();
        while layers.failed.is_none() && layers.bytes > MAX_GATHERED_BYTES {
            layers = self
                .moved
                .wait(layers)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if let Some(reason) = &layers.failed {
            return Err(KvError::Unavailable(reason.clone()));
        }
        for (key, value) in writes {
            layers.bytes += key.len() + value.as_ref().map_or(0, |value| value.len());
            layers.gathered.insert(key, value);
        }
        Ok(layers.bytes > MAX_GATHERED_BYTES / 2)
    }

    /// Takes the gathered writes for a flush. They stay visible here until [`Pending::written`]
    /// confirms that the database contains them.
    pub fn take(&self) -> Arc<Writes> {
        let mut layers = self.lock();
        layers.bytes = 0;
        layers.under_way = Arc::new(std::mem::take(&mut layers.gathered));
        self.moved.notify_all();
        layers.under_way.clone()
    }

    /// Returns the gathered writes when no further flush follows. Returns nothing if a flush has
    /// failed.
    pub fn unflushed(&self) -> Arc<Writes> {
        let failed = self.lock().failed.is_some();
        if failed { Arc::default() } else { self.take() }
    }

    /// Confirms that the database contains the writes of the flush.
    pub fn written(&self) {
        let written = std::mem::take(&mut self.lock().under_way);
        // Drop the writes outside of the lock: there may be many, and other threads wait for the
        // lock.
        drop(written);
    }

    /// Records that a flush failed. Its writes may be anywhere on the disk, and no flush follows.
    pub fn failed(&self, reason: &str) {
        self.lock().failed = Some(reason.to_owned());
        self.moved.notify_all();
    }

    /// Returns the keys from `start` on that begin with `prefix`, in order, and whether each
    /// exists; and the result of `then`, as [`Pending::get_all`] does. It scans all pending writes:
    /// listing keys may be slow, but reading and writing a key must be fast.
    pub fn range<T>(
        &self,
        start: Bound<&[u8]>,
        prefix: &[u8],
        then: impl FnOnce() -> T,
    ) -> (BTreeMap<Vec<u8>, bool>, T) {
        let layers = self.lock();
        let mut found = BTreeMap::new();
        let after: (Bound<&[u8]>, Bound<&[u8]>) = (start, Bound::Unbounded);
        // Insert the newer layer last: its entries override the older ones.
        for layer in [&*layers.under_way, &layers.gathered] {
            for (key, value) in layer {
                if RangeBounds::<[u8]>::contains(&after, key.as_slice()) && key.starts_with(prefix)
                {
                    found.insert(key.clone(), value.is_some());
                }
            }
        }
        (found, then())
    }

    fn lock(&self) -> MutexGuard<'_, Layers> {
        self.layers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(byte: u8) -> Option<UserValue> {
        Some(UserValue::from([byte]))
    }

    #[test]
    fn the_newest_write_is_seen_until_the_database_shows_it() {
        let pending = Pending::default();
        let put = |key: &[u8], value| pending.put(key.to_vec(), value).expect("there is room");
        put(b"a", value(1));
        put(b"b", value(1));
        put(b"c", value(3));
        assert_eq!(pending.get(b"a"), Some(value(1)));
        assert_eq!(pending.take().len(), 3);
        assert_eq!(
            pending.get(b"c"),
            Some(value(3)),
            "part of the current flush"
        );
        put(b"a", value(2));
        put(b"b", None);
        assert_eq!(pending.get(b"a"), Some(value(2)));
        assert_eq!(pending.get(b"b"), Some(None), "removed, and not unknown");
        let (range, ()) = pending.range(Bound::Unbounded, b"", || ());
        assert_eq!(
            range.into_iter().collect::<Vec<_>>(),
            [
                (b"a".to_vec(), true),
                (b"b".to_vec(), false),
                (b"c".to_vec(), true)
            ]
        );
        pending.written();
        assert_eq!(pending.get(b"b"), Some(None), "part of the next flush");
        assert_eq!(pending.get(b"c"), None, "the database shows it");
        pending.take();
        pending.written();
        assert_eq!(pending.get(b"a"), None);
    }

    #[test]
    fn a_flush_takes_a_group_whole_or_not_at_all() {
        const GROUPS: u32 = 20_000;
        let pending = Pending::default();
        let group = |n: u32| {
            let key = move |member: u8| [n.to_le_bytes().as_slice(), &[member]].concat();
            (0..4).map(move |member| (key(member), value(member)))
        };
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for n in 0..GROUPS {
                    pending.put_all(group(n)).expect("there is room");
                }
            });
            let mut groups = 0;
            while groups < GROUPS {
                let done = writer.is_finished();
                let taken = pending.take();
                for n in taken.keys().map(|key| &key[..4]) {
                    let n = u32::from_le_bytes(n.try_into().expect("four bytes"));
                    assert!(
                        group(n).all(|(key, _)| taken.contains_key(&key)),
                        "group {n} is split"
                    );
                }
                groups += u32::try_from(taken.len() / 4).expect("few");
                pending.written();
                assert!(!done || groups == GROUPS, "only {groups} groups");
            }
        });
    }

    #[test]
    fn writers_wait_for_room_and_not_for_ever() {
        let pending = Pending::default();
        let large = || Some(UserValue::from(vec![0; MAX_GATHERED_BYTES / 2]));
        assert!(!pending.put(b"a".to_vec(), value(1)).expect("room"));
        assert!(pending.put(b"b".to_vec(), large()).expect("room"));
        assert!(pending.put(b"c".to_vec(), large()).expect("room"));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| pending.put(b"d".to_vec(), large()));
            std::thread::sleep(std::time::Duration::from_millis(50));
            assert!(!waiting.is_finished());
            assert_eq!(pending.take().len(), 3);
            assert!(waiting.join().expect("no panic").is_ok());
            pending.put(b"e".to_vec(), large()).expect("room");
            let waiting = scope.spawn(|| pending.put(b"f".to_vec(), large()));
            pending.failed("the disk is gone");
            assert!(waiting.join().expect("no panic").is_err());
        });
    }
}
