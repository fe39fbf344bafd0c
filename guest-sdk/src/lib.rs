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
//! # What happens after the event
//!
//! Three more kinds of handlers react to recorded events, of any number of streams:
//!
//! | kind | what it does | tested by |
//! |---|---|---|
//! | [`Projector`] | folds events into the rows of a view, which can be read over HTTP | [`test::project`] |
//! | [`ProcessManager`] | sees a process through: folds events into its state, and sends commands | [`test::process`] |
//! | [`Notifier`] | tells the world outside, by what the manifest grants it (features `http` and `env`) | [`test::notify`] |
//!
//! The first two are as pure as deciders. Each trait has an example. `export!` takes any number of
//! handlers of all kinds, with a word before those that are not deciders:
//!
//! ```
//! # use annals::*;
//! # #[derive(Command)] enum C { Go { id: String } }
//! # #[derive(Event)] enum E { Gone { id: String } }
//! # struct Walk;
//! # impl Decider for Walk {
//! #   type State = (); type Command = C; type Event = E; type Rejection = std::convert::Infallible;
//! #   const CATEGORY: &'static str = "walk";
//! #   fn initial() {}
//! #   fn stream_id(C::Go { id }: &C) -> String { id.clone() }
//! #   fn evolve(_: &mut (), _: &E) {}
//! #   fn decide(_: &(), C::Go { id }: C, _: &Context) -> Result<Decision<E>, Self::Rejection> { Ok(E::Gone { id }.into()) }
//! # }
//! # struct Walks;
//! # impl Projector for Walks {
//! #   type Event = E; type Row = u32;
//! #   const VIEW: &'static str = "walks";
//! #   fn touches(E::Gone { id }: &E, _: &About) -> Vec<String> { vec![id.clone()] }
//! #   fn fold(row: Option<u32>, _: &str, _: &E, _: &About) -> Option<u32> { Some(row.unwrap_or(0) + 1) }
//! # }
//! # struct Journey;
//! # impl ProcessManager for Journey {
//! #   type State = (); type Event = E; type Command = C;
//! #   const NAME: &'static str = "journey"; const FROM: StartFrom = StartFrom::Origin;
//! #   fn interest(E::Gone { id }: &E, _: &About) -> Vec<Interest> { vec![Interest::start(id)] }
//! #   fn react(_: Option<()>, _: &E, _: &About, _: &ProcessContext) -> Reaction<(), C> { Reaction::stopped() }
//! # }
//! # struct Postcards;
//! # impl Notifier for Postcards {
//! #   type Event = E;
//! #   const NAME: &'static str = "postcards"; const FROM: StartFrom = StartFrom::Now;
//! #   fn notify(_: &E, _: &About, _: u32) -> Delivery { Delivery::Done }
//! # }
//! annals::export!(Walk, projector Walks, process_manager Journey, notifier Postcards);
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
//! compose` takes; so does `cargo component build` for that target. Natively [`export!`] does nothing
//! but check.
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
//! come as arguments, in the [`Context`] of a decision and the [`ProcessContext`] of a process. That is
//! what makes them repeatable, and what lets Annals try them again when two collide or one is cut short.
//!
//! # What a handler says
//!
//! [`log!`] and panics write into the host's log: one way, so that a handler stays pure.
//!
//! # Layout
//!
//! - `decider`, `decision`, `context`: what a domain implements and uses
//! - `projector`, `process_manager`, `notifier`, `about`: the same for reactions
//! - `message`, `codec`: commands, events, rejections, and their encodings; derived by `annals-macros`
//! - `name`: names of streams, categories, views and handlers
//! - `erased`, `wire`: handlers without their types, behind one table for each kind
//! - `bindings`: these tables as a component, on wasm only
//! - `http`, `env`: what notifiers may be granted; natively a test says what that is, by `granted`
//! - `test`: given, when, then

#![deny(missing_docs)]

// So that the derives work in this crate, too.
extern crate self as annals;

mod codec;
mod context;
mod decider;
mod decision;
#[cfg(feature = "env")]
mod env;
#[allow(missing_docs)]
mod erased;
#[allow(missing_docs)]
mod former;
#[cfg(all(any(feature = "env", feature = "http"), not(target_family = "wasm")))]
mod granted;
#[cfg(feature = "http")]
pub mod http;
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
#[cfg(feature = "env")]
pub use env::env;
pub use message::{Command, CommandData, Event, EventData, EventType, Precondition, Rejection};
#[allow(deprecated)]
pub use metadata::About;
pub use metadata::{EventMetadata, StartFrom};
pub use notifier::{Delivery, Notifier};
pub use process_manager::{Interest, ProcessContext, ProcessManager, Reaction, Refusal};
pub use projector::{Projector, Rows};
pub use serde;

/// Exports the handlers of a crate. Once per crate; natively it only checks them.
///
/// Deciders are named as they are (or as `decider T`), the others as `projector T`, `process_manager T` and
/// `notifier T`. The component exports the interfaces of the kinds that are named, and no others.
///
/// A name that is none is an error:
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
///
/// ```compile_fail,E0080
/// # use annals::*;
/// # #[derive(Event)] enum E { Gone }
/// # struct Bad;
/// # impl Projector for Bad {
/// #   type Event = E; type Row = u32;
/// #   fn touches(_: &E, _: &About) -> Vec<String> { vec![] }
/// #   fn fold(row: Option<u32>, _: &str, _: &E, _: &About) -> Option<u32> { row }
/// const VIEW: &'static str = "not@a-view";
/// # }
/// annals::export!(projector Bad);
/// ```
///
/// So is a handler that is never told of anything, or by nobody:
///
/// ```compile_fail,E0080
/// # use annals::*;
/// # #[derive(Command)] enum C { Go {} }
/// #[derive(Event)]
/// enum Nothing {}
/// # struct Bad;
/// # impl ProcessManager for Bad {
/// #   type State = (); type Event = Nothing; type Command = C;
/// #   const NAME: &'static str = "bad"; const FROM: StartFrom = StartFrom::Origin;
/// #   fn interest(_: &Nothing, _: &About) -> Vec<Interest> { vec![] }
/// #   fn react(_: Option<()>, _: &Nothing, _: &About, _: &ProcessContext) -> Reaction<(), C> { Reaction::stopped() }
/// # }
/// annals::export!(process_manager Bad);
/// ```
///
/// ```compile_fail,E0080
/// # use annals::*;
/// # #[derive(Event)] enum E { Gone }
/// # struct Bad;
/// # impl Notifier for Bad {
/// #   type Event = E;
/// #   const NAME: &'static str = "bad"; const FROM: StartFrom = StartFrom::Now;
/// #   fn notify(_: &E, _: &About, _: u32) -> Delivery { Delivery::Done }
/// const LANES: u32 = 0;
/// # }
/// annals::export!(notifier Bad);
/// ```
///
/// A process manager or notifier without a name, or that does not say where it starts, does not compile either: the
/// store would have nothing to know it by.
///
/// ```compile_fail,E0046
/// # use annals::*;
/// # #[derive(Event)] enum E { Gone }
/// # struct Bad;
/// impl Notifier for Bad {
/// #   type Event = E;
/// #   fn notify(_: &E, _: &About, _: u32) -> Delivery { Delivery::Done }
///     const FROM: StartFrom = StartFrom::Now;
/// } // missing: `NAME`
/// # annals::export!(notifier Bad);
/// ```
///
/// And so is one that is not of the kind that is named, or of none:
///
/// ```compile_fail,E0277
/// # use annals::*;
/// # #[derive(Event)] enum E { Gone }
/// # struct Balances;
/// # impl Projector for Balances {
/// #   type Event = E; type Row = u32;
/// #   const VIEW: &'static str = "balances";
/// #   fn touches(_: &E, _: &About) -> Vec<String> { vec![] }
/// #   fn fold(row: Option<u32>, _: &str, _: &E, _: &About) -> Option<u32> { row }
/// # }
/// annals::export!(Balances); // `Balances` is not a decider
/// ```
///
/// ```compile_fail
/// struct Balances;
/// annals::export!(projektor Balances); // unknown kind of handler; known: decider, projector, ..
/// ```
pub use annals_macros::export;

/// Writes a line into the host's log, with the handler's name in front; takes what `println!` takes.
///
/// ```
/// # let (account, balance) = ("7", 12);
/// annals::log!("{account} has {balance} left");
/// ```
///
/// A handler stays pure with it, because nothing comes back: no decision and no row can depend on what was logged. Nor does the
/// log say what happened: a decision that collides with another is made again, and an event may be delivered again, so
/// a line may come out more than once, or for a decision that was never recorded. Events say what happened.
///
/// A panic writes its message with file and line in the same way. `println!` and `eprintln!` do so only on wasm32-wasip1 and
/// wasm32-wasip2; on wasm32-unknown-unknown the standard library prints nowhere. Natively, in tests, the line goes to stderr.
#[macro_export]
macro_rules! log {
    ($($text:tt)+) => {
        $crate::__private::log(::core::format_args!($($text)+))
    };
}

/// One macro for each kind, so that a component exports the kinds that it has.
macro_rules! export_on_wasm {
    ($($name:ident: $bindings:ident $table:ident $entry:ident),* $(,)?) => {$(
        export_on_wasm!(@ ($) $name $bindings $table $entry);
    )*};
    (@ ($dollar:tt) $name:ident $bindings:ident $table:ident $entry:ident) => {
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
            // What only a build sees wrong, such as a function that is missing, a native build sees, too.
            ($dollar table:ident) => {
                const _: () = {
                    #[used]
                    static TABLE: &[$dollar crate::__private::$entry] =
                        <$dollar table as $dollar crate::__private::$table>::TABLE;
                };
            };
        }
    };
}

export_on_wasm! {
    __export_deciders: deciders Deciders Entry,
    __export_projectors: projectors Projectors ProjectorEntry,
    __export_process_managers: process_managers ProcessManagers ProcessManagerEntry,
    __export_notifiers: notifiers Notifiers NotifierEntry,
}

/// Tells the composer, in a custom section, that panics of this component do not read the environment.
#[cfg(target_os = "wasi")]
#[doc(hidden)]
#[macro_export]
macro_rules! __mark {
    () => {
        #[used]
        #[unsafe(link_section = "annals-sdk")]
        static MARK: [u8; 1] = *b"1";
    };
}

#[cfg(not(target_os = "wasi"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __mark {
    () => {};
}

/// For the macros. Nothing in here is stable.
#[doc(hidden)]
pub mod __private {
    #[cfg(target_family = "wasm")]
    pub use crate::bindings;
    #[cfg(target_family = "wasm")]
    pub use crate::bindings::diagnostics::log;
    pub use crate::erased::{
        Deciders, Entry, NotifierEntry, Notifiers, ProcessManagerEntry, ProcessManagers,
        ProjectorEntry, Projectors, Session, check, check_notifier, check_process_manager,
        check_projector,
    };
    #[allow(deprecated)]
    pub use crate::former::export_by_words;
    pub use crate::former::{Given, lanes, snapshot_every};
    pub use crate::known::{
        Described, Known, Undescribed, check as check_known, count, count_internal, event_types,
        have_streams, internal, is, known, names, preconditions, tag,
    };
    pub use crate::wire;
    pub use serde_json::to_string as to_json;

    /// As in a component.
    #[cfg(not(target_family = "wasm"))]
    pub fn log(line: std::fmt::Arguments<'_>) {
        eprintln!("{line}");
    }
}
