//! Turns a [`Slots`] into a store adapter, which exports the contract's `event-reader`, `event-store` and
//! `reaction-store` over `event-log`.
//!
//! An adapter is a `cdylib` with code like this:
//!
//! ```ignore
//! struct Mine;
//!
//! impl annals_store_adapter::Backend for Mine {
//!     type Slots = MySlots;
//!     fn open(settings: &annals_store_adapter::StoreSettings) -> Result<MySlots, String> {
//!         MySlots::connect(&settings.bucket)
//!     }
//! }
//!
//! annals_store_adapter::export!(Mine);
//! ```
//!
//! # Layout
//!
//! | module | job |
//! |---|---|
//! | [`bindings`] | generated from the contract's world `store-adapter` |
//! | `adapter` | the exported event store; keeps the [`EventLog`] between calls |
//! | `convert` | converts the contract's types to the library's and back |
//! | `checkpoints` | checkpoints of handlers and of the application's record |
//! | `reactions` | the exported `reaction-store` |
//! | `plain` | the same for applications without reactions: checkpoints only |
#![deny(missing_docs)]

mod adapter;
#[allow(missing_docs, clippy::all, clippy::unwrap_used, unsafe_op_in_unsafe_fn)]
pub mod bindings {
    wit_bindgen::generate!({
        path: ["../../wit", "../../wit/framework"],
        world: "annals:framework/store-adapter",
        generate_all,
        pub_export_macro: true,
        default_bindings_module: "annals_store_adapter::bindings",
    });
}
mod checkpoints;
mod convert;
#[cfg(not(feature = "reactions"))]
mod plain;
#[cfg(feature = "reactions")]
mod reactions;

pub use adapter::Adapter;
pub use annals_event_log::{
    Conditional, Creation, EventLog, GroupCreation, Settled, SlotError, Slots, file_name,
};
pub use bindings::annals::framework::settings::StoreSettings;

/// The storage of one family of hosts.
pub trait Backend: 'static {
    /// The slots that hold the records.
    type Slots: Slots + 'static;

    /// Connects to the storage that the settings name. Called again after a failure, so a store that recovers
    /// is used again.
    ///
    /// # Errors
    /// The reason and its remedy. Callers receive it as `unavailable`.
    fn open(settings: &StoreSettings) -> Result<Self::Slots, String>;
}

/// Exports the contract's `event-store` from a component, over a [`Backend`].
#[macro_export]
macro_rules! export {
    ($backend:ty) => {
        type AnnalsStoreAdapter = $crate::Adapter<$backend>;
        $crate::bindings::export!(AnnalsStoreAdapter with_types_in $crate::bindings);
    };
}
