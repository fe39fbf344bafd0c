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
//! A decider with many commands need not decide on all of them in one place: see [`Decide`].
//!
//! # What happens after the event
//!
//! Three more kinds of handlers react to recorded events, of any number of streams:
//!
//! | kind | what it does | tested by |
//! |---|---|---|
//! | [`Projector`] | folds events into the rows of a view, which can be read over HTTP | [`test::project`] |
//! | [`ProcessManager`] | sees a process through: folds events into its state, and sends commands | [`test::process`] |
//! | [`Notifier`] | tells the world outside, by what the manifest grants it (the crate `annals-outside`) | [`test::notify`] |
//!
//! The first two are as pure as deciders. Each trait has an example. `export!` lists the handlers of a crate by
//! their kinds, any number of each:
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
//! `cargo build --release --target wasm32-unknown-unknown` makes the handler that `annals
//! compose` takes; so does `cargo component build` for that target. Natively [`export!`] does nothing
//! but check.
//!
//! # Payloads
//!
//! The type of a command or event is the name of its variant, the payload a JSON object of its
//! fields. Events of other types on the same stream are passed over.
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
//! # Events that handlers share
//!
//! Several handlers read the events that one decider emits. Put these into structs in a common crate, with
//! [`annals::event`](macro@event): the struct says its name, version, former names and tags once. Each handler
//! has an enum of its own with the structs that matter to it.
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
//! Commands that a process manager sends to a decider in another crate are shared in the same way, by
//! [`annals::command`](macro@command).
//!
//! # More than one event, and the last one
//!
//! A decision is `event.into()`, `vec![..].into()` or [`Decision::none()`]; [`Decision::of`] and [`Decision::and`] take
//! structs; [`steps`] builds one where later events depend on earlier ones; [`Decision::closing`] ends a stream for good.
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
//! # Memory
//!
//! The feature `allocator`, which is on by default, gives a handler an allocator for small blocks. A component that has a
//! `#[global_allocator]` of its own switches it off: `annals = { version = "0.1", default-features = false }`.
//!
//! # Layout
//!
//! - `decider`, `decision`, `context`: what a domain implements and uses
//! - `projector`, `process_manager`, `notifier`, `metadata`: the same for reactions
//! - `message`, `codec`: commands, events, rejections, and their encodings; derived by `annals-macros`
//! - `known`: what the derives know of each type when it is compiled
//! - `former`: warnings of what is deprecated, where the compiler has none
//! - `name`: names of streams, categories, views and handlers
//! - `erased`, `wire`: handlers without their types, behind one table for each kind
//! - `bindings`: these tables as a component, on wasm only
//! - `test`: given, when, then

#![deny(missing_docs)]

// So that the derives work in this crate, too.
extern crate self as annals;

#[cfg(all(feature = "allocator", target_family = "wasm"))]
use annals_allocator as _;

mod codec;
mod context;
mod decider;
mod decision;
#[allow(missing_docs)]
mod erased;
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
pub use message::{Command, CommandData, Event, EventData, EventType, Precondition, Rejection};
#[allow(deprecated)]
pub use metadata::About;
pub use metadata::{EventMetadata, StartFrom};
pub use notifier::{Delivery, Notifier};
pub use process_manager::{Interest, ProcessContext, ProcessManager, Reaction, Refusal};
pub use projector::{Projector, Rows};
pub use serde;

/// The former place of `annals_outside::http`.
#[cfg(feature = "http")]
#[deprecated(note = "it is in the crate `annals-outside`: `annals_outside::http`")]
pub mod http {
    pub use annals_outside::http::*;
}

/// The former place of `annals_outside::env`.
#[cfg(feature = "env")]
#[deprecated(note = "it is in the crate `annals-outside`: `annals_outside::env`")]
#[must_use]
pub fn env(name: &str) -> Option<String> {
    annals_outside::env(name)
}

/// Exports the handlers of a crate, listed by their kinds. Once per crate; natively it only checks them.
///
/// ```
/// # use annals::*;
/// # #[derive(Event)] enum E { Gone {} }
/// # macro_rules! view { ($view:ident $name:literal) => {
/// #   struct $view;
/// #   impl Projector for $view {
/// #     type Event = E; type Row = u32;
/// #     const VIEW: &'static str = $name;
/// #     fn keys(_: &E, _: &EventMetadata) -> Vec<String> { vec![] }
/// #     fn fold(row: Option<u32>, _: &str, _: &E, _: &EventMetadata) -> Option<u32> { row }
/// #   }
/// # } }
/// # view!(Balances "balances"); view!(Statements "statements");
/// annals::export! {
///     projectors: [Balances, Statements],
/// }
/// ```
///
/// The lists are `deciders`, `projectors`, `process_managers` and `notifiers`. The component exports the interfaces of the
/// kinds that are named, and no others.
///
/// A name that is none is an error:
///
/// ```compile_fail,E0080
/// # use annals::*;
/// # #[derive(Command)] enum C { Go { #[annals(stream)] id: u8 } }
/// # #[derive(Event)] enum E { Gone }
/// # struct Bad;
/// # impl Decider for Bad {
/// #   type State = (); type Command = C; type Event = E; type Rejection = std::convert::Infallible;
/// #   fn initial() {}
/// #   fn evolve(_: &mut (), _: &E) {}
/// #   fn decide(_: &(), _: C, _: &Context) -> Result<Decision<E>, Self::Rejection> { Ok(Decision::none()) }
/// const CATEGORY: &'static str = "Not-a-category";
/// # }
/// annals::export! { deciders: [Bad] }
/// ```
///
/// ```compile_fail,E0080
/// # use annals::*;
/// # #[derive(Event)] enum E { Gone }
/// # struct Bad;
/// # impl Projector for Bad {
/// #   type Event = E; type Row = u32;
/// #   fn keys(_: &E, _: &EventMetadata) -> Vec<String> { vec![] }
/// #   fn fold(row: Option<u32>, _: &str, _: &E, _: &EventMetadata) -> Option<u32> { row }
/// const VIEW: &'static str = "not@a-view";
/// # }
/// annals::export! { projectors: [Bad] }
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
/// #   fn interest(_: &Nothing, _: &EventMetadata) -> Vec<Interest> { vec![] }
/// #   fn react(_: Option<()>, _: &Nothing, _: &EventMetadata, _: &ProcessContext) -> Reaction<(), C> { Reaction::stopped() }
/// # }
/// annals::export! { process_managers: [Bad] }
/// ```
///
/// ```compile_fail,E0080
/// # use annals::*;
/// # #[derive(Event)] enum E { Gone }
/// # struct Bad;
/// # impl Notifier for Bad {
/// #   type Event = E;
/// #   const NAME: &'static str = "bad"; const FROM: StartFrom = StartFrom::Now;
/// #   fn notify(_: &E, _: &EventMetadata, _: u32) -> Delivery { Delivery::Done }
/// const CONCURRENCY: u32 = 0;
/// # }
/// annals::export! { notifiers: [Bad] }
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
/// #   fn notify(_: &E, _: &EventMetadata, _: u32) -> Delivery { Delivery::Done }
///     const FROM: StartFrom = StartFrom::Now;
/// } // missing: `NAME`
/// # annals::export! { notifiers: [Bad] }
/// ```
///
/// A build, though not `cargo check`, finds a decider whose commands do not say which subject they are about:
///
/// ```compile_fail,E0080
/// # use annals::*;
/// #[derive(Command)]
/// enum Walk {
///     Go { to: String }, // missing: #[annals(stream)]
/// }
/// # #[derive(Event)] enum E { Gone }
/// # struct Bad;
/// # impl Decider for Bad {
/// #   type State = (); type Command = Walk; type Event = E; type Rejection = std::convert::Infallible;
/// #   const CATEGORY: &'static str = "walk";
/// #   fn initial() {}
/// #   fn evolve(_: &mut (), _: &E) {}
/// #   fn decide(_: &(), _: Walk, _: &Context) -> Result<Decision<E>, Self::Rejection> { Ok(Decision::none()) }
/// # }
/// annals::export! { deciders: [Bad] }
/// ```
///
/// and a projector that does not say which rows an event changes, or how:
///
/// ```compile_fail,E0080
/// # use annals::*;
/// # #[derive(Event)] enum E { Gone }
/// # struct Bad;
/// impl Projector for Bad {
/// #   type Event = E; type Row = u32;
/// #   const VIEW: &'static str = "bad";
/// #   fn fold(row: Option<u32>, _: &str, _: &E, _: &EventMetadata) -> Option<u32> { row }
///     // missing: `keys`
/// }
/// annals::export! { projectors: [Bad] }
/// ```
///
/// ```compile_fail,E0080
/// # use annals::*;
/// # #[derive(Event)] enum E { Gone }
/// # struct Bad;
/// impl Projector for Bad {
/// #   type Event = E; type Row = u32;
/// #   const VIEW: &'static str = "bad";
/// #   fn keys(_: &E, _: &EventMetadata) -> Vec<String> { vec![] }
///     // missing: `fold`, or `project`
/// }
/// annals::export! { projectors: [Bad] }
/// ```
///
/// A handler that is not of the kind that is named is an error, and a kind that is none:
///
/// ```compile_fail,E0277
/// # use annals::*;
/// # #[derive(Event)] enum E { Gone }
/// # struct Balances;
/// # impl Projector for Balances {
/// #   type Event = E; type Row = u32;
/// #   const VIEW: &'static str = "balances";
/// #   fn keys(_: &E, _: &EventMetadata) -> Vec<String> { vec![] }
/// #   fn fold(row: Option<u32>, _: &str, _: &E, _: &EventMetadata) -> Option<u32> { row }
/// # }
/// annals::export! { deciders: [Balances] } // `Balances` is not a decider
/// ```
///
/// ```compile_fail
/// struct Balances;
/// annals::export! { projektors: [Balances] } // unknown kind of handlers; known: deciders, projectors, ..
/// ```
///
/// The former way, deciders as they are and a word before the others, is deprecated, and so are constants that have
/// another name now:
///
/// ```compile_fail
/// #![deny(deprecated)]
/// # use annals::*;
/// # #[derive(Event)] enum E { Gone }
/// # struct Balances;
/// # impl Projector for Balances {
/// #   type Event = E; type Row = u32;
/// #   const VIEW: &'static str = "balances";
/// #   fn keys(_: &E, _: &EventMetadata) -> Vec<String> { vec![] }
/// #   fn fold(row: Option<u32>, _: &str, _: &E, _: &EventMetadata) -> Option<u32> { row }
/// # }
/// annals::export!(projector Balances);
/// ```
///
/// ```compile_fail
/// #![deny(deprecated)]
/// # use annals::*;
/// # #[derive(Event)] enum E { Gone }
/// # struct Bell;
/// # impl Notifier for Bell {
/// #   type Event = E;
/// #   const NAME: &'static str = "bell"; const FROM: StartFrom = StartFrom::Now;
/// #   fn notify(_: &E, _: &EventMetadata, _: u32) -> Delivery { Delivery::Done }
/// const LANES: u32 = 2;
/// # }
/// annals::export! { notifiers: [Bell] }
/// ```
///
/// ```compile_fail
/// #![deny(deprecated)]
/// # use annals::*;
/// # #[derive(Command)] enum C { Go { #[annals(stream)] id: u8 } }
/// # #[derive(Event)] enum E { Gone }
/// # struct Walk;
/// # impl Decider for Walk {
/// #   type State = (); type Command = C; type Event = E; type Rejection = std::convert::Infallible;
/// #   const CATEGORY: &'static str = "walk";
/// #   fn initial() {}
/// #   fn evolve(_: &mut (), _: &E) {}
/// #   fn decide(_: &(), _: C, _: &Context) -> Result<Decision<E>, Self::Rejection> { Ok(Decision::none()) }
/// const SNAPSHOT_EVERY: u32 = 100;
/// # }
/// annals::export! { deciders: [Walk] }
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

    /// As in a component.
    #[cfg(not(target_family = "wasm"))]
    pub fn log(line: std::fmt::Arguments<'_>) {
        eprintln!("{line}");
    }
}
