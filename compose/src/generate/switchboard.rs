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

use super::catalog;
use super::layout::{BASE, Image};
use crate::probe::DeciderDescriptor;
use anyhow::Result;
use std::fmt::Write as _;
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, GlobalSection, GlobalType, ImportSection, MemorySection, MemoryType, Module,
    NameMap, NameSection, TypeSection, ValType,
};

/// Handlers in one switchboard; one more slot is left for the switchboard before it.
pub const SLOTS: usize = 64;

/// Name of the generated core module.
pub const MODULE_NAME: &str = "annals-switchboard";

/// What goes before a handler's name in the names of the functions that call it.
pub const HANDLER_PREFIX: &str = "handler:";

const SLOT_BITS: i32 = 7;
const SLOT_MASK: i32 = (1 << SLOT_BITS) - 1;

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
    super::componentize(module(slots), &resolve, world)
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

/// More than the largest result, `result<decision, decide-error>`, which takes 36 bytes.
const RESULT_BYTES: u32 = 64;

fn module(slots: &[Slot<'_>]) -> Vec<u8> {
    let mut image = Image::default();
    let all: Vec<&DeciderDescriptor> = slots.iter().flat_map(|s| s.deciders.clone()).collect();
    let catalogue = catalog::place(&mut image, &all);
    let result = image.place(&[0; RESULT_BYTES as usize], 16);
    let heap = image.end();

    let mut b = Builder::new(slots, result, heap);
    b.imports();
    b.thunks();
    b.realloc();
    b.reset();
    b.describe(catalogue);
    for (index, operation) in OPERATIONS.iter().enumerate() {
        b.operation(index, operation);
    }
    b.finish(image)
}

/// Assembles the module. Function indices run: imports, thunks, `cabi_realloc`, reset, exports.
struct Builder<'a> {
    slots: &'a [Slot<'a>],
    result: u32,
    heap: u32,
    types: TypeSection,
    type_count: u32,
    imports: ImportSection,
    functions: FunctionSection,
    exports: ExportSection,
    code: CodeSection,
    names: NameMap,
    /// Index of the next function.
    next: u32,
    /// First thunk; the thunk of operation `o` in slot `s` is at `s * OPERATIONS + o` from here.
    thunks: u32,
    resource_new: u32,
    reset: u32,
}

impl<'a> Builder<'a> {
    fn new(slots: &'a [Slot<'a>], result: u32, heap: u32) -> Self {
        Self {
            slots,
            result,
            heap,
            types: TypeSection::new(),
            type_count: 0,
            imports: ImportSection::new(),
            functions: FunctionSection::new(),
            exports: ExportSection::new(),
            code: CodeSection::new(),
            names: NameMap::new(),
            next: 0,
            thunks: 0,
            resource_new: 0,
            reset: 0,
        }
    }

    fn ty(&mut self, params: &[ValType], results: &[ValType]) -> u32 {
        self.types
            .ty()
            .function(params.iter().copied(), results.iter().copied());
        self.type_count += 1;
        self.type_count - 1
    }

    fn import(&mut self, module: &str, name: &str, params: &[ValType], results: &[ValType]) -> u32 {
        let ty = self.ty(params, results);
        self.imports.import(module, name, EntityType::Function(ty));
        self.next += 1;
        self.next - 1
    }

    fn function(
        &mut self,
        params: &[ValType],
        results: &[ValType],
        name: &str,
        body: &Function,
    ) -> u32 {
        let ty = self.ty(params, results);
        self.functions.function(ty);
        self.code.function(body);
        self.names.append(self.next, name);
        self.next += 1;
        self.next - 1
    }

    /// Imports, slot by slot in the order of [`OPERATIONS`], so that they are at `slot * count + operation`.
    fn imports(&mut self) {
        for slot in 0..self.slots.len() {
            for operation in OPERATIONS {
                let (params, results) = imported_signature(operation);
                self.import(&import_name(slot), operation.name, &params, results);
            }
        }
        let intrinsics = format!("[export]{}", crate::contract("deciders"));
        self.resource_new = self.import(&intrinsics, "[resource-new]session", &[I32], &[I32]);
    }

    /// One function for each import, which does nothing but bear the handler's name.
    fn thunks(&mut self) {
        self.thunks = self.next;
        for (slot, Slot { name, .. }) in self.slots.iter().enumerate() {
            for (index, operation) in OPERATIONS.iter().enumerate() {
                let (params, results) = imported_signature(operation);
                let mut body = Function::new([]);
                for param in 0..params.len() {
                    body.instructions().local_get(number(param));
                }
                body.instructions()
                    .call(number(slot * OPERATIONS.len() + index))
                    .end();
                self.function(&params, results, &format!("{HANDLER_PREFIX}{name}"), &body);
            }
        }
    }

    /// A bump allocator: the callers' data lives until the end of the call, see [`Self::reset`].
    fn realloc(&mut self) {
        // Parameters: old address, old size, alignment, new size. Local 4: the new address.
        let mut body = Function::new([(1, I32)]);
        body.instructions()
            // address = align_up(bump, alignment)
            .global_get(0)
            .local_get(2)
            .i32_add()
            .i32_const(1)
            .i32_sub()
            .i32_const(0)
            .local_get(2)
            .i32_sub()
            .i32_and()
            .local_tee(4)
            .local_get(3)
            .i32_add()
            .global_set(0)
            // An address that wrapped around cannot be served.
            .global_get(0)
            .local_get(4)
            .i32_lt_u()
            .if_(wasm_encoder::BlockType::Empty)
            .unreachable()
            .end()
            // Grow the memory when it ends before the bump.
            .global_get(0)
            .memory_size(0)
            .i32_const(16)
            .i32_shl()
            .i32_gt_u()
            .if_(wasm_encoder::BlockType::Empty)
            .global_get(0)
            .memory_size(0)
            .i32_const(16)
            .i32_shl()
            .i32_sub()
            .i32_const(65535)
            .i32_add()
            .i32_const(16)
            .i32_shr_u()
            .memory_grow(0)
            .i32_const(-1)
            .i32_eq()
            .if_(wasm_encoder::BlockType::Empty)
            .unreachable()
            .end()
            .end()
            // Moves are rare; copy the smaller of the two sizes.
            .local_get(1)
            .if_(wasm_encoder::BlockType::Empty)
            .local_get(4)
            .local_get(0)
            .local_get(1)
            .local_get(3)
            .local_get(1)
            .local_get(3)
            .i32_lt_u()
            .select()
            .memory_copy(0, 0)
            .end()
            .local_get(4)
            .end();
        let realloc = self.function(&[I32, I32, I32, I32], &[I32], "cabi_realloc", &body);
        self.exports
            .export("cabi_realloc", ExportKind::Func, realloc);
    }

    /// Runs after the caller has read the result: forgets everything since the call began.
    fn reset(&mut self) {
        let mut body = Function::new([]);
        body.instructions()
            .i32_const(self.heap.cast_signed())
            .global_set(0)
            .end();
        self.reset = self.function(&[I32], &[], "reset", &body);
    }

    fn describe(&mut self, catalogue: u32) {
        let mut body = Function::new([]);
        body.instructions().i32_const(catalogue.cast_signed()).end();
        let describe = self.function(&[], &[I32], "describe", &body);
        self.export("describe", describe, true);
    }

    fn export(&mut self, name: &str, function: u32, resets: bool) {
        let name = format!("{}#{name}", crate::contract("deciders"));
        self.exports.export(&name, ExportKind::Func, function);
        if resets {
            self.exports
                .export(&format!("cabi_post_{name}"), ExportKind::Func, self.reset);
        }
    }

    /// One export: a branch over the slots, each arm a call.
    fn operation(&mut self, index: usize, operation: &Operation) {
        let params = number(operation.params.len());
        // Locals after the parameters: the slot, and a scratch for a representation.
        let mut body = Function::new([(2, I32)]);
        let slot_local = params;
        let scratch = params + 1;
        let by_session = matches!(operation.how, How::BySession | How::Drop);
        if by_session {
            body.instructions()
                .local_get(0)
                .i32_const(SLOT_MASK)
                .i32_and()
                .local_set(slot_local)
                .local_get(0)
                .i32_const(SLOT_BITS)
                .i32_shr_u()
                .local_set(0);
        } else {
            self.slot_of_decider(&mut body, slot_local);
        }
        // block $slot0 { block $slot1 { .. br_table } .. }: arm n is behind the n-th end.
        let count = self.slots.len();
        for _ in 0..count {
            body.instructions().block(wasm_encoder::BlockType::Empty);
        }
        body.instructions()
            .block(wasm_encoder::BlockType::Empty)
            .local_get(slot_local)
            .br_table((0..number(count)).map(|slot| slot + 1), 0)
            .end()
            // No such slot: only a caller outside of the framework could ask for it.
            .unreachable();
        for slot in 0..count {
            body.instructions().end();
            self.arm(&mut body, slot, index, operation, scratch);
        }
        // Every arm returned; falling through the last end is impossible.
        body.instructions().unreachable().end();
        let results: &[ValType] = if operation.how == How::Drop {
            &[]
        } else {
            &[I32]
        };
        match operation.how {
            How::Drop => {
                let f = self.function(operation.params, results, "[dtor]session", &body);
                self.export("[dtor]session", f, false);
            }
            how => {
                let f = self.function(operation.params, results, operation.name, &body);
                self.export(operation.name, f, how != How::Construct);
            }
        }
    }

    /// Finds the slot of the decider in local 0, and makes local 0 the index within that slot.
    fn slot_of_decider(&self, body: &mut Function, slot_local: u32) {
        // Slots hold consecutive deciders: the slot is the number of slot starts passed.
        let mut start = 0;
        let count = self.slots.len();
        // The outermost block is where every arm goes when it is done.
        for _ in 0..=count {
            body.instructions().block(wasm_encoder::BlockType::Empty);
        }
        let mut targets = Vec::new();
        for (slot, Slot { deciders, .. }) in self.slots.iter().enumerate() {
            targets.extend(std::iter::repeat_n(number(slot), deciders.len()));
        }
        body.instructions()
            .block(wasm_encoder::BlockType::Empty)
            .local_get(0)
            .br_table(targets.iter().map(|slot| slot + 1), 0)
            .end()
            .unreachable();
        for (slot, Slot { deciders, .. }) in self.slots.iter().enumerate() {
            body.instructions()
                .end()
                .i32_const(number(slot).cast_signed())
                .local_set(slot_local)
                .local_get(0)
                .i32_const(number(start).cast_signed())
                .i32_sub()
                .local_set(0)
                .br(number(count - slot - 1));
            start += deciders.len();
        }
        body.instructions().end();
    }

    fn arm(
        &self,
        body: &mut Function,
        slot: usize,
        index: usize,
        operation: &Operation,
        scratch: u32,
    ) {
        let thunk = self.thunks + number(slot * OPERATIONS.len() + index);
        for param in 0..operation.params.len() {
            body.instructions().local_get(number(param));
        }
        let result = self.result.cast_signed();
        let slot = number(slot).cast_signed();
        let mut i = body.instructions();
        match operation.how {
            How::ByDecider | How::BySession => {
                i.i32_const(result).call(thunk).i32_const(result);
            }
            How::Drop => {
                i.call(thunk);
            }
            How::Construct => {
                i.call(thunk);
                i.i32_const(SLOT_BITS).i32_shl().i32_const(slot).i32_or();
                i.call(self.resource_new);
            }
            How::Restore => {
                i.i32_const(result).call(thunk);
                // Discriminant 0: ok. The inner handle is at offset 4, ours takes its place.
                i.i32_const(result).i32_load8_u(at(0)).i32_eqz();
                i.if_(wasm_encoder::BlockType::Empty);
                i.i32_const(result).i32_load(at(4));
                i.i32_const(SLOT_BITS).i32_shl().i32_const(slot).i32_or();
                i.call(self.resource_new).local_set(scratch);
                i.i32_const(result).local_get(scratch).i32_store(at(4));
                i.end();
                i.i32_const(result);
            }
        }
        i.return_();
    }

    fn finish(mut self, image: Image) -> Vec<u8> {
        let mut memories = MemorySection::new();
        memories.memory(MemoryType {
            minimum: u64::from(self.heap / 65536 + 1),
            maximum: None,
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        self.exports.export("memory", ExportKind::Memory, 0);
        let mut globals = GlobalSection::new();
        globals.global(
            GlobalType {
                val_type: I32,
                mutable: true,
                shared: false,
            },
            &ConstExpr::i32_const(self.heap.cast_signed()),
        );
        let mut data = DataSection::new();
        data.active(
            0,
            &ConstExpr::i32_const(BASE.cast_signed()),
            image.into_bytes(),
        );
        let mut names = NameSection::new();
        names.module(MODULE_NAME);
        names.functions(&self.names);
        let mut module = Module::new();
        module
            .section(&self.types)
            .section(&self.imports)
            .section(&self.functions)
            .section(&memories)
            .section(&globals)
            .section(&self.exports)
            .section(&self.code)
            .section(&data)
            .section(&names);
        module.finish()
    }
}

/// The core signature of an operation as an import.
fn imported_signature(operation: &Operation) -> (Vec<ValType>, &'static [ValType]) {
    let mut params = operation.params.to_vec();
    match operation.how {
        How::ByDecider | How::Restore | How::BySession => {
            params.push(I32);
            (params, &[])
        }
        How::Construct => (params, &[I32]),
        How::Drop => (params, &[]),
    }
}

fn at(offset: u64) -> wasm_encoder::MemArg {
    wasm_encoder::MemArg {
        offset,
        align: 0,
        memory_index: 0,
    }
}

/// Counts in a generated module are small.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
