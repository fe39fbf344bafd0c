//! The library itself, without WebAssembly.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use annals_event_log::{Creation, EventLog, MemorySlots, Settings, SlotError, Slots};

use crate::store::{Backend, Store};

/// The library over slots that all connections share.
///
/// Its crash ends every call in progress at its current step, as the death of a process would. The slots survive.
pub struct Native<S> {
    name: String,
    slots: S,
    settings: Settings,
    lives: Arc<AtomicU64>,
    damage: Option<fn(&S)>,
}

impl<S: Slots + Clone + Send + Sync + 'static> Native<S> {
    /// A store over given slots.
    pub fn new(name: impl Into<String>, slots: S, settings: Settings) -> Self {
        Self {
            name: name.into(),
            slots,
            settings,
            lives: Arc::default(),
            damage: None,
        }
    }
}

impl Native<Arc<MemorySlots>> {
    /// An empty store in memory, whose snapshots a case can damage.
    #[must_use]
    pub fn in_memory(settings: Settings) -> Self {
        Self {
            damage: Some(damage_snapshots),
            ..Self::new("native", Arc::new(MemorySlots::new()), settings)
        }
    }
}

/// Changes one byte of every snapshot.
fn damage_snapshots(slots: &Arc<MemorySlots>) {
    for (key, mut value) in slots.dump() {
        let middle = value.len() / 2;
        if let (true, Some(byte)) = (key.contains(".snapshot."), value.get_mut(middle)) {
            *byte ^= 0x10;
            if let Err(error) = slots.put(&key, &value) {
                panic!("damaging {key}: {error}");
            }
        }
    }
}

impl<S: Slots + Clone + Send + Sync + 'static> Backend for Native<S> {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn connect(&self, prefix: &str) -> Box<dyn Store + Send> {
        let settings = Settings {
            prefix: prefix.to_owned(),
            ..self.settings.clone()
        };
        let (slots, lives) = (self.slots.clone(), self.lives.clone());
        Box::new(Connection {
            log: open(Mortal::new(slots.clone(), lives.clone()), &settings),
            life: lives.load(Ordering::SeqCst),
            slots,
            settings,
            lives,
        })
    }

    fn crash(&self) -> bool {
        self.lives.fetch_add(1, Ordering::SeqCst);
        true
    }

    fn partitions(&self) -> u32 {
        self.settings.partitions
    }

    fn damage_snapshots(&self) -> bool {
        self.damage.map(|damage| damage(&self.slots)).is_some()
    }
}

fn open<S: Slots>(slots: S, settings: &Settings) -> EventLog<S> {
    match EventLog::open(slots, settings) {
        Ok(log) => log,
        Err(error) => panic!("opening the store: {error}"),
    }
}

/// Slots from the view of one process lifetime. After its death, all calls fail.
struct Mortal<S> {
    slots: S,
    lives: Arc<AtomicU64>,
    life: u64,
}

impl<S> Mortal<S> {
    fn new(slots: S, lives: Arc<AtomicU64>) -> Self {
        let life = lives.load(Ordering::SeqCst);
        Self { slots, lives, life }
    }

    fn dead(&self) -> bool {
        self.lives.load(Ordering::SeqCst) != self.life
    }

    fn run<T>(&self, run: impl FnOnce() -> Result<T, SlotError>) -> Result<T, SlotError> {
        let died = || SlotError::InDoubt("the process died".into());
        if self.dead() {
            return Err(died());
        }
        let result = run();
        // A dead process cannot receive results.
        if self.dead() { Err(died()) } else { result }
    }
}

impl<S: Slots> Slots for Mortal<S> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        self.run(|| self.slots.get(key))
    }
    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        self.run(|| self.slots.create(key, value))
    }
    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
        self.run(|| self.slots.put(key, value))
    }
    fn delete(&self, key: &str) -> Result<(), SlotError> {
        self.run(|| self.slots.delete(key))
    }
}

/// A connection. After a crash, a new lifetime with empty caches serves it.
struct Connection<S> {
    log: EventLog<Mortal<S>>,
    slots: S,
    settings: Settings,
    lives: Arc<AtomicU64>,
    life: u64,
}

impl<S: Slots + Clone> Connection<S> {
    fn run<T>(&mut self, call: impl FnOnce(&mut EventLog<Mortal<S>>) -> T) -> T {
        let life = self.lives.load(Ordering::SeqCst);
        if life != self.life {
            self.life = life;
            self.log = open(
                Mortal::new(self.slots.clone(), self.lives.clone()),
                &self.settings,
            );
        }
        call(&mut self.log)
    }
}

impl<S: Slots + Clone> Store for Connection<S> {
    crate::calls_of_the_library!(run, run);
}
