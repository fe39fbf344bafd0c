//! Slots that acknowledge a creation before its sync, so a crash loses the latest creations.

use std::sync::{Arc, Mutex};

use annals_event_log::{Creation, MemorySlots, Settings, SlotError, Slots};
use annals_store_conformance::{Backend, Native, Store};

/// Number of creations that a crash undoes.
const UNSYNCED: usize = 12;

#[derive(Default)]
struct Unsynced {
    slots: MemorySlots,
    created: Mutex<Vec<String>>,
}

impl Unsynced {
    fn lose(&self) {
        let mut created = self.created.lock().unwrap();
        let kept = created.len().saturating_sub(UNSYNCED);
        for key in created.split_off(kept) {
            self.slots.delete(&key).unwrap();
        }
    }
}

impl Slots for Unsynced {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        self.slots.get(key)
    }
    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        let mut created = self.created.lock().unwrap();
        let creation = self.slots.create(key, value)?;
        if creation == Creation::Created {
            created.push(key.to_owned());
        }
        Ok(creation)
    }
    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
        self.slots.put(key, value)
    }
    fn delete(&self, key: &str) -> Result<(), SlotError> {
        self.slots.delete(key)
    }
}

struct Forgetful {
    slots: Arc<Unsynced>,
    native: Native<Arc<Unsynced>>,
}

/// An empty store over such slots.
pub fn backend() -> impl Backend {
    let slots = Arc::new(Unsynced::default());
    let native = Native::new("unsynced", slots.clone(), Settings::default());
    Forgetful { slots, native }
}

impl Backend for Forgetful {
    fn name(&self) -> String {
        self.native.name()
    }
    fn connect(&self, prefix: &str) -> Box<dyn Store + Send> {
        self.native.connect(prefix)
    }
    fn crash(&self) -> bool {
        let crashed = self.native.crash();
        self.slots.lose();
        crashed
    }
}
