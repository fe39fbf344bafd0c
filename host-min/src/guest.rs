//! One request through one instance, which it has for itself.
//!
//! An answer counts only if the guest did not fail on the way to its end. So the answer is held
//! back until its body is complete, unless it is long or an event stream: then it is passed on
//! piece by piece, and a failure cuts the connection, which no client takes for an end. What the
//! guest does after its answer harms the answer no more.

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
use crate::fault::{Failure, Fault};
use crate::host::Host;
use crate::life::Life;
use crate::pool::Instance;
use crate::problem::Problem;
use crate::seldom::Seldom;
use crate::streams;

/// Longest answer that is held until it is complete, and until its client took it: a page of events or rows
/// is never longer. Of a longer one the guest makes a piece when the one before it is taken.
const HELD_BACK: usize = 3 << 20;
/// Longest answer to a question of the host's own.
const OWN: usize = 1 << 20;
/// An event stream whose client takes nothing for so long is ended; the client may come back.
const STALLED: Duration = Duration::from_secs(60);

static WITHHELD: Seldom = Seldom::new();

type Answer = Result<Response<HyperOutgoingBody>, ErrorCode>;
type Outcome = Arc<OnceLock<Fault>>;

/// Serves a request. `place` is held as long as the guest is at it.
pub async fn serve(
    host: &Arc<Host>,
    connection: &Arc<Connection>,
    request: Request<Full<Bytes>>,
    place: OwnedSemaphorePermit,
) -> Response<Body> {
    let (sender, receiver) = oneshot::channel();
    let outcome = Outcome::default();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let life = Arc::new(Life::new(host.app.limits.timeout, Some(place)));
    begin({
        let (host, life, outcome) = (host.clone(), life.clone(), outcome.clone());
        async move {
            run(&host, &life, request, sender, |failure| {
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
        // The guest is gone without an answer, and `run` has said why.
        Err(_) => return failed(&outcome).problem().into_response(),
    };
    let (head, body) = answer.into_parts();
    if is_event_stream(&head) {
        return begin_stream(host, life, head, body, outcome);
    }
    pass_on(host, connection, reads, head, body, outcome).await
}

/// Asks an instance in no place of the gate, and waits until it is done.
///
/// # Errors
/// Why there is no complete answer, or what failed after it.
pub async fn ask(
    host: &Arc<Host>,
    request: Request<Full<Bytes>>,
) -> Result<Response<Bytes>, Failure> {
    let (sender, receiver) = oneshot::channel();
    let life = Arc::new(Life::new(host.app.limits.timeout, None));
    let running = tokio::spawn({
        let (host, life) = (host.clone(), life.clone());
        async move {
            let mut failed = None;
            run(&host, &life, request, sender, |failure| {
                failed = Some(failure)
            })
            .await;
            failed
        }
    });
    let answer = match receiver.await {
        Ok(Ok(answer)) => {
            let (head, body) = answer.into_parts();
            let body = http_body_util::Limited::new(body, OWN).collect();
            let body = body.await.map(http_body_util::Collected::to_bytes);
            Some(body.map(|body| Response::from_parts(head, body)))
        }
        _ => None,
    };
    life.end();
    if let Ok(Some(failure)) = running.await {
        return Err(failure);
    }
    match answer {
        Some(Ok(answer)) => Ok(answer),
        _ => Err(Failure::words("the guest gave no answer".into())),
    }
}

/// Goes as far as the guest does without waiting, which is all the way for most. The rest goes on
/// by itself, whatever becomes of the caller.
async fn begin(running: impl Future<Output = ()> + Send + 'static) {
    let mut running = Box::pin(running);
    let first = poll_fn(|context| Poll::Ready(running.as_mut().poll(context)));
    if first.await.is_pending() {
        tokio::spawn(running);
        // It may be all but done, and others want its place: it goes first.
        tokio::task::yield_now().await;
    }
}

fn failed(outcome: &Outcome) -> Fault {
    outcome
        .get()
        .cloned()
        .unwrap_or_else(|| Failure::words("the guest gave no answer".into()).report())
}

/// Runs the guest to its end, which may be long after its answer.
async fn run(
    host: &Host,
    life: &Arc<Life>,
    request: Request<Full<Bytes>>,
    answer: oneshot::Sender<Answer>,
    report: impl FnOnce(Failure),
) {
    let mut instance = match host.pool.take(life) {
        Ok(instance) => instance,
        Err(error) => return report(Failure::words(error.to_string())),
    };
    let done = {
        let call = call(&host.app, &mut instance, request, answer);
        let call = host.turns.run(life, call);
        tokio::select! {
            biased;
            done = call => done.map_err(|error| Some(Failure::Trap(error))),
            late = life.over() => Err(late.then(|| {
                Failure::words("the guest waited past its deadline (`--timeout`)".into())
            })),
        }
    };
    match done {
        Ok(()) => host.pool.give(instance),
        Err(failure) => {
            // Before the instance is dropped: that ends a half-written body, which then looks complete.
            if let Some(failure) = failure {
                report(failure);
            }
            drop(instance);
        }
    }
    life.leave();
    // Nobody waits for what was written after the answer; it is made durable all the same: a
    // barrier asks for that. A failure of it is remembered by the store, and refuses the next answer.
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
        if held.len() > HELD_BACK {
            break false;
        }
        match body.frame().await {
            None => break true,
            Some(Ok(frame)) => {
                let piece = frame.into_data().unwrap_or_default();
                if !reads {
                    // It took effect, so the answer must be that.
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
    // Without a length it is not known whether the guest said all before it failed.
    let said_all = complete && length(&head) == Some(held.len());
    if let Some(fault) = outcome.get().filter(|_| !said_all) {
        return fault.problem().into_response();
    }
    if let Err(error) = host.app.store.barrier().wait().await {
        if let Some(unsaid) = WITHHELD.news() {
            tracing::error!(%error, unsaid, "an answer was withheld");
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

/// Passes on an event stream until its end, the client's, or the host's.
fn begin_stream(
    host: &Arc<Host>,
    life: Arc<Life>,
    head: Parts,
    body: HyperOutgoingBody,
    outcome: Outcome,
) -> Response<Body> {
    let Some(place) = host.streams.enter() else {
        life.end();
        return streams::come_back("Too many event streams are open");
    };
    life.stream(place);
    let (sender, receiver) = mpsc::channel(1);
    let host = host.clone();
    tokio::spawn(async move {
        let mut stopped = host.stopped();
        tokio::select! {
            () = pieces(&host, Some(&life), body, outcome, &sender) => {}
            () = sender.closed() => {}
            () = stopped.wait() => {}
        }
        life.end();
    });
    Response::from_parts(head, Pieces(receiver).boxed_unsync())
}

/// Passes on a body of any length, each piece only when what it may tell is durable.
async fn pieces(
    host: &Host,
    stream: Option<&Life>,
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
            Some(life) => {
                let sent = tokio::time::timeout(STALLED, sender.send(piece)).await;
                life.progress();
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

/// The receiving end as a body.
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
