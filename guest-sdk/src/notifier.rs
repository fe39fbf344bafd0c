//! Notifiers: cause effects outside of the application in response to events.

use std::time::Duration;

use crate::{Event, EventMetadata, StartFrom};

/// Reacts to events with side effects, such as a message to a person or system outside of the application.
///
/// A notifier is the only kind of handler with access to the outside. It uses the host imports that the manifest
/// grants it, and no others; the crate `annals-outside` provides HTTP requests and environment variables. The
/// framework delivers every event at least once, so the effect of a notifier should be idempotent. A receiver can
/// detect repetitions by [`EventMetadata::event_id`].
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
    /// The events that the notifier receives, as an enum that derives [`Event`](derive@crate::Event).
    type Event: Event;

    /// Name in the application: 1 to 64 letters, digits, `-` and `_`. The store identifies the notifier, and the
    /// events that were delivered to it, by this name. Keep the name when the code moves. A notifier with another
    /// name is a new one, unless `formerly` in `annals.toml` gives its former name.
    const NAME: &'static str;
    /// The position where the notifier starts when it is first deployed on a store that already has events:
    /// [`StartFrom::Origin`] includes every event since the beginning, [`StartFrom::Now`] only events recorded from
    /// then on.
    const FROM: StartFrom;
    /// Maximum number of events that the framework delivers to the notifier at the same time. With 1, it delivers one
    /// event after the other, in the order of the log. With more, it still delivers the events of one stream one
    /// after the other.
    #[allow(deprecated)]
    const CONCURRENCY: u32 = Self::LANES;
    /// Former name of [`Notifier::CONCURRENCY`].
    #[deprecated(note = "renamed `CONCURRENCY`")]
    const LANES: u32 = 1;

    /// Handles an event. `attempt` counts from 1.
    fn notify(event: &Self::Event, metadata: &EventMetadata, attempt: u32) -> Delivery;
}

/// The result of handling an event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Delivery {
    /// The notifier has handled the event.
    Done,
    /// The attempt failed. The framework tries again, no earlier than after this time. The application's failure
    /// policy limits the number of attempts.
    RetryAfter(Duration),
    /// The notifier can never handle the event, for this reason. The framework puts the event aside as a dead letter
    /// for people to inspect.
    Reject(String),
}
