//! Numbers for whatever is compared and copied often.

use std::collections::HashMap;
use std::hash::Hash;

/// Gives equal things equal numbers.
pub struct Names<T> {
    numbers: HashMap<T, u32>,
    things: Vec<T>,
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self {
            numbers: HashMap::new(),
            things: Vec::new(),
        }
    }
}

impl<T: Clone + Eq + Hash> Names<T> {
    pub fn number(&mut self, thing: &T) -> u32 {
        if let Some(number) = self.numbers.get(thing) {
            return *number;
        }
        let number = self.things.len() as u32;
        self.things.push(thing.clone());
        self.numbers.insert(thing.clone(), number);
        number
    }

    pub fn thing(&self, number: u32) -> &T {
        &self.things[number as usize]
    }
}
