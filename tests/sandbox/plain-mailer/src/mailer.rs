//! Posts to the URL in `MAILER_URL`, and prints what it does.

use annals::{Delivery, Event, EventMetadata, Notifier, StartFrom};
use annals_outside::http::Request;
use std::time::Duration;

#[derive(Event)]
pub enum Fact {
    Printed {},
}

#[annals::data]
struct Notice {
    event: String,
    home: Option<String>,
}

pub struct Mailer;

impl Notifier for Mailer {
    type Event = Fact;
    const NAME: &'static str = crate::NAME;
    const FROM: StartFrom = StartFrom::Origin;

    fn notify(_: &Fact, about: &EventMetadata, _: u32) -> Delivery {
        println!("notified of {}", about.event_id);
        annals::log!("told of {}", about.event_id);
        let Ok(url) = std::env::var("MAILER_URL") else {
            return Delivery::Reject("MAILER_URL is not set".into());
        };
        let notice = Notice {
            event: about.event_id.clone(),
            home: std::env::var("HOME").ok(),
        };
        let sent = Request::post(url)
            .json(&notice)
            .timeout(Duration::from_secs(5))
            .send();
        match sent {
            Ok(response) if response.is_success() => Delivery::Done,
            other => Delivery::Reject(format!("{other:?}")),
        }
    }
}
