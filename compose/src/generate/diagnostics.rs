//! The component through which handlers write into the host's log: `annals:es/diagnostics`. All
//! handlers share it. It has one export for each handler, which puts the handler's name before its
//! lines.
//!
//! The shared component is no channel between handlers, because none of its functions has a result
//! or can fail.

use super::layout::{BASE, Image};
use super::sandbox::{LOG, LOG_FUNCTIONS};
use anyhow::Result;
use std::fmt::Write as _;
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection,
    Function, FunctionSection, ImportSection, InstructionSink, MemArg, MemorySection, MemoryType,
    Module, TypeSection, ValType,
};

/// The part's name.
pub const NAME: &str = "diagnostics";

/// Maximum length of a piece of a line that is passed on at once, in bytes.
const PIECE: usize = 256;
/// Length of the longest character, in bytes.
const CHARACTER: usize = 4;

/// Each handler has an area in memory: the number of stored bytes, followed by the bytes.
const COUNT: u64 = 0;
const BYTES: u64 = 4;
const SIZE: usize = BYTES as usize + PIECE + CHARACTER;

const I32: ValType = ValType::I32;

/// The imported function `log.write`.
const WRITE: u32 = 0;
/// The function that all exports call.
const PUT: u32 = 1;
const FIRST_EXPORT: u32 = 2;

/// The name of the export for handler number `handler`.
#[must_use]
pub fn export_name(handler: usize) -> String {
    format!("handler-{handler}")
}

/// Makes the component for handlers with these names.
///
/// # Errors
///
/// Only if the contract itself is broken.
pub fn generate(handlers: &[&str]) -> Result<Vec<u8>> {
    let mut wit = format!(
        "package annals:generated;\nworld {NAME} {{\nimport {LOG}: interface {{{LOG_FUNCTIONS}}}\n"
    );
    for handler in 0..handlers.len() {
        let export = export_name(handler);
        let _ = writeln!(
            wit,
            "export {export}: interface {{ put: func(character: char); }}"
        );
    }
    wit.push('}');
    let (resolve, world) = super::resolve_world(&wit, NAME)?;
    super::componentize(module(handlers), &resolve, world)
}

/// Makes a component that exports one version of the interface over an import of another version.
///
/// # Errors
///
/// Only if one of these contracts is broken.
pub fn rename(from: &str, to: &str) -> Result<Vec<u8>> {
    let wit = format!("package annals:generated;\nworld renamed {{ import {from}; export {to}; }}");
    let (resolve, world) = super::resolve_world(&wit, "renamed")?;
    let mut types = TypeSection::new();
    types.ty().function([I32], []);
    let mut imports = ImportSection::new();
    imports.import(from, "put", EntityType::Function(0));
    let mut exports = ExportSection::new();
    exports.export(&format!("{to}#put"), ExportKind::Func, 0);
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&exports);
    super::componentize(module.finish(), &resolve, world)
}

fn module(handlers: &[&str]) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([I32; 5], []);
    // Parameters: address and length of the name, address of the handler's area, the character.
    types.ty().function([I32; 4], []);
    types.ty().function([I32], []);
    let mut imports = ImportSection::new();
    imports.import(LOG, "write", EntityType::Function(0));

    let (mut functions, mut exports, mut code) = (
        FunctionSection::new(),
        ExportSection::new(),
        CodeSection::new(),
    );
    functions.function(1);
    code.function(&put());
    exports.export("memory", ExportKind::Memory, 0);
    let mut image = Image::default();
    for (index, handler) in (0..).zip(handlers) {
        let name = image.place(handler.as_bytes(), 1).cast_signed();
        let part = image.place(&[0; SIZE], 4).cast_signed();
        let length = i32::try_from(handler.len()).unwrap_or_default();
        let mut body = Function::new([]);
        let mut i = body.instructions();
        i.i32_const(name).i32_const(length).i32_const(part);
        i.local_get(0).call(PUT).end();
        functions.function(2);
        code.function(&body);
        let export = format!("{}#put", export_name(index as usize));
        exports.export(&export, ExportKind::Func, FIRST_EXPORT + index);
    }

    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: u64::from(image.end().div_ceil(0x1_0000)),
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut data = DataSection::new();
    let start = ConstExpr::i32_const(BASE.cast_signed());
    data.active(0, &start, image.into_bytes());
    let mut module = Module::new();
    module
        .section(&types)
        .section(&imports)
        .section(&functions)
        .section(&memories)
        .section(&exports)
        .section(&code)
        .section(&data);
    module.finish()
}

/// Adds a character to a handler's line in UTF-8. Passes the line on when it ends or is long.
fn put() -> Function {
    let (name, length, part, character, next) = (0, 1, 2, 3, 4);
    let mut body = Function::new([(1, I32)]);
    let mut i = body.instructions();
    // The address of the next byte, minus `BYTES`.
    i.local_get(part)
        .local_get(part)
        .i32_load(at(COUNT, 2))
        .i32_add()
        .local_set(next);
    // One block for each length of a character, the shortest innermost.
    i.block(BlockType::Empty)
        .block(BlockType::Empty)
        .block(BlockType::Empty)
        .block(BlockType::Empty);
    for (depth, limit) in [(0, 0x80), (1, 0x800), (2, 0x1_0000)] {
        i.local_get(character)
            .i32_const(limit)
            .i32_lt_u()
            .br_if(depth);
    }
    let place = [part, character, next];
    encode(&mut i, 4, place);
    i.br(3).end();
    encode(&mut i, 1, place);
    i.br(2).end();
    encode(&mut i, 2, place);
    i.br(1).end();
    encode(&mut i, 3, place);
    i.end();
    i.local_get(character).i32_const('\n' as i32).i32_eq();
    i.local_get(part)
        .i32_load(at(COUNT, 2))
        .i32_const(PIECE as i32)
        .i32_ge_u();
    i.i32_or().if_(BlockType::Empty);
    i.local_get(name).local_get(length).i32_const(1);
    i.local_get(part).i32_const(BYTES as i32).i32_add();
    i.local_get(part).i32_load(at(COUNT, 2)).call(WRITE);
    i.local_get(part).i32_const(0).i32_store(at(COUNT, 2));
    i.end().end();
    body
}

/// Writes a character as `bytes` bytes, and counts them.
fn encode(i: &mut InstructionSink<'_>, bytes: i32, [part, character, next]: [u32; 3]) {
    /// The leading bits of the first byte, by the number of bytes.
    const LEADING: [i32; 5] = [0, 0, 0xc0, 0xe0, 0xf0];
    for byte in 0..bytes {
        i.local_get(next).local_get(character);
        i.i32_const(6 * (bytes - 1 - byte)).i32_shr_u();
        if byte > 0 {
            i.i32_const(0x3f).i32_and();
        }
        let mark = if byte > 0 {
            0x80
        } else {
            LEADING[bytes as usize]
        };
        i.i32_const(mark)
            .i32_or()
            .i32_store8(at(BYTES + byte as u64, 0));
    }
    i.local_get(part).local_get(part).i32_load(at(COUNT, 2));
    i.i32_const(bytes).i32_add().i32_store(at(COUNT, 2));
}

fn at(offset: u64, align: u32) -> MemArg {
    MemArg {
        offset,
        align,
        memory_index: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasmtime::component::{Component, Linker};
    use wasmtime::{Engine, Store, StoreContextMut};

    type Said = Vec<(String, bool, Vec<u8>)>;

    /// The log output when handlers write these texts, one after the other.
    fn said(handlers: &[&str], texts: &[(usize, &str)]) -> wasmtime::Result<Said> {
        let engine = Engine::default();
        let bytes = generate(handlers).expect("a component");
        let component = Component::from_binary(&engine, &bytes)?;
        let mut linker = Linker::new(&engine);
        linker.instance(LOG)?.func_wrap(
            "write",
            |mut store: StoreContextMut<'_, Said>, line: (String, bool, Vec<u8>)| {
                store.data_mut().push(line);
                Ok(())
            },
        )?;
        linker.instance(LOG)?.func_wrap(
            "report-violation",
            |_: StoreContextMut<'_, Said>, _: (String, String, String, String, String)| Ok(()),
        )?;
        let mut store = Store::new(&engine, Said::new());
        let instance = linker.instantiate(&mut store, &component)?;
        for (handler, text) in texts {
            let interface = instance.get_export_index(&mut store, None, &export_name(*handler));
            let put = instance.get_export_index(&mut store, interface.as_ref(), "put");
            let put = put.expect("an export for each handler");
            let put = instance.get_typed_func::<(char,), ()>(&mut store, put)?;
            for character in text.chars() {
                put.call(&mut store, (character,))?;
            }
        }
        Ok(store.into_data())
    }

    #[test]
    fn each_line_comes_out_with_its_handlers_name() -> wasmtime::Result<()> {
        let said = said(
            &["one", "other"],
            &[
                (0, "half "),
                (1, "whole\n"),
                (0, "of a line\n\n"),
                (1, "lost"),
            ],
        )?;
        let line = |name: &str, text: &str| (name.to_owned(), true, text.as_bytes().to_vec());
        let expected = [
            line("other", "whole\n"),
            line("one", "half of a line\n"),
            line("one", "\n"),
        ];
        assert_eq!(said, expected);
        Ok(())
    }

    #[test]
    fn characters_of_every_length_come_out_as_utf_8() -> wasmtime::Result<()> {
        // The first and the last character of each length.
        let all = "\u{1}\u{7f}\u{80}\u{7ff}\u{800}\u{d7ff}\u{e000}\u{ffff}\u{10000}\u{10ffff}\n";
        let said = said(&["a"], &[(0, all)])?;
        assert_eq!(String::from_utf8_lossy(&said[0].2), all);
        Ok(())
    }

    #[test]
    fn a_long_line_comes_out_whole_in_pieces() -> wasmtime::Result<()> {
        for start in ["", "x", "xx", "xxx"] {
            let long = format!("{start}{}\n", "\u{10ffff}".repeat(500));
            let said = said(&["a", "b"], &[(0, &long), (1, "next\n")])?;
            let pieces = said.iter().filter(|(name, ..)| name == "a");
            let pieces: Vec<&[u8]> = pieces.map(|(.., piece)| piece.as_slice()).collect();
            assert!(pieces.iter().all(|piece| piece.len() < PIECE + CHARACTER));
            assert_eq!(String::from_utf8_lossy(&pieces.concat()), long);
            assert_eq!(
                said.last().map(|(.., text)| text.as_slice()),
                Some(&b"next\n"[..])
            );
        }
        Ok(())
    }
}
