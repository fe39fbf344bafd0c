//! Drives deliveries to reactions in the background.
//!
//! The application delivers; the host only asks it to, as any client could: one worker for each
//! reaction sends `POST /admin/pump?reaction=..` to an instance whenever there may be work. A
//! handler that traps takes nothing but its worker's instance with it.

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

/// Instances that deliver at one time, whatever the number of reactions.
pub const WORKERS: u32 = 32;
/// Workers of one reaction, at most: as many events may be under way at once.
const LANES: u32 = 8;
/// How long an instance delivers before it makes room.
const BUDGET: Duration = Duration::from_secs(1);
/// The work of so long is done at once, rather than with an instance for each command.
const GATHER: Duration = Duration::from_millis(5);
/// Others may write into the same store, and nobody tells.
const LOOK: Duration = Duration::from_secs(1);
/// Before asking again where another instance is delivering, doubled while it goes on.
const FIRST_BUSY: Duration = Duration::from_millis(20);
const LONGEST_BUSY: Duration = Duration::from_millis(250);
/// After a failure, doubled with each one that follows directly.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The same failure is logged again after so long.
const SAY_AGAIN: Duration = Duration::from_secs(600);

/// Delivers until the host stops. Ends at once where the application has no reactions.
pub async fn drive(host: Arc<Host>) {
    let mut stopped = host.stopped();
    let reactions = discover(&host, &mut stopped).await;
    let places = Arc::new(Semaphore::new(WORKERS as usize));
    let mut workers = JoinSet::new();
    for reaction in reactions {
        for _ in 0..reaction.lanes.clamp(1, LANES) {
            let worker = Worker {
                host: host.clone(),
                path: pump_path(&host, &reaction.name),
                // What it sends becomes events for all.
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
    // A pump that is cut off has recorded an attempt that was none of the handler's failing.
    let budget = BUDGET.min(host.app.limits.timeout / 4).as_millis();
    // Names are those of the manifest, letters, digits, `-`, `_` and `.`; anything else is encoded all the same.
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

/// Asks the application what reactions it has, until it answers. An application that does not know the
/// question has none.
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

/// Asks the application something on the host's own behalf.
///
/// # Errors
/// Why there is no answer.
pub async fn ask(
    host: &Arc<Host>,
    method: Method,
    path: &str,
) -> Result<(StatusCode, Bytes), Failure> {
    send(host, method, path, Bytes::new()).await
}

/// The same, with a body.
///
/// # Errors
/// Why there is no answer.
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
    /// The next pause while another instance is delivering.
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
                Some(pumped) => self.rest(&pumped).await,
                None => self.pause(self.trouble.pause).await,
            }
        }
    }

    /// None: it failed, and that has been said.
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

    /// Until there may be something to do.
    async fn rest(&mut self, pumped: &Pumped) {
        if pumped.more && pumped.delivered == 0 {
            self.pause(self.busy).await;
            self.busy = (self.busy * 2).min(LONGEST_BUSY);
            return;
        }
        self.busy = FIRST_BUSY;
        if pumped.more {
            return;
        }
        let due = pumped
            .retry_in_ms
            .map_or(LOOK, |millis| LOOK.min(Duration::from_millis(millis)));
        let woken = tokio::select! {
            () = self.stopped.wait() => false,
            changed = self.work.changed() => changed.is_ok(),
            () = tokio::time::sleep(due) => false,
        };
        if woken {
            self.pause(GATHER).await;
        }
    }

    async fn pause(&mut self, time: Duration) {
        tokio::select! {
            () = self.stopped.wait() => {}
            () = tokio::time::sleep(time) => {}
        }
    }
}

/// Failures in a row: how long to wait, and what has been said of them.
struct Trouble {
    /// What was tried.
    at: String,
    /// Before the next attempt.
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
            tracing::warn!("{} failed; it is tried again", self.at);
        }
    }

    fn answered(&mut self, status: StatusCode, body: &[u8]) {
        if self.again(status.to_string()) {
            let body = String::from_utf8_lossy(body);
            tracing::warn!(
                "{} was answered {status}: {body}; it is tried again",
                self.at
            );
        }
    }

    /// Counts one more failure. True: it is news.
    fn again(&mut self, kind: String) -> bool {
        self.pause = (self.pause * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        let said = self.said.as_ref();
        if said.is_some_and(|(known, when)| *known == kind && when.elapsed() < SAY_AGAIN) {
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
