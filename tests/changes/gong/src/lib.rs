//! Posts each count to the URL in `MAILER_URL`, as `gong`.

use annals::{Delivery, Event, EventMetadata, Notifier, StartFrom};
use annals_outside::http::Request;
use std::time::Duration;

#[derive(Event)]
pub enum Fact {
    Counted {},
}

pub struct Bell;

impl Notifier for Bell {
    type Event = Fact;
    const NAME: &'static str = "gong";
    const FROM: StartFrom = StartFrom::Origin;

    fn notify(_: &Fact, about: &EventMetadata, _: u32) -> Delivery {
        let Some(url) = annals_outside::env("MAILER_URL") else {
            return Delivery::Reject("MAILER_URL is not set".into());
        };
        match Request::post(url).json(&about.event_id).send() {
            Ok(response) if response.is_success() => Delivery::Done,
            _ => Delivery::RetryAfter(Duration::from_millis(50)),
        }
    }
}

annals::export! { notifiers: [Bell] }
