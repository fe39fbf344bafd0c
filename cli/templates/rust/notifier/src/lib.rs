//! The notifier `{{name}}`: posts a notice of each `{{event}}` to the URL in the environment variable
//! `{{NAME}}_URL`. Without that variable it posts nothing.
//!
//! Only notifiers may have side effects, and only through the interfaces that `allow` in `annals.toml` grants.
//! Annals delivers each event at least once. A receiver recognizes repetitions by the `idempotency-key`.

use std::time::Duration;

use annals::serde::Serialize;
use annals::{Delivery, Event, EventMetadata, Notifier, StartFrom};
use annals_outside::http::{Error, Request};

/// The events that it receives. Declare the fields that you need.
#[derive(Event)]
pub enum News {
    {{EventType}}{{Event}} {},
}

/// The JSON body of a request.
#[derive(Serialize)]
#[serde(crate = "annals::serde")]
pub struct Notice<'a> {
    pub r#type: &'a str,
    pub stream: &'a str,
}

/// The notifier.
pub struct {{Name}}Notifier;

impl Notifier for {{Name}}Notifier {
    type Event = News;

    /// The name under which the store keeps the notifier's position in the log. Keep it when the code moves;
    /// to rename it, use `formerly` in `annals.toml`.
    const NAME: &'static str = "{{name}}";

    /// The first event after the first deployment: here the next event that is recorded, so that the receiver gets
    /// no notices of old events. `Origin` starts with the first event of the log.
    const FROM: StartFrom = StartFrom::Now;

    /// Posts the notice of an event. `attempt` starts at 1.
    fn notify(news: &News, metadata: &EventMetadata, attempt: u32) -> Delivery {
        let Some(url) = annals_outside::env("{{NAME}}_URL") else {
            return Delivery::Done;
        };
        let notice = Notice {
            r#type: news.event_type().name,
            stream: &metadata.stream,
        };
        let request = Request::post(url)
            .header("idempotency-key", &metadata.event_id)
            .json(&notice);
        match request.send() {
            Ok(response) if response.is_success() => Delivery::Done,
            // The failure may be temporary: retry with growing delays. `on-failure` in annals.toml limits the attempts.
            Ok(response) if response.status >= 500 => Delivery::RetryAfter(pause(attempt)),
            Err(Error::Timeout | Error::Unreachable(_)) => Delivery::RetryAfter(pause(attempt)),
            // A retry cannot help: the event becomes a dead letter, see `GET /admin/dead-letters`.
            Ok(response) => Delivery::Reject(format!("the service answered {}", response.status)),
            Err(error) => Delivery::Reject(error.to_string()),
        }
    }
}

/// The delay: 100 ms, doubled for each further attempt, at most a minute.
fn pause(attempt: u32) -> Duration {
    let doubled = 1_u64 << attempt.saturating_sub(1).min(10);
    Duration::from_millis((100 * doubled).min(60_000))
}

// Exports the handlers when the crate is built for WebAssembly, and checks them in every build.
annals::export! { notifiers: [{{Name}}Notifier] }

#[cfg(test)]
mod tests;
