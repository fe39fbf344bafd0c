//! Runs handlers for their cases: each with its sandbox, under fuel and a memory limit, each case in an
//! instance of its own.

use annals_compose::descriptors::bindings::{decider, projector};
use annals_compose::handler::Handler;
use annals_compose::probe;
use annals_compose::sandbox::Sandbox;
use anyhow::{Result, anyhow};
use decider::exports::annals::es::deciders;
use projector::exports::annals::es::projectors;
use wasmtime::component::{Component, InstancePre, Linker, ResourceAny};
use wasmtime::{Engine, Store, StoreContextMut, StoreLimits, StoreLimitsBuilder};

pub use deciders::{Command, Context, DecideError, Decision, Event};
pub use projectors::{ChangedRow, Projection, RecordedEvent, Row, RowChange, RowKey};

/// Fuel for one case; some instructions each. A decision takes a million of them in JavaScript.
const FUEL: u64 = 20_000_000_000;

/// Linear memory that a handler may take, in bytes.
const MEMORY: usize = 1 << 30;

/// Bytes that are kept of what a handler prints.
const PRINTED: usize = 64 << 10;

/// Why a call gave nothing: what the handler said, or what stopped it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped(pub String);

/// What a call answered, or what stopped the instance.
pub type Answer<T> = Result<T, Stopped>;

/// A handler, compiled.
pub struct Runtime {
    engine: Engine,
    instance: InstancePre<Running>,
}

/// What a handler that runs has.
pub struct Running {
    limits: StoreLimits,
    /// What its sandbox told last.
    told: Option<String>,
    /// What it printed.
    printed: Vec<u8>,
}

impl Running {
    fn print(&mut self, text: &[u8]) {
        let room = PRINTED.saturating_sub(self.printed.len());
        self.printed.extend(text.iter().take(room));
    }
}

impl Runtime {
    /// Compiles a handler with its sandbox.
    ///
    /// # Errors
    ///
    /// If it cannot be compiled.
    pub fn new(engine: &Engine, handler: &Handler, sandbox: Option<&Sandbox>) -> Result<Self> {
        let ours = |error: wasmtime::Error| anyhow!("{error:#}");
        let bytes = probe::runnable(handler, sandbox)?;
        let component = Component::from_binary(engine, &bytes).map_err(ours)?;
        let mut linker = linker(engine).map_err(ours)?;
        linker
            .define_unknown_imports_as_traps(&component)
            .map_err(ours)?;
        Ok(Self {
            engine: engine.clone(),
            instance: linker.instantiate_pre(&component).map_err(ours)?,
        })
    }

    fn store(&self) -> Result<Store<Running>, Stopped> {
        let limits = StoreLimitsBuilder::new()
            .memory_size(MEMORY)
            .trap_on_grow_failure(true)
            .build();
        let running = Running {
            limits,
            told: None,
            printed: Vec::new(),
        };
        let mut store = Store::new(&self.engine, running);
        store.limiter(|running| &mut running.limits);
        // Nobody increments the epoch for this store: fuel is what ends it.
        store.set_epoch_deadline(u64::MAX / 2);
        store
            .set_fuel(FUEL)
            .map_err(|error| Stopped(format!("{error:#}")))?;
        Ok(store)
    }

    /// A new instance with deciders in it.
    ///
    /// # Errors
    ///
    /// If it cannot be instantiated.
    pub fn deciders(&self) -> Answer<Deciders> {
        let mut store = self.store()?;
        let made = decider::DeciderPre::new(self.instance.clone())
            .and_then(|pre| pre.instantiate(&mut store));
        match made {
            Ok(world) => Ok(Deciders { store, world }),
            Err(error) => Err(stopped(&mut store, &error)),
        }
    }

    /// A new instance with projectors in it.
    ///
    /// # Errors
    ///
    /// If it cannot be instantiated.
    pub fn projectors(&self) -> Answer<Projectors> {
        let mut store = self.store()?;
        let made = projector::ProjectorPre::new(self.instance.clone())
            .and_then(|pre| pre.instantiate(&mut store));
        match made {
            Ok(world) => Ok(Projectors { store, world }),
            Err(error) => Err(stopped(&mut store, &error)),
        }
    }
}

/// An instance with deciders.
pub struct Deciders {
    store: Store<Running>,
    world: decider::Decider,
}

/// A session of an instance.
#[derive(Clone, Copy)]
pub struct Session(ResourceAny);

impl Deciders {
    /// See the contract.
    ///
    /// # Errors
    ///
    /// If it is stopped.
    pub fn stream_id(
        &mut self,
        decider: u32,
        command: &Command,
    ) -> Answer<Result<String, DecideError>> {
        let deciders = self.world.annals_es_deciders();
        let answer = deciders.call_stream_id(&mut self.store, decider, command);
        answer.map_err(|error| stopped(&mut self.store, &error))
    }

    /// A session with the initial state.
    ///
    /// # Errors
    ///
    /// If it is stopped.
    pub fn open(&mut self, decider: u32) -> Answer<Session> {
        let sessions = self.world.annals_es_deciders().session();
        let answer = sessions.call_constructor(&mut self.store, decider);
        answer
            .map(Session)
            .map_err(|error| stopped(&mut self.store, &error))
    }

    /// A session with the state of a snapshot.
    ///
    /// # Errors
    ///
    /// If it is stopped, or cannot read the snapshot.
    pub fn restore(&mut self, decider: u32, state: &[u8]) -> Answer<Session> {
        let sessions = self.world.annals_es_deciders().session();
        let answer = sessions.call_restore(&mut self.store, decider, state);
        match answer {
            Ok(Ok(session)) => Ok(Session(session)),
            Ok(Err(fault)) => Err(Stopped(fault.message)),
            Err(error) => Err(stopped(&mut self.store, &error)),
        }
    }

    /// Folds events.
    ///
    /// # Errors
    ///
    /// If it is stopped, or faults.
    pub fn evolve(&mut self, session: Session, events: &[Event]) -> Answer<()> {
        let sessions = self.world.annals_es_deciders().session();
        let answer = sessions.call_evolve(&mut self.store, session.0, events);
        match answer {
            Ok(Ok(())) => Ok(()),
            Ok(Err(fault)) => Err(Stopped(fault.message)),
            Err(error) => Err(stopped(&mut self.store, &error)),
        }
    }

    /// Folds further events, and decides.
    ///
    /// # Errors
    ///
    /// If it is stopped.
    pub fn decide(
        &mut self,
        session: Session,
        events: &[Event],
        command: &Command,
        context: &Context,
    ) -> Answer<Result<Decision, DecideError>> {
        let sessions = self.world.annals_es_deciders().session();
        let answer = sessions.call_decide(&mut self.store, session.0, events, command, context);
        answer.map_err(|error| stopped(&mut self.store, &error))
    }

    /// The state in the decider's own encoding, if it has one.
    ///
    /// # Errors
    ///
    /// If it is stopped.
    pub fn snapshot(&mut self, session: Session) -> Answer<Option<Vec<u8>>> {
        let sessions = self.world.annals_es_deciders().session();
        let answer = sessions.call_snapshot(&mut self.store, session.0);
        answer.map_err(|error| stopped(&mut self.store, &error))
    }

    /// What the handler printed.
    #[must_use]
    pub fn printed(&self) -> String {
        String::from_utf8_lossy(&self.store.data().printed).into_owned()
    }
}

/// An instance with projectors.
pub struct Projectors {
    store: Store<Running>,
    world: projector::Projector,
}

impl Projectors {
    /// See the contract.
    ///
    /// # Errors
    ///
    /// If it is stopped, or faults.
    pub fn keys(&mut self, projector: u32, events: &[RecordedEvent]) -> Answer<Vec<Vec<RowKey>>> {
        let projectors = self.world.annals_es_projectors();
        match projectors.call_keys(&mut self.store, projector, events) {
            Ok(answer) => answer.map_err(|fault| Stopped(fault.fault.message)),
            Err(error) => Err(stopped(&mut self.store, &error)),
        }
    }

    /// See the contract.
    ///
    /// # Errors
    ///
    /// If it is stopped, or faults.
    pub fn project(
        &mut self,
        projector: u32,
        events: &[RecordedEvent],
        rows: &[Row],
        needed: &[RowKey],
    ) -> Answer<Projection> {
        let projectors = self.world.annals_es_projectors();
        match projectors.call_project(&mut self.store, projector, events, rows, needed) {
            Ok(answer) => answer.map_err(|fault| Stopped(fault.fault.message)),
            Err(error) => Err(stopped(&mut self.store, &error)),
        }
    }

    /// What the handler printed.
    #[must_use]
    pub fn printed(&self) -> String {
        String::from_utf8_lossy(&self.store.data().printed).into_owned()
    }
}

/// Why an instance came to its end: its sandbox knows best.
fn stopped(store: &mut Store<Running>, error: &wasmtime::Error) -> Stopped {
    let running = store.data_mut();
    let told = running.told.take();
    Stopped(told.map_or_else(
        || match error.downcast_ref::<wasmtime::Trap>() {
            Some(wasmtime::Trap::OutOfFuel) => "it does not return (out of fuel)".into(),
            Some(trap) => format!("it trapped: {trap}"),
            None => format!("it trapped: {}", error.root_cause()),
        },
        |told| format!("it {told}"),
    ))
}

/// What a sandbox needs, and a handler's way into the log.
fn linker(engine: &Engine) -> wasmtime::Result<Linker<Running>> {
    type Told = (String, String, String, String, String);
    let mut linker = Linker::new(engine);
    let mut log = linker.instance(annals_compose::sandbox::LOG)?;
    log.func_wrap(
        "write",
        |mut store: StoreContextMut<'_, Running>, (_, _, bytes): (String, bool, Vec<u8>)| {
            store.data_mut().print(&bytes);
            Ok(())
        },
    )?;
    log.func_wrap(
        "report-violation",
        |mut store: StoreContextMut<'_, Running>,
         (_, attempt, subject, function, outcome): Told| {
            let subject = match subject.as_str() {
                "" => String::new(),
                subject => format!(" `{subject}`"),
            };
            // The rest is told only, and not what a later trap comes of.
            if outcome.starts_with("and was stopped") {
                store.data_mut().told = Some(format!(
                    "tried to {attempt}{subject} ({function}) {outcome}"
                ));
            }
            Ok(())
        },
    )?;
    let mut diagnostics = linker.instance(&annals_compose::contract("diagnostics"))?;
    diagnostics.func_wrap(
        "put",
        |mut store: StoreContextMut<'_, Running>, (character,): (char,)| {
            let mut bytes = [0; 4];
            let text = character.encode_utf8(&mut bytes);
            store.data_mut().print(text.as_bytes());
            Ok(())
        },
    )?;
    Ok(linker)
}
