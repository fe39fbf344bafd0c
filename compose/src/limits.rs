//! How much of anything the composer takes from others: a stranger's file can waste a moment, no more.
//!
//! They leave room for what is legal and large: a handler in Python brings its interpreter, some 45 MB, and
//! starts it to describe itself.

use std::time::Duration;

/// Bytes of a manifest.
pub const MANIFEST: u64 = 1 << 20;

/// Bytes of a component's file.
pub const FILE: u64 = 128 << 20;

/// Functions in all modules of a component, and its imports and exports: what the compiler keeps in memory for each is
/// many times what it takes in the file.
pub const FUNCTIONS: u64 = 300_000;

/// Bytes of all components' files together.
pub const FILES: u64 = 1 << 30;

/// Handlers in a manifest, and in a component.
pub const HANDLERS: usize = 1000;

/// Bytes of the name of a command, an event, a decider or a reaction.
pub const NAME: usize = 128;

/// Fuel for instantiating a handler and asking it to describe itself: some instructions each.
pub const FUEL: u64 = 2_000_000_000;

/// Bytes of linear memory that a handler may take while it describes itself, in all its memories.
pub const MEMORY: usize = 512 << 20;

/// Entries of tables that it may take, in all its tables.
pub const TABLE: usize = 1 << 20;

/// Core instances, memories and tables, each.
pub const INSTANCES: usize = 1000;

/// Bytes of what it may say of itself.
pub const DESCRIPTION: usize = 8 << 20;

/// Time for compiling a handler and asking it to describe itself.
pub const TIME: Duration = Duration::from_secs(120);
