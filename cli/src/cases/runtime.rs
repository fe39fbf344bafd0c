//! Runs handlers for their cases, with their sandboxes and limits on fuel and memory. Each case has
//! an instance of its own.

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

/// Fuel for one case. One unit is about one instruction; a decision in JavaScript takes a million.
const CASE_FUEL: u64 = 20_000_000_000;

/// Maximum size of a handler's linear memory, in bytes.
const MAX_MEMORY_BYTES: usize = 1 << 30;

/// Maximum number of bytes that are kept of a handler's output.
const MAX_OUTPUT_BYTES: usize = 64 << 10;

/// Why a call failed: the handler's message, or the reason why it was stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stopped(pub String);

/// The result of a call, or the reason why the instance was stopped.
pub type Answer<T> = Result<T, Stopped>;

/// A compiled handler.
pub struct Runtime {
    engine: Engine,
    instance: InstancePre<Running>,
}

/// The state of a running handler.
pub struct Running {
    limits: StoreLimits,
    /// The last violation that its sandbox reported.
    violation: Option<String>,
    /// Its output.
    printed: Vec<u8>,
}

impl Running {
    fn print(&mut self, text: &[u8]) {
        let room = MAX_OUTPUT_BYTES.saturating_sub(self.printed.len());
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
            .memory_size(MAX_MEMORY_BYTES)
            .trap_on_grow_failure(true)
            .build();
        let running = Running {
            limits,
            violation: None,
            printed: Vec::new(),
        };
        let mut store = Store::new(&self.engine, running);
        store.limiter(|running| &mut running.limits);
        // No thread increments the epoch for this store: fuel bounds its run time.
        store.set_epoch_deadline(u64::MAX / 2);
        store
            .set_fuel(CASE_FUEL)
            .map_err(|error| Stopped(format!("{error:#}")))?;
        Ok(store)
    }

    /// Makes an instance with deciders.
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

    /// Makes an instance with projectors.
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

    /// Opens a session with the state of a snapshot.
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

    /// The state in the decider's own encoding, if the decider has snapshots.
    ///
    /// # Errors
    ///
    /// If it is stopped.
    pub fn snapshot(&mut self, session: Session) -> Answer<Option<Vec<u8>>> {
        let sessions = self.world.annals_es_deciders().session();
        let answer = sessions.call_snapshot(&mut self.store, session.0);
        answer.map_err(|error| stopped(&mut self.store, &error))
    }

    /// The handler's output.
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

    /// The handler's output.
    #[must_use]
    pub fn printed(&self) -> String {
        String::from_utf8_lossy(&self.store.data().printed).into_owned()
    }
}

/// The reason why an instance stopped: its sandbox's report, if there is one.
fn stopped(store: &mut Store<Running>, error: &wasmtime::Error) -> Stopped {
    let running = store.data_mut();
    let violation = running.violation.take();
    Stopped(violation.map_or_else(
        || match error.downcast_ref::<wasmtime::Trap>() {
            Some(wasmtime::Trap::OutOfFuel) => "it does not return (out of fuel)".into(),
            Some(trap) => format!("it trapped: {trap}"),
            None => format!("it trapped: {}", error.root_cause()),
        },
        |violation| format!("it {violation}"),
    ))
}

/// Links the interfaces of a sandbox, and a handler's log interface.
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
            // A violation that did not stop the handler is not the reason of a later trap.
            if outcome.starts_with("and was stopped") {
                store.data_mut().violation = Some(format!(
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
