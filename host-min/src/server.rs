//! HTTP connections: accepted, served, and ended in good order.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::app::App;
use crate::delivery;
use crate::error::HostError;
use crate::gate::Gate;
use crate::guest;
use crate::head;
use crate::pool::{Pool, Recycling};
use crate::problem::Problem;
use crate::streams::{self, Streams};

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
/// How often resting instances are looked through.
const SWEEP: Duration = Duration::from_secs(5);

/// What serves requests, shared by all of them.
pub struct Host {
    /// The application.
    pub app: Arc<App>,
    /// Its instances.
    pub pool: Pool,
    /// Places of requests.
    pub gate: Gate,
    /// Places of event streams.
    pub streams: Streams,
    stopping: watch::Sender<bool>,
    /// Counts what may have made new work for reactions.
    work: watch::Sender<u64>,
}

impl Host {
    /// Serves an application.
    pub fn new(app: App, recycling: Recycling, gate: Gate, streams: Streams) -> Arc<Self> {
        let app = Arc::new(app);
        Arc::new(Self {
            pool: Pool::new(app.clone(), recycling),
            app,
            gate,
            streams,
            stopping: watch::Sender::new(false),
            work: watch::Sender::new(0),
        })
    }

    /// Tells when the host stops.
    pub fn stopped(&self) -> Stopped {
        Stopped(self.stopping.subscribe())
    }

    /// There may be new work for reactions.
    pub fn announce_work(&self) {
        self.work
            .send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Tells when there may be new work for reactions.
    pub fn work(&self) -> watch::Receiver<u64> {
        self.work.subscribe()
    }
}

/// Tells when the host stops.
#[derive(Debug, Clone)]
pub struct Stopped(watch::Receiver<bool>);

impl Stopped {
    /// Returns once it does.
    pub async fn wait(&mut self) {
        // An error: the host is gone altogether.
        let _ = self.0.wait_for(|stopping| *stopping).await;
    }

    /// Does it?
    pub fn now(&self) -> bool {
        *self.0.borrow()
    }
}

/// A server that listens already.
pub struct Server {
    listener: TcpListener,
    host: Arc<Host>,
}

impl Server {
    /// Listens on `address`.
    ///
    /// # Errors
    /// [`HostError::Listen`].
    pub async fn bind(address: &str, host: Arc<Host>) -> Result<Self, HostError> {
        let listener = TcpListener::bind(address)
            .await
            .map_err(|source| HostError::Listen {
                address: address.to_owned(),
                source,
            })?;
        Ok(Self { listener, host })
    }

    /// The address, with the port that the system chose.
    ///
    /// # Errors
    /// The system's.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` ends, and delivers to reactions meanwhile if `deliver` says so. Then no connection is accepted any more, requests that came are
    /// answered as long as their time allows, and what was written is made durable.
    ///
    /// # Errors
    /// [`HostError::Flush`].
    pub async fn run(self, stop: impl Future<Output = ()>, deliver: bool) -> Result<(), HostError> {
        let Self { listener, host } = self;
        let mut connections = JoinSet::new();
        let mut deliveries = JoinSet::new();
        if deliver {
            deliveries.spawn(delivery::drive(host.clone()));
        }
        tokio::pin!(stop);
        let mut sweep = tokio::time::interval(SWEEP);
        loop {
            tokio::select! {
                () = &mut stop => break,
                _ = sweep.tick() => host.pool.sweep(),
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        connections.spawn(connection(stream, host.clone()));
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
        host.stopping.send_replace(true);
        let limit = host.app.limits.timeout + Duration::from_secs(1);
        let all = async { while connections.join_next().await.is_some() {} };
        if tokio::time::timeout(limit, all).await.is_err() {
            tracing::warn!("some connections were still open when the host stopped");
        }
        host.gate.empty(limit).await;
        let all = async { while deliveries.join_next().await.is_some() {} };
        if tokio::time::timeout(limit, all).await.is_err() {
            tracing::warn!("a delivery was still at work when the host stopped");
        }
        host.streams.empty(limit).await;
        host.app
            .store
            .barrier()
            .wait()
            .await
            .map_err(|error| HostError::Flush(error.to_string()))
    }
}

async fn connection(stream: TcpStream, host: Arc<Host>) {
    // Answers are small and whole: waiting to fill a packet would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let address = stream.local_addr().ok();
    let service = service_fn(|mut request| {
        let host = host.clone();
        async move {
            Ok::<_, Infallible>(match head::check(&mut request, address) {
                Ok(()) => answer(&host, request).await,
                Err(problem) => problem.into_response(),
            })
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let mut stopped = host.stopped();
    let early = tokio::select! {
        result = connection.as_mut() => Some(result),
        () = stopped.wait() => None,
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

async fn answer(host: &Arc<Host>, request: Request<Incoming>) -> Response<Body> {
    // The body comes first: a slow client then holds memory, but no instance.
    let limits = &host.app.limits;
    let request = match receive(request, limits.max_body, limits.timeout).await {
        Ok(request) => request,
        Err(problem) => return problem.into_response(),
    };
    let Some(place) = host.gate.enter().await else {
        return match streams::is_wanted(&request) {
            true => streams::come_back("Too many requests are waiting"),
            false => Problem::overloaded().into_response(),
        };
    };
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let answer = guest::serve(host, request, place).await;
    if !reads && answer.status().is_success() {
        host.announce_work();
    }
    answer
}

async fn receive(
    request: Request<Incoming>,
    limit: usize,
    timeout: Duration,
) -> Result<Request<Full<Bytes>>, Problem> {
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
