//! The same view, beside a notifier that does nothing.

use annals::{Delivery, Event, EventMetadata, Notifier, Projector, StartFrom};

#[derive(Event)]
pub enum Fact {
    Counted {},
}

pub struct Totals;

impl Projector for Totals {
    type Event = Fact;
    type Row = u64;
    const VIEW: &'static str = "totals";

    fn keys(_: &Fact, about: &EventMetadata) -> Vec<String> {
        vec![about.subject().to_owned()]
    }

    fn fold(row: Option<u64>, _: &str, _: &Fact, _: &EventMetadata) -> Option<u64> {
        Some(row.unwrap_or_default() + 1)
    }
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

annals::export! {
    projectors: [Totals],
    notifiers: [Idle],
}
