//! A slot is created in two steps: claim it by counting, then set its value.

use annals_store_adapter::{Creation, Settled, SlotError, Slots};
use wasip2::clocks::monotonic_clock::subscribe_duration;
use wasip2::random::random::get_random_u64;

use crate::bindings::wasi::keyvalue::atomics::increment;
use crate::bindings::wasi::keyvalue::store::Error;
use crate::claims::{self, Claim, Count};
use crate::{BucketSlots, describe, in_doubt, unavailable};

/// Milliseconds between looks at a slot that another writer is about to set: a quarter of a second
/// in all. The event log asks three times before it gives up.
const PAUSES: [u64; 9] = [0, 1, 2, 4, 8, 16, 32, 64, 128];

/// What wasmCloud's NATS backend makes of a counter at 2. Its first increment of a key is a `put` without
/// a revision (wash-runtime, `plugin/wasi_keyvalue/nats.rs`).
const NATS_COUNTER: [u8; 8] = 2u64.to_be_bytes();

impl Slots for BucketSlots {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        self.bucket
            .get(key)
            .map_err(|error| unavailable(key, "reading", error))
    }

    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        // Read first: most slots that exist are seen at once, and what was copied here from
        // another store has no counters.
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
                    // An earlier creation of ours, which nobody knows the end of, has it.
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
        // The value last: as long as it is there, nobody begins to create the slot, and whoever
        // deletes it again finds it.
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
        // A failure leaves two keys that nobody ever reads.
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
            // Its creator is this instance, and alive.
            self.set(key, ours)?;
            return Ok(Settled::Decided);
        }
        // Only a claimed slot is set: in any other a creation of the same moment would be overwritten.
        match increment(&self.bucket, &counter(key)?, 0) {
            Ok(0) => Ok(Settled::Untouched),
            Ok(_) => self.put(key, value).map(|()| Settled::Written),
            Err(error) => Err(unavailable(key, "reading the claims of", error)),
        }
    }
}

impl BucketSlots {
    /// The first step: whose is the slot?
    fn count(&self, key: &str, mut count: Count, value: &[u8]) -> Result<Claim, SlotError> {
        match increment(&self.bucket, &counter(key)?, count.delta) {
            Ok(sum) => {
                count.times += 1;
                Ok(match count.is_first(sum) {
                    true => Claim::Ours(value.to_vec()),
                    false => Claim::Lost,
                })
            }
            // These are answered before anything is done.
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

    /// The second step, by the owner only.
    fn set(&self, key: &str, ours: Vec<u8>) -> Result<(), SlotError> {
        if let Err(error) = self.bucket.set(key, &ours) {
            let why = in_doubt(key, "setting the claimed slot", error);
            claims::keep(key, Claim::Ours(ours));
            return Err(why);
        }
        // On a host whose first increment of a key is not atomic there may be a second owner. To look
        // once more does not always find him, but mostly: both set at about the same time.
        match self.bucket.get(key) {
            Ok(Some(found)) if found != ours => Err(SlotError::Unavailable(format!(
                "two writers were told that they are the first to claim {key}, and the other's record stands: the keyvalue backend's `increment` is not atomic for new keys, so this store cannot be relied on; move it to another backend"
            ))),
            _ => Ok(()),
        }
    }

    /// Another owns the slot: waits for him to set it.
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
                "a writer has claimed {key} and not written it: it is slow, or it died halfway. If this stays and that writer is surely dead, repair the slot: POST /admin/repair {{\"key\": \"{key}\"}}"
            )),
        })
    }

    /// Does the host count, and keep what one handle wrote for another?
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
                "the host's keyvalue bucket {name:?} does not keep what was written for the next who opens it: compose for another host, or configure a lasting backend"
            )));
        }
        // One writer cannot see whether a first increment is atomic. The one backend that is known
        // for its being not is known by its counters.
        if matches!(self.bucket.get(counter), Ok(Some(bytes)) if bytes == NATS_COUNTER) {
            return Err(SlotError::Unavailable(format!(
                "the host's keyvalue bucket {name:?} lies on NATS, where two writers can both be the first to increment a key, so commits would be lost: configure Redis or another backend with an atomic increment"
            )));
        }
        Ok(())
    }
}

/// The key of a slot's counter. To find out a claim it is never read by `get`: what a counter looks
/// like is the host's business.
fn counter(key: &str) -> Result<String, SlotError> {
    let root = match key.as_bytes().first() {
        Some(b'a') => 'c',
        Some(b'b') => 'd',
        _ => {
            let error = Error::Other("no slot's key begins like this".to_owned());
            return Err(SlotError::Unavailable(describe(key, "claiming", error)));
        }
    };
    Ok(format!("{root}{}", key.get(1..).unwrap_or_default()))
}
