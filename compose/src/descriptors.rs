//! The descriptions of handlers: the contract's types, and the bindings to call `describe`.

/// The contract's worlds of handlers, bound for wasmtime. The prober and `annals test` call
/// handlers through them.
#[allow(missing_docs, reason = "generated")]
pub mod bindings {
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
    CommandSpec, DeciderDescriptor, EventSchema, Precondition, ReactionDescriptor, StartFrom,
};
