//! Checkpoints. Applications without reactions use them too.

use annals_event_log as log;

use crate::Backend;
use crate::adapter::{Adapter, Failure};
use crate::bindings::exports::annals::es::event_store::StoreError;
use crate::bindings::exports::annals::es::reaction_store::{Checkpoint, WriteError};
use crate::convert::same_fields;

impl Failure for log::WriteError {
    fn store(&self) -> Option<&log::StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Stale => None,
        }
    }
}

impl<B: Backend> Adapter<B> {
    pub(crate) fn load(handler: &str) -> Result<Option<Checkpoint>, StoreError> {
        Ok(Self::run(|log| log.load_checkpoint(handler))?.map(Into::into))
    }

    pub(crate) fn save(handler: &str, next: Checkpoint) -> Result<(), WriteError> {
        Ok(Self::run(|log| log.save_checkpoint(handler, next.into()))?)
    }
}

same_fields! {
    Checkpoint => log::Checkpoint { position, generation, revision, state }
    log::Checkpoint => Checkpoint { position, generation, revision, state }
}

impl From<log::WriteError> for WriteError {
    fn from(from: log::WriteError) -> Self {
        match from {
            log::WriteError::Stale => Self::Stale,
            log::WriteError::Store(error) => Self::Store(error.into()),
        }
    }
}
