//! The expected content of a store: a list of writes, and the state after each number of them.

use std::collections::BTreeMap;
use std::num::ParseIntError;
use std::str::FromStr;

use annals_host::store::{Created, Embedded, Entry, Kv, KvError, Swap};

const BUCKET: &str = "b";

pub type State = BTreeMap<String, Vec<u8>>;

#[derive(Debug, Clone)]
enum Write {
    /// Creates a slot that is absent.
    Create(String, Vec<u8>),
    /// Creates several slots that are absent, in one step.
    CreateAll(Vec<Entry>),
    Set(String, Vec<u8>),
    Delete(String),
    Add(String, i64),
    /// Draws a number above another.
    Draw(String, u64),
}

/// Several slots that share a value's bytes.
fn group(at: usize, value: &[u8]) -> Vec<Entry> {
    let parts = value.chunks(value.len() / 3 + 1).enumerate();
    parts
        .map(|(n, part)| (format!("slot-{at:06}-{n}"), part.to_vec()))
        .collect()
}

/// Writes in the order in which one thread made them.
#[derive(Debug, Clone, Default)]
pub struct History {
    writes: Vec<Write>,
    /// The number of writes for which a barrier was passed.
    pub acknowledged: usize,
}

impl History {
    pub fn len(&self) -> usize {
        self.writes.len()
    }

    /// Makes one more write of at most `longest` bytes.
    pub fn write(&mut self, store: &Embedded, random: &mut fastrand::Rng, longest: usize) {
        let at = self.writes.len();
        let mut value = vec![0; random.usize(..longest)];
        random.fill(&mut value);
        let write = match random.u8(..10) {
            0 => Write::Set(format!("hint-{}", at % 3), value),
            1 => Write::Delete(format!("hint-{}", at % 3)),
            2 => Write::Add("counter".into(), random.i64(1..100)),
            3 | 4 => Write::CreateAll(group(at, &value)),
            5 => Write::Draw("number".into(), random.u64(..100)),
            _ => Write::Create(format!("slot-{at:06}"), value),
        };
        apply_to(store, &write).expect("written");
        self.writes.push(write);
    }

    /// Waits until all writes are durable.
    pub fn acknowledge(&mut self, store: &Embedded) {
        wait(store);
        self.acknowledged = self.writes.len();
    }

    /// Returns the number of writes that leads to the state, among the numbers from the
    /// acknowledged ones on.
    pub fn matches(&self, found: &State) -> Option<usize> {
        let mut state = State::new();
        let mut hit = None;
        for count in 0..=self.writes.len() {
            if let Some(last) = count.checked_sub(1) {
                apply(&mut state, &self.writes[last]);
            }
            // Keep the last match: deleting an absent key does not change the state.
            if count >= self.acknowledged && state == *found {
                hit = Some(count);
            }
        }
        hit
    }

    /// Removes the writes that a power cut lost.
    pub fn truncate(&mut self, count: usize) {
        self.writes.truncate(count);
        self.acknowledged = count;
    }

    /// The state after all acknowledged writes.
    pub fn acknowledged_state(&self) -> State {
        let mut state = State::new();
        for write in &self.writes[..self.acknowledged] {
            apply(&mut state, write);
        }
        state
    }
}

pub fn wait(store: &Embedded) {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime")
        .block_on(store.barrier().wait())
        .expect("durable");
}

/// Reads everything in the store.
pub fn read(store: &Embedded) -> Result<State, KvError> {
    let keys = store.list_keys(BUCKET, None, usize::MAX)?;
    keys.into_iter()
        .map(|key| {
            let value = store.get(BUCKET, &key)?.unwrap_or_default();
            Ok((key, value))
        })
        .collect()
}

/// Reads one key of the store.
pub fn get(store: &Embedded, key: &str) -> Result<Option<Vec<u8>>, KvError> {
    store.get(BUCKET, key)
}

fn apply_to(store: &Embedded, write: &Write) -> Result<(), KvError> {
    match write {
        Write::Create(key, value) => {
            let swap = store.compare_and_set(BUCKET, key, None, value)?;
            assert_eq!(swap, Swap::Done);
        }
        Write::CreateAll(entries) => {
            let created = store.create_all(BUCKET, entries.clone())?;
            assert_eq!(created, Created::All);
        }
        Write::Draw(key, above) => {
            store.draw(BUCKET, key, *above)?;
        }
        Write::Set(key, value) => store.set(BUCKET, key, value)?,
        Write::Delete(key) => store.delete(BUCKET, key)?,
        Write::Add(key, delta) => {
            store.increment(BUCKET, key, i128::from(*delta), 0..=i128::MAX)?;
        }
    }
    Ok(())
}

fn apply(state: &mut State, write: &Write) {
    match write {
        Write::Create(key, value) | Write::Set(key, value) => {
            state.insert(key.clone(), value.clone());
        }
        Write::CreateAll(entries) => state.extend(entries.iter().cloned()),
        Write::Draw(key, above) => {
            let last = state.get(key).map_or(0, |value| number(value));
            let next = last.max(*above) + 1;
            state.insert(key.clone(), next.to_string().into_bytes());
        }
        Write::Delete(key) => {
            state.remove(key);
        }
        Write::Add(key, delta) => {
            let old: i64 = state.get(key).map_or(0, |value| number(value));
            state.insert(key.clone(), (old + delta).to_string().into_bytes());
        }
    }
}

fn number<T: FromStr<Err = ParseIntError>>(value: &[u8]) -> T {
    let text = String::from_utf8_lossy(value);
    text.parse().expect("a number")
}
