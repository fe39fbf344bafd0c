//! A notifier that does nothing.

use annals::{About, Delivery, Event, Notifier, StartFrom};

#[derive(Event)]
pub enum Fact {
    Counted {},
}

/// Tells nobody.
pub struct Idle;

impl Notifier for Idle {
    type Event = Fact;
    const NAME: &'static str = "idle";
    const FROM: StartFrom = StartFrom::Origin;

    fn notify(_: &Fact, _: &About, _: u32) -> Delivery {
        Delivery::Done
    }
}

annals::export!(notifier Idle);
