//! Access to the outside for Annals notifiers: HTTP requests and environment variables.
//!
//! On wasm each is a host interface. The manifest must grant it to the handler that uses it:
//!
//! | use | grant |
//! |---|---|
//! | [`http`] | `allow = ["wasi:http/outgoing-handler"]` |
//! | [`env`](env()) | `allow = ["wasi:cli/environment"]` |
//!
//! A component imports only the interfaces that it uses.
//!
//! In a native build nothing leaves the process. A test defines the notifier's environment and its HTTP answers, and
//! inspects the requests that the notifier sent:
//!
//! ```
//! use annals::{Delivery, Event, EventMetadata, Notifier, StartFrom};
//! use annals_outside::http::{Request, Response};
//! use std::time::Duration;
//!
//! #[derive(Event)]
//! enum SeatEvent {
//!     SeatReserved { seat: String },
//! }
//!
//! /// Posts each reservation to the board in `BOARD_URL`, if there is one.
//! struct Announcer;
//!
//! impl Notifier for Announcer {
//!     type Event = SeatEvent;
//!     const NAME: &'static str = "announcer";
//!     const FROM: StartFrom = StartFrom::Now;
//!
//!     fn notify(event: &SeatEvent, metadata: &EventMetadata, _: u32) -> Delivery {
//!         let SeatEvent::SeatReserved { seat } = event;
//!         let Some(board) = annals_outside::env("BOARD_URL") else {
//!             return Delivery::Done;
//!         };
//!         let sent = Request::post(board)
//!             .header("idempotency-key", &metadata.event_id)
//!             .json(seat)
//!             .send();
//!         match sent {
//!             Ok(response) if response.is_success() => Delivery::Done,
//!             _ => Delivery::RetryAfter(Duration::from_secs(1)),
//!         }
//!     }
//! }
//!
//! annals::export! { notifiers: [Announcer] }
//!
//! use annals::test::{notify, on};
//! use annals_outside::http::Error;
//! use annals_outside::test::world;
//! const BOARD: &str = "http://board.test/seats";
//! let reserved = || on("seat-7A", SeatEvent::SeatReserved { seat: "7A".into() }).id("e1");
//!
//! let world = world().env("BOARD_URL", BOARD).answering(|_| Response::status(204));
//! world.run(|| {
//!     notify::<Announcer>().when(reserved()).then_done();
//! });
//! world.then_sent([Request::post(BOARD).header("idempotency-key", "e1").json("7A")]);
//!
//! world.answering(|_| Error::Timeout).run(|| {
//!     notify::<Announcer>().when(reserved()).then_retry_after(Duration::from_secs(1));
//! });
//! ```
//!
//! # Layout
//!
//! - `http`, `env`: requests and variables; the host provides them on wasm, the test provides them natively
//! - `test`: the fakes that a test defines; `granted` installs them while a notifier runs

#![deny(missing_docs)]

mod env;
#[cfg(not(target_family = "wasm"))]
mod granted;
pub mod http;
#[cfg(not(target_family = "wasm"))]
pub mod test;

pub use env::env;
