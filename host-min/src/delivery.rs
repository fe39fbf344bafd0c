//! Drives deliveries to reactions in the background.
//!
//! The application itself delivers; the host only asks it to, with the same request that any client
//! could send. One worker for each reaction sends `POST /admin/pump?reaction=..` to an instance
//! whenever there may be work. A handler that traps therefore ends only the instance of its own
//! worker.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::HOST;
use hyper::{Method, Request, StatusCode};
use serde::Deserialize;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::fault::Failure;
use crate::guest;
use crate::host::{Host, Stopped};

/// Maximum number of instances that deliver at one time, for all reactions together.
pub const WORKERS: u32 = 32;
/// Maximum number of workers for one reaction, and so of its events that are delivered at one time.
const MAX_WORKERS_PER_REACTION: u32 = 8;
/// Maximum time that an instance delivers before it ends its turn.
const PUMP_BUDGET: Duration = Duration::from_secs(1);
/// Delay after a wake-up. The commands of this time are delivered together, and not with one
/// instance for each.
const GATHER_DELAY: Duration = Duration::from_millis(5);
/// Polling interval. Other processes may write into the same store, and they do not notify this
/// one.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// First delay before a worker asks again while another instance delivers. Each repetition doubles
/// it.
const FIRST_BUSY: Duration = Duration::from_millis(20);
const LONGEST_BUSY: Duration = Duration::from_millis(250);
/// First delay after a failure. Each further failure in a row doubles it.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// Interval after which the same failure is logged again.
const LOG_INTERVAL: Duration = Duration::from_secs(600);

/// Delivers until the host stops. Returns at once if the application has no reactions.
pub async fn drive(host: Arc<Host>) {
    let mut stopped = host.stopped();
    let reactions = discover(&host, &mut stopped).await;
    let places = Arc::new(Semaphore::new(WORKERS as usize));
    let mut workers = JoinSet::new();
    for reaction in reactions {
        for _ in 0..reaction.lanes.clamp(1, MAX_WORKERS_PER_REACTION) {
            let worker = Worker {
                host: host.clone(),
                path: pump_path(&host, &reaction.name),
                // A process manager sends commands, and their events are work for all reactions.
                makes_work: reaction.kind == "process-manager",
                places: places.clone(),
                busy: FIRST_BUSY,
                work: host.work(),
                stopped: stopped.clone(),
                trouble: Trouble::new(format!("delivering to {}", reaction.name)),
            };
            workers.spawn(worker.run());
        }
    }
    while workers.join_next().await.is_some() {}
}

fn pump_path(host: &Host, reaction: &str) -> String {
    // Keep the budget well below the request timeout: a pump that the timeout cuts off has already
    // recorded an attempt, although the handler did not fail.
    let budget = PUMP_BUDGET.min(host.app.limits.timeout / 4).as_millis();
    // The manifest allows only letters, digits, `-`, `_` and `.` in a name. Encode all else anyway.
    let mut name = String::new();
    for byte in reaction.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                name.push(char::from(byte));
            }
            _ => name.push_str(&format!("%{byte:02X}")),
        }
    }
    format!("/admin/pump?reaction={name}&budget={budget}")
}

#[derive(Deserialize)]
struct Reactions {
    reactions: Vec<Reaction>,
}

#[derive(Deserialize)]
struct Reaction {
    name: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    lanes: u32,
}

/// Asks the application for its reactions, and repeats until it answers. An application that does
/// not know the route has no reactions.
async fn discover(host: &Arc<Host>, stopped: &mut Stopped) -> Vec<Reaction> {
    let mut trouble = Trouble::new("asking for the reactions".into());
    while !stopped.now() {
        match ask(host, Method::GET, "/admin/reactions").await {
            Ok((StatusCode::OK, body)) => {
                return serde_json::from_slice::<Reactions>(&body)
                    .map(|answer| answer.reactions)
                    .unwrap_or_default();
            }
            Ok((status, body)) if status.is_server_error() => trouble.answered(status, &body),
            Ok(_) => return Vec::new(),
            Err(failure) => trouble.failed(&failure),
        }
        tokio::select! {
            () = stopped.wait() => {}
            () = tokio::time::sleep(trouble.pause) => {}
        }
    }
    Vec::new()
}

/// Sends a request of the host's own to the application.
///
/// # Errors
/// The reason why there is no response.
pub async fn ask(
    host: &Arc<Host>,
    method: Method,
    path: &str,
) -> Result<(StatusCode, Bytes), Failure> {
    send(host, method, path, Bytes::new()).await
}

/// Like [`ask`], with a body.
///
/// # Errors
/// The reason why there is no response.
pub async fn send(
    host: &Arc<Host>,
    method: Method,
    path: &str,
    body: Bytes,
) -> Result<(StatusCode, Bytes), Failure> {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, "annals-host")
        .body(Full::new(body))
        .map_err(|error| Failure::words(error.to_string()))?;
    let answer = guest::ask(host, request).await?;
    Ok((answer.status(), answer.into_body()))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pumped {
    delivered: u64,
    more: bool,
    retry_in_ms: Option<u64>,
}

struct Worker {
    host: Arc<Host>,
    path: String,
    makes_work: bool,
    places: Arc<Semaphore>,
    /// The next delay while another instance delivers.
    busy: Duration,
    work: watch::Receiver<u64>,
    stopped: Stopped,
    trouble: Trouble,
}

impl Worker {
    async fn run(mut self) {
        while !self.stopped.now() {
            self.work.mark_unchanged();
            match self.pump().await {
                Some(pumped) => self.idle(&pumped).await,
                None => self.pause(self.trouble.pause).await,
            }
        }
    }

    /// Returns `None` if the pump failed. The failure is logged already.
    async fn pump(&mut self) -> Option<Pumped> {
        let _place = self.places.acquire().await.ok()?;
        match ask(&self.host, Method::POST, &self.path).await {
            Ok((StatusCode::OK, body)) => match serde_json::from_slice::<Pumped>(&body) {
                Ok(pumped) => {
                    self.trouble.over();
                    if pumped.delivered > 0 {
                        self.host.waits.delivered();
                        if self.makes_work {
                            self.host.announce_work();
                        }
                    }
                    return Some(pumped);
                }
                Err(_) => self.trouble.answered(StatusCode::OK, &body),
            },
            Ok((status, body)) => self.trouble.answered(status, &body),
            Err(failure) => self.trouble.failed(&failure),
        }
        None
    }

    /// Waits until there may be work.
    async fn idle(&mut self, pumped: &Pumped) {
        if pumped.more && pumped.delivered == 0 {
            self.pause(self.busy).await;
            self.busy = (self.busy * 2).min(LONGEST_BUSY);
            return;
        }
        self.busy = FIRST_BUSY;
        if pumped.more {
            return;
        }
        let due = pumped.retry_in_ms.map_or(POLL_INTERVAL, |millis| {
            POLL_INTERVAL.min(Duration::from_millis(millis))
        });
        let woken = tokio::select! {
            () = self.stopped.wait() => false,
            changed = self.work.changed() => changed.is_ok(),
            () = tokio::time::sleep(due) => false,
        };
        if woken {
            self.pause(GATHER_DELAY).await;
        }
    }

    async fn pause(&mut self, time: Duration) {
        tokio::select! {
            () = self.stopped.wait() => {}
            () = tokio::time::sleep(time) => {}
        }
    }
}

/// Consecutive failures: the next delay, and the failure that was logged last.
struct Trouble {
    /// The operation, for the log.
    at: String,
    /// Delay before the next attempt.
    pause: Duration,
    said: Option<(String, Instant)>,
}

impl Trouble {
    fn new(at: String) -> Self {
        Self {
            at,
            pause: Duration::ZERO,
            said: None,
        }
    }

    fn over(&mut self) {
        self.pause = Duration::ZERO;
    }

    fn failed(&mut self, failure: &Failure) {
        let new = self.again(failure.kind());
        if new {
            failure.report();
            tracing::warn!("{} failed; the host retries", self.at);
        }
    }

    fn answered(&mut self, status: StatusCode, body: &[u8]) {
        if self.again(status.to_string()) {
            let body = String::from_utf8_lossy(body);
            tracing::warn!(
                "{} was answered {status}: {body}; the host retries",
                self.at
            );
        }
    }

    /// Counts one more failure. Returns `true` if it is to be logged.
    fn again(&mut self, kind: String) -> bool {
        self.pause = (self.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        let said = self.said.as_ref();
        if said.is_some_and(|(known, when)| *known == kind && when.elapsed() < LOG_INTERVAL) {
            return false;
        }
        self.said = Some((kind, Instant::now()));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_half_a_minute_and_begin_anew_after_a_success() {
        let mut trouble = Trouble::new("it".into());
        let mut pauses = Vec::new();
        for _ in 0..7 {
            trouble.again("x".into());
            pauses.push(trouble.pause.as_secs());
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30]);
        trouble.over();
        trouble.again("x".into());
        assert_eq!(trouble.pause.as_secs(), 1);
    }

    #[test]
    fn a_failure_is_news_once_and_another_one_is_news_again() {
        let mut trouble = Trouble::new("it".into());
        assert!(trouble.again("x".into()));
        trouble.over();
        assert!(!trouble.again("x".into()));
        assert!(trouble.again("y".into()));
    }
}
