//! Slots that fail, and slots that are slow.

use std::cell::Cell;

use super::*;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// The process ends before the operation.
    DiesBefore,
    /// The process ends after the operation took effect.
    DiesAfter,
    /// The operation fails.
    Fails,
    /// The operation's answer is lost; it did not happen.
    LostBefore,
    /// The operation's answer is lost; it happened.
    LostAfter,
}

/// Fails at the operation with a given number, counted from 0.
pub struct Faulty<'a> {
    pub slots: &'a MemorySlots,
    pub fault: Fault,
    pub at: u64,
    pub count: Cell<u64>,
}

impl Fault {
    pub const ALL: [Self; 5] = [
        Self::DiesBefore,
        Self::DiesAfter,
        Self::Fails,
        Self::LostBefore,
        Self::LostAfter,
    ];
}

impl<'a> Faulty<'a> {
    pub fn new(slots: &'a MemorySlots, fault: Fault, at: u64) -> Self {
        Self {
            slots,
            fault,
            at,
            count: Cell::new(0),
        }
    }
}

impl Faulty<'_> {
    fn run<T>(
        &self,
        write: bool,
        operation: impl FnOnce() -> Result<T, SlotError>,
    ) -> Result<T, SlotError> {
        let now = self.count.replace(self.count.get() + 1);
        let lost = |_| {
            if write {
                SlotError::InDoubt("lost".into())
            } else {
                SlotError::Unavailable("lost".into())
            }
        };
        let dead = Err(SlotError::Unavailable("dead".into()));
        match (now.cmp(&self.at), self.fault) {
            (std::cmp::Ordering::Less, _) => operation(),
            (std::cmp::Ordering::Greater, Fault::DiesBefore | Fault::DiesAfter) => dead,
            (std::cmp::Ordering::Greater, _) => operation(),
            (_, Fault::DiesBefore | Fault::Fails) => dead,
            (_, Fault::LostBefore) => Err(lost(())),
            (_, Fault::DiesAfter | Fault::LostAfter) => operation().and_then(|_| Err(lost(()))),
        }
    }
}

impl Slots for Faulty<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        self.run(false, || self.slots.get(key))
    }
    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        self.run(true, || self.slots.create(key, value))
    }
    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
        self.run(true, || self.slots.put(key, value))
    }
    fn delete(&self, key: &str) -> Result<(), SlotError> {
        self.run(true, || self.slots.delete(key))
    }
    fn conditional(&self) -> Option<&dyn Conditional> {
        self.slots.conditional().map(|_| self as &dyn Conditional)
    }
}

impl Conditional for Faulty<'_> {
    fn create_all(&self, entries: &[(&str, &[u8])]) -> Result<GroupCreation, SlotError> {
        self.run(true, || self.slots.create_all(entries))
    }
    fn draw(&self, counter: &str, above: u64) -> Result<u64, SlotError> {
        self.run(true, || self.slots.draw(counter, above))
    }
    fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, SlotError> {
        self.run(false, || self.slots.get_many(keys))
    }
}

/// Lets others act before the operation with a given number: to them, the writer is slow.
pub struct Slow<'a, F: Fn()> {
    pub slots: &'a MemorySlots,
    pub at: u64,
    pub count: Cell<u64>,
    pub others: F,
}

impl<'a, F: Fn()> Slow<'a, F> {
    pub fn new(slots: &'a MemorySlots, at: u64, others: F) -> Self {
        Self {
            slots,
            at,
            count: Cell::new(0),
            others,
        }
    }
}

impl<F: Fn()> Slow<'_, F> {
    fn step(&self) {
        if self.count.replace(self.count.get() + 1) == self.at {
            (self.others)();
        }
    }
}

impl<F: Fn()> Slots for Slow<'_, F> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        self.step();
        self.slots.get(key)
    }
    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        self.step();
        self.slots.create(key, value)
    }
    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
        self.step();
        self.slots.put(key, value)
    }
    fn delete(&self, key: &str) -> Result<(), SlotError> {
        self.step();
        self.slots.delete(key)
    }
    fn conditional(&self) -> Option<&dyn Conditional> {
        self.slots.conditional().map(|_| self as &dyn Conditional)
    }
}

impl<F: Fn()> Conditional for Slow<'_, F> {
    fn create_all(&self, entries: &[(&str, &[u8])]) -> Result<GroupCreation, SlotError> {
        self.step();
        self.slots.create_all(entries)
    }
    fn draw(&self, counter: &str, above: u64) -> Result<u64, SlotError> {
        self.step();
        self.slots.draw(counter, above)
    }
    fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, SlotError> {
        self.step();
        self.slots.get_many(keys)
    }
}
