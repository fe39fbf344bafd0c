//! Reads a file that should be a handler, and makes a core module a component. It runs nothing.

use crate::limits;
use crate::problem::Code;
use std::fs::File;
use std::io::Read as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use wasmparser::{
    BinaryReader, ComponentExternalKind, Encoding, Error, Parser, Payload, Validator, WasmFeatures,
};
use wit_component::ComponentEncoder;

/// The features of a WASI 0.2 host: WebAssembly 2.0, features that every engine has had for years,
/// and components.
pub const FEATURES: WasmFeatures = WasmFeatures::WASM2
    .union(WasmFeatures::COMPONENT_MODEL)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::MULTI_MEMORY);

/// The custom section of components made with the SDK: rustc compiled them.
const SDK_SECTION: &str = "annals-sdk";

/// Why a file is not a handler.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Larger than [`limits::FILE_BYTES`].
    #[error("is larger than {} MB, which no component needs to be", limits::FILE_BYTES >> 20)]
    TooLarge,
    /// More functions, imports and exports than [`limits::MAX_FUNCTIONS`].
    #[error(
        "holds more than {} functions, imports and exports",
        limits::MAX_FUNCTIONS
    )]
    TooMuch,
    /// The file has no bytes.
    #[error("is empty")]
    Empty,
    /// The bytes are not WebAssembly.
    #[error("is not WebAssembly: it begins with `{0}`")]
    NotWasm(String),
    /// The file is WebAssembly in text form.
    #[error("is WebAssembly text, not a component")]
    Text,
    /// The file ends before its content does.
    #[error("ends in the middle, at byte {0}: the file is truncated")]
    Truncated(u64),
    /// A core module without a description of its world.
    #[error("is a core module, not a component, and does not describe its exports")]
    BareModule,
    /// A core module for WASI before components.
    #[error("is a core module that imports `{0}`, which is older than components")]
    Preview1(String),
    /// A core module that does not match its description.
    #[error("is a core module that cannot be made a component: {0}")]
    BadModule(String),
    /// A valid component that needs newer hosts.
    #[error("uses {0}, which not every host supports yet")]
    TooNew(String),
    /// A handler of a former contract whose types differ from that contract.
    #[error("declares contract 0.1.0, but its types differ: {0}")]
    Former(String),
    /// An invalid file.
    #[error("is not a valid component: {message} (at byte {offset})")]
    Invalid {
        /// Message of the validator.
        message: String,
        /// Byte offset.
        offset: u64,
    },
}

impl Refusal {
    /// Its code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::TooLarge | Self::TooMuch => Code::TooLarge,
            Self::Empty | Self::NotWasm(_) | Self::Text => Code::NotWasm,
            Self::Truncated(_) => Code::Truncated,
            Self::BareModule | Self::Preview1(_) | Self::BadModule(_) => Code::CoreModule,
            Self::TooNew(_) => Code::TooNew,
            Self::Former(_) => Code::TypeMismatch,
            Self::Invalid { .. } => Code::InvalidComponent,
        }
    }

    /// The remedy.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        match self {
            Self::TooLarge | Self::TooMuch => {
                "build it with optimisations, and without debug information"
            }
            Self::Empty | Self::NotWasm(_) => {
                "name the component that is built, not what it is built from, or set `path` to its crate"
            }
            Self::Text => "assemble it, for instance with `wasm-tools parse`",
            Self::Truncated(_) => "build it again, or copy it again",
            Self::BareModule => {
                "name a component, or a core module that `annals::export!(..)` is in"
            }
            Self::Preview1(_) => {
                "build for wasm32-unknown-unknown or wasm32-wasip2, or with cargo-component, or set `path` to its crate"
            }
            Self::BadModule(_) => {
                "build it again with the SDK of this composer's version, or name a component"
            }
            Self::TooNew(_) => "keep to WIT of WASI 0.2, and build without that",
            Self::Former(_) => "build it again, with the SDK of this composer's version",
            Self::Invalid { .. } => "build it again, with the newest release of its tools",
        }
    }
}

/// Reads a file, up to one byte more than the limit.
///
/// # Errors
///
/// If it cannot be read.
pub fn file(path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // Do not trust the file's length, which is meaningless for a device.
    let mut file = File::open(path)?.take(limit + 1);
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A component that was read.
#[derive(Debug)]
pub struct Read {
    /// The component.
    pub bytes: Vec<u8>,
    /// Names of its imports.
    pub imports: Vec<String>,
    /// Names of its exports.
    pub exports: Vec<String>,
    /// True if the SDK for Rust made it.
    pub sdk: bool,
    /// True if it contains the runtime of another language.
    pub runtime: bool,
}

/// Reads a component. A core module is first made a component.
///
/// # Errors
///
/// If the bytes are neither a component nor a core module that describes its world.
pub fn read(bytes: Vec<u8>) -> Result<Read, Refusal> {
    if bytes.len() as u64 > limits::FILE_BYTES {
        return Err(Refusal::TooLarge);
    }
    recognize(&bytes)?;
    let bytes = if Parser::is_core_wasm(&bytes) {
        validate(&bytes)?;
        componentize(&bytes)?
    } else {
        bytes
    };
    validate(&bytes)?;
    if items(&bytes) > limits::MAX_FUNCTIONS {
        return Err(Refusal::TooMuch);
    }
    let (imports, exports) = externs(&bytes).map_err(|error| Refusal::Invalid {
        message: format!("{error:#}"),
        offset: 0,
    })?;
    Ok(Read {
        sdk: has_section(&bytes, SDK_SECTION, b""),
        // componentize-py exports its own start function under this name; componentize-js contains
        // an engine in C++.
        runtime: exports.iter().any(|export| export == "exports")
            || has_section(&bytes, "producers", b"C_plus_plus"),
        bytes,
        imports,
        exports,
    })
}

/// Checks that the bytes are WebAssembly.
fn recognize(bytes: &[u8]) -> Result<(), Refusal> {
    const MAGIC: &[u8] = b"\0asm";
    if bytes.is_empty() {
        return Err(Refusal::Empty);
    }
    if bytes.starts_with(MAGIC) {
        return Ok(());
    }
    if MAGIC.starts_with(bytes) {
        return Err(Refusal::Truncated(bytes.len() as u64));
    }
    let head = &bytes[..bytes.len().min(4096)];
    let text = String::from_utf8_lossy(head);
    let code = text.lines().map(str::trim_start);
    let code = code.filter(|line| !line.is_empty() && !line.starts_with(";;"));
    let first = code.into_iter().next().unwrap_or_default();
    if first.starts_with("(module") || first.starts_with("(component") {
        return Err(Refusal::Text);
    }
    let shown = text.chars().take(16).flat_map(char::escape_debug);
    Err(Refusal::NotWasm(shown.collect()))
}

/// Checks that the component is valid on every host.
fn validate(bytes: &[u8]) -> Result<(), Refusal> {
    let valid = Validator::new_with_features(FEATURES).validate_all(bytes);
    valid.map(|_| ()).map_err(|error| refusal(&error, bytes))
}

fn refusal(error: &Error, bytes: &[u8]) -> Refusal {
    if is_truncated(bytes) {
        return Refusal::Truncated(bytes.len() as u64);
    }
    let newer = Validator::new_with_features(WasmFeatures::all()).validate_all(bytes);
    if newer.is_ok() || error.missing_wasm_feature().is_some() {
        return Refusal::TooNew(newer_words(bytes, error));
    }
    Refusal::Invalid {
        message: error.message().into(),
        offset: error.offset(),
    }
}

/// True if a section's length exceeds the remaining bytes.
fn is_truncated(bytes: &[u8]) -> bool {
    // The header of a module or a component, in the existing versions.
    let mut rest = match bytes.split_at_checked(8) {
        Some((b"\0asm\x01\0\0\0" | b"\0asm\x0d\0\x01\0", rest)) => rest,
        Some(_) => return false,
        None => return true,
    };
    while !rest.is_empty() {
        // A section begins with its id and its length.
        let mut reader = BinaryReader::new(&rest[1..], 0);
        let Ok(length) = reader.read_var_u32() else {
            return reader.eof() || rest.len() < 6;
        };
        let end = 1 + reader.current_position() + length as usize;
        match rest.get(end..) {
            Some(after) => rest = after,
            None => return true,
        }
    }
    false
}

/// Features that are newer than WASI 0.2, in words for the user.
const NEWER: &[(WasmFeatures, &str)] = &[
    (WasmFeatures::CM_ERROR_CONTEXT, "`error-context`"),
    (WasmFeatures::CM_MAP, "the type `map`"),
    (
        WasmFeatures::CM_FIXED_LENGTH_LISTS,
        "lists of a fixed length",
    ),
    (
        WasmFeatures::CM_IMPLEMENTS,
        "labels of what an import implements",
    ),
    (WasmFeatures::CM_NESTED_NAMES, "nested package names"),
    (WasmFeatures::CM_VALUES, "values as imports or exports"),
    (WasmFeatures::CM_THREADING, "threads"),
    (
        WasmFeatures::CM_GC,
        "garbage-collected values in its interfaces",
    ),
    (WasmFeatures::CM64, "64-bit memories in its interfaces"),
    (
        WasmFeatures::CM_ASYNC,
        "`async` functions, `stream` or `future`",
    ),
    (
        WasmFeatures::THREADS,
        "shared memory or atomic instructions",
    ),
    (WasmFeatures::RELAXED_SIMD, "relaxed SIMD instructions"),
    (WasmFeatures::EXCEPTIONS, "WebAssembly exceptions"),
    (
        WasmFeatures::LEGACY_EXCEPTIONS,
        "legacy WebAssembly exceptions",
    ),
    (WasmFeatures::MEMORY64, "64-bit memories"),
    (WasmFeatures::GC, "garbage-collected types"),
    (
        WasmFeatures::FUNCTION_REFERENCES,
        "typed function references",
    ),
    (WasmFeatures::WIDE_ARITHMETIC, "128-bit arithmetic"),
    (WasmFeatures::STACK_SWITCHING, "stack switching"),
    (WasmFeatures::CUSTOM_PAGE_SIZES, "custom page sizes"),
];

/// The newer features that the component needs to be valid.
fn newer_words(bytes: &[u8], error: &Error) -> String {
    let needed = |feature: &WasmFeatures| {
        let without = WasmFeatures::all().difference(*feature);
        Validator::new_with_features(without)
            .validate_all(bytes)
            .is_err()
    };
    let named = NEWER.iter().filter(|(feature, _)| needed(feature));
    let words: Vec<&str> = named.map(|(_, words)| *words).collect();
    if words.is_empty() {
        return format!("something newer than WASI 0.2 ({})", error.message());
    }
    words.join(" and ")
}

fn componentize(module: &[u8]) -> Result<Vec<u8>, Refusal> {
    let described = Parser::new(0).parse_all(module).filter_map(Result::ok).any(
        |payload| matches!(payload, Payload::CustomSection(section) if section.name().starts_with("component-type")),
    );
    if !described {
        return Err(Refusal::BareModule);
    }
    if let Some(import) = preview1(module) {
        return Err(Refusal::Preview1(import));
    }
    // A module's description of its world has the encoder's own format, and the encoder does not
    // check it.
    let encoded = catch_unwind(AssertUnwindSafe(|| {
        ComponentEncoder::default()
            .module(module)
            .and_then(|encoder| encoder.validate(false).encode())
    }));
    match encoded {
        Ok(Ok(component)) => Ok(component),
        Ok(Err(error)) => Err(Refusal::BadModule(format!("{error:#}"))),
        Err(_) => Err(Refusal::BadModule("its description is damaged".into())),
    }
}

/// The first import of WASI before components.
fn preview1(module: &[u8]) -> Option<String> {
    for payload in Parser::new(0).parse_all(module) {
        if let Ok(Payload::ImportSection(section)) = payload {
            let imports = section.into_imports().filter_map(Result::ok);
            let mut old = imports.filter(|import| import.module == "wasi_snapshot_preview1");
            return old
                .next()
                .map(|import| format!("{}.{}", import.module, import.name));
        }
    }
    None
}

/// True if the component, or a module in it, has a custom section with this name and text.
fn has_section(bytes: &[u8], name: &str, text: &[u8]) -> bool {
    let mut payloads = Parser::new(0).parse_all(bytes).filter_map(Result::ok);
    payloads.any(|payload| match payload {
        Payload::CustomSection(section) if section.name() == name => {
            text.is_empty() || section.data().windows(text.len()).any(|part| part == text)
        }
        _ => false,
    })
}

/// The number of modules and components in a component, including itself.
#[must_use]
pub fn nested(bytes: &[u8]) -> usize {
    let payloads = Parser::new(0).parse_all(bytes).filter_map(Result::ok);
    payloads
        .filter(|payload| matches!(payload, Payload::Version { .. }))
        .count()
}

/// The number of functions in all modules of a component, plus all imports and exports in it.
fn items(bytes: &[u8]) -> u64 {
    let payloads = Parser::new(0).parse_all(bytes).filter_map(Result::ok);
    let counts = payloads.map(|payload| match payload {
        Payload::FunctionSection(section) => section.count(),
        Payload::ImportSection(section) => section.count(),
        Payload::ExportSection(section) => section.count(),
        Payload::ComponentImportSection(section) => section.count(),
        Payload::ComponentExportSection(section) => section.count(),
        Payload::InstanceSection(section) => section.count(),
        Payload::ComponentInstanceSection(section) => section.count(),
        Payload::ComponentCanonicalSection(section) => section.count(),
        _ => 0,
    });
    counts.map(u64::from).sum()
}

/// The names of a component's imports and exports.
///
/// # Errors
///
/// If the bytes are not a component.
pub fn externs(bytes: &[u8]) -> anyhow::Result<(Vec<String>, Vec<String>)> {
    let (mut imports, mut exports, mut depth) = (Vec::new(), Vec::new(), 0u32);
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::Version { encoding, .. } => {
                if depth == 0 && encoding != Encoding::Component {
                    anyhow::bail!("it is not a component");
                }
                depth += 1;
            }
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(section) if depth == 1 => {
                for import in section {
                    let import = import?;
                    // Ignore types at the top level, because a host cannot offer them.
                    if !matches!(import.ty, wasmparser::ComponentTypeRef::Type(_)) {
                        imports.push(import.name.name.to_string());
                    }
                }
            }
            Payload::ComponentExportSection(section) if depth == 1 => {
                for export in section {
                    let export = export?;
                    if export.kind != ComponentExternalKind::Type {
                        exports.push(export.name.name.to_string());
                    }
                }
            }
            _ => {}
        }
    }
    Ok((imports, exports))
}
