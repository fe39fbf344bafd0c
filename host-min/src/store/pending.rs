//! Writes that everybody sees and that are not in the journal yet.
//!
//! fjall lets nobody write while it waits for the disk, and those who would wait are threads that
//! other guests need. So writes are gathered here, and the thread that flushes takes all of them to
//! the journal as one batch: nobody else ever waits for it. After a crash a batch is there as a
//! whole or not at all.

use std::collections::{BTreeMap, HashMap};
use std::ops::{Bound, RangeBounds};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use fjall::UserValue;

use super::KvError;

/// Bytes that may be gathered. Beyond, writers wait: the disk is slower than they are.
const MOST: usize = 16 << 20;

/// Keys, with their new values; none: it is removed.
pub type Writes = HashMap<Vec<u8>, Option<UserValue>>;

/// The writes since the last flush began, and those that it is at.
#[derive(Default)]
pub struct Pending {
    layers: Mutex<Layers>,
    /// There is room again, or never will be.
    moved: Condvar,
}

#[derive(Default)]
struct Layers {
    gathered: Writes,
    /// Of keys and values in `gathered`.
    bytes: usize,
    /// On their way to the journal.
    under_way: Arc<Writes>,
    /// Why nothing gets to the disk any more.
    failed: Option<String>,
}

impl Pending {
    /// What is pending for a key, if anything is: its new value, or none if it is removed.
    pub fn get(&self, key: &[u8]) -> Option<Option<UserValue>> {
        let layers = self.lock();
        let newest = layers.gathered.get(key);
        newest.or_else(|| layers.under_way.get(key)).cloned()
    }

    /// Gathers a write. True: so much is gathered that a flush is due.
    ///
    /// # Errors
    /// [`KvError::Unavailable`] once a flush has failed.
    pub fn put(&self, key: Vec<u8>, value: Option<UserValue>) -> Result<bool, KvError> {
        let mut layers = self.lock();
        while layers.failed.is_none() && layers.bytes > MOST {
            layers = self
                .moved
                .wait(layers)
                .unwrap_or_else(PoisonError::into_inner);
        }
        if let Some(reason) = &layers.failed {
            return Err(KvError::Unavailable(reason.clone()));
        }
        layers.bytes += key.len() + value.as_ref().map_or(0, |value| value.len());
        layers.gathered.insert(key, value);
        Ok(layers.bytes > MOST / 2)
    }

    /// Takes what was gathered. It is still seen until [`Pending::written`] says that the database
    /// shows it.
    pub fn take(&self) -> Arc<Writes> {
        let mut layers = self.lock();
        layers.bytes = 0;
        layers.under_way = Arc::new(std::mem::take(&mut layers.gathered));
        self.moved.notify_all();
        layers.under_way.clone()
    }

    /// What nobody will flush any more; nothing, if a flush has failed.
    pub fn rest(&self) -> Arc<Writes> {
        let failed = self.lock().failed.is_some();
        if failed { Arc::default() } else { self.take() }
    }

    /// What was taken is in the database.
    pub fn written(&self) {
        let written = std::mem::take(&mut self.lock().under_way);
        // It may be large, and others want the lock.
        drop(written);
    }

    /// What was taken may be anywhere, and nothing follows it.
    pub fn failed(&self, reason: &str) {
        self.lock().failed = Some(reason.to_owned());
        self.moved.notify_all();
    }

    /// Keys from a bound on that begin with a prefix, in order: are they there? Looks at all that is
    /// pending: whoever lists keys is in no hurry, and whoever reads or writes one is.
    pub fn range(&self, start: Bound<&[u8]>, prefix: &[u8]) -> BTreeMap<Vec<u8>, bool> {
        let layers = self.lock();
        let mut found = BTreeMap::new();
        let after: (Bound<&[u8]>, Bound<&[u8]>) = (start, Bound::Unbounded);
        // The newer ones last: they count.
        for layer in [&*layers.under_way, &layers.gathered] {
            for (key, value) in layer {
                if RangeBounds::<[u8]>::contains(&after, key.as_slice()) && key.starts_with(prefix)
                {
                    found.insert(key.clone(), value.is_some());
                }
            }
        }
        found
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
        assert_eq!(pending.get(b"c"), Some(value(3)), "on its way");
        put(b"a", value(2));
        put(b"b", None);
        assert_eq!(pending.get(b"a"), Some(value(2)));
        assert_eq!(pending.get(b"b"), Some(None), "removed, and not unknown");
        let range = pending.range(Bound::Unbounded, b"");
        assert_eq!(
            range.into_iter().collect::<Vec<_>>(),
            [
                (b"a".to_vec(), true),
                (b"b".to_vec(), false),
                (b"c".to_vec(), true)
            ]
        );
        pending.written();
        assert_eq!(pending.get(b"b"), Some(None), "that is the next flush's");
        assert_eq!(pending.get(b"c"), None, "the database shows it");
        pending.take();
        pending.written();
        assert_eq!(pending.get(b"a"), None);
    }

    #[test]
    fn writers_wait_for_room_and_not_for_ever() {
        let pending = Pending::default();
        let large = || Some(UserValue::from(vec![0; MOST / 2]));
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
