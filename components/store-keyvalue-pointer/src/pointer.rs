//! What a slot's key holds.

use wasip2::random::random::get_random_u64;

/// The first byte of a pointer. A counter of zero, in whatever shape a host keeps it, has none like it.
const MARK: u8 = 0xA7;
/// Bytes that every host takes as a key.
const LONGEST_KEY: usize = 256;

/// Names the record of a slot. Nobody else ever has the same one for the same slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pointer([u8; 8]);

impl Pointer {
    pub(crate) fn new() -> Self {
        let mut bytes = get_random_u64().to_le_bytes();
        bytes[0] = MARK;
        Self(bytes)
    }

    /// None: the slot is prepared, and nobody has it.
    pub(crate) fn read(value: &[u8]) -> Option<Self> {
        let bytes = <[u8; 8]>::try_from(value).ok()?;
        (bytes[0] == MARK).then_some(Self(bytes))
    }

    /// Eight of them: a host that counts in eight bytes may add zero to them.
    pub(crate) fn bytes(self) -> [u8; 8] {
        self.0
    }

    /// Where the record of a slot lies: beside `a.…` and `b.…`, so that no slot is ever there.
    pub(crate) fn record(self, slot: &str) -> String {
        let root = match slot.as_bytes().first() {
            Some(b'b') => 'f',
            _ => 'e',
        };
        let mut rest = slot.get(1..).unwrap_or_default();
        // Of a long key the beginning tells enough: the pointer differs in any case.
        let longest = LONGEST_KEY - 1 - 17;
        if rest.len() > longest {
            rest = rest.get(..longest).unwrap_or_default();
        }
        format!("{root}{rest}.{:016x}", u64::from_be_bytes(self.0))
    }
}
