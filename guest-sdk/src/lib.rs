//! Event-sourced domains in plain Rust, run as WebAssembly components.
//!
//! You write pure functions over your own types. Annals stores the events, keeps decisions consistent, and serves
//! commands and views. Your code contains no byte handling, no interface bindings and no build scripts.
//!
//! # A decider
//!
//! A *command* requests a change. An *event* is a fact that results from it. A *rejection* explains why the domain
//! refuses it. A *decider* folds the events of one subject into a state, and decides on commands:
//!
//! ```
//! use annals::{Command, Context, Decider, Decision, Event, Rejection};
//!
//! #[derive(Command)]
//! enum SeatCommand {
//!     ReserveSeat {
//!         #[annals(stream)] // the seat is the subject: its events are in a stream of its own
//!         seat: String,
//!         by: String,
//!     },
//!     #[annals(stream_exists)] // checked before `decide`
//!     ReleaseSeat {
//!         #[annals(stream)]
//!         seat: String,
//!     },
//! }
//!
//! #[derive(Event)]
//! enum SeatEvent {
//!     SeatReserved { seat: String, by: String },
//!     SeatReleased { seat: String },
//! }
//!
//! #[derive(Rejection)]
//! enum SeatRejection {
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
//!     type Rejection = SeatRejection;
//!     const CATEGORY: &'static str = "seat";
//!
//!     fn initial() -> Self::State {
//!         None
//!     }
//!
//!     fn evolve(holder: &mut Self::State, event: &SeatEvent) {
//!         *holder = match event {
//!             SeatEvent::SeatReserved { by, .. } => Some(by.clone()),
//!             SeatEvent::SeatReleased { .. } => None,
//!         };
//!     }
//!
//!     fn decide(
//!         holder: &Self::State,
//!         command: SeatCommand,
//!         _: &Context,
//!     ) -> Result<Decision<SeatEvent>, SeatRejection> {
//!         match (command, holder) {
//!             (SeatCommand::ReserveSeat { by, .. }, Some(holder)) if by == *holder => Ok(Decision::none()),
//!             (SeatCommand::ReserveSeat { seat, .. }, Some(holder)) => {
//!                 Err(SeatRejection::SeatTaken { seat, by: holder.clone() })
//!             }
//!             (SeatCommand::ReserveSeat { seat, by }, None) => Ok(SeatEvent::SeatReserved { seat, by }.into()),
//!             (SeatCommand::ReleaseSeat { seat }, Some(_)) => Ok(SeatEvent::SeatReleased { seat }.into()),
//!             (SeatCommand::ReleaseSeat { .. }, None) => Err(SeatRejection::SeatNotReserved),
//!         }
//!     }
//! }
//!
//! annals::export! { deciders: [Seat] }
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
//! A decider with many commands can decide on each command in a separate `impl`: see [`Decide`].
//!
//! # Reactions
//!
//! Three more kinds of handlers react to recorded events, from any number of streams:
//!
//! | kind | what it does | tested by |
//! |---|---|---|
//! | [`Projector`] | folds events into the rows of a view, which clients read over HTTP | [`test::project`] |
//! | [`ProcessManager`] | coordinates a process: folds events into its state, and sends commands | [`test::process`] |
//! | [`Notifier`] | causes effects outside of the application, through the imports that the manifest grants (the crate `annals-outside`) | [`test::notify`] |
//!
//! Projectors and process managers are pure, like deciders. The documentation of each trait has an example. `export!`
//! lists the handlers of a crate by kind, any number of each:
//!
//! ```
//! # use annals::*;
//! # #[derive(Command)] enum C { Go { #[annals(stream)] id: String } }
//! # #[derive(Event)] enum E { Gone { id: String } }
//! # struct Walk;
//! # impl Decider for Walk {
//! #   type State = (); type Command = C; type Event = E; type Rejection = std::convert::Infallible;
//! #   const CATEGORY: &'static str = "walk";
//! #   fn initial() {}
//! #   fn evolve(_: &mut (), _: &E) {}
//! #   fn decide(_: &(), C::Go { id }: C, _: &Context) -> Result<Decision<E>, Self::Rejection> { Ok(E::Gone { id }.into()) }
//! # }
//! # struct Walks;
//! # impl Projector for Walks {
//! #   type Event = E; type Row = u32;
//! #   const VIEW: &'static str = "walks";
//! #   fn keys(E::Gone { id }: &E, _: &EventMetadata) -> Vec<String> { vec![id.clone()] }
//! #   fn fold(row: Option<u32>, _: &str, _: &E, _: &EventMetadata) -> Option<u32> { Some(row.unwrap_or(0) + 1) }
//! # }
//! # struct Journey;
//! # impl ProcessManager for Journey {
//! #   type State = (); type Event = E; type Command = C;
//! #   const NAME: &'static str = "journey"; const FROM: StartFrom = StartFrom::Origin;
//! #   fn interest(E::Gone { id }: &E, _: &EventMetadata) -> Vec<Interest> { vec![Interest::start(id)] }
//! #   fn react(_: Option<()>, _: &E, _: &EventMetadata, _: &ProcessContext) -> Reaction<(), C> { Reaction::stopped() }
//! # }
//! # struct Postcards;
//! # impl Notifier for Postcards {
//! #   type Event = E;
//! #   const NAME: &'static str = "postcards"; const FROM: StartFrom = StartFrom::Now;
//! #   fn notify(_: &E, _: &EventMetadata, _: u32) -> Delivery { Delivery::Done }
//! # }
//! annals::export! {
//!     deciders: [Walk],
//!     projectors: [Walks],
//!     process_managers: [Journey],
//!     notifiers: [Postcards],
//! }
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
//! `cargo build --release --target wasm32-unknown-unknown` builds the handler that `annals compose` takes as input;
//! so does `cargo component build` for that target. In a native build [`export!`] only checks the handlers.
//!
//! # Payloads
//!
//! The type of a command or event is the name of its variant. The payload is a JSON object of its fields. A handler
//! ignores the events of other types on the same stream.
//!
//! ```
//! use annals::{Event, EventType};
//!
//! /// Your own types are made fit for payloads and states by `annals::data`, with derives if you name them.
//! #[annals::data(Clone, Debug, PartialEq)]
//! struct Money {
//!     cents: i64,
//! }
//!
//! #[derive(Event, Debug, PartialEq)]
//! #[annals(rename_all = "camelCase")]
//! enum Movement {
//!     Deposited { amount: Money },
//!     #[annals(type = "account.closed", version = 2, formerly = ["AccountEnded"])]
//!     Closed {
//!         #[serde(default)] // absent in version 1
//!         paid_out: i64,
//!     },
//! }
//!
//! let closed = Movement::Closed { paid_out: 3 };
//! assert_eq!(Movement::TYPES[0], EventType { name: "Deposited", version: 1 });
//! assert_eq!(closed.event_type(), EventType { name: "account.closed", version: 2 });
//! assert_eq!(closed.encode().unwrap(), br#"{"paidOut":3}"#);
//! assert_eq!(Movement::decode("AccountEnded", br#"{"paidOut":3}"#).unwrap(), Some(closed));
//! assert_eq!(Movement::decode("Withdrawn", b"?").unwrap(), None);
//! ```
//!
//! # Events that several handlers share
//!
//! Several handlers can read the events that one decider emits. Define such events as structs in a common crate, with
//! [`annals::event`](macro@event): the struct declares its name, version, former names and tags once. Each handler
//! has its own enum of the structs that it reads.
//!
//! ```
//! use annals::{Event, EventType};
//!
//! #[annals::event(name = "MoneyDeposited", version = 2, formerly = ["Deposited"])]
//! struct Deposited {
//!     #[annals(tag)]
//!     account: String,
//!     amount: i64,
//!     #[serde(default)] // since version 2
//!     #[annals(tag)]
//!     transfer: Option<String>,
//! }
//!
//! #[annals::event]
//! struct AccountOpened {
//!     account: String,
//! }
//!
//! /// What matters to one reader. The names of the variants are its own business.
//! #[derive(Event)]
//! enum Seen {
//!     Opened(AccountOpened),
//!     Deposit(Deposited),
//! }
//!
//! let deposit = Deposited { account: "42".into(), amount: 3, transfer: None };
//! let seen = Seen::from(deposit); // each struct turns into its variant
//! assert_eq!(seen.event_type(), EventType { name: "MoneyDeposited", version: 2 });
//! assert_eq!(seen.tags(), ["account:42"]);
//! assert!(matches!(
//!     Seen::decode("Deposited", br#"{"account":"42","amount":3}"#),
//!     Ok(Some(Seen::Deposit(_)))
//! ));
//! ```
//!
//! Commands that a process manager sends to a decider in another crate are shared in the same way, with
//! [`annals::command`](macro@command).
//!
//! # Several events, and closing a stream
//!
//! A decision is `event.into()`, `vec![..].into()` or [`Decision::none()`]. [`Decision::of`] and [`Decision::and`]
//! take structs. [`steps`] builds a decision in which later events depend on earlier ones. [`Decision::closing`]
//! closes the stream permanently.
//!
//! # Time and randomness
//!
//! The framework passes time and randomness as arguments, in the [`Context`] of a decision and the [`ProcessContext`]
//! of a process. A decision is therefore repeatable: Annals can retry it after a write conflict or an interruption.
//!
//! # Logging
//!
//! [`log!`] and panics write to the host's log. Nothing comes back from the log, so a handler stays pure.
//!
//! # Memory
//!
//! The feature `allocator` is on by default. On wasm32-unknown-unknown it gives a handler an allocator for small blocks.
//! Other targets keep the allocator of their C library, because that library frees memory which the handler's allocator
//! has allocated. A component that has its own `#[global_allocator]` switches the feature off:
//! `annals = { version = "0.1", default-features = false }`.
//!
//! # Layout
//!
//! - `decider`, `decision`, `context`: the traits and types of a domain
//! - `projector`, `process_manager`, `notifier`, `metadata`: the traits and types of reactions
//! - `message`, `codec`: commands, events, rejections, and their encodings; `annals-macros` derives them
//! - `known`: the compile-time description of each message type, for the derives
//! - `former`: deprecation warnings that the compiler does not give by itself
//! - `name`: names of streams, categories, views and handlers
//! - `export`: the macro that exports the handlers of a crate
//! - `erased`, `wire`: type-erased handlers, in one table for each kind
//! - `bindings`: these tables as a component, on wasm only
//! - `test`: given/when/then tests

#![deny(missing_docs)]

// The derives expand to paths that begin with `::annals`; this alias makes them work in this crate too.
extern crate self as annals;

#[cfg(all(feature = "allocator", target_family = "wasm", target_os = "unknown"))]
use annals_allocator as _;

mod codec;
mod context;
mod decider;
mod decision;
#[allow(missing_docs)]
mod erased;
mod export;
#[allow(missing_docs)]
mod former;
#[allow(missing_docs)]
mod known;
mod message;
mod metadata;
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

pub use annals_macros::{Command, Event, Rejection, command, data, event};
pub use codec::{Codec, CodecError, Json};
pub use context::{Context, Random};
pub use decider::{Decide, Decided, Decider, Dispatch, Snapshots, dispatch};
pub use decision::{Decision, Steps, steps};
pub use export::export;
pub use message::{Command, CommandData, Event, EventData, EventType, Precondition, Rejection};
#[allow(deprecated)]
pub use metadata::About;
pub use metadata::{EventMetadata, StartFrom};
pub use notifier::{Delivery, Notifier};
pub use process_manager::{Interest, ProcessContext, ProcessManager, Reaction, Refusal};
pub use projector::{Projector, Rows};
pub use serde;

/// Former location of `annals_outside::http`.
#[cfg(feature = "http")]
#[deprecated(note = "it is in the crate `annals-outside`: `annals_outside::http`")]
pub mod http {
    pub use annals_outside::http::*;
}

/// Former location of `annals_outside::env`.
#[cfg(feature = "env")]
#[deprecated(note = "it is in the crate `annals-outside`: `annals_outside::env`")]
#[must_use]
pub fn env(name: &str) -> Option<String> {
    annals_outside::env(name)
}

/// Writes a line to the host's log, with the handler's name in front. The arguments are those of `println!`.
///
/// ```
/// # let (account, balance) = ("7", 12);
/// annals::log!("{account} has {balance} left");
/// ```
///
/// A handler that logs stays pure: nothing comes back, so no decision and no row can depend on a log line. The log is
/// no record of what happened. The framework repeats a decision after a write conflict, and may deliver an event
/// again. A line may therefore appear more than once, or for a decision that was never recorded. Events are the
/// record of what happened.
///
/// A panic writes its message, with file and line, in the same way. `println!` and `eprintln!` reach the host's log
/// only on wasm32-wasip1 and wasm32-wasip2; on wasm32-unknown-unknown the standard library discards their output. In
/// native tests, `log!` writes the line to stderr.
#[macro_export]
macro_rules! log {
    ($($text:tt)+) => {
        $crate::__private::log(::core::format_args!($($text)+))
    };
}

/// Items that the macros use. Nothing in here is stable.
#[doc(hidden)]
pub mod __private {
    #[cfg(target_family = "wasm")]
    pub use crate::bindings;
    #[cfg(target_family = "wasm")]
    pub use crate::bindings::diagnostics::log;
    pub use crate::erased::{
        Deciders, Entry, Folded, Named, NotifierEntry, Notifiers, Prepared, ProcessManagerEntry,
        ProcessManagers, ProjectorEntry, Projectors, Session, check, check_notifier,
        check_process_manager, check_projector,
    };
    #[allow(deprecated)]
    pub use crate::former::export_by_words;
    pub use crate::former::{Given, lanes, snapshot_every};
    pub use crate::known::{
        Described, Id, Known, TagValue, Undescribed, check as check_known, count, count_internal,
        event_types, formerly, have_streams, internal, is, known, names, preconditions, tag,
    };
    pub use crate::wire;
    pub use serde_json::to_string as to_json;

    /// The native counterpart of the component's `log`.
    #[cfg(not(target_family = "wasm"))]
    pub fn log(line: std::fmt::Arguments<'_>) {
        eprintln!("{line}");
    }
}
