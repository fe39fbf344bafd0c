//! Notifiers that post every event to the URL in `MAILER_URL`, each with different subscription settings.

use annals::{Delivery, Event, EventMetadata, Notifier, StartFrom};
use annals_outside::http::Request;
use std::time::Duration;

#[derive(Event)]
pub enum Fact {
    Counted { number: u64 },
    Poisoned {},
}

#[derive(Event)]
pub enum Poison {
    Poisoned {},
}

#[annals::data]
struct Notice {
    to: String,
    event: String,
    stream: String,
    number: Option<u64>,
    attempt: u32,
}

fn post(to: &str, about: &EventMetadata, number: Option<u64>, attempt: u32) -> Delivery {
    let Some(url) = annals_outside::env("MAILER_URL") else {
        return Delivery::Reject("MAILER_URL is not set".into());
    };
    let notice = Notice {
        to: to.into(),
        event: about.event_id.clone(),
        stream: about.stream.clone(),
        number,
        attempt,
    };
    let sent = Request::post(url)
        .json(&notice)
        .timeout(Duration::from_secs(5))
        .send();
    match sent {
        Ok(response) if response.is_success() => Delivery::Done,
        _ => Delivery::RetryAfter(Duration::from_millis(50)),
    }
}

macro_rules! notifiers {
    ($($name:ident $known_as:literal $event:ty { $($constant:tt)* })*) => {$(
        pub struct $name;

        impl Notifier for $name {
            type Event = $event;
            const NAME: &'static str = $known_as;
            $($constant)*

            fn notify(event: &$event, about: &EventMetadata, attempt: u32) -> Delivery {
                post(stringify!($name), about, number(event), attempt)
            }
        }
    )*};
}

trait Numbered {
    fn number(&self) -> Option<u64>;
}

impl Numbered for Fact {
    fn number(&self) -> Option<u64> {
        match self {
            Self::Counted { number } => Some(*number),
            Self::Poisoned {} => None,
        }
    }
}

impl Numbered for Poison {
    fn number(&self) -> Option<u64> {
        None
    }
}

fn number(event: &impl Numbered) -> Option<u64> {
    event.number()
}

notifiers! {
    Everything "everything" Fact { const FROM: StartFrom = StartFrom::Origin; }
    Fresh "fresh" Fact { const FROM: StartFrom = StartFrom::Now; }
    Picky "picky" Poison { const FROM: StartFrom = StartFrom::Origin; }
    Divided "divided" Fact { const FROM: StartFrom = StartFrom::Origin; const CONCURRENCY: u32 = 4; }
}

annals::export! { notifiers: [Everything, Fresh, Picky, Divided] }
