//! The switchboard: combines any number of handlers of one kind behind one interface, such as
//! `annals:es/deciders`.
//!
//! The generated core module does not lift or lower values. When one of its exports is called, the
//! flattened arguments are on the stack, and the data that they point to is in the module's memory.
//! An import of the same signature can receive them unchanged. Every export therefore branches on
//! the handler's index and calls an import with the same arguments, plus an address for the result.
//! If there are too many arguments for the stack, they are in memory, and the index is the first of
//! them.
//!
//! A session's representation combines the handle of the inner session and the slot (the number of
//! its component): `inner << 7 | slot`.
//!
//! wasmtime puts the adapters of one level of composition into one core module, which may have 100
//! memories. One switchboard therefore has at most [`SLOTS`] components. More components form a
//! chain: the first slot of each switchboard is the switchboard before it. A switchboard exports
//! the same interface that it imports, so a chain needs no special code.
//!
//! A function of its own, named `handler:<name>`, makes every call of a handler. If a handler
//! traps, loops or returns invalid data, the host's backtrace contains that name.
//!
//! A switchboard without slots is valid: it describes no handlers, and its other functions trap.

mod module;
mod operations;

use super::catalog::Catalogue;
use crate::kind::Kind;
use anyhow::{Context as _, Result};
use operations::Operations;
use std::fmt::Write as _;

/// Maximum number of components in one switchboard. One more slot is reserved for the switchboard
/// before it.
pub const SLOTS: usize = 64;

/// Name of the generated core module.
pub const MODULE_NAME: &str = "annals-switchboard";

/// Prefix of the names of the functions that call a handler.
pub const HANDLER_PREFIX: &str = "handler:";

/// One component that a switchboard forwards calls to.
pub struct Slot<'a> {
    /// The handler's name in the manifest, for backtraces.
    pub name: &'a str,
    /// Number of its handlers of the switchboard's kind.
    pub handlers: usize,
}

/// The name of the import for a slot.
#[must_use]
pub fn import_name(slot: usize) -> String {
    format!("h{slot}")
}

/// Generates a switchboard over the given slots. The handler index counts the handlers of all slots
/// in order. The catalogue describes them in the same order.
///
/// # Errors
///
/// Only if the contract itself is broken.
pub fn generate(kind: Kind, slots: &[Slot<'_>], catalogue: &Catalogue<'_>) -> Result<Vec<u8>> {
    let handler = handler_interface(kind)?;
    let mut wit = String::from("package annals:generated;\nworld switchboard {\n");
    for slot in 0..slots.len() {
        let _ = writeln!(
            wit,
            "import {}: interface {{\n{handler}}}",
            import_name(slot)
        );
    }
    let _ = writeln!(wit, "export {};\n}}", kind.export());
    let (resolve, world) = super::resolve_world(&wit, "switchboard")?;
    let operations = Operations::of(kind)?;
    let module = module::build(kind, &operations, slots, catalogue);
    super::componentize(module, &resolve, world)
}

/// The items of a kind's interface, for an interface of another name. A component that exports the
/// contract's interface also satisfies the renamed one, because only resources are compared by
/// origin.
fn handler_interface(kind: Kind) -> Result<String> {
    let file = format!("{}.wit", kind.interface());
    let mut files = super::CONTRACT.iter();
    let (_, text) = files
        .find(|(path, _)| *path == file)
        .with_context(|| format!("the contract has no `{file}`"))?;
    let head = format!("\ninterface {} {{\n", kind.interface());
    let (_, rest) = text
        .split_once(&head)
        .with_context(|| format!("`{file}` has no `{}`", kind.interface()))?;
    let (items, _) = rest
        .split_once("\n}\n")
        .context("the contract's interface does not end")?;
    Ok(items.replace("use types.", &format!("use {}.", crate::contract("types"))) + "\n")
}
