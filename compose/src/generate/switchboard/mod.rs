//! The switchboard: any number of handlers of one kind behind one interface, such as
//! `annals:es/deciders`.
//!
//! The generated core module needs no lifting or lowering of its own. When one of its exports is
//! called, the flattened arguments lie on the stack and whatever they point to lies in its memory;
//! an import with the same signature takes them as they are. So every export is a branch over the
//! handler's index to a call with the same arguments, plus an address for the result. Arguments that
//! are too many for the stack lie in memory themselves, the index in front of them.
//!
//! A session's representation packs the handle of the inner session and the slot (the number of
//! the component it came from): `inner << 7 | slot`.
//!
//! wasmtime puts the adapters of one level of composition into one core module with at most 100
//! memories, so one switchboard takes [`SLOTS`] handlers; more make a chain, in which the first
//! slot of each switchboard is the one before it. It exports the interface that it imports, so a
//! chain needs nothing special.
//!
//! Every call of a handler goes through a function of its own, named `handler:<name>`. When a handler
//! traps, loops or returns garbage, that name is in the host's backtrace.
//!
//! A switchboard of no slots is legal: it describes nothing, and its other functions trap.

mod module;
mod operations;

use super::catalog::Catalogue;
use crate::kind::Kind;
use anyhow::{Context as _, Result};
use operations::Operations;
use std::fmt::Write as _;

/// Components in one switchboard; one more slot is left for the switchboard before it.
pub const SLOTS: usize = 64;

/// Name of the generated core module.
pub const MODULE_NAME: &str = "annals-switchboard";

/// What goes before a handler's name in the names of the functions that call it.
pub const HANDLER_PREFIX: &str = "handler:";

/// One thing that a switchboard forwards to.
pub struct Slot<'a> {
    /// Name for backtraces: the handler's name in the manifest.
    pub name: &'a str,
    /// How many handlers of the switchboard's kind are behind it.
    pub handlers: usize,
}

/// Name of the import that a slot is wired to.
#[must_use]
pub fn import_name(slot: usize) -> String {
    format!("h{slot}")
}

/// Makes a switchboard over the given slots; handlers are counted through all of them in order, and
/// described in that order by the catalogue.
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

/// The items of a handlers' interface, for an interface of another name: a component that exports the
/// contract's satisfies that one, too, because only resources are compared by where they come from.
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
