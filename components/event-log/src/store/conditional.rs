//! Steps on several keys, for stores that offer them.

use super::{CREATE_ATTEMPTS, Store};
use crate::error::{SlotError, StoreError};
use crate::slots::{Conditional, GroupCreation, Slots};

/// Numbers of counters are below this one, so that every slot has positions.
const MAX_NUMBER: u64 = 1 << 50;

/// The result of [`Store::create_all`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupWritten {
    /// The caller created all keys.
    Ours,
    /// The entry with this index had a value before, and nothing was written.
    Taken(usize),
}

impl<S: Slots> Store<S> {
    /// Whether the store offers steps on several keys, so that the log uses the atomic protocol.
    pub fn is_conditional(&self) -> bool {
        self.slots.conditional().is_some()
    }

    fn conditional(&self) -> Result<&dyn Conditional, StoreError> {
        let missing = || StoreError::Unavailable("the store has no steps on several keys".into());
        self.slots.conditional().ok_or_else(missing)
    }

    /// Creates all entries or none. The bytes of the entry `unique` contain a unique id, or it does not matter which of
    /// several writers of equal bytes created them.
    ///
    /// A creation in doubt is tried again until one of the keys is seen to have a value, since an earlier attempt may
    /// still take effect. Because an attempt creates all keys or none, the unique entry alone shows whether an attempt of
    /// this call took effect. If it is absent and another key has a value, no attempt can take effect any more.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if nothing was written and nothing will be, [`StoreError::InDoubt`] if that is not
    /// known.
    pub fn create_all(
        &self,
        entries: &[(&str, &[u8])],
        unique: usize,
    ) -> Result<GroupWritten, StoreError> {
        let conditional = self.conditional()?;
        let (key, bytes) = entries[unique];
        let mut doubt: Option<String> = None;
        for _ in 0..CREATE_ATTEMPTS {
            let mut taken = None;
            match (conditional.create_all(entries), &doubt) {
                (Ok(GroupCreation::Created), _) => return Ok(GroupWritten::Ours),
                (Ok(GroupCreation::Exists(index)), None) => {
                    return Ok(GroupWritten::Taken(index));
                }
                (Ok(GroupCreation::Exists(index)), Some(_)) => taken = Some(index),
                (Err(SlotError::Unavailable(why)), None) => {
                    return Err(StoreError::Unavailable(why));
                }
                (Err(SlotError::Unavailable(why)), Some(_)) => {
                    return Err(StoreError::InDoubt(why));
                }
                (Err(SlotError::InDoubt(why)), _) => doubt = Some(why),
            }
            match (self.slots.get(key), taken) {
                (Ok(Some(found)), _) if found == bytes => return Ok(GroupWritten::Ours),
                (Ok(Some(_)), _) => return Ok(GroupWritten::Taken(unique)),
                (Ok(None), Some(index)) if index != unique => {
                    return Ok(GroupWritten::Taken(index));
                }
                (Ok(None), _) => {}
                (Err(SlotError::Unavailable(why) | SlotError::InDoubt(why)), _) => {
                    return Err(StoreError::InDoubt(why));
                }
            }
        }
        Err(StoreError::InDoubt(doubt.unwrap_or_else(|| {
            format!("{key} exists and cannot be read")
        })))
    }

    /// Draws the next number of a counter; see [`Conditional::draw`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if no number was drawn, [`StoreError::Corrupt`] if the number is too high. A number that
    /// was lost is never used.
    pub fn draw(&self, counter: &str, above: u64) -> Result<u64, StoreError> {
        let drawn = self.conditional()?.draw(counter, above);
        check_number(counter, drawn.map_err(StoreError::harmless)?)
    }

    /// The last number that was drawn from a counter; 0 if none was.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if the counter cannot be read, [`StoreError::Corrupt`] if it is not a number that can
    /// have been drawn.
    pub fn last_drawn(&self, counter: &str) -> Result<u64, StoreError> {
        match self.get(counter)? {
            Some(bytes) => decode_counter(counter, &bytes),
            None => Ok(0),
        }
    }

    /// The values of several keys: in one step if the store has it, otherwise one after the other.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] if a value could not be read.
    pub fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        match self.slots.conditional() {
            Some(conditional) => conditional.get_many(keys).map_err(StoreError::harmless),
            None => keys.iter().map(|key| self.get(key)).collect(),
        }
    }
}

/// The number of a counter.
///
/// # Errors
/// [`StoreError::Corrupt`] if it is not a number that can have been drawn.
pub fn decode_counter(key: &str, bytes: &[u8]) -> Result<u64, StoreError> {
    let text = std::str::from_utf8(bytes).ok();
    let number = text.and_then(|text| text.parse().ok());
    let number = number.ok_or_else(|| StoreError::corrupt(key, "it is not a decimal number"))?;
    check_number(key, number)
}

fn check_number(counter: &str, number: u64) -> Result<u64, StoreError> {
    if number < MAX_NUMBER {
        return Ok(number);
    }
    let reason = format!("{number} is not below {MAX_NUMBER}");
    Err(StoreError::corrupt(counter, reason))
}
