//! Checks the progress of reactions on behalf of all waiting clients, and answers them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::header::CONTENT_LENGTH;
use hyper::{Method, Response, StatusCode};
use serde::Deserialize;

use super::{Outcome, Reached, Wish};
use crate::body::{Body, full};
use crate::delivery;
use crate::host::Host;
use crate::problem::Problem;
use crate::seldom::Seldom;

/// Minimum delay between two checks. The delay is also at least [`PAUSE_FACTOR`] times the duration
/// of a check.
const MIN_PAUSE: Duration = Duration::from_millis(2);
const PAUSE_FACTOR: u32 = 4;
/// Maximum delay between two checks, for progress that no delivery of this host announces.
const MAX_PAUSE: Duration = Duration::from_millis(50);

#[derive(Debug, Deserialize)]
struct Progress {
    reactions: Vec<Reached>,
}

/// Waits for the reactions if the response asks for it.
pub async fn after(host: &Host, mut answer: Response<Body>) -> Response<Body> {
    let Some(wish) = Wish::take(answer.headers_mut()) else {
        return answer;
    };
    let outcome = host.waits.wait(wish).await;
    // The writes of the reactions must be durable before a client learns of them.
    if let Err(error) = host.app.store.barrier().wait().await {
        tracing::debug!(%error, "a response was withheld after a wait");
        return Problem::store_unavailable().into_response();
    }
    match outcome {
        Outcome::Done => answer,
        Outcome::Lagging(names) => accepted(answer, &names).await,
    }
}

/// Lets the guest answer a read again each time that a view has come as far as the read demands, until the
/// guest answers without a wish, or the time is over.
pub async fn until_read<F: Future<Output = Response<Body>>>(
    host: &Host,
    answers: impl Fn() -> F,
) -> Response<Body> {
    let mut end = None;
    loop {
        let mut answer = answers().await;
        let Some(wish) = Wish::take(answer.headers_mut()) else {
            return answer;
        };
        let end = *end.get_or_insert_with(|| Instant::now() + wish.time);
        let time = end.saturating_duration_since(Instant::now());
        if time.is_zero() || host.waits.wait(Wish { time, ..wish }).await != Outcome::Done {
            return answer;
        }
    }
}

/// Changes the response to a command so that it lists the reactions that lag.
async fn accepted(answer: Response<Body>, lagging: &[String]) -> Response<Body> {
    let (mut head, body) = answer.into_parts();
    let Ok(body) = body.collect().await else {
        return Response::from_parts(head, full(Bytes::new()));
    };
    let body = with_lagging(&body.to_bytes(), lagging);
    head.status = StatusCode::ACCEPTED;
    head.headers.insert(CONTENT_LENGTH, body.len().into());
    Response::from_parts(head, full(body))
}

/// Adds a last field to a JSON object.
fn with_lagging(object: &[u8], lagging: &[String]) -> Bytes {
    let Some(front) = object.strip_suffix(b"}") else {
        return Bytes::copy_from_slice(object);
    };
    let names = serde_json::Value::from(lagging).to_string();
    let mut body = BytesMut::with_capacity(object.len() + names.len() + 16);
    body.extend_from_slice(front);
    body.extend_from_slice(b",\"lagging\":");
    body.extend_from_slice(names.as_bytes());
    body.extend_from_slice(b"}");
    body.freeze()
}

/// Checks the progress for the waiting clients until the host stops.
pub async fn drive(host: Arc<Host>) {
    let mut stopped = host.stopped();
    let trouble = Seldom::new();
    let mut known: Option<Vec<Reached>> = None;
    let mut looked = Duration::ZERO;
    let mut somebody = false;
    while !stopped.now() {
        tokio::select! {
            () = stopped.wait() => break,
            () = host.waits.news.notified() => {}
            () = tokio::time::sleep(MAX_PAUSE), if somebody => {}
        }
        if host.waits.lock().is_empty() {
            somebody = false;
            continue;
        }
        // Limits the checks to a fifth of one processor, however many clients wait and however much
        // is delivered.
        tokio::time::sleep(MIN_PAUSE.max(looked * PAUSE_FACTOR)).await;
        let begun = Instant::now();
        match look(&host).await {
            Ok(reached) => known = Some(reached),
            Err(why) => {
                if let Some(unsaid) = trouble.news() {
                    tracing::warn!(
                        unsaid,
                        "checking the progress of the reactions failed: {why}"
                    );
                }
                known = None;
            }
        }
        looked = begun.elapsed();
        somebody = host.waits.settle(known.as_deref(), false);
    }
    // Answer also clients that begin to wait now.
    loop {
        host.waits.settle(known.as_deref(), true);
        host.waits.news.notified().await;
    }
}

async fn look(host: &Arc<Host>) -> Result<Vec<Reached>, String> {
    match delivery::ask(host, Method::GET, "/admin/progress").await {
        Ok((StatusCode::OK, body)) => serde_json::from_slice::<Progress>(&body)
            .map(|progress| progress.reactions)
            .map_err(|error| error.to_string()),
        Ok((status, _)) => Err(format!("the application answered {status}")),
        Err(failure) => Err(failure.kind()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_the_last_field() {
        let names = ["a".to_owned(), "b".to_owned()];
        let body = with_lagging(b"{\"x\":{}}", &names);
        assert_eq!(&*body, b"{\"x\":{},\"lagging\":[\"a\",\"b\"]}");
    }
}
