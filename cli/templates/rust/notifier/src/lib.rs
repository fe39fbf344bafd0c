//! The notifier `{{name}}`: posts a notice of each `{{event}}` to the URL in the environment variable
//! `{{NAME}}_URL`. Where that is not set, there is nobody to tell.
//!
//! Notifiers are the only handlers that may reach out, and only by what `allow` in `annals.toml` grants them.
//! Each event comes at least once: a receiver tells repetitions by the `idempotency-key`.

use std::time::Duration;

use annals::serde::Serialize;
use annals::{Delivery, Event, EventMetadata, Notifier, StartFrom};
use annals_outside::http::{Error, Request};

/// The events that it is told of. Name the fields that you need.
#[derive(Event)]
pub enum News {
    {{EventType}}{{Event}} {},
}

/// What is posted, as JSON.
#[derive(Serialize)]
#[serde(crate = "annals::serde")]
pub struct Notice<'a> {
    pub r#type: &'a str,
    pub stream: &'a str,
}

/// The notifier itself.
pub struct {{Name}}Notifier;

impl Notifier for {{Name}}Notifier {
    type Event = News;

    /// What the store knows it by: how far it is in the log. Keep it, wherever the code moves; `formerly` in
    /// `annals.toml` renames it.
    const NAME: &'static str = "{{name}}";

    /// Where it starts when it is first deployed: here with what is recorded from then on, so that nobody is told
    /// of old news. `Origin` tells of every event since the beginning.
    const FROM: StartFrom = StartFrom::Now;

    /// Tells somebody of an event. `attempt` counts from 1.
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
            // What may pass is tried again, later and later; `on-failure` in annals.toml says how often.
            Ok(response) if response.status >= 500 => Delivery::RetryAfter(pause(attempt)),
            Err(Error::Timeout | Error::Unreachable(_)) => Delivery::RetryAfter(pause(attempt)),
            // What will never be taken is put aside, for people to look at: `GET /admin/dead-letters`.
            Ok(response) => Delivery::Reject(format!("the service answered {}", response.status)),
            Err(error) => Delivery::Reject(error.to_string()),
        }
    }
}

/// From 100 ms, doubled for each attempt, up to a minute.
fn pause(attempt: u32) -> Duration {
    let doubled = 1_u64 << attempt.saturating_sub(1).min(10);
    Duration::from_millis((100 * doubled).min(60_000))
}

// Makes a component of this crate when it is built for WebAssembly, and checks it in any case.
annals::export! { notifiers: [{{Name}}Notifier] }

#[cfg(test)]
mod tests;
