//! The library in a process that can be killed. A connection's memory is lost with the process, and a call in
//! progress gets no answer, whatever its effect.

use std::sync::Arc;
use std::time::Duration;

use annals_event_log::{EventLog, Settings, StoreError};
use annals_store_conformance::{Backend, Store};

use super::{Journal, Process};

/// A store over a [`Journal`].
#[derive(Debug)]
pub struct Crashing {
    name: String,
    journal: Arc<Journal>,
    settings: Settings,
    starting: Duration,
}

impl Crashing {
    /// A store over a journal. `starting` is the duration of a restart.
    pub fn new(
        name: impl Into<String>,
        journal: Arc<Journal>,
        settings: Settings,
        starting: Duration,
    ) -> Self {
        Self {
            name: name.into(),
            journal,
            settings,
            starting,
        }
    }
}

impl Backend for Crashing {
    fn name(&self) -> String {
        self.name.clone()
    }

    fn connect(&self, prefix: &str) -> Box<dyn Store + Send> {
        Box::new(Connection {
            journal: self.journal.clone(),
            settings: Settings {
                prefix: prefix.to_owned(),
                ..self.settings.clone()
            },
            served_by: None,
        })
    }

    fn crash(&self) -> bool {
        self.journal.crash(self.starting);
        true
    }
}

struct Connection {
    journal: Arc<Journal>,
    settings: Settings,
    served_by: Option<(u64, EventLog<Process>)>,
}

impl Connection {
    /// A call that writes. If the process is killed, the effect is in doubt.
    fn write<T, E: From<StoreError>>(
        &mut self,
        call: impl FnOnce(&mut EventLog<Process>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.call(call, StoreError::InDoubt)
    }

    /// A call that reads, or that can be repeated safely.
    fn read<T, E: From<StoreError>>(
        &mut self,
        call: impl FnOnce(&mut EventLog<Process>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.call(call, StoreError::Unavailable)
    }

    fn call<T, E: From<StoreError>>(
        &mut self,
        call: impl FnOnce(&mut EventLog<Process>) -> Result<T, E>,
        killed: fn(String) -> StoreError,
    ) -> Result<T, E> {
        let Some(process) = self.journal.process() else {
            return Err(StoreError::Unavailable("the process is starting".into()).into());
        };
        if self.served_by.as_ref().is_none_or(|(by, _)| *by != process) {
            let slots = Process::new(self.journal.clone(), process);
            self.served_by = Some((process, EventLog::open(slots, &self.settings)?));
        }
        let Some((_, log)) = &mut self.served_by else {
            return Err(StoreError::Unavailable("the process has no store".into()).into());
        };
        let result = call(log);
        if self.journal.process() != Some(process) {
            return Err(killed("the process was killed".into()).into());
        }
        result
    }
}

impl Store for Connection {
    annals_store_conformance::calls_of_the_library!(read, write);
}
