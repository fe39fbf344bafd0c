//! The host's bucket, and its defects.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::turns::{Random, Turns};

/// The defects of a host. The default is a host without defects.
#[derive(Clone, Debug, Default)]
pub struct Defects {
    /// Percentage of successful swaps that are reported as failed (Spin on Redis).
    pub swaps_denied: u64,
    /// A swap through a handle of an absent value overwrites values that were written since (Spin on SQLite).
    pub swap_overwrites: bool,
    /// Percentage of writes that take effect but return an error (a lost answer).
    pub answers_lost: u64,
    /// Percentage of writes that return an error and take no effect.
    pub writes_refused: u64,
    /// Percentage of writes that return an error and take effect later, and the number of host calls until then.
    pub writes_late: (u64, u64),
    /// Percentage of `set` calls that return an error and take no effect.
    pub sets_refused: u64,
    /// A swap compares the value instead of the time of the write (Spin on SQLite).
    pub swaps_by_value: bool,
    /// A counter is eight bytes, little-endian. An increment of a value of another length makes the bucket unusable
    /// for all clients (Spin on SQLite panics with its connection locked).
    pub counts_in_eight_bytes: bool,
    /// An increment of a value that is no counter replaces it, as if it had been zero (wasmCloud in memory).
    pub counts_anything: bool,
    /// The first increment of a key is a read and a separate write (wasmCloud on NATS).
    pub first_increment_in_two_steps: bool,
    /// Number of host calls until a client sees the writes of other clients (a replica that lags).
    pub lag: u64,
    /// The error of opening the bucket, and the host call from which on every call returns it.
    pub closed: Option<(Closed, u64)>,
    /// Every handle has its own contents (`wasmtime serve`).
    pub forgets: bool,
}

impl Defects {
    /// Spin with its SQLite backend (`crates/key-value-spin/src/store.rs`, August 2026).
    #[must_use]
    pub fn spin_sqlite() -> Self {
        Self {
            swap_overwrites: true,
            swaps_by_value: true,
            counts_in_eight_bytes: true,
            ..Self::default()
        }
    }

    /// Spin with its Redis backend (`crates/key-value-redis/src/store.rs`, August 2026).
    #[must_use]
    pub fn spin_redis() -> Self {
        Self {
            swaps_denied: 100,
            ..Self::default()
        }
    }
}

/// The reason why a host has no bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The bucket does not exist.
    Gone,
    /// The component may not use it.
    Denied,
}

/// A store error of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The bucket cannot be used.
    Closed(Closed),
    /// Any other error.
    Other(&'static str),
}

/// The answer to a swap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Swapped {
    /// The host reports success.
    Yes,
    /// The host reports that the value has changed.
    No,
}

/// One keyvalue host with one bucket.
#[derive(Debug)]
pub struct Double {
    state: Mutex<State>,
    /// Decides which client runs next.
    pub turns: Turns,
}

#[derive(Debug)]
struct State {
    defects: Defects,
    random: Random,
    /// Number of host calls.
    now: u64,
    /// All versions of each key's value.
    keys: BTreeMap<String, Vec<Version>>,
    /// The bucket is unusable.
    ended: bool,
    /// Delayed writes, and the times when they take effect.
    late: Vec<(u64, Write)>,
}

/// A write of a client.
#[derive(Clone, Debug)]
struct Write {
    by: usize,
    key: String,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Set(Option<Vec<u8>>),
    /// Writes if the last write of the key has this time.
    Swap(u64, Vec<u8>),
    Add(u64),
}

#[derive(Clone, Debug)]
struct Version {
    written: u64,
    by: usize,
    value: Option<Vec<u8>>,
}

impl Double {
    /// A host with an empty bucket.
    #[must_use]
    pub fn new(seed: u64, defects: Defects) -> Self {
        Self {
            state: Mutex::new(State {
                defects,
                random: Random::new(seed ^ 0xB0CE),
                now: 0,
                keys: BTreeMap::new(),
                ended: false,
                late: Vec::new(),
            }),
            turns: Turns::new(seed),
        }
    }

    /// Replaces the host's defects. The default repairs the host.
    ///
    /// Delayed writes take effect first.
    pub fn become_like(&self, defects: Defects) {
        let mut state = self.state();
        state.arrive(u64::MAX);
        state.defects = defects;
    }

    /// The values under keys of slots, without the counters.
    #[must_use]
    pub fn slots(&self) -> BTreeMap<String, Vec<u8>> {
        let state = self.state();
        let last = |(key, versions): (&String, &Vec<Version>)| {
            let value = versions.last()?.value.clone()?;
            key.starts_with(['a', 'b']).then(|| (key.clone(), value))
        };
        state.keys.iter().filter_map(last).collect()
    }

    /// Stores a value as another program would.
    pub fn import(&self, key: &str, value: Vec<u8>) {
        self.state().write(key, usize::MAX, Some(value));
    }

    /// Returns an error if the bucket is not available.
    pub(crate) fn open(&self) -> Result<(), Failure> {
        self.state().tick()
    }

    pub(crate) fn forgets(&self) -> bool {
        self.state().defects.forgets
    }

    pub(crate) fn pause(&self) {
        self.state().now += 1;
    }

    /// The value that one client can see, and the time of its write (0: never).
    pub(crate) fn get(&self, who: usize, key: &str) -> Result<(u64, Option<Vec<u8>>), Failure> {
        let mut state = self.state();
        state.tick()?;
        let horizon = state.now.saturating_sub(state.defects.lag);
        let seen = state.keys.get(key).and_then(|versions| {
            let mut versions = versions.iter().rev();
            versions.find(|version| version.by == who || version.written <= horizon)
        });
        Ok(seen.map_or((0, None), |version| {
            (version.written, version.value.clone())
        }))
    }

    /// Sets or deletes a value.
    pub(crate) fn set(&self, who: usize, key: &str, value: Option<Vec<u8>>) -> Result<(), Failure> {
        let mut state = self.state();
        state.tick()?;
        state.unless_refused()?;
        state.unless_late(who, key, What::Set(value.clone()))?;
        let percent = state.defects.sets_refused;
        if state.random.percent(percent) {
            return Err(Failure::Other("too busy"));
        }
        state.write(key, who, value);
        state.unless_lost()
    }

    /// Swaps if the key has not been written since the client saw it.
    pub(crate) fn swap(
        &self,
        who: usize,
        key: &str,
        seen: u64,
        value: Vec<u8>,
    ) -> Result<Swapped, Failure> {
        let mut state = self.state();
        state.tick()?;
        state.unless_refused()?;
        state.unless_late(who, key, What::Swap(seen, value.clone()))?;
        if !state.swap(who, key, seen, value) {
            return Ok(Swapped::No);
        }
        state.unless_lost()?;
        let denied = state.defects.swaps_denied;
        Ok(match state.random.percent(denied) {
            true => Swapped::No,
            false => Swapped::Yes,
        })
    }

    /// Adds to a counter. A counter is text, or eight bytes on the host whose first increment has two steps.
    pub(crate) fn increment(&self, who: usize, key: &str, delta: u64) -> Result<u64, Failure> {
        let (sum, shown) = {
            let mut state = self.state();
            state.tick()?;
            state.unless_refused()?;
            state.unless_late(who, key, What::Add(delta))?;
            let (sum, fresh) = state.sum(key, delta)?;
            let shown = state.show(sum);
            if !(fresh && state.defects.first_increment_in_two_steps) {
                state.write(key, who, Some(shown));
                state.unless_lost()?;
                return Ok(sum);
            }
            (sum, shown)
        };
        // Other clients may do the same between the two steps.
        self.turns.take(who);
        let mut state = self.state();
        state.tick()?;
        state.write(key, who, Some(shown));
        state.unless_lost()?;
        Ok(sum)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Counts a host call.
    fn tick(&mut self) -> Result<(), Failure> {
        self.now += 1;
        self.arrive(self.now);
        if self.ended {
            return Err(Failure::Other("PoisonError"));
        }
        match self.defects.closed {
            Some((how, from)) if self.now > from => Err(Failure::Closed(how)),
            _ => Ok(()),
        }
    }

    fn write(&mut self, key: &str, by: usize, value: Option<Vec<u8>>) {
        // Advance the time at each write, so that two writes never have the same time.
        self.now += 1;
        let version = Version {
            written: self.now,
            by,
            value,
        };
        self.keys.entry(key.to_owned()).or_default().push(version);
    }

    /// Applies the delayed writes that are due at this time.
    fn arrive(&mut self, by: u64) {
        let (due, late) = std::mem::take(&mut self.late)
            .into_iter()
            .partition(|(at, _)| *at <= by);
        self.late = late;
        let due: Vec<(u64, Write)> = due;
        for (_, Write { by, key, what }) in due {
            match what {
                What::Set(value) => self.write(&key, by, value),
                What::Swap(seen, value) => {
                    self.swap(by, &key, seen, value);
                }
                What::Add(delta) => {
                    if let Ok((sum, _)) = self.sum(&key, delta) {
                        let shown = self.show(sum);
                        self.write(&key, by, Some(shown));
                    }
                }
            }
        }
    }

    fn swap(&mut self, by: usize, key: &str, seen: u64, value: Vec<u8>) -> bool {
        let versions = self.keys.get(key).map_or(&[][..], Vec::as_slice);
        let last = versions.last();
        let unchanged = last.map_or(0, |version| version.written) == seen;
        let then = versions.iter().find(|version| version.written == seen);
        let alike = last
            .zip(then)
            .is_some_and(|(last, then)| last.value == then.value);
        let done = unchanged
            || (self.defects.swap_overwrites && seen == 0)
            || (self.defects.swaps_by_value && alike);
        if done {
            self.write(key, by, Some(value));
        }
        done
    }

    fn unless_late(&mut self, by: usize, key: &str, what: What) -> Result<(), Failure> {
        let (percent, calls) = self.defects.writes_late;
        if !self.random.percent(percent) {
            return Ok(());
        }
        let key = key.to_owned();
        self.late.push((self.now + calls, Write { by, key, what }));
        Err(Failure::Other("timeout"))
    }

    fn sum(&mut self, key: &str, delta: u64) -> Result<(u64, bool), Failure> {
        let eight = self.defects.counts_in_eight_bytes;
        let last = self.keys.get(key).and_then(|versions| versions.last());
        let Some(value) = last.and_then(|version| version.value.as_deref()) else {
            return Ok((delta, true));
        };
        if eight {
            let Ok(bytes) = <[u8; 8]>::try_from(value) else {
                self.ended = true;
                return Err(Failure::Other("incorrect length"));
            };
            return Ok((u64::from_le_bytes(bytes).wrapping_add(delta), false));
        }
        let text = |value| std::str::from_utf8(value).ok()?.parse().ok();
        let old: u64 = match <[u8; 8]>::try_from(value) {
            Ok(bytes) if bytes[0] == 0 => u64::from_be_bytes(bytes),
            _ => match text(value) {
                Some(number) => number,
                None if self.defects.counts_anything => 0,
                None => return Err(Failure::Other("not a counter")),
            },
        };
        let sum = old
            .checked_add(delta)
            .filter(|sum| i64::try_from(*sum).is_ok());
        Ok((sum.ok_or(Failure::Other("the counter is full"))?, false))
    }

    fn show(&self, sum: u64) -> Vec<u8> {
        match self.defects.first_increment_in_two_steps {
            true => sum.to_be_bytes().into(),
            false if self.defects.counts_in_eight_bytes => sum.to_le_bytes().into(),
            false => sum.to_string().into_bytes(),
        }
    }

    fn unless_refused(&mut self) -> Result<(), Failure> {
        let percent = self.defects.writes_refused;
        match self.random.percent(percent) {
            true => Err(Failure::Other("refused")),
            false => Ok(()),
        }
    }

    fn unless_lost(&mut self) -> Result<(), Failure> {
        let percent = self.defects.answers_lost;
        match self.random.percent(percent) {
            true => Err(Failure::Other("connection reset")),
            false => Ok(()),
        }
    }
}
