//! Converts the wire's types to those of the bindings, and back.

use annals_event_log as log;
use annals_store_wire::{decode, encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::annals::es::event_store::{AppendError, StoreError};
use crate::annals::es::reaction_store::WriteError;
use crate::annals::es::types::Precondition;

/// Converts between two types with equal encodings.
pub fn alike<A: Serialize, B: DeserializeOwned>(value: &A) -> Result<B, String> {
    let bytes = encode(value).map_err(|error| error.to_string())?;
    decode(&bytes).map_err(|error| format!("the contract and the wire differ: {error}"))
}

impl From<StoreError> for log::StoreError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Invalid(why) => Self::Invalid(why),
            StoreError::Unavailable(why) => Self::Unavailable(why),
            // In the contract, the error is a single text that contains the key.
            StoreError::Corrupt(reason) => Self::Corrupt {
                key: String::new(),
                reason,
            },
            StoreError::InDoubt(why) => Self::InDoubt(why),
            // No store adapter returns this error.
            StoreError::Refused(why) => Self::Invalid(why),
        }
    }
}

impl From<AppendError> for log::AppendError {
    fn from(error: AppendError) -> Self {
        match error {
            AppendError::Conflict(conflict) => Self::Conflict {
                expected: match conflict.expected {
                    Precondition::Any => log::Precondition::Any,
                    Precondition::NoStream => log::Precondition::NoStream,
                    Precondition::StreamExists => log::Precondition::StreamExists,
                    Precondition::At(version) => log::Precondition::At(version),
                },
                actual: conflict.actual,
            },
            AppendError::Closed(version) => Self::Closed(version),
            AppendError::Claimed => Self::Claimed,
            AppendError::Store(error) => Self::Store(error.into()),
        }
    }
}

impl From<WriteError> for log::WriteError {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Stale => Self::Stale,
            WriteError::Store(error) => Self::Store(error.into()),
        }
    }
}
