//! The sandbox of one component, see [`crate::sandbox`]: a core module whose functions return
//! constants, print, or report a violation and trap.
//!
//! Its memory contains the constants. Above them it contains the caller's data, which is discarded
//! when the function returns. Other than that the module has flags: which seeds it has handed out,
//! and whether it has reported a read of the environment.

use super::layout::{BASE, Image};
use super::realloc;
use crate::grant::unversioned;
use crate::handler::Handler;
use crate::sandbox::imports::{self, Resident};
use crate::sandbox::wasi::{self, Answer, Attempt};
use crate::verify;
use anyhow::{Context as _, Result};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection,
    Function, FunctionSection, GlobalSection, GlobalType, ImportSection, InstructionSink, MemArg,
    MemorySection, MemoryType, Module, NameSection, TypeSection, ValType,
};
use wit_parser::abi::{AbiVariant, WasmSignature, WasmType};
use wit_parser::{Handle, InterfaceId, Resolve, Type, TypeDefKind, TypeId, TypeOwner};

/// Name of the generated core module.
pub const MODULE_NAME: &str = "annals-sandbox";

/// The name of the import that is wired to the log.
pub const LOG: &str = "log";

/// The functions of `annals:framework/log`, under the import's name.
pub(super) const LOG_FUNCTIONS: &str = "
  write: func(handler: string, stderr: bool, text: list<u8>);
  report-violation: func(handler: string, attempt: string, subject: string, function: string, outcome: string);
";

const I32: ValType = ValType::I32;

/// Global: the address for the caller's next bytes.
const BUMP: u32 = 0;
/// Global: the seed was handed out.
const SEEDED: u32 = 1;
/// Global: a read of the environment was reported.
const REPORTED: u32 = 2;
/// Global: number of bytes of Python's seed that are left to hand out.
const PYTHON_LEFT: u32 = 3;

/// Imported function `log.write`.
const WRITE: u32 = 0;
/// Imported function `log.report-violation`.
const REPORT_VIOLATION: u32 = 1;

/// Generates the sandbox that implements these imports of a component.
///
/// # Errors
///
/// If the component's imports cannot be read.
pub fn generate(handler: &Handler, resident: Resident, satisfied: &[String]) -> Result<Vec<u8>> {
    let (mut resolve, world) = imports::decode(&handler.bytes)?;
    let interfaces: Vec<(String, InterfaceId)> = imports::interfaces(&resolve, world)
        .filter(|(import, _)| satisfied.contains(import))
        .collect();
    let mut wit = format!(
        "package annals:generated;\nworld sandbox {{\nimport {LOG}: interface {{{LOG_FUNCTIONS}}}\n"
    );
    for (import, _) in &interfaces {
        let _ = writeln!(wit, "export {import};");
    }
    wit.push('}');
    let package = resolve.push_source("generated.wit", &wit)?;
    let world = resolve.select_world(&[package], Some("sandbox"))?;
    let module = Builder::new(handler, resident, &resolve, &interfaces).build()?;
    let component = super::componentize(module, &resolve, world)?;
    // WASI defines the names; the component defines the types.
    verify::valid(&component).context("its imports are not those of WASI 0.2")?;
    Ok(component)
}

/// A function that the sandbox exports.
struct Export<'a> {
    interface: &'a str,
    function: &'a wit_parser::Function,
    signature: WasmSignature,
    answer: Answer,
}

/// Assembles the module. Order of function indices: imports, `cabi_realloc`, exports.
struct Builder<'a> {
    resolve: &'a Resolve,
    handler: &'a Handler,
    resident: Resident,
    interfaces: &'a [(String, InterfaceId)],
    image: Image,
    texts: BTreeMap<String, (i32, i32)>,
    /// Address of zeros that are never overwritten.
    nothing: i32,
    /// Address where results that are not constants are written.
    result: i32,
    types: TypeSection,
    type_count: u32,
    imports: ImportSection,
    /// The function that makes a handle, by interface and resource.
    news: BTreeMap<(InterfaceId, String), u32>,
    functions: FunctionSection,
    exports: ExportSection,
    code: CodeSection,
    /// Index of the next function.
    next: u32,
    realloc: u32,
    /// First address of the callers' data, known when all constants are placed.
    heap: u32,
}

impl<'a> Builder<'a> {
    fn new(
        handler: &'a Handler,
        resident: Resident,
        resolve: &'a Resolve,
        interfaces: &'a [(String, InterfaceId)],
    ) -> Self {
        let mut image = Image::default();
        let nothing = image.place(&[0; 64], 8).cast_signed();
        let result = image.place(&[0; 64], 8).cast_signed();
        Self {
            resolve,
            handler,
            resident,
            interfaces,
            image,
            texts: BTreeMap::new(),
            nothing,
            result,
            types: TypeSection::new(),
            type_count: 0,
            imports: ImportSection::new(),
            news: BTreeMap::new(),
            functions: FunctionSection::new(),
            exports: ExportSection::new(),
            code: CodeSection::new(),
            next: 0,
            realloc: 0,
            heap: 0,
        }
    }

    fn build(mut self) -> Result<Vec<u8>> {
        let exports = self.list();
        self.import(LOG, "write", &[I32; 5], &[]);
        self.import(LOG, "report-violation", &[I32; 10], &[]);
        for export in &exports {
            self.import_new(export);
        }
        // Place the constants first: the heap begins after them, and the code contains their
        // addresses.
        let texts: Vec<Texts> = exports.iter().map(|export| self.place(export)).collect();
        self.heap = self.image.end();
        self.realloc();
        for (export, texts) in exports.iter().zip(&texts) {
            let body = self
                .body(export, texts)
                .with_context(|| format!("`{}` of {}", export.function.name, export.interface))?;
            let params = values(&export.signature.params);
            let results = values(&export.signature.results);
            let index = self.function(&params, &results, &body);
            let name = format!("{}#{}", export.interface, export.function.name);
            self.exports.export(&name, ExportKind::Func, index);
        }
        Ok(self.finish())
    }

    /// All functions of the interfaces.
    fn list(&self) -> Vec<Export<'a>> {
        let resolve = self.resolve;
        let interfaces = self.interfaces.iter();
        interfaces
            .flat_map(|(name, id)| {
                let functions = resolve.interfaces[*id].functions.values();
                functions.map(move |function| Export {
                    interface: name,
                    function,
                    signature: resolve.wasm_signature(AbiVariant::GuestExport, function),
                    answer: wasi::answer(unversioned(name), &function.name),
                })
            })
            .collect()
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

    fn function(&mut self, params: &[ValType], results: &[ValType], body: &Function) -> u32 {
        let ty = self.ty(params, results);
        self.functions.function(ty);
        self.code.function(body);
        self.next += 1;
        self.next - 1
    }

    /// Imports the function that makes a handle of the resource that a function returns.
    fn import_new(&mut self, export: &Export<'_>) {
        if !matches!(export.answer, Answer::Handle(_) | Answer::Root) {
            return;
        }
        let Some((owner, name)) = self.made(export) else {
            return;
        };
        if !self.news.contains_key(&(owner, name.clone())) {
            let module = format!("[export]{}", self.resolve.id_of(owner).unwrap_or_default());
            let new = self.import(&module, &format!("[resource-new]{name}"), &[I32], &[I32]);
            self.news.insert((owner, name), new);
        }
    }

    /// The resource that a function returns, if this sandbox defines it.
    fn made(&self, export: &Export<'_>) -> Option<(InterfaceId, String)> {
        let (owner, name) = resource(self.resolve, export.function.result.as_ref()?)?;
        let here = self.interfaces.iter().any(|(_, id)| *id == owner);
        here.then_some((owner, name))
    }

    /// The function that makes a handle of that resource.
    fn new_of(&self, export: &Export<'_>) -> Option<u32> {
        self.news.get(&self.made(export)?).copied()
    }

    /// Places a text, unless it is already placed.
    fn text(&mut self, text: &str) -> (i32, i32) {
        if let Some(placed) = self.texts.get(text) {
            return *placed;
        }
        let address = self.image.place(text.as_bytes(), 1).cast_signed();
        let placed = (address, number(text.len()).cast_signed());
        self.texts.insert(text.into(), placed);
        placed
    }

    /// Places the texts of a function.
    fn place(&mut self, export: &Export<'_>) -> Texts {
        let mut texts = Texts {
            name: self.text(&self.handler.name.clone()),
            ..Texts::default()
        };
        let interface = unversioned(export.interface);
        let attempt = match export.answer {
            Answer::Constant(bytes) => {
                texts.constant = self.image.place(bytes, 8).cast_signed();
                return texts;
            }
            Answer::Root => {
                texts.root = self.text("/");
                return texts;
            }
            Answer::Seed(attempt) => {
                texts.constant = self.image.place(wasi::SEED, 8).cast_signed();
                attempt
            }
            Answer::Stop(attempt) | Answer::Report(attempt) => attempt,
            // A function that cannot make a handle refuses the call.
            Answer::Handle(_) if self.made(export).is_none() => Attempt::Other,
            _ => return texts,
        };
        let stops = self.stops(export);
        let outcome = if stops {
            "and was stopped"
        } else {
            "and found nothing"
        };
        texts.attempt = self.text(attempt.words());
        texts.function = self.text(&format!("{interface}#{}", export.function.name));
        let remedy = attempt.remedy(self.resident, interface);
        texts.outcome = self.text(&format!("{outcome}: {remedy}"));
        texts
    }

    /// True if reading the environment also stops the handler.
    fn stops(&self, export: &Export<'_>) -> bool {
        !matches!(export.answer, Answer::Report(_)) || self.handler.sdk
    }

    /// True if this component has both kinds of seeds, so that they can be distinguished.
    fn has_seed(&self) -> bool {
        let mut imports = self.handler.imports.iter();
        imports.any(|import| unversioned(import) == "wasi:random/insecure-seed")
    }

    fn body(&self, export: &Export<'_>, texts: &Texts) -> Result<Function> {
        let params = number(export.signature.params.len());
        // Two scratch locals follow the parameters.
        let (first, second) = (params, params + 1);
        let mut body = Function::new([(2, I32)]);
        let mut i = body.instructions();
        match export.answer {
            Answer::Stop(_) => self.stop(&mut i, export, texts),
            Answer::Report(_) if self.stops(export) => self.stop(&mut i, export, texts),
            Answer::Report(_) => {
                // A language runtime reads the environment at every start, so that is not reported.
                let silent = i32::from(self.handler.runtime);
                i.global_get(REPORTED).i32_const(silent).i32_or();
                i.i32_eqz().if_(BlockType::Empty);
                i.i32_const(1).global_set(REPORTED);
                self.report_violation(&mut i, export, texts);
                i.end();
                self.reset(&mut i);
                i.i32_const(self.nothing);
            }
            Answer::Nothing => {
                self.reset(&mut i);
                match export.signature.results.as_slice() {
                    [] => {}
                    [WasmType::I64 | WasmType::PointerOrI64] => {
                        i.i64_const(0);
                    }
                    _ if export.signature.retptr => {
                        i.i32_const(self.nothing);
                    }
                    _ => {
                        i.i32_const(0);
                    }
                }
            }
            Answer::Yes => {
                i.i32_const(1);
            }
            Answer::Constant(_) => {
                self.reset(&mut i);
                i.i32_const(texts.constant);
            }
            Answer::Handle(rep) => match self.new_of(export) {
                Some(new) => {
                    i.i32_const(rep).call(new);
                }
                None => self.stop(&mut i, export, texts),
            },
            Answer::Root => match self.new_of(export) {
                Some(new) => {
                    // The list's only element follows the list's address and length.
                    let element = self.result + 8;
                    i.i32_const(self.result).i32_const(element).i32_store(at(0));
                    i.i32_const(self.result).i32_const(1).i32_store(at(4));
                    i.i32_const(element).i32_const(0).call(new).i32_store(at(0));
                    i.i32_const(element)
                        .i32_const(texts.root.0)
                        .i32_store(at(4));
                    i.i32_const(element)
                        .i32_const(texts.root.1)
                        .i32_store(at(8));
                    i.i32_const(self.result);
                }
                // Preopened directories belong to the host, and the sandbox has none.
                None => {
                    i.i32_const(self.nothing);
                }
            },
            Answer::Ready => {
                // Parameters: address and length of the list of pollables. Return all indices in
                // order.
                i.i32_const(0).i32_const(0).i32_const(4);
                i.local_get(1).i32_const(2).i32_shl();
                i.call(self.realloc).local_set(first);
                i.block(BlockType::Empty).loop_(BlockType::Empty);
                i.local_get(second).local_get(1).i32_ge_u().br_if(1);
                i.local_get(first).local_get(second).i32_const(2).i32_shl();
                i.i32_add().local_get(second).i32_store(at(0));
                i.local_get(second).i32_const(1).i32_add().local_set(second);
                i.br(0).end().end();
                i.i32_const(self.result).local_get(first).i32_store(at(0));
                i.i32_const(self.result).local_get(1).i32_store(at(4));
                // The result is read before anything is written to its address.
                self.reset(&mut i);
                i.i32_const(self.result);
            }
            Answer::Print => {
                i.i32_const(texts.name.0).i32_const(texts.name.1);
                i.local_get(0).local_get(1).local_get(2).call(WRITE);
                self.reset(&mut i);
                i.i32_const(self.nothing);
            }
            Answer::Seed(_) if self.has_seed() => self.stop(&mut i, export, texts),
            Answer::Seed(_) => {
                i.local_get(0).i64_const(16).i64_eq();
                i.global_get(SEEDED).i32_eqz().i32_and();
                i.if_(BlockType::Empty);
                i.i32_const(1).global_set(SEEDED);
                i.i32_const(self.result).i32_const(texts.constant);
                i.i32_store(at(0));
                i.i32_const(self.result).i32_const(16).i32_store(at(4));
                i.i32_const(self.result).return_().end();

                // Return all remaining bytes, or as many as one call may return.
                i.global_get(PYTHON_LEFT).local_set(second);
                i.local_get(second).i32_const(wasi::PYTHON_PIECE);
                i.local_get(second).i32_const(wasi::PYTHON_PIECE).i32_lt_u();
                i.select().i64_extend_i32_u().local_get(0).i64_eq();
                i.local_get(second).i64_extend_i32_u().local_get(0).i64_eq();
                i.i32_or();
                i.local_get(second).i32_const(0).i32_ne().i32_and();
                i.if_(BlockType::Empty);
                i.local_get(second).local_get(0).i32_wrap_i64().i32_sub();
                i.global_set(PYTHON_LEFT);
                i.i32_const(0).i32_const(0).i32_const(8);
                i.local_get(0).i32_wrap_i64();
                i.call(self.realloc).local_tee(first);
                i.i32_const(wasi::SEED[0].into());
                i.local_get(0).i32_wrap_i64().memory_fill(0);
                i.i32_const(self.result).local_get(first).i32_store(at(0));
                i.i32_const(self.result).local_get(0).i32_wrap_i64();
                i.i32_store(at(4));
                self.reset(&mut i);
                i.i32_const(self.result).return_().end();
                self.stop(&mut i, export, texts);
            }
        }
        i.end();
        Ok(body)
    }

    /// Reports a violation.
    fn report_violation(&self, i: &mut InstructionSink<'_>, export: &Export<'_>, texts: &Texts) {
        let push = |i: &mut InstructionSink<'_>, (address, len): (i32, i32)| {
            i.i32_const(address).i32_const(len);
        };
        push(i, texts.name);
        push(i, texts.attempt);
        match subject(self.resolve, export) {
            Some(param) => {
                i.local_get(param).local_get(param + 1);
            }
            None => push(i, (self.nothing, 0)),
        }
        push(i, texts.function);
        push(i, texts.outcome);
        i.call(REPORT_VIOLATION);
    }

    fn stop(&self, i: &mut InstructionSink<'_>, export: &Export<'_>, texts: &Texts) {
        self.report_violation(i, export, texts);
        i.unreachable();
    }

    /// Discards the caller's data.
    fn reset(&self, i: &mut InstructionSink<'_>) {
        i.i32_const(self.heap.cast_signed()).global_set(BUMP);
    }

    fn realloc(&mut self) {
        self.realloc = self.function(realloc::PARAMS, realloc::RESULTS, &realloc::body(BUMP));
        self.exports
            .export("cabi_realloc", ExportKind::Func, self.realloc);
    }

    fn finish(mut self) -> Vec<u8> {
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
        for initial in [self.heap.cast_signed(), 0, 0, wasi::PYTHON_SEED] {
            let ty = GlobalType {
                val_type: I32,
                mutable: true,
                shared: false,
            };
            globals.global(ty, &ConstExpr::i32_const(initial));
        }
        let mut data = DataSection::new();
        data.active(
            0,
            &ConstExpr::i32_const(BASE.cast_signed()),
            self.image.into_bytes(),
        );
        let mut names = NameSection::new();
        names.module(MODULE_NAME);
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

/// Addresses and lengths of a function's texts, and its result.
#[derive(Default)]
struct Texts {
    name: (i32, i32),
    attempt: (i32, i32),
    function: (i32, i32),
    outcome: (i32, i32),
    root: (i32, i32),
    constant: i32,
}

/// The flat parameter with which a function's first text begins, such as a path.
fn subject(resolve: &Resolve, export: &Export<'_>) -> Option<u32> {
    if export.signature.indirect_params {
        return None;
    }
    let mut flat = 0;
    for param in &export.function.params {
        if param.ty == Type::String {
            return Some(flat);
        }
        flat += flattened(resolve, &param.ty)?;
    }
    None
}

/// The number of flat values of a parameter.
fn flattened(resolve: &Resolve, ty: &Type) -> Option<u32> {
    let mut storage = [WasmType::I32; Resolve::MAX_FLAT_PARAMS + 1];
    let mut flat = wit_parser::abi::FlatTypes::new(&mut storage);
    resolve
        .push_flat(ty, &mut flat)
        .then(|| number(flat.to_vec().len()))
}

/// The first resource in a result: its interface and its name there.
fn resource(resolve: &Resolve, ty: &Type) -> Option<(InterfaceId, String)> {
    let Type::Id(id) = ty else { return None };
    match &resolve.types[*id].kind {
        TypeDefKind::Handle(Handle::Own(id) | Handle::Borrow(id)) => origin(resolve, *id),
        TypeDefKind::Type(ty) | TypeDefKind::List(ty) | TypeDefKind::Option(ty) => {
            resource(resolve, ty)
        }
        TypeDefKind::Tuple(tuple) => tuple.types.iter().find_map(|ty| resource(resolve, ty)),
        _ => None,
    }
}

/// The interface that defined a resource, followed through all `use`s.
fn origin(resolve: &Resolve, id: TypeId) -> Option<(InterfaceId, String)> {
    let def = &resolve.types[id];
    match (&def.kind, def.owner) {
        (TypeDefKind::Type(Type::Id(id)), _) => origin(resolve, *id),
        (TypeDefKind::Resource, TypeOwner::Interface(owner)) => Some((owner, def.name.clone()?)),
        _ => None,
    }
}

fn values(types: &[WasmType]) -> Vec<ValType> {
    let value = |ty: &WasmType| match ty {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => I32,
        WasmType::I64 | WasmType::PointerOrI64 => ValType::I64,
        WasmType::F32 => ValType::F32,
        WasmType::F64 => ValType::F64,
    };
    types.iter().map(value).collect()
}

fn at(offset: u64) -> MemArg {
    MemArg {
        offset,
        align: 0,
        memory_index: 0,
    }
}

/// Counts in a generated module are small.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
