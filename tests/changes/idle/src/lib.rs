//! A notifier that does nothing.

use annals::{Delivery, Event, EventMetadata, Notifier, StartFrom};

#[derive(Event)]
pub enum Fact {
    Counted {},
}

/// Sends no notice.
pub struct Idle;

impl Notifier for Idle {
    type Event = Fact;
    const NAME: &'static str = "idle";
    const FROM: StartFrom = StartFrom::Origin;

    fn notify(_: &Fact, _: &EventMetadata, _: u32) -> Delivery {
        Delivery::Done
    }
}

annals::export! { notifiers: [Idle] }
