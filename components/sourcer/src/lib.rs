//! The sourcer executes commands: it routes a command to a decider, rehydrates the decider's session,
//! decides, and appends.
//!
//! The decision and the append are one call with a precondition, and only the sourcer appends. The sourcer
//! claims a command's id before it writes anything under it. A command that is sent several times therefore
//! takes effect once.
//!
//! # Layout
//!
//! - [`routes`]: the decider of a command.
//! - [`ids`]: command ids, and which of them are reserved.
//! - [`rehydrate`]: a decider's session at the head of its stream.
//! - [`sessions`]: a cache of sessions, for hosts that keep instances warm.
//! - [`snapshots`]: the cadence of snapshots.
//! - [`output`]: limits of a decider's output.
//! - [`submit`]: one command from request to outcome.
//! - [`fingerprint`]: equality of two commands under one id.
//! - [`outside`]: the other components, or fakes of them.
#![allow(missing_docs, reason = "generated bindings")]

use annals_allocator as _;

#[cfg(test)]
mod doubles;
mod fingerprint;
mod ids;
mod output;
mod outside;
mod rehydrate;
mod routes;
mod sessions;
mod snapshots;
mod submit;
#[cfg(test)]
mod tests;

wit_bindgen::generate!({
    path: ["../../wit", "../../wit/framework"],
    world: "annals:framework/sourcer-component",
    generate_all,
});

use annals::es::types::DeciderDescriptor;
use exports::annals::es::sourcer::{
    Accepted, Guest, HandlerFault, Request, State, StateError, SubmitError,
};
use exports::annals::framework::sourcing::{Guest as Sourcing, ProcessCommand};

use routes::Origin;

struct Sourcer;

impl Guest for Sourcer {
    fn submit(request: Request) -> Result<Accepted, SubmitError> {
        submit::submit(request, Origin::Outside)
    }

    fn state_of(stream: String, decider: String, at: Option<u64>) -> Result<State, StateError> {
        let Some((index, descriptor)) = routes::decider(&decider) else {
            let known = routes::catalogue().iter().map(|d| d.name.clone());
            return Err(StateError::UnknownDecider(known.collect()));
        };
        let mut loaded =
            rehydrate::up_to(index, descriptor, &stream, at).map_err(|error| match error {
                rehydrate::Error::Store(error) => StateError::Store(error),
                rehydrate::Error::Fault(message) => StateError::Fault(HandlerFault {
                    handler: descriptor.name.clone(),
                    message,
                }),
            })?;
        if loaded.head.version == 0 {
            return Err(StateError::UnknownStream);
        }
        let fault = |message| {
            StateError::Fault(HandlerFault {
                handler: descriptor.name.clone(),
                message,
            })
        };
        match loaded.state().map_err(fault)? {
            Some(value) => Ok(State {
                version: loaded.head.version,
                value,
            }),
            None => Err(fault(
                "the decider does not support snapshots, so its state cannot be shown".into(),
            )),
        }
    }

    fn describe() -> Vec<DeciderDescriptor> {
        routes::catalogue().to_vec()
    }
}

impl Sourcing for Sourcer {
    fn submit(command: ProcessCommand) -> Result<Accepted, SubmitError> {
        let origin = Origin::Process {
            record_precondition_failure: command.record_precondition_failure,
        };
        submit::submit(command.request, origin)
    }

    fn after_answer() {
        snapshots::take_due();
    }
}

export!(Sourcer);
