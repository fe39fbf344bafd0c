//! An adapter on a double, from the view of its callers.

use std::sync::{Arc, LazyLock};

use annals_compose::framework;
use annals_compose::host::Adapter as Which;
use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Config, Engine, Result, Store};

use crate::bucket::Double;
use crate::host::{self, Client, Crash};
use crate::{draft, draft2};

use crate::bindings::StoreAdapter;
pub use crate::bindings::annals::es::types;
pub use crate::bindings::exports::annals::es::{event_reader, event_store};
use event_reader::{LogFilter, LogPage};
use event_store::{AppendError, AppendRequest, Appended, RepairOutcome, StoreError};

/// A kind of adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `store-keyvalue`.
    Cas,
    /// `store-keyvalue-increment`.
    Increment,
    /// `store-keyvalue-pointer`.
    Pointer,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Cas, Self::Increment, Self::Pointer];

    fn component(self) -> &'static Component {
        static COMPONENTS: LazyLock<[Component; 3]> = LazyLock::new(|| {
            let all = [
                Which::Keyvalue,
                Which::KeyvalueIncrement,
                Which::KeyvaluePointer,
            ];
            all.map(|which| {
                let adapter = framework::store(which);
                Component::new(&ENGINE, &adapter.bytes).expect("the adapter compiles")
            })
        });
        match self {
            Self::Cas => &COMPONENTS[0],
            Self::Increment => &COMPONENTS[1],
            Self::Pointer => &COMPONENTS[2],
        }
    }

    /// The component's imports.
    #[must_use]
    pub fn imports(self) -> Vec<String> {
        let component = self.component().component_type();
        let mut imports = Vec::new();
        for (name, item) in component.imports(&ENGINE) {
            let wasmtime::component::types::ComponentItem::ComponentInstance(instance) = item.ty
            else {
                imports.push(name.to_owned());
                continue;
            };
            let functions = instance.exports(&ENGINE);
            imports.extend(functions.map(|(function, _)| format!("{name}#{function}")));
        }
        imports
    }
}

static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    let mut config = Config::new();
    config.wasm_component_model(true).concurrency_support(false);
    Engine::new(&config).expect("an engine")
});

/// One instance of an adapter, kept from call to call.
pub struct Adapter {
    store: Store<Client>,
    instance: StoreAdapter,
}

/// The reason why a call has no answer.
#[derive(Clone, Debug)]
pub enum Stopped {
    /// The store returned an error.
    Store(StoreError),
    /// The store returned a conflict.
    Conflict,
    /// The instance trapped.
    Trap(String),
}

impl Stopped {
    /// The slot that the store's error asks an operator to repair.
    #[must_use]
    pub fn to_repair(&self) -> Option<String> {
        let (_, rest) = self.text()?.split_once("{\"key\": \"")?;
        Some(rest.split_once('"')?.0.to_owned())
    }

    /// The text of the store's error.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Store(
                StoreError::InDoubt(why)
                | StoreError::Unavailable(why)
                | StoreError::Corrupt(why)
                | StoreError::Invalid(why)
                | StoreError::Refused(why),
            ) => Some(why),
            Self::Conflict | Self::Trap(_) => None,
        }
    }
}

impl From<wasmtime::Error> for Stopped {
    fn from(error: wasmtime::Error) -> Self {
        Self::Trap(format!("{error:?}"))
    }
}

impl Adapter {
    /// A new instance on a double.
    ///
    /// # Panics
    /// If the component has an import that the double lacks.
    #[must_use]
    pub fn new(kind: Kind, double: &Arc<Double>, who: usize) -> Self {
        Self::crashing(kind, double, who, None)
    }

    /// A new instance that dies at a host call.
    ///
    /// # Panics
    /// If the component imports what the double lacks.
    #[must_use]
    pub fn crashing(kind: Kind, double: &Arc<Double>, who: usize, crash: Option<Crash>) -> Self {
        Self::link(kind, Client::new(who, double.clone(), crash)).expect("the adapter links")
    }

    fn link(kind: Kind, client: Client) -> Result<Self> {
        let mut linker = Linker::new(&ENGINE);
        StoreAdapter::add_to_linker::<_, HasSelf<Client>>(&mut linker, |client| client)?;
        match kind {
            Kind::Cas | Kind::Pointer => draft2::add(&mut linker)?,
            Kind::Increment => draft::add(&mut linker)?,
        }
        host::add_wasi(&mut linker)?;
        let mut store = Store::new(&ENGINE, client);
        let instance = StoreAdapter::instantiate(&mut store, kind.component(), &linker)?;
        Ok(Self { store, instance })
    }

    /// Number of host calls so far.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.store.data().calls
    }

    /// Appends.
    ///
    /// # Errors
    /// The store's error or conflict.
    pub fn append(&mut self, request: &AppendRequest) -> std::result::Result<Appended, Stopped> {
        let store = self.instance.annals_es_event_store();
        match store.call_append(&mut self.store, request)? {
            Ok(appended) => Ok(appended),
            Err(AppendError::Store(error)) => Err(Stopped::Store(error)),
            Err(AppendError::Conflict(_) | AppendError::Closed(_) | AppendError::Claimed) => {
                Err(Stopped::Conflict)
            }
        }
    }

    /// Claims a command id. Returns whether the command may continue.
    ///
    /// # Errors
    /// The store's error.
    pub fn claim(
        &mut self,
        id: &str,
        stream: &str,
        cursor: u64,
    ) -> std::result::Result<event_store::Claim, Stopped> {
        let store = self.instance.annals_es_event_store();
        store
            .call_claim_command(&mut self.store, id, 1, stream, cursor)?
            .map_err(Stopped::Store)
    }

    /// Reads a stream.
    ///
    /// # Errors
    /// The store's error.
    pub fn read_stream(
        &mut self,
        stream: &str,
    ) -> std::result::Result<Vec<types::RecordedEvent>, Stopped> {
        let store = self.instance.annals_es_event_reader();
        let page = store
            .call_read_stream(&mut self.store, stream, 0, 10_000)?
            .map_err(Stopped::Store)?;
        Ok(page.map_or_else(Vec::new, |page| page.events))
    }

    /// Reads the log.
    ///
    /// # Errors
    /// The store's error.
    pub fn read_log(&mut self, after: u64, now: u64) -> std::result::Result<LogPage, Stopped> {
        let filter = LogFilter {
            event_types: Vec::new(),
            categories: Vec::new(),
            tags: Vec::new(),
        };
        let store = self.instance.annals_es_event_reader();
        store
            .call_read_log(&mut self.store, after, 10_000, &filter, now)?
            .map_err(Stopped::Store)
    }

    /// Repairs a slot.
    ///
    /// # Errors
    /// The store's error.
    pub fn repair(&mut self, key: &str) -> std::result::Result<RepairOutcome, Stopped> {
        let store = self.instance.annals_es_event_store();
        store
            .call_repair(&mut self.store, key, None)?
            .map_err(Stopped::Store)
    }
}
