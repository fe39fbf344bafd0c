//! Tells a mail service of whatever customers should hear of: posts a notice of each event to the
//! URL in `MAILER_URL`. Where that is not set, there is no mail service, and nothing is sent.

use std::time::Duration;

use annals::serde::Serialize;
use annals::{Delivery, Event, EventMetadata, Notifier, StartFrom};
use annals_outside::http::{Error, Request, Response};
use bank_events::{AccountOpened, Deposited, TransferCompleted, TransferFailed, Withdrawn};

/// What customers hear of.
#[derive(Event)]
pub enum News {
    AccountOpened(AccountOpened),
    Deposited(Deposited),
    Withdrawn(Withdrawn),
    TransferCompleted(TransferCompleted),
    TransferFailed(TransferFailed),
}

/// What is posted, as JSON.
#[derive(Serialize)]
#[serde(crate = "annals::serde", rename_all = "camelCase")]
pub struct Notice<'a, T> {
    /// The event's. The same notice may come more than once: this tells.
    pub id: &'a str,
    pub r#type: &'a str,
    pub stream: &'a str,
    pub position: u64,
    /// Milliseconds since the epoch.
    pub recorded_at: u64,
    pub data: &'a T,
}

/// Posts notices.
pub struct Mailer;

impl Notifier for Mailer {
    type Event = News;
    const NAME: &'static str = "statement-mailer";
    /// Customers hear of what happens from now on, not of the bank's past.
    const FROM: StartFrom = StartFrom::Now;

    fn notify(news: &News, metadata: &EventMetadata, attempt: u32) -> Delivery {
        let Some(url) = annals_outside::env("MAILER_URL") else {
            return Delivery::Done;
        };
        let request = Request::post(url).header("idempotency-key", &metadata.event_id);
        let request = match news {
            News::AccountOpened(data) => request.json(&notice(news, metadata, data)),
            News::Deposited(data) => request.json(&notice(news, metadata, data)),
            News::Withdrawn(data) => request.json(&notice(news, metadata, data)),
            News::TransferCompleted(data) => request.json(&notice(news, metadata, data)),
            News::TransferFailed(data) => request.json(&notice(news, metadata, data)),
        };
        judge(request.send(), attempt)
    }
}

fn notice<'a, T>(news: &News, metadata: &'a EventMetadata, data: &'a T) -> Notice<'a, T> {
    Notice {
        id: &metadata.event_id,
        r#type: news.event_type().name,
        stream: &metadata.stream,
        position: metadata.position,
        recorded_at: metadata.recorded_at,
        data,
    }
}

/// What the service can recover from is tried again; what is our fault is not.
fn judge(answer: Result<Response, Error>, attempt: u32) -> Delivery {
    match answer {
        Ok(response) if response.is_success() => Delivery::Done,
        Ok(response) if response.status == 429 || response.status >= 500 => {
            Delivery::RetryAfter(response.retry_after().unwrap_or_else(|| pause(attempt)))
        }
        Ok(response) => Delivery::Reject(format!("the service answered {}", response.status)),
        Err(Error::Timeout | Error::Unreachable(_)) => Delivery::RetryAfter(pause(attempt)),
        Err(error) => Delivery::Reject(error.to_string()),
    }
}

/// From 100 ms, doubled for each attempt, up to a minute.
fn pause(attempt: u32) -> Duration {
    let doubled = 1_u64 << attempt.saturating_sub(1).min(10);
    Duration::from_millis((100 * doubled).min(60_000))
}

annals::export! { notifiers: [Mailer] }

#[cfg(test)]
mod tests;
