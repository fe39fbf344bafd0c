//! HTTP connections: accepted, served, and ended in good order.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::header::HOST;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::App;
use crate::error::HostError;
use crate::gate::Gate;
use crate::guest;
use crate::problem::Problem;

/// The body of an answer.
pub type Body = UnsyncBoxBody<Bytes, BodyError>;

/// An answer broke off; the connection is cut, so that the client knows.
#[derive(Debug, thiserror::Error)]
#[error("the answer broke off")]
pub struct BodyError;

/// A body that is there already.
pub fn full(bytes: Bytes) -> Body {
    Full::new(bytes)
        .map_err(|never: Infallible| match never {})
        .boxed_unsync()
}

/// Longest wait for a request's head on a connection. Idle connections end with it too.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// Pause after an accept that failed for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A server that listens already.
pub struct Server {
    listener: TcpListener,
    app: Arc<App>,
    gate: Arc<Gate>,
}

impl Server {
    /// Listens on `address`.
    ///
    /// # Errors
    /// [`HostError::Listen`].
    pub async fn bind(address: &str, app: App, gate: Gate) -> Result<Self, HostError> {
        let listener = TcpListener::bind(address)
            .await
            .map_err(|source| HostError::Listen {
                address: address.to_owned(),
                source,
            })?;
        Ok(Self {
            listener,
            app: Arc::new(app),
            gate: Arc::new(gate),
        })
    }

    /// The address, with the port that the system chose.
    ///
    /// # Errors
    /// The system's.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` ends. Then no connection is accepted any more, requests that came are
    /// answered as long as their time allows, and what was written is made durable.
    ///
    /// # Errors
    /// [`HostError::Flush`].
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), HostError> {
        let Self {
            listener,
            app,
            gate,
        } = self;
        let (stopping, stopped) = watch::channel(false);
        let mut connections = JoinSet::new();
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        let connection = connection(stream, app.clone(), gate.clone(), stopped.clone());
                        connections.spawn(connection);
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a connection could not be accepted");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
            }
        }
        drop(listener);
        tracing::info!("stopping: no new connections; running requests are answered");
        let _ = stopping.send(true);
        let limit = app.limits.timeout + Duration::from_secs(1);
        let all = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(limit, all).await.is_err() {
            tracing::warn!("some connections were still open when the host stopped");
        }
        gate.empty(limit).await;
        app.store
            .barrier()
            .wait()
            .await
            .map_err(|error| HostError::Flush(error.to_string()))
    }
}

async fn connection(
    stream: TcpStream,
    app: Arc<App>,
    gate: Arc<Gate>,
    mut stopped: watch::Receiver<bool>,
) {
    // Answers are small and whole: waiting to fill a packet would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let service = service_fn(|request| {
        let (app, gate) = (app.clone(), gate.clone());
        async move { Ok::<_, Infallible>(answer(&app, &gate, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let stop = async { while !*stopped.borrow_and_update() && stopped.changed().await.is_ok() {} };
    let early = tokio::select! {
        result = connection.as_mut() => Some(result),
        () = stop => None,
    };
    let result = match early {
        Some(result) => result,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn answer(app: &Arc<App>, gate: &Gate, request: Request<Incoming>) -> Response<Body> {
    // The body comes first: a slow client then holds memory, but no instance.
    let request = match receive(request, app.limits.max_body, app.limits.timeout).await {
        Ok(request) => request,
        Err(problem) => return problem.into_response(),
    };
    match gate.enter().await {
        Some(place) => guest::serve(app, request, place).await,
        None => Problem::overloaded().into_response(),
    }
}

async fn receive(
    request: Request<Incoming>,
    limit: usize,
    timeout: Duration,
) -> Result<Request<Full<Bytes>>, Problem> {
    if request.uri().authority().is_none() && !request.headers().contains_key(HOST) {
        return Err(Problem::bad_request("a Host header is missing"));
    }
    let (head, body) = request.into_parts();
    if usize::try_from(body.size_hint().lower()).map_or(true, |length| length > limit) {
        return Err(Problem::payload_too_large(limit));
    }
    let body = tokio::time::timeout(timeout, Limited::new(body, limit).collect());
    match body.await {
        Ok(Ok(body)) => Ok(Request::from_parts(head, Full::new(body.to_bytes()))),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Problem::payload_too_large(limit)),
        Ok(Err(_)) => Err(Problem::bad_request("the body broke off")),
        Err(_) => Err(Problem::request_timeout()),
    }
}
