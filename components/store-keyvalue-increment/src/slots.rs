//! The two steps of a creation: claim the slot by an increment, then set its value.

use annals_store_adapter::{Creation, Settled, SlotError, Slots};
use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::random::random::get_random_u64;

use crate::bindings::wasi::keyvalue::atomics::increment;
use crate::bindings::wasi::keyvalue::store::Error;
use crate::claims::{self, Claim, Count};
use crate::{BucketSlots, describe, in_doubt, unavailable};

/// Pauses between reads of a slot that another writer is about to set, in milliseconds. They add up to a
/// quarter of a second. The event log calls three times before it gives up.
const PAUSES: [u64; 9] = [0, 1, 2, 4, 8, 16, 32, 64, 128];

/// The bytes of a counter at 2 in wasmCloud's NATS backend. This backend implements the first increment of a
/// key as a `put` without a revision, which is not atomic (wash-runtime, `plugin/wasi_keyvalue/nats.rs`).
const NATS_COUNTER: [u8; 8] = 2u64.to_be_bytes();

impl Slots for BucketSlots {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        self.bucket
            .get(key)
            .map_err(|error| unavailable(key, "reading", error))
    }

    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        // Read first: this finds most existing slots, and slots that were copied from another store have no
        // counters.
        if self.get(key)?.is_some() {
            claims::take(key);
            return Ok(Creation::Exists);
        }
        let claim = match claims::take(key) {
            None => self.count(key, Count::new(), value)?,
            Some(Claim::Asked(count)) => self.count(key, count, value)?,
            Some(known) => known,
        };
        match claim {
            Claim::Ours(ours) => {
                let same = ours == value;
                self.set(key, ours)?;
                Ok(match same {
                    true => Creation::Created,
                    // The slot belongs to an earlier creation of this instance, whose caller received no
                    // clear answer.
                    false => Creation::Exists,
                })
            }
            Claim::Lost | Claim::Asked(_) => self.wait(key),
        }
    }

    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
        self.bucket
            .set(key, value)
            .map_err(|error| in_doubt(key, "setting", error))
    }

    fn delete(&self, key: &str) -> Result<(), SlotError> {
        claims::take(key);
        // Delete the value last: as long as it exists, no writer starts to create the slot, and a repeated
        // deletion finds it.
        for part in [&counter(key)?, key] {
            self.bucket
                .delete(part)
                .map_err(|error| in_doubt(key, "deleting", error))?;
        }
        Ok(())
    }

    fn check(&self) -> Result<(), SlotError> {
        let key = format!("a.check.{:016x}", get_random_u64());
        let counter = counter(&key)?;
        let other = Self::open(&self.name).map_err(SlotError::Unavailable)?;
        let result = self.try_out(&other, &key, &counter);
        // Ignore the errors: remaining keys are never read.
        let _ = self.bucket.delete(&key);
        let _ = self.bucket.delete(&counter);
        result
    }

    fn settle(&self, key: &str, value: &[u8]) -> Result<Settled, SlotError> {
        if self.get(key)?.is_some() {
            claims::take(key);
            return Ok(Settled::Decided);
        }
        if let Some(Claim::Ours(ours)) = claims::take(key) {
            // The creator is this instance, which can still set the value.
            self.set(key, ours)?;
            return Ok(Settled::Decided);
        }
        // Set only a claimed slot: in an unclaimed one, this write could overwrite a concurrent creation.
        match increment(&self.bucket, &counter(key)?, 0) {
            Ok(0) => Ok(Settled::Untouched),
            Ok(_) => self.put(key, value).map(|()| Settled::Written),
            Err(error) => Err(unavailable(key, "reading the claims of", error)),
        }
    }
}

impl BucketSlots {
    /// The first step: claims the slot by an increment.
    fn count(&self, key: &str, mut count: Count, value: &[u8]) -> Result<Claim, SlotError> {
        match increment(&self.bucket, &counter(key)?, count.delta) {
            Ok(sum) => {
                count.times += 1;
                Ok(match count.is_first(sum) {
                    true => Claim::Ours(value.to_vec()),
                    false => Claim::Lost,
                })
            }
            // The host reports these errors before it increments.
            Err(error @ (Error::NoSuchStore | Error::AccessDenied)) => {
                claims::keep(key, Claim::Asked(count));
                Err(unavailable(key, "claiming", error))
            }
            Err(error) => {
                count.times += 1;
                claims::keep(key, Claim::Asked(count));
                Err(in_doubt(key, "claiming", error))
            }
        }
    }

    /// The second step, which only the owner takes: sets the value.
    fn set(&self, key: &str, ours: Vec<u8>) -> Result<(), SlotError> {
        if let Err(error) = self.bucket.set(key, &ours) {
            let why = in_doubt(key, "setting the claimed slot", error);
            claims::keep(key, Claim::Ours(ours));
            return Err(why);
        }
        // If the host's first increment of a key is not atomic, there may be a second owner. Both set the
        // value at about the same time, so a read usually detects the second owner, though not always.
        match self.bucket.get(key) {
            Ok(Some(found)) if found != ours => Err(SlotError::Unavailable(format!(
                "the host let two writers claim {key}, and the slot holds the other writer's record: the keyvalue backend's `increment` is not atomic for new keys, so this store is unreliable; move it to another backend"
            ))),
            _ => Ok(()),
        }
    }

    /// Waits until the slot's owner, another writer, sets the value.
    fn wait(&self, key: &str) -> Result<Creation, SlotError> {
        let mut last = None;
        for pause in PAUSES {
            if pause > 0 {
                subscribe_duration(pause * 1_000_000).block();
            }
            match self.bucket.get(key) {
                Ok(Some(_)) => return Ok(Creation::Exists),
                Ok(None) => last = None,
                Err(error) => last = Some(error),
            }
        }
        claims::keep(key, Claim::Lost);
        Err(match last {
            Some(error) => unavailable(key, "reading", error),
            None => SlotError::InDoubt(format!(
                "a writer has claimed {key} and has not written it: the writer is slow, or it died between the two steps. If this error persists and the writer is certainly dead, repair the slot: POST /admin/repair {{\"key\": \"{key}\"}}"
            )),
        })
    }

    /// Tests whether the host counts, and whether a second handle reads the first handle's write.
    fn try_out(&self, other: &Self, key: &str, counter: &str) -> Result<(), SlotError> {
        let claiming = |error| unavailable(key, "trying out", error);
        let sums = (
            increment(&self.bucket, counter, 1).map_err(claiming)?,
            increment(&other.bucket, counter, 1).map_err(claiming)?,
        );
        self.bucket.set(key, key.as_bytes()).map_err(claiming)?;
        let read = other.bucket.get(key).map_err(claiming)?;
        let name = &self.name;
        if sums != (1, 2) || read.is_none_or(|value| value != key.as_bytes()) {
            return Err(SlotError::Unavailable(format!(
                "the host's keyvalue bucket {name:?} does not keep what was written until it is opened again: compose for another host, or configure a durable backend"
            )));
        }
        // One writer cannot observe whether a first increment is atomic. The one known backend with a
        // non-atomic increment is recognized by the bytes of its counters.
        if matches!(self.bucket.get(counter), Ok(Some(bytes)) if bytes == NATS_COUNTER) {
            return Err(SlotError::Unavailable(format!(
                "the host stores the keyvalue bucket {name:?} in NATS, where two writers can both be the first to increment a key, so commits would be lost: configure Redis or another backend with an atomic increment"
            )));
        }
        Ok(())
    }
}

/// The key of a slot's counter. The adapter determines a claim by `increment` and never by `get`, because the
/// draft does not define the bytes of a counter.
fn counter(key: &str) -> Result<String, SlotError> {
    let root = match key.as_bytes().first() {
        Some(b'a') => 'c',
        Some(b'b') => 'd',
        _ => {
            let error = Error::Other("the key of a slot begins with `a` or `b`".to_owned());
            return Err(SlotError::Unavailable(describe(key, "claiming", error)));
        }
    };
    Ok(format!("{root}{}", key.get(1..).unwrap_or_default()))
}
