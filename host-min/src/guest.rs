//! One request through one fresh instance.
//!
//! An answer counts only if the guest did not fail on the way to its end. So the answer is held
//! back until its body is complete, unless it is long or an event stream: then it is passed on
//! piece by piece, and a failure cuts the connection, which no client takes for an end.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::Frame;
use hyper::header::CONTENT_TYPE;
use hyper::http::response::Parts;
use hyper::{Request, Response};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use wasmtime::Store;
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

use crate::app::App;
use crate::fault::Fault;
use crate::problem::Problem;
use crate::server::{Body, BodyError, full};
use crate::state::GuestState;
use crate::store::Kv;

/// Longest answer that is held back until it is complete.
const HELD_BACK: usize = 1 << 20;
/// How much later than its deadline a guest is given up that does not run at all (it sleeps in a
/// function of the host, where the clock does not reach it).
const GRACE: Duration = Duration::from_millis(500);

type Answer = Result<Response<HyperOutgoingBody>, ErrorCode>;
type Outcome = Arc<OnceLock<Fault>>;

/// Serves a request by a new instance. `place` is held as long as the instance lives.
pub async fn serve(
    app: &Arc<App>,
    request: Request<Full<Bytes>>,
    place: OwnedSemaphorePermit,
) -> Response<Body> {
    let (sender, receiver) = oneshot::channel();
    let outcome = Outcome::default();
    tokio::spawn(run(app.clone(), request, sender, outcome.clone(), place));
    let answer = match receiver.await {
        Ok(Ok(answer)) => answer,
        Ok(Err(code)) => {
            return Fault::of_words(&format!("the guest answered with the error {code:?}"))
                .problem()
                .into_response();
        }
        // The guest is gone without an answer, and `run` has said why.
        Err(_) => return failed(&outcome).problem().into_response(),
    };
    let (head, body) = answer.into_parts();
    pass_on(app, head, body, outcome).await
}

fn failed(outcome: &Outcome) -> Fault {
    outcome
        .get()
        .cloned()
        .unwrap_or_else(|| Fault::of_words("the guest gave no answer"))
}

/// Runs the guest to its end, which may be long after its answer.
async fn run(
    app: Arc<App>,
    request: Request<Full<Bytes>>,
    answer: oneshot::Sender<Answer>,
    outcome: Outcome,
    place: OwnedSemaphorePermit,
) {
    let mut instance = match app.new_instance() {
        Ok(instance) => instance,
        Err(error) => {
            let _ = outcome.set(Fault::of_words(&error.to_string()));
            return;
        }
    };
    let call = call(&app, &mut instance, request, answer);
    let fault = match tokio::time::timeout(app.limits.timeout + GRACE, call).await {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(Fault::of_error(&error)),
        Err(_) => Some(Fault::of_words("the guest waited longer than its time")),
    };
    // Before the instance is dropped: that ends a half-written body, which then looks complete.
    if let Some(fault) = fault {
        let _ = outcome.set(fault);
    }
    drop(instance);
    drop(place);
    // Nobody waits for what was written after the answer; it is made durable all the same. A
    // failure of it is remembered by the store, and refuses the next answer.
    let _ = app.store.barrier().wait().await;
}

async fn call(
    app: &App,
    instance: &mut Store<GuestState>,
    request: Request<Full<Bytes>>,
    answer: oneshot::Sender<Answer>,
) -> wasmtime::Result<()> {
    let proxy = app.proxy().instantiate_async(&mut *instance).await?;
    let request = instance
        .data_mut()
        .http()
        .new_incoming_request(Scheme::Http, request)?;
    let outparam = instance.data_mut().http().new_response_outparam(answer)?;
    proxy
        .wasi_http_incoming_handler()
        .call_handle(instance, request, outparam)
        .await
}

async fn pass_on(
    app: &Arc<App>,
    head: Parts,
    mut body: HyperOutgoingBody,
    outcome: Outcome,
) -> Response<Body> {
    let mut held = BytesMut::new();
    let complete = loop {
        if is_event_stream(&head) || held.len() > HELD_BACK {
            break false;
        }
        match body.frame().await {
            None => break true,
            Some(Ok(frame)) => held.extend_from_slice(&frame.into_data().unwrap_or_default()),
            Some(Err(error)) => {
                let fault = outcome.get().cloned();
                return fault
                    .unwrap_or_else(|| {
                        Fault::of_words(&format!("the body was given up: {error:?}"))
                    })
                    .problem()
                    .into_response();
            }
        }
    };
    if let Some(fault) = outcome.get() {
        return fault.problem().into_response();
    }
    if let Err(error) = app.store.barrier().wait().await {
        tracing::error!(%error, "an answer was withheld");
        return Problem::store_unavailable().into_response();
    }
    if complete {
        return Response::from_parts(head, full(held.freeze()));
    }
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(stream(
        app.store.clone(),
        held.freeze(),
        body,
        outcome,
        sender,
    ));
    Response::from_parts(head, Pieces(receiver).boxed_unsync())
}

fn is_event_stream(head: &Parts) -> bool {
    head.headers
        .get(CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"text/event-stream"))
}

/// Passes on a body of any length, each piece only when what it may tell is durable.
async fn stream(
    store: Arc<dyn Kv>,
    first: Bytes,
    mut body: HyperOutgoingBody,
    outcome: Outcome,
    sender: mpsc::Sender<Result<Frame<Bytes>, BodyError>>,
) {
    if !first.is_empty() && sender.send(Ok(Frame::data(first))).await.is_err() {
        return;
    }
    while let Some(frame) = body.frame().await {
        let piece = match (frame, store.barrier().wait().await) {
            (Ok(frame), Ok(())) => Ok(frame),
            _ => Err(BodyError),
        };
        let last = piece.is_err();
        if sender.send(piece).await.is_err() || last {
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
