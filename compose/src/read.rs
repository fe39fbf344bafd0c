//! Reads what is said to be a handler, and makes a component of it if it is none yet. Nothing is run here.

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

/// The features of a WASI 0.2 host: WebAssembly 2.0 with what every engine has had for years, and components.
pub const FEATURES: WasmFeatures = WasmFeatures::WASM2
    .union(WasmFeatures::COMPONENT_MODEL)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::MULTI_MEMORY);

/// What the SDK leaves in components: rustc made them.
const SDK_SECTION: &str = "annals-sdk";

/// Why a file holds no handler.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Larger than [`limits::FILE`].
    #[error("is larger than {} MB, which no component needs to be", limits::FILE >> 20)]
    TooLarge,
    /// More of something than [`limits::FUNCTIONS`].
    #[error("holds more than {} functions, imports and exports", limits::FUNCTIONS)]
    TooMuch,
    /// No bytes at all.
    #[error("is empty")]
    Empty,
    /// Other bytes.
    #[error("is not WebAssembly: it begins with `{0}`")]
    NotWasm(String),
    /// WebAssembly for people.
    #[error("is WebAssembly text, not a component")]
    Text,
    /// A whole file would go on.
    #[error("ends in the middle, at byte {0}: the file is truncated")]
    Truncated(u64),
    /// A module that says nothing of a world.
    #[error("is a core module, not a component, and does not say what it exports")]
    BareModule,
    /// A module of the time before components.
    #[error("is a core module that imports `{0}`, from before there were components")]
    Preview1(String),
    /// A module that does not keep what it says.
    #[error("is a core module that cannot be made a component: {0}")]
    BadModule(String),
    /// A valid component, for other hosts.
    #[error("uses {0}, which not every host of an application knows yet")]
    TooNew(String),
    /// A handler of a former contract, with other types than that contract's.
    #[error("says that it speaks contract 0.1.0, and has other types: {0}")]
    Former(String),
    /// Not valid in any way.
    #[error("is not a valid component: {message} (at byte {offset})")]
    Invalid {
        /// In the validator's words.
        message: String,
        /// Where.
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

    /// What to do.
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

/// The bytes of a file, or one more than the limit.
///
/// # Errors
///
/// If it cannot be read.
pub fn file(path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    // Its length is not asked for: that of a device means nothing.
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
    /// It was made with the SDK for Rust.
    pub sdk: bool,
    /// It holds what runs another language.
    pub runtime: bool,
}

/// Reads a component; a core module is made one first.
///
/// # Errors
///
/// If the bytes are neither a component nor a core module that says what it is.
pub fn read(bytes: Vec<u8>) -> Result<Read, Refusal> {
    if bytes.len() as u64 > limits::FILE {
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
    if items(&bytes) > limits::FUNCTIONS {
        return Err(Refusal::TooMuch);
    }
    let (imports, exports) = externs(&bytes).map_err(|error| Refusal::Invalid {
        message: format!("{error:#}"),
        offset: 0,
    })?;
    Ok(Read {
        sdk: has_section(&bytes, SDK_SECTION, b""),
        // componentize-py exports its own start under this name, componentize-js holds an engine in C++.
        runtime: exports.iter().any(|export| export == "exports")
            || has_section(&bytes, "producers", b"C_plus_plus"),
        bytes,
        imports,
        exports,
    })
}

/// Is it WebAssembly at all?
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

/// Valid, and on every host.
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

/// Does a section announce more bytes than there are?
fn is_truncated(bytes: &[u8]) -> bool {
    // The header of a module or a component, of the versions that there are.
    let mut rest = match bytes.split_at_checked(8) {
        Some((b"\0asm\x01\0\0\0" | b"\0asm\x0d\0\x01\0", rest)) => rest,
        Some(_) => return false,
        None => return true,
    };
    while !rest.is_empty() {
        // A section: its id, then how long it is.
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

/// What is newer than WASI 0.2, in a user's words.
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

/// The newer features without which the component is not valid.
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
    // What a module says of its world is the encoder's own format, which it trusts.
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

/// Is there a custom section of that name, with that text, in a component, or in a module in it?
fn has_section(bytes: &[u8], name: &str, text: &[u8]) -> bool {
    let mut payloads = Parser::new(0).parse_all(bytes).filter_map(Result::ok);
    payloads.any(|payload| match payload {
        Payload::CustomSection(section) if section.name() == name => {
            text.is_empty() || section.data().windows(text.len()).any(|part| part == text)
        }
        _ => false,
    })
}

/// How many modules and components there are in a component, with itself.
#[must_use]
pub fn nested(bytes: &[u8]) -> usize {
    let payloads = Parser::new(0).parse_all(bytes).filter_map(Result::ok);
    payloads
        .filter(|payload| matches!(payload, Payload::Version { .. }))
        .count()
}

/// How many functions there are in all modules of a component, and imports and exports of all that is in it.
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

/// The names that a component imports and exports.
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
                    // Types at the top level are not something that a host could offer.
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
