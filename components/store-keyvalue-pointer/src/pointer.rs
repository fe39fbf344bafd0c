//! The pointer that a slot's key holds.

use wasip2::random::random::get_random_u64;

/// The first byte of a pointer. No host encodes a counter of zero with this first byte.
const MARK: u8 = 0xA7;
/// Upper limit of a key, in bytes, that every host accepts.
const LONGEST_KEY: usize = 256;

/// Identifies the record of a slot. The value is random, so two creators of one slot have different pointers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pointer([u8; 8]);

impl Pointer {
    pub(crate) fn new() -> Self {
        let mut bytes = get_random_u64().to_le_bytes();
        bytes[0] = MARK;
        Self(bytes)
    }

    /// Decodes a pointer. `None` for the value of a prepared slot.
    pub(crate) fn read(value: &[u8]) -> Option<Self> {
        let bytes = <[u8; 8]>::try_from(value).ok()?;
        (bytes[0] == MARK).then_some(Self(bytes))
    }

    /// The pointer's eight bytes. A host that counts in eight bytes adds zero to them without a change.
    pub(crate) fn bytes(self) -> [u8; 8] {
        self.0
    }

    /// The key of a slot's record. Its first character differs from the `a` and `b` of slots, so no slot has
    /// this key.
    pub(crate) fn record(self, slot: &str) -> String {
        let root = match slot.as_bytes().first() {
            Some(b'b') => 'f',
            _ => 'e',
        };
        let mut rest = slot.get(1..).unwrap_or_default();
        // A long key is truncated. The pointer keeps the result unique.
        let longest = LONGEST_KEY - 1 - 17;
        if rest.len() > longest {
            rest = rest.get(..longest).unwrap_or_default();
        }
        format!("{root}{rest}.{:016x}", u64::from_be_bytes(self.0))
    }
}
