//! Notifiers: events to effects outside of the application.

use std::time::Duration;

use crate::{Event, EventMetadata, StartFrom};

/// Reacts to events with side effects: tells somebody who is not part of the application.
///
/// A notifier is the one kind of handler that may reach out, through the host imports that the
/// manifest grants it and no others; the crate `annals-outside` has HTTP requests and environment variables. It is told of every event at least once, so what it does should bear being done twice;
/// [`EventMetadata::event_id`] is what a receiver can tell repetitions by.
///
/// ```
/// use annals::{EventMetadata, Delivery, Event, Notifier, StartFrom};
/// use std::time::Duration;
///
/// #[derive(Event)]
/// enum SeatEvent {
///     SeatReserved { seat: String, by: String },
/// }
///
/// /// Rings a bell for every reservation.
/// struct Bell;
///
/// impl Notifier for Bell {
///     type Event = SeatEvent;
///     const NAME: &'static str = "bell";
///     const FROM: StartFrom = StartFrom::Now;
///
///     fn notify(event: &SeatEvent, _: &EventMetadata, attempt: u32) -> Delivery {
///         let SeatEvent::SeatReserved { by, .. } = event;
///         match ring(by) {
///             true => Delivery::Done,
///             false if attempt < 5 => Delivery::RetryAfter(Duration::from_secs(10)),
///             false => Delivery::Reject("the bell is broken".into()),
///         }
///     }
/// }
///
/// annals::export! { notifiers: [Bell] }
/// # fn ring(by: &str) -> bool { by != "Eve" }
///
/// use annals::test::{notify, on};
/// let reserved = |by: &str| on("seat-7A", SeatEvent::SeatReserved { seat: "7A".into(), by: by.into() });
///
/// notify::<Bell>().when(reserved("Ada")).then_done();
/// notify::<Bell>().when(reserved("Eve")).then_retry_after(Duration::from_secs(10));
/// notify::<Bell>().attempt(5).when(reserved("Eve")).then_rejected("broken");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a notifier",
    label = "does not implement `annals::Notifier`",
    note = "`annals::export!` lists handlers by kind: `deciders`, `projectors`, `process_managers`, `notifiers`"
)]
pub trait Notifier: 'static {
    /// The events that it is told of, as an enum that derives [`Event`](derive@crate::Event).
    type Event: Event;

    /// Name in the application: 1 to 64 letters, digits, `-` and `_`. It is what the store knows the notifier by: the events that it was told of.
    /// Keep it, wherever the code moves. Another name is another notifier, unless
    /// `formerly` in `annals.toml` says which one it was.
    const NAME: &'static str;
    /// Where it starts when it is first deployed on a store that has events already: [`StartFrom::Origin`] is every
    /// event since the beginning, [`StartFrom::Now`] only what is recorded from then on.
    const FROM: StartFrom;
    /// How many events it may be told of at once. 1: one after the other, in the order of the log.
    /// With more, the events of one stream still come one after the other.
    #[allow(deprecated)]
    const CONCURRENCY: u32 = Self::LANES;
    /// The former name of [`Notifier::CONCURRENCY`].
    #[deprecated(note = "renamed `CONCURRENCY`")]
    const LANES: u32 = 1;

    /// Tells somebody of an event. `attempt` counts from 1.
    fn notify(event: &Self::Event, metadata: &EventMetadata, attempt: u32) -> Delivery;
}

/// What came of telling.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Delivery {
    /// It is done.
    Done,
    /// It failed for now: try again, not before this time has passed. The application's policy for
    /// failures says how often.
    RetryAfter(Duration),
    /// It can never be done, for this reason: the event is put aside for people to look at.
    Reject(String),
}
