//! Limits on the composer's input, so that an untrusted file can waste only little time.
//!
//! The limits leave room for large legal input: a handler in Python contains its interpreter, about
//! 45 MB, and starts it to describe itself.

use std::time::Duration;

/// Maximum size of a manifest, in bytes.
pub const MANIFEST_BYTES: u64 = 1 << 20;

/// Maximum size of a component's file, in bytes.
pub const FILE_BYTES: u64 = 128 << 20;

/// Maximum number of functions in all modules of a component, plus its imports and exports. For
/// each of them the compiler needs many times the memory that it occupies in the file.
pub const MAX_FUNCTIONS: u64 = 300_000;

/// Maximum size of all components' files together, in bytes.
pub const ALL_FILES_BYTES: u64 = 1 << 30;

/// Maximum number of handlers in a manifest, and in a component.
pub const MAX_HANDLERS: usize = 1000;

/// Maximum length of the name of a command, an event, a decider or a reaction, in bytes.
pub const NAME_BYTES: usize = 128;

/// Fuel for instantiating a handler and calling `describe`. One unit is about one instruction.
pub const DESCRIBE_FUEL: u64 = 2_000_000_000;

/// Maximum size of all linear memories of a handler during `describe`, in bytes.
pub const MEMORY_BYTES: usize = 512 << 20;

/// Maximum number of table entries of a handler during `describe`.
pub const TABLE_ENTRIES: usize = 1 << 20;

/// Maximum number of core instances, of memories and of tables.
pub const MAX_INSTANCES: usize = 1000;

/// Maximum size of a handler's description, in bytes.
pub const DESCRIPTION_BYTES: usize = 8 << 20;

/// Maximum time for compiling a handler and calling `describe`.
pub const DESCRIBE_TIME: Duration = Duration::from_secs(120);
