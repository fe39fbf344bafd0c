//! Newtypes for numbers with different meanings.
//!
//! Records and the wire structs of the API encode each of them as a plain `u64`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::model::MAX_EVENTS;

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(u64);

        impl $name {
            /// The number as a `u64`.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The next number. `u64::MAX` is never used, so every number in use has a successor.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }

            /// The number before; `None` before 0.
            #[must_use]
            pub const fn before(self) -> Option<Self> {
                match self.0 {
                    0 => None,
                    number => Some(Self(number - 1)),
                }
            }
        }

        impl From<u64> for $name {
            fn from(number: u64) -> Self {
                Self(number)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

numbers! {
    /// A slot of a stream, from 1. As a cursor: the last slot that was read, 0 if none was.
    Slot;
    /// A slot of the log, from 1.
    LogSlot;
    /// An event's position in the order of the log, greater than 0. Position 0 is before every event.
    Position;
    /// A stream's version: the number of its events. The first event makes version 1.
    Version;
    /// A revision of a checkpoint or row, from 1; 0 if there is none.
    Revision;
}

/// Positions that belong to one log slot.
const PER_SLOT: u64 = MAX_EVENTS as u64;

impl LogSlot {
    /// The position of the first event of the slot's commit.
    #[must_use]
    pub const fn first_position(self) -> Position {
        Position(self.0.saturating_mul(PER_SLOT))
    }

    /// The last position that an event of the slot's commit could have.
    #[must_use]
    pub const fn last_position(self) -> Position {
        Position(self.first_position().0.saturating_add(PER_SLOT - 1))
    }
}

impl Position {
    /// The log slot that the position belongs to.
    #[must_use]
    pub const fn log_slot(self) -> LogSlot {
        LogSlot(self.0 / PER_SLOT)
    }

    /// Whether this is the position of a commit's first event.
    #[must_use]
    pub const fn is_first(self) -> bool {
        self.0 >= PER_SLOT && self.0.is_multiple_of(PER_SLOT)
    }
}
