//! The settings component: the manifest's constants, answered by functions without parameters.

use super::layout::{BASE, Image, Record};
use crate::kind::Kind;
use crate::manifest::{FailurePolicy, LastResort};
use anyhow::Result;
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, ExportKind, ExportSection, Function, FunctionSection,
    MemorySection, MemoryType, Module, TypeSection, ValType,
};

/// What `annals:framework/settings` answers.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The app's name.
    pub name: String,
    /// The app's version.
    pub version: String,
    /// Goes before every key of the store.
    pub prefix: String,
    /// How many logs the streams are spread over.
    pub partitions: u32,
    /// Keyvalue hosts: the bucket's name.
    pub bucket: String,
    /// Filesystem hosts: the directory as the guest sees it.
    pub path: String,
    /// All handlers.
    pub handlers: Vec<HandlerSetting>,
    /// Names of reactions and types of events that are gone, and are meant to be.
    pub retired: Vec<String>,
    /// Milliseconds that a request may go on after its answer, to deliver to reactions.
    pub delivery_budget: u32,
    /// Origins whose pages may call from browsers.
    pub cors: Vec<String>,
    /// Of all that the store's record of the application is compared with.
    pub application: String,
}

/// One handler, as `annals:framework/settings` has it.
#[derive(Debug, Clone)]
pub struct HandlerSetting {
    /// Name in the application.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// A decider's version of its code, or a reaction's of what it derives.
    pub version: String,
    /// Means something for reactions only.
    pub on_failure: FailurePolicy,
    /// Names that a reaction had before.
    pub formerly: Vec<String>,
}

/// Makes the component.
///
/// # Errors
///
/// Only if the contract itself is broken.
pub fn generate(settings: &Settings) -> Result<Vec<u8>> {
    let (resolve, world) = super::resolve_world(
        &format!(
            "package annals:generated;\nworld constants {{ export {}; }}",
            crate::framework_interface("settings")
        ),
        "constants",
    )?;
    super::componentize(module(settings), &resolve, world)
}

fn module(settings: &Settings) -> Vec<u8> {
    let mut image = Image::default();
    let handlers: Vec<Record> = settings
        .handlers
        .iter()
        .map(|handler| {
            let mut record = Record::default();
            record
                .string(&mut image, &handler.name)
                .string(&mut image, handler.kind.name())
                .string(&mut image, &handler.version)
                .u32(handler.on_failure.attempts)
                .u32(handler.on_failure.backoff)
                .u32(handler.on_failure.max_backoff)
                .u8(match handler.on_failure.then {
                    LastResort::Park => 0,
                    LastResort::Skip => 1,
                    LastResort::Stop => 2,
                })
                .strings(&mut image, &handler.formerly);
            record
        })
        .collect();
    let handlers = image.list(&handlers, 4);
    let mut record = Record::default();
    record
        .string(&mut image, &settings.name)
        .string(&mut image, &settings.version)
        .string(&mut image, &settings.prefix)
        .u32(settings.partitions)
        .string(&mut image, &settings.bucket)
        .string(&mut image, &settings.path)
        .list(handlers)
        .strings(&mut image, &settings.retired)
        .string(&mut image, env!("CARGO_PKG_VERSION"))
        .u32(settings.delivery_budget);
    let get = image.place(&record.into_bytes(), 4);
    let mut origins = Record::default();
    origins.strings(&mut image, &settings.cors);
    let cors = image.place(&origins.into_bytes(), 4);
    let mut digest = Record::default();
    digest.string(&mut image, &settings.application);
    let application = image.place(&digest.into_bytes(), 4);
    let answers = [("get", get), ("cors", cors), ("application", application)];
    constant_module(&answers, image)
}

/// A module with functions that each return a constant address.
fn constant_module(answers: &[(&str, u32)], image: Image) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], [ValType::I32]);
    let mut functions = FunctionSection::new();
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: u64::from(image.end().div_ceil(65536)),
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0);
    let mut code = CodeSection::new();
    for (index, (name, address)) in (0..).zip(answers) {
        let export = format!("{}#{name}", crate::framework_interface("settings"));
        exports.export(&export, ExportKind::Func, index);
        functions.function(0);
        let mut function = Function::new([]);
        function
            .instructions()
            .i32_const(address.cast_signed())
            .end();
        code.function(&function);
    }
    let mut data = DataSection::new();
    data.active(
        0,
        &ConstExpr::i32_const(BASE.cast_signed()),
        image.into_bytes(),
    );
    let mut module = Module::new();
    module
        .section(&types)
        .section(&functions)
        .section(&memories)
        .section(&exports)
        .section(&code)
        .section(&data);
    module.finish()
}
