//! The library itself, without WebAssembly.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use annals_event_log::{
    AppendError, AppendRequest, Appended, Checkpoint, Claim, Creation, EventLog, Head, LogFilter,
    LogPage, MemorySlots, Metadata, Outcome, Page, Rejection, Row, RowPage, Settings, SlotError,
    Slots, Snapshot, StoreError, StreamPage, WriteError,
};

use crate::store::{Backend, Store};

/// The library over slots that are shared by all connections.
///
/// Its crash ends every call that is under way at whatever step it has reached, as the death of
/// a process would; the slots outlive it.
pub struct Native<S> {
    name: String,
    slots: S,
    settings: Settings,
    lives: Arc<AtomicU64>,
    damage: Option<fn(&S)>,
}

impl<S: Slots + Clone + Send + Sync + 'static> Native<S> {
    /// A store over these slots.
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
    /// An empty store in memory, whose snapshots can be damaged.
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

/// Slots as seen from one life of the process: after its death nothing gets through.
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
        // What the dead were told, nobody hears.
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

/// A connection. After a crash it is served by a new life, which remembers nothing.
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
    fn health(&mut self) -> Result<(), StoreError> {
        self.run(|log| log.health())
    }
    fn load(&mut self, stream: &str, after: Head, limit: u32) -> Result<Page, StoreError> {
        self.run(|log| log.load(stream, after, limit))
    }
    fn append(&mut self, request: AppendRequest) -> Result<Appended, AppendError> {
        self.run(|log| log.append(request))
    }
    fn claim_command(
        &mut self,
        command_id: &str,
        fingerprint: u64,
        stream: &str,
        cursor: u64,
    ) -> Result<Claim, StoreError> {
        self.run(|log| log.claim_command(command_id, fingerprint, stream, cursor))
    }
    fn find_outcome(
        &mut self,
        command_id: &str,
        stream: &str,
        cursor: u64,
    ) -> Result<Option<Outcome>, StoreError> {
        self.run(|log| log.find_outcome(command_id, stream, cursor))
    }
    fn record_outcome(
        &mut self,
        stream: &str,
        at: Head,
        metadata: Metadata,
        rejection: Option<Rejection>,
        recorded_at: u64,
    ) -> Result<(), AppendError> {
        self.run(|log| log.record_outcome(stream, at, metadata, rejection, recorded_at))
    }
    fn read_stream(
        &mut self,
        stream: &str,
        after: u64,
        limit: u32,
    ) -> Result<Option<StreamPage>, StoreError> {
        self.run(|log| log.read_stream(stream, after, limit))
    }
    fn read_stream_backward(
        &mut self,
        stream: &str,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Option<StreamPage>, StoreError> {
        self.run(|log| log.read_stream_backward(stream, before, limit))
    }
    fn read_log(
        &mut self,
        after: u64,
        limit: u32,
        filter: &LogFilter,
        now: u64,
    ) -> Result<LogPage, StoreError> {
        self.run(|log| log.read_log(after, limit, filter, now))
    }
    fn load_snapshot(
        &mut self,
        stream: &str,
        decider: &str,
    ) -> Result<Option<Snapshot>, StoreError> {
        self.run(|log| log.load_snapshot(stream, decider))
    }
    fn save_snapshot(
        &mut self,
        stream: &str,
        decider: &str,
        snapshot: Snapshot,
    ) -> Result<(), StoreError> {
        self.run(|log| log.save_snapshot(stream, decider, snapshot))
    }
    fn delete_snapshot(&mut self, stream: &str, decider: &str) -> Result<(), StoreError> {
        self.run(|log| log.delete_snapshot(stream, decider))
    }
    fn load_checkpoint(&mut self, handler: &str) -> Result<Option<Checkpoint>, StoreError> {
        self.run(|log| log.load_checkpoint(handler))
    }
    fn save_checkpoint(&mut self, handler: &str, next: Checkpoint) -> Result<(), WriteError> {
        self.run(|log| log.save_checkpoint(handler, next))
    }
    fn get_row(&mut self, view: &str, key: &str) -> Result<Option<Row>, StoreError> {
        self.run(|log| log.get_row(view, key))
    }
    fn put_row(&mut self, view: &str, row: Row, seen: u64) -> Result<(), WriteError> {
        self.run(|log| log.put_row(view, row, seen))
    }
    fn delete_row(
        &mut self,
        view: &str,
        key: &str,
        seen: u64,
        position: u64,
    ) -> Result<(), WriteError> {
        self.run(|log| log.delete_row(view, key, seen, position))
    }
    fn scan_rows(
        &mut self,
        view: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<RowPage, StoreError> {
        self.run(|log| log.scan_rows(view, after, limit))
    }
}
