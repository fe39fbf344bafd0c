//! Looks into a handler: what it imports and exports, and what it says of itself.
//!
//! The handler runs here, in the composer, under the limits of [`limits`], with its sandbox, if it has
//! one, and with imports that trap when they are called: a hostile one can waste a moment and no more.

mod failure;
mod guard;

use crate::cache::{self, Cache};
use crate::descriptors::{DeciderDescriptor, ReactionDescriptor, bindings};
use crate::handler::Handler;
use crate::kind::Kind;
use crate::limits;
use crate::sandbox::{LOG, Sandbox};
use crate::wiring;
use anyhow::{Result, anyhow};
pub use failure::Failure;
use guard::Guard;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::cell::Cell;
use std::sync::mpsc;
use wasmtime::component::{Component, Linker};
use wasmtime::{Config, Engine, OptLevel, Store, StoreContextMut};

/// What a component says of the handlers in it, in its own order.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Described {
    /// Its deciders.
    pub deciders: Vec<DeciderDescriptor>,
    /// Its reactions, by kind.
    pub reactions: Vec<(Kind, Vec<ReactionDescriptor>)>,
}

impl Described {
    /// Its projectors, in its own order.
    #[must_use]
    pub fn projectors(&self) -> &[ReactionDescriptor] {
        let of = self.reactions.iter();
        of.filter(|(kind, _)| *kind == Kind::Projector)
            .map(|(_, descriptors)| descriptors.as_slice())
            .next()
            .unwrap_or_default()
    }
}

/// A handler with its sandbox, as one component that runs by itself. It imports the contract's types; [`LOG`],
/// if it has a sandbox; and what it is granted.
///
/// # Errors
///
/// Something of ours: a handler and its sandbox fit together.
pub fn runnable<'a>(handler: &'a Handler, sandbox: Option<&Sandbox>) -> Result<Cow<'a, [u8]>> {
    Ok(match sandbox {
        Some(sandbox) => Cow::Owned(wiring::sandboxed(handler, sandbox)?.bytes),
        None => Cow::Borrowed(&handler.bytes),
    })
}

/// Runs handlers to ask them who they are.
pub struct Prober {
    /// What handlers said before. What one says depends on its bytes and those of its sandbox.
    cache: Cache,
    /// How many handlers were really asked.
    asked: Cell<usize>,
    engine: Engine,
    linker: Linker<Guard>,
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
        config.epoch_interruption(true);
        // Compiling an interpreter takes long; what was compiled before is loaded in a moment.
        config.cache(compiled(&cache));
        // A handler runs for microseconds here; compiling it is what takes time.
        config.cranelift_opt_level(OptLevel::None);
        let engine = Engine::new(&config).map_err(|error| anyhow!("{error:#}"))?;
        let linker = linker(&engine).map_err(|error| anyhow!("{error:#}"))?;
        Ok(Self {
            cache,
            asked: Cell::new(0),
            engine,
            linker,
        })
    }

    /// The engine, for whoever runs more than `describe`.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Asks a component to describe its handlers, each kind in an instance of its own.
    ///
    /// # Errors
    ///
    /// If it cannot be compiled or instantiated, traps, or takes too long or too much memory.
    pub fn describe(
        &self,
        handler: &Handler,
        sandbox: Option<&Sandbox>,
    ) -> Result<Described, Failure> {
        let sandbox_bytes = sandbox.map_or(&[][..], |sandbox| &sandbox.bytes);
        let key = cache::hash(&[&handler.bytes, sandbox_bytes]);
        if let Some(known) = self.cache.get("describe", key.as_bytes()) {
            return Ok(known);
        }
        self.asked.set(self.asked.get() + 1);
        let described = self.ask(handler, sandbox)?;
        self.cache.put("describe", key.as_bytes(), &described);
        Ok(described)
    }

    /// Do the types that it exports fit the contract's?
    ///
    /// # Errors
    ///
    /// If they do not.
    pub fn fits(&self, handler: &Handler, kind: Kind) -> Result<()> {
        let key = cache::hash(&[&handler.bytes, kind.export().as_bytes()]);
        if self.cache.get("fits", key.as_bytes()) != Some(true) {
            wiring::fits(handler, kind)?;
            self.cache.put("fits", key.as_bytes(), &true);
        }
        Ok(())
    }

    /// How many handlers were asked, because nothing was remembered of them.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.asked.get()
    }

    fn ask(&self, handler: &Handler, sandbox: Option<&Sandbox>) -> Result<Described, Failure> {
        let (engine, linker) = (self.engine.clone(), self.linker.clone());
        let bytes = runnable(handler, sandbox)
            .map_err(|error| Failure::Compile(format!("{error:#}")))?
            .into_owned();
        let kinds = handler.kinds();
        // Only a notifier may have imports, and needs none of them to say what it is.
        let imports = handler.host_imports().next().is_some();
        let (answer, answered) = mpsc::channel();
        // Compiling cannot be interrupted: what takes too long is left behind.
        let worker = std::thread::Builder::new()
            .name("probe".into())
            .stack_size(STACK)
            .spawn(move || {
                let _ = answer.send(describe(&engine, linker, &bytes, &kinds, imports));
            });
        if worker.is_err() {
            return Err(Failure::Panicked);
        }
        match answered.recv_timeout(limits::TIME) {
            Ok(described) => described,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                self.engine.increment_epoch();
                Err(Failure::Slow)
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(Failure::Panicked),
        }
    }
}

/// Stack of the thread that compiles and runs a handler, in bytes.
const STACK: usize = 16 << 20;

/// Where compiled handlers are kept, if anything is remembered.
fn compiled(cache: &Cache) -> Option<wasmtime::Cache> {
    let mut config = wasmtime::CacheConfig::new();
    config.with_directory(cache.folder()?.join(cache::COMPILED));
    wasmtime::Cache::new(config).ok()
}

/// What a sandbox needs, and a handler's way into the log. What handlers print here is nobody's concern, unless they trap.
fn linker(engine: &Engine) -> wasmtime::Result<Linker<Guard>> {
    type Told = (String, String, String, String, String);
    let mut linker = Linker::new(engine);
    let mut log = linker.instance(LOG)?;
    log.func_wrap("write", |_, _: (String, bool, Vec<u8>)| Ok(()))?;
    log.func_wrap(
        "report-violation",
        |mut store: StoreContextMut<'_, Guard>, (_, attempt, subject, function, outcome): Told| {
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
    let mut diagnostics = linker.instance(&crate::contract("diagnostics"))?;
    diagnostics.func_wrap(
        "put",
        |mut store: StoreContextMut<'_, Guard>, (character,): (char,)| {
            store.data_mut().put(character);
            Ok(())
        },
    )?;
    Ok(linker)
}

fn describe(
    engine: &Engine,
    mut linker: Linker<Guard>,
    bytes: &[u8],
    kinds: &[Kind],
    imports: bool,
) -> Result<Described, Failure> {
    let component = Component::from_binary(engine, bytes)
        .map_err(|error| Failure::Compile(format!("{error:#}")))?;
    if imports {
        linker
            .define_unknown_imports_as_traps(&component)
            .map_err(|error| Failure::of(&error, true))?;
    }
    let mut described = Described::default();
    for kind in kinds {
        let mut store = guard::store(engine).map_err(|error| Failure::of(&error, true))?;
        // Also compares the types of all that the kind's world exports.
        macro_rules! describe {
            ($world:ty, $interface:ident) => {
                <$world>::instantiate(&mut store, &component, &linker)
                    .map_err(|error| failed(&mut store, &error, true))?
                    .$interface()
                    .call_describe(&mut store)
                    .map_err(|error| failed(&mut store, &error, false))?
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
        described.reactions.push((*kind, reactions));
    }
    Ok(described)
}

/// What a sandbox told of the handler is why it failed, whatever came of it.
fn failed(store: &mut Store<Guard>, error: &wasmtime::Error, starting: bool) -> Failure {
    let guard = store.data_mut();
    match guard.told.take() {
        Some(told) => Failure::Stopped(told),
        None => Failure::of(error, starting).saying(guard.said()),
    }
}
