//! Looks into a handler: what it imports and exports, and what it says of itself.
//!
//! The handler runs here, in the composer, under fuel and a memory limit, with its sandbox, if it has
//! one, and with imports that trap when they are called: a hostile one can waste a moment and no more.

use crate::cache::{self, Cache};
use crate::kind::Kind;
use crate::sandbox::{self, Sandbox};
use crate::wire;
use anyhow::{Context as _, Result, anyhow, bail};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use wasmparser::{ComponentExternalKind, Encoding, Parser, Payload};
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, OptLevel, Store, StoreContextMut, StoreLimits, StoreLimitsBuilder};
use wit_component::ComponentEncoder;

#[allow(missing_docs, reason = "generated")]
mod bindings {
    pub mod decider {
        wasmtime::component::bindgen!({
            path: "../wit",
            world: "annals:es/decider",
            additional_derives: [serde::Serialize, serde::Deserialize],
        });
    }
    pub mod projector {
        wasmtime::component::bindgen!({
            path: "../wit",
            world: "annals:es/projector",
            with: { "annals:es/types": super::decider::annals::es::types },
        });
    }
    pub mod process_manager {
        wasmtime::component::bindgen!({
            path: "../wit",
            world: "annals:es/process-manager",
            with: { "annals:es/types": super::decider::annals::es::types },
        });
    }
    pub mod notifier {
        wasmtime::component::bindgen!({
            path: "../wit",
            world: "annals:es/notifier",
            with: { "annals:es/types": super::decider::annals::es::types },
        });
    }
}

pub use bindings::decider::annals::es::types::{
    CommandSpec, DeciderDescriptor, Precondition, ReactionDescriptor, StartFrom,
};

/// Fuel for instantiating a handler and asking it to describe itself; some instructions each.
const FUEL: u64 = 50_000_000;

/// Linear memory that a handler may take while it describes itself, in bytes.
const MEMORY: usize = 256 << 20;

/// A handler's component, read but not run.
pub struct Handler {
    /// Name in the manifest.
    pub name: String,
    /// The component.
    pub bytes: Vec<u8>,
    /// Names of its imports.
    pub imports: Vec<String>,
    /// Names of its exports.
    pub exports: Vec<String>,
    /// It was made with the SDK for Rust, whose code reads no environment when it panics.
    pub sdk: bool,
}

impl Handler {
    /// The kinds of handlers that it exports.
    #[must_use]
    pub fn kinds(&self) -> Vec<Kind> {
        let exported = |kind: &Kind| self.exports.contains(&kind.export());
        Kind::ALL.into_iter().filter(exported).collect()
    }

    /// What it imports of a host: everything but the contract's types, which the composition has.
    pub fn host_imports(&self) -> impl Iterator<Item = &str> {
        let types = crate::contract("types");
        let imports = self.imports.iter().map(String::as_str);
        imports.filter(move |import| *import != types)
    }
}

/// What a component says of the handlers in it, in its own order.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Described {
    /// Its deciders.
    pub deciders: Vec<DeciderDescriptor>,
    /// Its reactions, by kind.
    pub reactions: Vec<(Kind, Vec<ReactionDescriptor>)>,
}

/// Reads a handler's file; a core module is made a component first.
///
/// # Errors
///
/// If the bytes are neither a component nor a core module that says what it is.
pub fn read(name: &str, bytes: Vec<u8>) -> Result<Handler> {
    let bytes = if wasmparser::Parser::is_core_wasm(&bytes) {
        ComponentEncoder::default()
            .module(&bytes)
            .and_then(|encoder| encoder.validate(true).encode())
            .context("it is a core module that cannot be made a component")?
    } else {
        wasmparser::Validator::new_with_features(wasmparser::WasmFeatures::default())
            .validate_all(&bytes)
            .context("it is not a valid component")?;
        bytes
    };
    let (imports, exports) = externs(&bytes)?;
    let sdk = has_section(&bytes, sandbox::SDK_SECTION)?;
    Ok(Handler {
        name: name.into(),
        bytes,
        imports,
        exports,
        sdk,
    })
}

/// Is there a custom section of that name in a component, or in a module in it?
fn has_section(bytes: &[u8], name: &str) -> Result<bool> {
    for payload in Parser::new(0).parse_all(bytes) {
        if matches!(payload?, Payload::CustomSection(section) if section.name() == name) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The names that a component imports and exports.
///
/// # Errors
///
/// If the bytes are not a component.
pub fn externs(bytes: &[u8]) -> Result<(Vec<String>, Vec<String>)> {
    let (mut imports, mut exports, mut depth) = (Vec::new(), Vec::new(), 0u32);
    for payload in Parser::new(0).parse_all(bytes) {
        match payload? {
            Payload::Version { encoding, .. } => {
                if depth == 0 && encoding != Encoding::Component {
                    bail!("it is not a component");
                }
                depth += 1;
            }
            Payload::End(_) => depth -= 1,
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

/// A handler with its sandbox, as one component that runs by itself. It imports the contract's types; [`LOG`],
/// if it has a sandbox; and what it is granted.
///
/// # Errors
///
/// Something of ours: a handler and its sandbox fit together.
pub fn runnable<'a>(handler: &'a Handler, sandbox: Option<&Sandbox>) -> Result<Cow<'a, [u8]>> {
    Ok(match sandbox {
        Some(sandbox) => Cow::Owned(wire::sandboxed(handler, sandbox)?.bytes),
        None => Cow::Borrowed(&handler.bytes),
    })
}

/// What a sandbox tells: the interface `annals:es/log` under this name, see [`runnable`].
pub use crate::generate::sandbox::LOG;

/// Runs handlers to ask them who they are.
pub struct Prober {
    /// What handlers said before. What one says depends on its bytes and those of its sandbox.
    cache: Cache,
    engine: Engine,
    linker: Linker<Running>,
}

/// What a handler that runs here has.
struct Running {
    limits: StoreLimits,
    /// What its sandbox told last.
    told: Option<String>,
}

impl Prober {
    /// Prepares an engine, and remembers nothing.
    ///
    /// # Errors
    ///
    /// If wasmtime cannot run on this machine.
    pub fn new() -> Result<Self> {
        Self::with_cache(Cache::none())
    }

    /// The same, with what is remembered.
    ///
    /// # Errors
    ///
    /// If wasmtime cannot run on this machine.
    pub fn with_cache(cache: Cache) -> Result<Self> {
        let mut config = Config::new();
        config.consume_fuel(true);
        // A handler runs for microseconds here; compiling it is what takes time.
        config.cranelift_opt_level(OptLevel::None);
        let engine = Engine::new(&config).map_err(|error| anyhow!("{error:#}"))?;
        let linker = linker(&engine).map_err(|error| anyhow!("{error:#}"))?;
        Ok(Self {
            cache,
            engine,
            linker,
        })
    }

    /// Asks a component to describe its handlers, each kind in an instance of its own.
    ///
    /// # Errors
    ///
    /// If it cannot be compiled or instantiated, traps, or takes too long or too much memory.
    pub fn describe(&self, handler: &Handler, sandbox: Option<&Sandbox>) -> Result<Described> {
        let sandbox_bytes = sandbox.map_or(&[][..], |sandbox| &sandbox.bytes);
        let key = cache::hash(&[&handler.bytes, sandbox_bytes]);
        if let Some(known) = self.cache.get("describe", key.as_bytes()) {
            return Ok(known);
        }
        let described = self.ask(handler, sandbox)?;
        self.cache.put("describe", key.as_bytes(), &described);
        Ok(described)
    }

    fn ask(&self, handler: &Handler, sandbox: Option<&Sandbox>) -> Result<Described> {
        let bytes = runnable(handler, sandbox)?;
        let component = Component::from_binary(&self.engine, &bytes)
            .map_err(|error| anyhow!("it cannot be compiled: {error:#}"))?;
        let mut linker = self.linker.clone();
        if handler.host_imports().next().is_some() {
            // Only a notifier may have imports, and needs none of them to say what it is.
            linker
                .define_unknown_imports_as_traps(&component)
                .map_err(|error| anyhow!("it cannot be linked: {}", first_line(&error)))?;
        }
        let mut described = Described::default();
        for kind in handler.kinds() {
            let mut store = self.store()?;
            // Also compares the types of all that the kind's world exports.
            macro_rules! describe {
                ($world:ty, $interface:ident) => {
                    <$world>::instantiate(&mut store, &component, &linker)
                        .map_err(|error| match store.data_mut().told.take() {
                            Some(told) => anyhow!("it cannot be instantiated: it {told}"),
                            None => anyhow!("it cannot be instantiated: {}", first_line(&error)),
                        })?
                        .$interface()
                        .call_describe(&mut store)
                        .map_err(|error| match store.data_mut().told.take() {
                            Some(told) => anyhow!("`describe` failed: it {told}"),
                            None => anyhow!("`describe` failed: {}", cause(&error)),
                        })?
                };
            }
            let reactions = match kind {
                Kind::Decider => {
                    described.deciders = describe!(bindings::decider::Decider, annals_es_deciders);
                    continue;
                }
                Kind::Projector => {
                    describe!(bindings::projector::Projector, annals_es_projectors)
                }
                Kind::ProcessManager => describe!(
                    bindings::process_manager::ProcessManager,
                    annals_es_process_managers
                ),
                Kind::Notifier => {
                    describe!(bindings::notifier::Notifier, annals_es_notifiers)
                }
            };
            described.reactions.push((kind, reactions));
        }
        Ok(described)
    }

    /// A store with the limits that keep a hostile handler harmless.
    fn store(&self) -> Result<Store<Running>> {
        let limits = StoreLimitsBuilder::new()
            .memory_size(MEMORY)
            .trap_on_grow_failure(true)
            .build();
        let running = Running { limits, told: None };
        let mut store = Store::new(&self.engine, running);
        store.limiter(|running| &mut running.limits);
        store.set_fuel(FUEL).map_err(|error| anyhow!("{error:#}"))?;
        Ok(store)
    }
}

/// What a sandbox needs; what handlers print here is nobody's concern.
fn linker(engine: &Engine) -> wasmtime::Result<Linker<Running>> {
    type Told = (String, String, String, String, String);
    let mut linker = Linker::new(engine);
    let mut log = linker.instance(LOG)?;
    log.func_wrap("write", |_, _: (String, bool, Vec<u8>)| Ok(()))?;
    log.func_wrap(
        "tell",
        |mut store: StoreContextMut<'_, Running>,
         (_, attempt, subject, function, outcome): Told| {
            let subject = match subject.as_str() {
                "" => String::new(),
                subject => format!(" `{subject}`"),
            };
            store.data_mut().told = Some(format!(
                "tried to {attempt}{subject} ({function}) {outcome}"
            ));
            Ok(())
        },
    )?;
    Ok(linker)
}

fn first_line(error: &wasmtime::Error) -> String {
    format!("{error:#}")
        .lines()
        .next()
        .unwrap_or_default()
        .into()
}

/// Why a call failed, without the backtrace.
fn cause(error: &wasmtime::Error) -> String {
    match error.downcast_ref::<wasmtime::Trap>() {
        Some(wasmtime::Trap::OutOfFuel) => "it does not return (out of fuel)".into(),
        Some(trap) => trap.to_string(),
        None => error.root_cause().to_string(),
    }
}
