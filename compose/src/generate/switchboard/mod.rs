//! The switchboard: any number of handlers behind one `annals:es/deciders`.
//!
//! The generated core module needs no lifting or lowering of its own. When one of its exports is
//! called, the flattened arguments lie on the stack and whatever they point to lies in its memory;
//! an import with the same signature takes them as they are. So every export is a branch over the
//! decider's index to a call with the same arguments, plus an address for the result.
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

mod module;

use crate::probe::DeciderDescriptor;
use anyhow::Result;
use std::fmt::Write as _;
use wasm_encoder::ValType;

/// Handlers in one switchboard; one more slot is left for the switchboard before it.
pub const SLOTS: usize = 64;

/// Name of the generated core module.
pub const MODULE_NAME: &str = "annals-switchboard";

/// What goes before a handler's name in the names of the functions that call it.
pub const HANDLER_PREFIX: &str = "handler:";

/// One thing that a switchboard forwards to.
pub struct Slot<'a> {
    /// Name for backtraces: the handler's name in the manifest.
    pub name: &'a str,
    /// What is behind it, in the order of its own indices.
    pub deciders: Vec<&'a DeciderDescriptor>,
}

/// Name of the import that a slot is wired to.
#[must_use]
pub fn import_name(slot: usize) -> String {
    format!("h{slot}")
}

/// Makes a switchboard over the given slots; deciders are counted through all of them in order.
///
/// # Errors
///
/// Only if the contract itself is broken.
pub fn generate(slots: &[Slot<'_>]) -> Result<Vec<u8>> {
    let mut wit = String::from("package annals:generated;\nworld switchboard {\n");
    for slot in 0..slots.len() {
        let _ = writeln!(
            wit,
            "import {}: interface {{\n{HANDLER}}}",
            import_name(slot)
        );
    }
    wit.push_str("export annals:es/deciders@0.1.0;\n}\n");
    let (resolve, world) = super::resolve_world(&wit, "switchboard")?;
    super::componentize(module::build(slots), &resolve, world)
}

/// What a switchboard needs of a handler: the part of `annals:es/deciders` that it forwards.
const HANDLER: &str = "
use annals:es/types@0.1.0.{command, context, event, decision, decide-error, fault};
stream-id: func(decider: u32, c: command) -> result<string, decide-error>;
resource session {
  constructor(decider: u32);
  restore: static func(decider: u32, state: list<u8>) -> result<session, fault>;
  evolve: func(events: list<event>) -> result<_, fault>;
  decide: func(c: command, ctx: context) -> result<decision, decide-error>;
  snapshot: func() -> option<list<u8>>;
}
";

/// One function of the handlers' interface, in the flattened form of the canonical ABI.
struct Operation {
    name: &'static str,
    /// Flattened parameters, without the address for the result.
    params: &'static [ValType],
    how: How,
}

#[derive(Clone, Copy, PartialEq)]
enum How {
    /// The first parameter is the decider's index; the result comes back through memory.
    ByDecider,
    /// The same, and the result holds a session, which needs a handle of ours.
    Restore,
    /// The first parameter is the decider's index; the result is a session.
    Construct,
    /// The first parameter is a session; the result comes back through memory.
    BySession,
    /// The first parameter is a session, which ends here.
    Drop,
}

const I32: ValType = ValType::I32;
const I64: ValType = ValType::I64;

const OPERATIONS: &[Operation] = &[
    Operation {
        name: "stream-id",
        params: &[I32, I32, I32, I32, I32, I32, I32, I32, I32],
        how: How::ByDecider,
    },
    Operation {
        name: "[constructor]session",
        params: &[I32],
        how: How::Construct,
    },
    Operation {
        name: "[static]session.restore",
        params: &[I32, I32, I32],
        how: How::Restore,
    },
    Operation {
        name: "[method]session.evolve",
        params: &[I32, I32, I32],
        how: How::BySession,
    },
    Operation {
        // The session, the command's four lists, then the context.
        name: "[method]session.decide",
        params: &[
            I32, I32, I32, I32, I32, I32, I32, I32, I32, I64, I64, I32, I32, I32,
        ],
        how: How::BySession,
    },
    Operation {
        name: "[method]session.snapshot",
        params: &[I32],
        how: How::BySession,
    },
    Operation {
        name: "[resource-drop]session",
        params: &[I32],
        how: How::Drop,
    },
];
