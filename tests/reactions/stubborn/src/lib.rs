//! Handlers that answer every delivery of poison with an error or a trap, and a healthy one.

use annals::{Delivery, Event, EventMetadata, Notifier, Projector, StartFrom};
use std::time::Duration;

#[derive(Event)]
pub enum Fact {
    Counted { number: u64 },
    Poisoned {},
}

/// A projector that traps.
pub struct Trapping;

impl Projector for Trapping {
    type Event = Fact;
    type Row = u64;
    const VIEW: &'static str = "traps";

    fn keys(_: &Fact, about: &EventMetadata) -> Vec<String> {
        vec![about.stream.clone()]
    }

    fn fold(row: Option<u64>, _: &str, event: &Fact, _: &EventMetadata) -> Option<u64> {
        match event {
            Fact::Counted { number } => Some(row.unwrap_or_default() + number),
            Fact::Poisoned {} => panic!("poison"),
        }
    }
}

/// A notifier that asks for an immediate retry.
pub struct Asking;

impl Notifier for Asking {
    type Event = Fact;
    const NAME: &'static str = "asking";
    const FROM: StartFrom = StartFrom::Origin;

    fn notify(event: &Fact, _: &EventMetadata, _: u32) -> Delivery {
        match event {
            Fact::Counted { .. } => Delivery::Done,
            Fact::Poisoned {} => Delivery::RetryAfter(Duration::ZERO),
        }
    }
}

/// A healthy projector.
pub struct Healthy;

impl Projector for Healthy {
    type Event = Fact;
    type Row = u64;
    const VIEW: &'static str = "healthy";

    fn keys(_: &Fact, about: &EventMetadata) -> Vec<String> {
        vec![about.stream.clone()]
    }

    fn fold(row: Option<u64>, _: &str, _: &Fact, _: &EventMetadata) -> Option<u64> {
        Some(row.unwrap_or_default() + 1)
    }
}

annals::export! {
    projectors: [Trapping, Healthy],
    notifiers: [Asking],
}
