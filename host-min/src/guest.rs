//! Runs one request in one instance, which serves no other request meanwhile.
//!
//! A response is valid only if the guest does not fail before the response is complete. The host
//! therefore holds a response back until its body is complete. Two kinds of response are passed on
//! piece by piece: long ones and event streams. If the guest fails then, the host cuts the
//! connection, and no client takes that for a complete response. A failure after the response is
//! complete does not affect the response.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Frame;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE};
use hyper::http::response::Parts;
use hyper::{Method, Request, Response};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use crate::app::App;
use crate::body::{Body, BodyError, full};
use crate::connections::Connection;
use crate::deadline::Deadline;
use crate::fault::{Failure, Fault};
use crate::host::Host;
use crate::pool::Instance;
use crate::problem::Problem;
use crate::seldom::Seldom;
use crate::streams;

/// Maximum length of a response that is held back until it is complete and its client has taken it.
/// A page of events or rows is never longer. For a longer response the guest makes a piece only
/// when the client has taken the one before.
const MAX_HELD_BACK_BYTES: usize = 3 << 20;
/// Maximum length of a response to a request of the host's own.
const MAX_OWN_RESPONSE_BYTES: usize = 1 << 20;
/// The host ends an event stream whose client takes nothing for this long. The client may
/// reconnect.
const STALL_TIMEOUT: Duration = Duration::from_secs(60);

static WITHHELD: Seldom = Seldom::new();

type Answer = Result<Response<HyperOutgoingBody>, ErrorCode>;
type Outcome = Arc<OnceLock<Fault>>;

/// Serves a request. The guest holds `place` for as long as it runs.
pub async fn serve(
    host: &Arc<Host>,
    connection: &Arc<Connection>,
    request: Request<Full<Bytes>>,
    place: OwnedSemaphorePermit,
) -> Response<Body> {
    let (sender, receiver) = oneshot::channel();
    let outcome = Outcome::default();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let deadline = Arc::new(Deadline::new(host.app.limits.timeout, Some(place)));
    begin({
        let (host, deadline, outcome) = (host.clone(), deadline.clone(), outcome.clone());
        async move {
            run(&host, &deadline, request, sender, |failure| {
                let _ = outcome.set(failure.report());
            })
            .await;
        }
    })
    .await;
    let answer = match receiver.await {
        Ok(Ok(answer)) => answer,
        Ok(Err(code)) => {
            return Failure::words(format!("the guest answered with the error {code:?}"))
                .report()
                .problem()
                .into_response();
        }
        // The guest ended without a response. `run` has recorded the reason in `outcome`.
        Err(_) => return failed(&outcome).problem().into_response(),
    };
    let (head, body) = answer.into_parts();
    if is_event_stream(&head) {
        return begin_stream(host, deadline, head, body, outcome);
    }
    pass_on(host, connection, reads, head, body, outcome).await
}

/// Sends a request of the host's own to an instance, without a place of the gate, and waits until
/// the guest is done.
///
/// # Errors
/// The reason why there is no complete response, or the failure after it.
pub async fn ask(
    host: &Arc<Host>,
    request: Request<Full<Bytes>>,
) -> Result<Response<Bytes>, Failure> {
    let (sender, receiver) = oneshot::channel();
    let deadline = Arc::new(Deadline::new(host.app.limits.timeout, None));
    let running = tokio::spawn({
        let (host, deadline) = (host.clone(), deadline.clone());
        async move {
            let mut failed = None;
            run(&host, &deadline, request, sender, |failure| {
                failed = Some(failure)
            })
            .await;
            failed
        }
    });
    let answer = match receiver.await {
        Ok(Ok(answer)) => {
            let (head, body) = answer.into_parts();
            let body = http_body_util::Limited::new(body, MAX_OWN_RESPONSE_BYTES).collect();
            let body = body.await.map(http_body_util::Collected::to_bytes);
            Some(body.map(|body| Response::from_parts(head, body)))
        }
        _ => None,
    };
    deadline.end();
    if let Ok(Some(failure)) = running.await {
        return Err(failure);
    }
    match answer {
        Some(Ok(answer)) => Ok(answer),
        _ => Err(Failure::words("the guest gave no answer".into())),
    }
}

/// Polls `running` once in the caller's task, which completes most guests. If the guest is not done
/// then, a task of its own continues it, even if the caller is dropped.
async fn begin(running: impl Future<Output = ()> + Send + 'static) {
    let mut running = Box::pin(running);
    let first = poll_fn(|context| Poll::Ready(running.as_mut().poll(context)));
    if first.await.is_pending() {
        tokio::spawn(running);
        // The guest may be almost done, and other requests wait for its place: let it run first.
        tokio::task::yield_now().await;
    }
}

fn failed(outcome: &Outcome) -> Fault {
    outcome
        .get()
        .cloned()
        .unwrap_or_else(|| Failure::words("the guest gave no answer".into()).report())
}

/// Runs the guest to its end, which may be long after its response.
async fn run(
    host: &Host,
    deadline: &Arc<Deadline>,
    request: Request<Full<Bytes>>,
    answer: oneshot::Sender<Answer>,
    report: impl FnOnce(Failure),
) {
    let mut instance = match host.pool.take(deadline) {
        Ok(instance) => instance,
        Err(error) => return report(Failure::words(error.to_string())),
    };
    let done = {
        let call = call(&host.app, &mut instance, request, answer);
        let call = host.turns.run(deadline, call);
        tokio::select! {
            biased;
            done = call => done.map_err(|error| Some(Failure::Trap(error))),
            late = deadline.over() => Err(late.then(|| {
                Failure::words("the guest waited past its deadline (`--timeout`)".into())
            })),
        }
    };
    match done {
        Ok(()) => host.pool.give(instance),
        Err(failure) => {
            // Record the failure before the instance is dropped: dropping it ends a half-written
            // body, which then looks complete.
            if let Some(failure) = failure {
                report(failure);
            }
            drop(instance);
        }
    }
    deadline.release_place();
    // The guest may have written after its response, and no request waits for those writes. Taking
    // a barrier requests a flush of them. If that flush fails, the store refuses every later write
    // and barrier.
    drop(host.app.store.barrier());
}

async fn call(
    app: &App,
    instance: &mut Instance,
    request: Request<Full<Bytes>>,
    answer: oneshot::Sender<Answer>,
) -> wasmtime::Result<()> {
    let (proxy, store) = instance.proxy(app).await?;
    let request = store
        .data_mut()
        .http()
        .new_incoming_request(Scheme::Http, request)?;
    let outparam = store.data_mut().http().new_response_outparam(answer)?;
    proxy
        .wasi_http_incoming_handler()
        .call_handle(store, request, outparam)
        .await
}

async fn pass_on(
    host: &Arc<Host>,
    connection: &Arc<Connection>,
    reads: bool,
    head: Parts,
    mut body: HyperOutgoingBody,
    outcome: Outcome,
) -> Response<Body> {
    let mut held = host.buffers.begin(connection);
    let complete = loop {
        if held.len() > MAX_HELD_BACK_BYTES {
            break false;
        }
        match body.frame().await {
            None => break true,
            Some(Ok(frame)) => {
                let piece = frame.into_data().unwrap_or_default();
                if !reads {
                    // The command took effect, so the client must get this response even beyond the
                    // budget.
                    held.add_uncounted(&piece);
                } else if !held.add(&piece, &host.buffers).await {
                    return Problem::overloaded().into_response();
                }
            }
            Some(Err(error)) => {
                let fault = outcome.get().cloned();
                return fault
                    .unwrap_or_else(|| {
                        Failure::words(format!("the body was given up: {error:?}")).report()
                    })
                    .problem()
                    .into_response();
            }
        }
    };
    // Without a content length the host cannot tell whether a guest that failed had finished its
    // body.
    let said_all = complete && length(&head) == Some(held.len());
    if let Some(fault) = outcome.get().filter(|_| !said_all) {
        return fault.problem().into_response();
    }
    if let Err(error) = host.app.store.barrier().wait().await {
        if let Some(unsaid) = WITHHELD.news() {
            tracing::error!(%error, unsaid, "a response was withheld");
        }
        return Problem::store_unavailable().into_response();
    }
    if complete {
        return Response::from_parts(head, full(held.freeze()));
    }
    let (sender, receiver) = mpsc::channel(1);
    let host = host.clone();
    tokio::spawn(async move {
        if sender.send(Ok(Frame::data(held.freeze()))).await.is_ok() {
            pieces(&host, None, body, outcome, &sender).await;
        }
    });
    Response::from_parts(head, Pieces(receiver).boxed_unsync())
}

fn length(head: &Parts) -> Option<usize> {
    let text = head.headers.get(CONTENT_LENGTH)?.to_str().ok()?;
    text.parse().ok()
}

fn is_event_stream(head: &Parts) -> bool {
    head.headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"))
}

/// Passes on an event stream until the guest, the client or the host ends it.
fn begin_stream(
    host: &Arc<Host>,
    deadline: Arc<Deadline>,
    head: Parts,
    body: HyperOutgoingBody,
    outcome: Outcome,
) -> Response<Body> {
    let Some(place) = host.streams.enter() else {
        deadline.end();
        return streams::come_back("Too many event streams are open");
    };
    deadline.stream(place);
    let (sender, receiver) = mpsc::channel(1);
    let host = host.clone();
    tokio::spawn(async move {
        let mut stopped = host.stopped();
        tokio::select! {
            () = pieces(&host, Some(&deadline), body, outcome, &sender) => {}
            () = sender.closed() => {}
            () = stopped.wait() => {}
        }
        deadline.end();
    });
    Response::from_parts(head, Pieces(receiver).boxed_unsync())
}

/// Passes on a body of any length. Each piece is sent only when all writes that it may reveal are
/// durable.
async fn pieces(
    host: &Host,
    stream: Option<&Deadline>,
    mut body: HyperOutgoingBody,
    outcome: Outcome,
    sender: &mpsc::Sender<Result<Frame<Bytes>, BodyError>>,
) {
    while let Some(frame) = body.frame().await {
        let piece = match (frame, host.app.store.barrier().wait().await) {
            (Ok(frame), Ok(())) => Ok(frame),
            _ => Err(BodyError),
        };
        let last = piece.is_err();
        let taken = match stream {
            None => sender.send(piece).await.is_ok(),
            Some(deadline) => {
                let sent = tokio::time::timeout(STALL_TIMEOUT, sender.send(piece)).await;
                deadline.progress();
                matches!(sent, Ok(Ok(())))
            }
        };
        if !taken || last {
            return;
        }
    }
    if outcome.get().is_some() {
        let _ = sender.send(Err(BodyError)).await;
    }
}

/// The receiving end of a channel as a body.
struct Pieces(mpsc::Receiver<Result<Frame<Bytes>, BodyError>>);

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        self.0.poll_recv(context)
    }
}
