//! Event-sourced domains in plain Rust, run as WebAssembly components.
//!
//! You write pure functions over your own types. Annals stores the events, keeps decisions
//! consistent, and serves them. No bytes, no interfaces and no build magic in your code.
//!
//! # A decider
//!
//! A *command* asks for something, an *event* is a fact that follows from it, a *rejection* says
//! why not. A *decider* folds the events of one subject into a state, and decides on commands:
//!
//! ```
//! use annals::{Command, Context, Decider, Decision, Event, Rejection};
//!
//! #[derive(Command)]
//! enum SeatCommand {
//!     ReserveSeat { seat: String, by: String },
//!     ReleaseSeat { seat: String },
//! }
//!
//! #[derive(Event)]
//! enum SeatEvent {
//!     SeatReserved { seat: String, by: String },
//!     SeatReleased { seat: String },
//! }
//!
//! #[derive(Rejection)]
//! enum No {
//!     #[annals(message = "seat {seat} belongs to {by}")]
//!     SeatTaken { seat: String, by: String },
//!     SeatNotReserved,
//! }
//!
//! struct Seat;
//!
//! impl Decider for Seat {
//!     type State = Option<String>; // who has it
//!     type Command = SeatCommand;
//!     type Event = SeatEvent;
//!     type Rejection = No;
//!     const CATEGORY: &'static str = "seat";
//!
//!     fn initial() -> Self::State {
//!         None
//!     }
//!
//!     fn stream_id(command: &SeatCommand) -> String {
//!         match command {
//!             SeatCommand::ReserveSeat { seat, .. } | SeatCommand::ReleaseSeat { seat } => seat.clone(),
//!         }
//!     }
//!
//!     fn evolve(holder: &mut Self::State, event: &SeatEvent) {
//!         *holder = match event {
//!             SeatEvent::SeatReserved { by, .. } => Some(by.clone()),
//!             SeatEvent::SeatReleased { .. } => None,
//!         };
//!     }
//!
//!     fn decide(holder: &Self::State, command: SeatCommand, _: &Context) -> Result<Decision<SeatEvent>, No> {
//!         match (command, holder) {
//!             (SeatCommand::ReserveSeat { by, .. }, Some(holder)) if by == *holder => Ok(Decision::none()),
//!             (SeatCommand::ReserveSeat { seat, .. }, Some(holder)) => {
//!                 Err(No::SeatTaken { seat, by: holder.clone() })
//!             }
//!             (SeatCommand::ReserveSeat { seat, by }, None) => Ok(SeatEvent::SeatReserved { seat, by }.into()),
//!             (SeatCommand::ReleaseSeat { seat }, Some(_)) => Ok(SeatEvent::SeatReleased { seat }.into()),
//!             (SeatCommand::ReleaseSeat { .. }, None) => Err(No::SeatNotReserved),
//!         }
//!     }
//! }
//!
//! annals::export!(Seat);
//!
//! // Tests run natively, with `cargo test`, through the same encodings as in production.
//! use annals::test::given;
//! let reserve = |by: &str| SeatCommand::ReserveSeat { seat: "7A".into(), by: by.into() };
//! let reserved = |by: &str| SeatEvent::SeatReserved { seat: "7A".into(), by: by.into() };
//!
//! given::<Seat>([]).when(reserve("Ada")).on_stream("seat-7A").then([reserved("Ada")]);
//! given::<Seat>([reserved("Ada")]).when(reserve("Ada")).then_nothing();
//! given::<Seat>([reserved("Ada")]).when(reserve("Bob")).then_rejected("seat-taken");
//! given::<Seat>([]).when_raw("ReserveSeat", "{}").then_malformed("missing field `seat`");
//! ```
//!
//! # Building
//!
//! ```toml
//! [lib]
//! crate-type = ["cdylib"]
//!
//! [dependencies]
//! annals = "0.1"
//! ```
//!
//! `cargo build --release --target wasm32-unknown-unknown` makes the handler that `annals
//! compose` takes; so do `--target wasm32-wasip2`, and `cargo component build`. Natively
//! [`export!`] does nothing but check.
//!
//! # Payloads
//!
//! The type of a command or event is the name of its variant, the payload a JSON object of its
//! fields. A variant with one unnamed field is encoded as that field, which is how deciders share
//! the types of events: structs in a common crate, one enum per decider that names those that
//! matter to it. Events of other types on the same stream are passed over.
//!
//! ```
//! use annals::{Event, EventType};
//!
//! /// Other people's types are made fit for payloads and states by `annals::data`.
//! #[annals::data]
//! struct Deposited {
//!     amount: i64,
//! }
//!
//! #[derive(Event)]
//! #[annals(rename_all = "camelCase")]
//! enum Movement {
//!     Deposited(Deposited),
//!     #[annals(type = "account.closed", version = 2)]
//!     Closed {
//!         #[serde(default)] // absent in version 1
//!         paid_out: i64,
//!     },
//! }
//!
//! assert_eq!(Movement::TYPES[0], EventType { name: "Deposited", version: 1 });
//! assert_eq!(Movement::TYPES[1], EventType { name: "account.closed", version: 2 });
//! assert_eq!(Movement::Deposited(Deposited { amount: 3 }).encode().unwrap(), br#"{"amount":3}"#);
//! assert_eq!(Movement::Closed { paid_out: 3 }.encode().unwrap(), br#"{"paidOut":3}"#);
//! assert!(Movement::decode("Withdrawn", b"?").unwrap().is_none());
//! ```
//!
//! # More than one event, and the last one
//!
//! A decision is `event.into()`, `vec![..].into()` or [`Decision::none()`]; [`steps`] builds one
//! where later events depend on earlier ones; [`Decision::closing`] ends a stream for good.
//!
//! # Time and randomness
//!
//! come as arguments, in the [`Context`]. That is what makes a decision repeatable, and what
//! lets Annals try it again when two of them collide.
//!
//! # Layout
//!
//! - `decider`, `decision`, `context`: what a domain implements and uses
//! - `message`, `codec`: commands, events, rejections, and their encodings; derived by `annals-macros`
//! - `name`: names of streams, categories and deciders
//! - `erased`, `wire`: deciders without their types, behind one table
//! - `bindings`: that table as a component, on wasm only
//! - `test`: given, when, then

#![deny(missing_docs)]

// So that the derives work in this crate, too.
extern crate self as annals;

mod about;
mod codec;
mod context;
mod decider;
mod decision;
#[cfg(feature = "env")]
mod env;
#[allow(missing_docs)]
mod erased;
#[cfg(not(target_family = "wasm"))]
mod granted;
#[cfg(feature = "http")]
pub mod http;
mod message;
mod name;
mod notifier;
mod process_manager;
mod projector;
pub mod test;
#[doc(hidden)]
#[allow(missing_docs)]
pub mod wire;

#[cfg(target_family = "wasm")]
#[doc(hidden)]
pub mod bindings;

pub use about::{About, StartFrom};
pub use annals_macros::{Command, Event, Rejection, data};
pub use codec::{Codec, CodecError, Json};
pub use context::{Context, Random};
pub use decider::{Decider, Precondition};
pub use decision::{Decision, Steps, steps};
#[cfg(feature = "env")]
pub use env::env;
pub use message::{Command, Event, EventType, Rejection};
pub use notifier::{Delivery, Notifier};
pub use process_manager::{Interest, ProcessContext, ProcessManager, Reaction, Refusal};
pub use projector::{Projector, Rows};
pub use serde;

/// Exports the deciders of a crate. Once per crate; natively it only checks them.
///
/// ```compile_fail,E0080
/// # use annals::*;
/// # #[derive(Command)] enum C { Go {} }
/// # #[derive(Event)] enum E { Gone }
/// # struct Bad;
/// # impl Decider for Bad {
/// #   type State = (); type Command = C; type Event = E; type Rejection = std::convert::Infallible;
/// #   fn initial() {}
/// #   fn stream_id(_: &C) -> String { String::new() }
/// #   fn evolve(_: &mut (), _: &E) {}
/// #   fn decide(_: &(), _: C, _: &Context) -> Result<Decision<E>, Self::Rejection> { Ok(Decision::none()) }
/// const CATEGORY: &'static str = "Not-a-category";
/// # }
/// annals::export!(Bad);
/// ```
pub use annals_macros::export;

/// One macro for each kind, so that a component exports the kinds that it has.
macro_rules! export_on_wasm {
    ($($name:ident: $bindings:ident),* $(,)?) => {$(
        export_on_wasm!(@ ($) $name $bindings);
    )*};
    (@ ($dollar:tt) $name:ident $bindings:ident) => {
        #[cfg(target_family = "wasm")]
        #[doc(hidden)]
        #[macro_export]
        macro_rules! $name {
            ($dollar table:ident) => {
                $dollar crate::__private::bindings::$bindings::export_world!(
                    $dollar table with_types_in $dollar crate::__private::bindings::$bindings
                );
            };
        }

        #[cfg(not(target_family = "wasm"))]
        #[doc(hidden)]
        #[macro_export]
        macro_rules! $name {
            ($dollar table:ident) => {};
        }
    };
}

export_on_wasm! {
    __export_deciders: deciders,
    __export_projectors: projectors,
    __export_process_managers: process_managers,
    __export_notifiers: notifiers,
}

/// For the macros. Nothing in here is stable.
#[doc(hidden)]
pub mod __private {
    #[cfg(target_family = "wasm")]
    pub use crate::bindings;
    pub use crate::erased::{
        Deciders, Entry, NotifierEntry, Notifiers, ProcessManagerEntry, ProcessManagers,
        ProjectorEntry, Projectors, Session, check, check_notifier, check_process_manager,
        check_projector,
    };
    pub use crate::wire;
    pub use serde_json::to_string as to_json;
}
