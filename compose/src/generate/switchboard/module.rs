//! Assembles the core module of a switchboard.

use super::super::catalog::Catalogue;
use super::super::layout::{BASE, Image};
use super::super::realloc;
use super::operations::{How, Operation, Operations};
use super::{HANDLER_PREFIX, Kind, MODULE_NAME, Slot, import_name};
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, GlobalSection, GlobalType, ImportSection, MemorySection, MemoryType, Module,
    NameMap, NameSection, TypeSection, ValType,
};

const I32: ValType = ValType::I32;
const SLOT_MASK: i32 = (1 << SLOT_BITS) - 1;
const SLOT_BITS: i32 = 7;

/// The module for the given slots.
pub(super) fn build(
    kind: Kind,
    operations: &Operations,
    slots: &[Slot<'_>],
    catalogue: &Catalogue<'_>,
) -> Vec<u8> {
    let mut image = Image::default();
    let catalogue = catalogue.place(&mut image);
    let (result, heap) = areas(&mut image, operations);

    let mut b = Builder::new(kind, operations, slots, result, heap);
    b.imports();
    b.thunks();
    b.realloc();
    b.reset();
    b.describe(catalogue);
    for (index, operation) in operations.list.iter().enumerate() {
        b.operation(index, operation);
    }
    b.finish(image)
}

/// Places the area for results. Returns its address, and the address after it, where memory for
/// callers begins.
fn areas(image: &mut Image, operations: &Operations) -> (u32, u32) {
    let result = image.place(&vec![0; operations.result_bytes as usize], 16);
    (result, image.end())
}

/// Assembles the module. Order of function indices: imports, thunks, `cabi_realloc`, reset,
/// exports.
struct Builder<'a> {
    kind: Kind,
    operations: &'a Operations,
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
    /// Index of the first thunk. The thunk of operation `o` in slot `s` has the index `thunks + s *
    /// operations + o`.
    thunks: u32,
    resource_new: u32,
    reset: u32,
}

impl<'a> Builder<'a> {
    fn new(
        kind: Kind,
        operations: &'a Operations,
        slots: &'a [Slot<'a>],
        result: u32,
        heap: u32,
    ) -> Self {
        Self {
            kind,
            operations,
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

    /// Adds the imports slot by slot, in the order of the operations: the index is `slot * count +
    /// operation`.
    fn imports(&mut self) {
        let operations = self.operations;
        for slot in 0..self.slots.len() {
            for operation in &operations.list {
                let (params, results) = operation.imported();
                self.import(&import_name(slot), &operation.name, &params, results);
            }
        }
        if operations.sessions() {
            let intrinsics = format!("[export]{}", self.kind.export());
            self.resource_new = self.import(&intrinsics, "[resource-new]session", &[I32], &[I32]);
        }
    }

    /// Adds one function for each import. It only gives the call the handler's name.
    fn thunks(&mut self) {
        self.thunks = self.next;
        let operations = &self.operations.list;
        for (slot, Slot { name, .. }) in self.slots.iter().enumerate() {
            for (index, operation) in operations.iter().enumerate() {
                let (params, results) = operation.imported();
                let mut body = Function::new([]);
                for param in 0..params.len() {
                    body.instructions().local_get(number(param));
                }
                body.instructions()
                    .call(number(slot * operations.len() + index))
                    .end();
                self.function(&params, results, &format!("{HANDLER_PREFIX}{name}"), &body);
            }
        }
    }

    /// The callers' data is valid until the end of the call, see [`Self::reset`].
    fn realloc(&mut self) {
        let realloc = self.function(
            realloc::PARAMS,
            realloc::RESULTS,
            "cabi_realloc",
            &realloc::body(0),
        );
        self.exports
            .export("cabi_realloc", ExportKind::Func, realloc);
    }

    /// Runs after the caller has read the result, and discards all data of the call.
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
        let name = format!("{}#{name}", self.kind.export());
        self.exports.export(&name, ExportKind::Func, function);
        if resets {
            self.exports
                .export(&format!("cabi_post_{name}"), ExportKind::Func, self.reset);
        }
    }

    /// Adds one export: a branch over the slots, each arm a call.
    fn operation(&mut self, index: usize, operation: &Operation) {
        let params = number(operation.params.len());
        // Locals after the parameters: the slot, and a scratch for a representation or an index.
        let mut body = Function::new([(2, I32)]);
        let slot_local = params;
        let scratch = params + 1;
        if operation.how == How::BySessionInMemory {
            let mut i = body.instructions();
            i.local_get(0).i32_load(at(0)).local_tee(scratch);
            i.i32_const(SLOT_MASK).i32_and().local_set(slot_local);
            i.local_get(0).local_get(scratch);
            i.i32_const(SLOT_BITS).i32_shr_u().i32_store(at(0));
        } else if matches!(operation.how, How::BySession | How::Drop) {
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
            self.slot_of_handler(&mut body, operation.how, slot_local, scratch);
        }
        // block $slot0 { block $slot1 { .. br_table } .. }: arm n follows the n-th end.
        let count = self.slots.len();
        for _ in 0..count {
            body.instructions().block(wasm_encoder::BlockType::Empty);
        }
        body.instructions()
            .block(wasm_encoder::BlockType::Empty)
            .local_get(slot_local)
            .br_table((0..number(count)).map(|slot| slot + 1), 0)
            .end()
            // There is no such slot. Only a caller outside of the framework can request it.
            .unreachable();
        for slot in 0..count {
            body.instructions().end();
            self.arm(&mut body, slot, index, operation, scratch);
        }
        // Every arm returns, so the last end is never reached.
        body.instructions().unreachable().end();
        let results: &[ValType] = if operation.how == How::Drop {
            &[]
        } else {
            &[I32]
        };
        match operation.how {
            How::Drop => {
                let f = self.function(&operation.params, results, "[dtor]session", &body);
                self.export("[dtor]session", f, false);
            }
            how => {
                let f = self.function(&operation.params, results, &operation.name, &body);
                self.export(&operation.name, f, how != How::Construct);
            }
        }
    }

    /// Finds the handler's slot, and replaces the handler's index by its index within that slot.
    fn slot_of_handler(&self, body: &mut Function, how: How, slot_local: u32, scratch: u32) {
        let in_memory = how == How::ByIndexInMemory;
        let index = if in_memory { scratch } else { 0 };
        if in_memory {
            body.instructions()
                .local_get(0)
                .i32_load(at(0))
                .local_set(index);
        }
        // Slots contain consecutive handlers: the slot is the number of slots that begin at or
        // before the index.
        let mut start = 0;
        let count = self.slots.len();
        // Every arm ends by branching out of the outermost block.
        for _ in 0..=count {
            body.instructions().block(wasm_encoder::BlockType::Empty);
        }
        let mut targets = Vec::new();
        for (slot, Slot { handlers, .. }) in self.slots.iter().enumerate() {
            targets.extend(std::iter::repeat_n(number(slot), *handlers));
        }
        body.instructions()
            .block(wasm_encoder::BlockType::Empty)
            .local_get(index)
            .br_table(targets.iter().map(|slot| slot + 1), 0)
            .end()
            .unreachable();
        for (slot, Slot { handlers, .. }) in self.slots.iter().enumerate() {
            let mut i = body.instructions();
            i.end().i32_const(number(slot).cast_signed());
            i.local_set(slot_local);
            if in_memory {
                i.local_get(0);
            }
            i.local_get(index);
            i.i32_const(number(start).cast_signed()).i32_sub();
            if in_memory {
                i.i32_store(at(0));
            } else {
                i.local_set(index);
            }
            i.br(number(count - slot - 1));
            start += handlers;
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
        let thunk = self.thunks + number(slot * self.operations.list.len() + index);
        for param in 0..operation.params.len() {
            body.instructions().local_get(number(param));
        }
        let result = self.result.cast_signed();
        let slot = number(slot).cast_signed();
        let mut i = body.instructions();
        match operation.how {
            How::ByIndex | How::ByIndexInMemory | How::BySession | How::BySessionInMemory => {
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
                // Discriminant 0 is ok. The inner handle is at offset 4; replace it by this
                // switchboard's handle.
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

#[cfg(test)]
mod tests {
    use super::*;
    use wit_parser::{SizeAlign, WorldItem};

    #[test]
    fn every_result_of_the_contract_fits_the_area_for_results() {
        for kind in Kind::ALL {
            let text = format!("package annals:g;\nworld w {{ export {}; }}", kind.export());
            let (resolve, world) = crate::generate::resolve_world(&text, "w").expect("WIT");
            let mut sizes = SizeAlign::default();
            sizes.fill(&resolve).expect("sizes");
            let operations = Operations::of(kind).expect("the contract");
            let mut image = Image::default();
            image.place(&[1; 3], 1);
            let (result, heap) = areas(&mut image, &operations);
            let exports = resolve.worlds[world].exports.values();
            let interfaces = exports.filter_map(|item| match item {
                WorldItem::Interface { id, .. } => Some(&resolve.interfaces[*id]),
                _ => None,
            });
            let mut results = 0;
            for function in interfaces.flat_map(|interface| interface.functions.values()) {
                if let Some(ty) = &function.result {
                    let size = sizes.size(ty).size_wasm32();
                    assert!(
                        size <= (heap - result) as usize,
                        "{kind}: {}",
                        function.name
                    );
                    results += 1;
                }
            }
            assert!(results > 0, "{kind}");
        }
    }
}
