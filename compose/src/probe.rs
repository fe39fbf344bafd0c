//! Inspects a handler: its imports and exports, and its description.
//!
//! The handler runs inside the composer under [`limits`], with its sandbox if it has one. All other
//! imports trap when they are called. A hostile handler can waste only little time.

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

/// The description of the handlers in a component, in the component's order.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Described {
    /// Its deciders.
    pub deciders: Vec<DeciderDescriptor>,
    /// Its reactions, by kind.
    pub reactions: Vec<(Kind, Vec<ReactionDescriptor>)>,
}

impl Described {
    /// Its projectors, in the component's order.
    #[must_use]
    pub fn projectors(&self) -> &[ReactionDescriptor] {
        let of = self.reactions.iter();
        of.filter(|(kind, _)| *kind == Kind::Projector)
            .map(|(_, descriptors)| descriptors.as_slice())
            .next()
            .unwrap_or_default()
    }
}

/// A handler with its sandbox, as one component that can run by itself. It imports the contract's
/// types, the interfaces that it is granted, and [`LOG`] if it has a sandbox.
///
/// # Errors
///
/// An internal error: a handler and its sandbox always fit together.
pub fn runnable<'a>(handler: &'a Handler, sandbox: Option<&Sandbox>) -> Result<Cow<'a, [u8]>> {
    Ok(match sandbox {
        Some(sandbox) => Cow::Owned(wiring::sandboxed(handler, sandbox)?.bytes),
        None => Cow::Borrowed(&handler.bytes),
    })
}

/// Runs handlers to call their `describe`.
pub struct Prober {
    /// Cached descriptions, by the bytes of the handler and its sandbox.
    cache: Cache,
    /// Number of handlers whose `describe` was called.
    asked: Cell<usize>,
    engine: Engine,
    linker: Linker<Guard>,
}

impl Prober {
    /// Makes a prober without a cache.
    ///
    /// # Errors
    ///
    /// If wasmtime cannot run on this machine.
    pub fn new() -> Result<Self> {
        Self::with_cache(Cache::none())
    }

    /// Makes a prober with a cache.
    ///
    /// # Errors
    ///
    /// If wasmtime cannot run on this machine.
    pub fn with_cache(cache: Cache) -> Result<Self> {
        let mut config = Config::new();
        config.consume_fuel(true);
        config.epoch_interruption(true);
        // Compiling an interpreter takes long, but loading compiled code is fast.
        config.cache(compiled(&cache));
        // The handler runs for microseconds. Compiling takes the time, so do not optimise.
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

    /// The engine, for callers that run more than `describe`.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Calls `describe` of a component's handlers, each kind in an instance of its own.
    ///
    /// # Errors
    ///
    /// If the component cannot be compiled or instantiated, traps, or takes too long or too much
    /// memory.
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

    /// Checks that the types of its exports match the contract's.
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

    /// The number of handlers whose `describe` was called, because the cache had no entry.
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
        // Only a notifier may have imports, and its `describe` needs none of them.
        let imports = handler.host_imports().next().is_some();
        let (answer, answered) = mpsc::channel();
        // Compiling cannot be interrupted. If it takes too long, the composer leaves the thread
        // running.
        let worker = std::thread::Builder::new()
            .name("probe".into())
            .stack_size(STACK)
            .spawn(move || {
                let _ = answer.send(describe(&engine, linker, &bytes, &kinds, imports));
            });
        if worker.is_err() {
            return Err(Failure::Panicked);
        }
        match answered.recv_timeout(limits::DESCRIBE_TIME) {
            Ok(described) => described,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                self.engine.increment_epoch();
                Err(Failure::Slow)
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(Failure::Panicked),
        }
    }
}

/// Stack size of the thread that compiles and runs a handler, in bytes.
const STACK: usize = 16 << 20;

/// wasmtime's cache of compiled handlers, if there is a cache.
fn compiled(cache: &Cache) -> Option<wasmtime::Cache> {
    let mut config = wasmtime::CacheConfig::new();
    config.with_directory(cache.folder()?.join(cache::COMPILED));
    wasmtime::Cache::new(config).ok()
}

/// Links the interfaces of a sandbox, and a handler's log interface. The output of handlers is
/// ignored unless they trap.
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
            store.data_mut().violation = Some(format!(
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
        // This also checks the types of all exports of the kind's world.
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

/// The reason of a failure: the violation that the sandbox reported last, or else the error.
fn failed(store: &mut Store<Guard>, error: &wasmtime::Error, starting: bool) -> Failure {
    let guard = store.data_mut();
    match guard.violation.take() {
        Some(violation) => Failure::Stopped(violation),
        None => Failure::of(error, starting).saying(guard.said()),
    }
}
