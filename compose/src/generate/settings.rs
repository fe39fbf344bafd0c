//! The settings component: functions without parameters that return constants of the manifest.

use super::layout::{BASE, Image, Record};
use crate::kind::Kind;
use crate::manifest::{FailurePolicy, LastResort};
use anyhow::Result;
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, ExportKind, ExportSection, Function, FunctionSection,
    MemorySection, MemoryType, Module, TypeSection, ValType,
};

/// The results of `annals:framework/settings`.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The app's name.
    pub name: String,
    /// The app's version.
    pub version: String,
    /// Prefix of every key in the store.
    pub prefix: String,
    /// Number of logs among which the streams are divided.
    pub partitions: u32,
    /// Name of the bucket, for keyvalue hosts.
    pub bucket: String,
    /// The directory as the guest sees it, for filesystem hosts.
    pub path: String,
    /// All handlers.
    pub handlers: Vec<HandlerSetting>,
    /// Names of reactions and types of events that were removed on purpose.
    pub retired: Vec<String>,
    /// Milliseconds after a response for which a request may deliver to reactions.
    pub delivery_budget: u32,
    /// Origins whose pages may send requests from browsers.
    pub cors: Vec<String>,
    /// Digest of everything that is compared with the store's record of the application.
    pub application: String,
}

/// One handler in `annals:framework/settings`.
#[derive(Debug, Clone)]
pub struct HandlerSetting {
    /// Name in the application.
    pub name: String,
    /// The kind of handler.
    pub kind: Kind,
    /// A decider's code version, or the version of a reaction's derived data.
    pub version: String,
    /// Used for reactions only.
    pub on_failure: FailurePolicy,
    /// Former names of a reaction.
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

/// A module whose functions each return a constant address.
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
