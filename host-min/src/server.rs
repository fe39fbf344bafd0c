//! Accepts HTTP connections, serves their requests, and closes them cleanly.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::{Body as _, Incoming};
use hyper::header::{HeaderName, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

use crate::body::Body;
use crate::connections::{Connection, Connections, Open, Working};
use crate::delivery;
use crate::error::HostError;
use crate::guest;
use crate::head;
use crate::host::Host;
use crate::problem::Problem;
use crate::seldom::Seldom;
use crate::streams;
use crate::waits::{self, drive};

/// Maximum number of connections that wait to be accepted. The system does not answer further ones,
/// and their clients retry after a second.
const BACKLOG: u32 = 4_096;
/// Maximum wait for a request's head. Idle connections are closed by the same limit.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);
/// Maximum size of a request's head. It is also roughly what a connection may occupy in addition to
/// its bodies.
const MAX_HEAD_BYTES: usize = 64 << 10;
/// Delay after an accept that failed for lack of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// The header that carries the request's time limit, in milliseconds, to the guest.
const TIME_LIMIT: HeaderName = HeaderName::from_static("annals-time-limit");
const WAIT: HeaderName = HeaderName::from_static(waits::HEADER);
/// The position up to which a client demands that a view has come.
const MIN_POSITION: HeaderName = HeaderName::from_static("annals-min-position");
/// Interval at which idle instances are checked.
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);

/// Listens on the first of the address's resolved socket addresses that is free.
async fn listen(address: &str) -> std::io::Result<TcpListener> {
    let mut failed = None;
    for address in tokio::net::lookup_host(address).await? {
        match listen_at(address) {
            Ok(listener) => return Ok(listener),
            Err(error) => failed = Some(error),
        }
    }
    Err(failed.unwrap_or_else(|| std::io::ErrorKind::InvalidInput.into()))
}

fn listen_at(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // Lets a restarted host use its port at once. On Windows the option would share the port with
    // other processes instead.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// A server that is already listening.
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
        let listener = listen(address).await.map_err(|source| HostError::Listen {
            address: address.to_owned(),
            source,
        })?;
        Ok(Self { listener, host })
    }

    /// The address, with the port that the system chose.
    ///
    /// # Errors
    /// The error of the operating system.
    pub fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` completes, and delivers to reactions meanwhile if `deliver` is set. Then
    /// the server accepts no further connections, answers the requests that it has received within
    /// their time limits, and flushes the store.
    ///
    /// # Errors
    /// [`HostError::Flush`].
    pub async fn run(self, stop: impl Future<Output = ()>, deliver: bool) -> Result<(), HostError> {
        let Self { listener, host } = self;
        let mut connections = JoinSet::new();
        let mut deliveries = JoinSet::new();
        let mut waits = JoinSet::new();
        if deliver {
            deliveries.spawn(delivery::drive(host.clone()));
        }
        waits.spawn(drive::drive(host.clone()));
        tokio::pin!(stop);
        let mut sweep = tokio::time::interval(SWEEP_INTERVAL);
        let mut broken = host.app.store.broken();
        let accepting = Accepting::default();
        loop {
            tokio::select! {
                () = &mut stop => {
                    tracing::info!("stopping: no new connections; the host answers the running requests");
                    break;
                }
                reason = broken.wait() => {
                    tracing::error!(reason, "the store has failed and the host stops; start it again");
                    break;
                }
                _ = sweep.tick() => {
                    host.pool.sweep();
                    host.connections.sweep();
                }
                stream = accepting.next(&listener, &host.connections) => {
                    let open = host.connections.open();
                    connections.spawn(connection(stream, open, host.clone()));
                }
                Some(_) = connections.join_next(), if !connections.is_empty() => {}
            }
        }
        drop(listener);
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

/// Accepts connections. If it cannot, it logs the reason once for each cause and period.
#[derive(Default)]
struct Accepting {
    failed: Seldom,
    full: Seldom,
}

impl Accepting {
    async fn next(&self, listener: &TcpListener, connections: &Connections) -> TcpStream {
        loop {
            if connections.room().await
                && let Some(unsaid) = self.full.news()
            {
                tracing::warn!(
                    unsaid,
                    "too many connections: the host cuts those that have waited longest for their clients; raise the limit of \
                     open files (ulimit -n) for more"
                );
            }
            match listener.accept().await {
                Ok((stream, _)) => return stream,
                Err(error) => {
                    if let Some(unsaid) = self.failed.news() {
                        tracing::warn!(%error, unsaid, "a connection could not be accepted");
                    }
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

async fn connection(stream: TcpStream, open: Open, host: Arc<Host>) {
    // Responses are small and written as a whole. Waiting to fill a packet would only delay them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let address = stream.local_addr().ok();
    let service = service_fn(|mut request| {
        let (host, connection) = (host.clone(), open.connection().clone());
        async move {
            Ok::<_, Infallible>(match head::check(&mut request, address) {
                Ok(()) => answer(&host, &connection, request).await,
                Err(problem) => problem.into_response(),
            })
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .max_buf_size(MAX_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let mut stopped = host.stopped();
    let early = tokio::select! {
        result = connection.as_mut() => Some(result),
        () = open.connection().cut() => return,
        () = stopped.wait() => None,
    };
    let result = match early {
        Some(result) => result,
        None => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                result = connection => result,
                () = open.connection().cut() => return,
            }
        }
    };
    if let Err(error) = result {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Answers a request. Meanwhile the connection first waits for its client to send the body, then
/// for the host, and then for its client to take the response.
async fn answer(
    host: &Arc<Host>,
    connection: &Arc<Connection>,
    request: Request<Incoming>,
) -> Response<Body> {
    connection.waits_for_client();
    // Receive the whole body first: a slow client then occupies memory but no instance.
    let request = match receive(host, connection, request).await {
        Ok(request) => request,
        Err(problem) => return problem.into_response(),
    };
    connection.at_work();
    let answer = respond(host, connection, request).await;
    match hyper::body::Body::size_hint(answer.body()).exact() {
        Some(_) => {
            connection.waits_for_client();
            answer
        }
        // The guest makes this body piece by piece.
        None => answer.map(|body| Working::new(body, connection.clone()).boxed_unsync()),
    }
}

async fn respond(
    host: &Arc<Host>,
    connection: &Arc<Connection>,
    request: Request<Full<Bytes>>,
) -> Response<Body> {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let gate = match request.uri().path() {
        "/healthz" if reads => &host.health,
        _ => &host.gate,
    };
    let Some(place) = gate.enter().await else {
        return match streams::is_wanted(&request) {
            true => streams::come_back("Too many requests are waiting"),
            false => Problem::overloaded().into_response(),
        };
    };
    let demands = |name: &HeaderName| request.headers().contains_key(name);
    if reads && demands(&WAIT) && demands(&MIN_POSITION) {
        drop(place);
        return drive::until_read(host, || async {
            match gate.enter().await {
                Some(place) => guest::serve(host, connection, request.clone(), place).await,
                None => Problem::overloaded().into_response(),
            }
        })
        .await;
    }
    let answer = guest::serve(host, connection, request, place).await;
    if reads || !answer.status().is_success() {
        return answer;
    }
    host.announce_work();
    drive::after(host, answer).await
}

async fn receive(
    host: &Host,
    connection: &Arc<Connection>,
    request: Request<Incoming>,
) -> Result<Request<Full<Bytes>>, Problem> {
    let limits = &host.app.limits;
    let (mut head, mut body) = request.into_parts();
    // Only the host and its guest use this header: remove a header of this name that a client sent.
    head.headers.remove(WAIT);
    if head.headers.contains_key("prefer") {
        let value = HeaderValue::from_static(waits::HOST_WAITS);
        head.headers.insert(WAIT, value);
    }
    let time = u64::try_from(limits.timeout.as_millis()).unwrap_or(u64::MAX);
    head.headers.insert(TIME_LIMIT, time.into());
    let limit = limits.max_body;
    if usize::try_from(body.size_hint().lower()).map_or(true, |length| length > limit) {
        return Err(Problem::payload_too_large(limit));
    }
    let mut buffer = host.buffers.begin(connection);
    let whole = async {
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else {
                return Err(Problem::bad_request("the body was cut short"));
            };
            let piece = frame.into_data().unwrap_or_default();
            if buffer.len() + piece.len() > limit {
                return Err(Problem::payload_too_large(limit));
            }
            if !buffer.add(&piece, &host.buffers).await {
                return Err(Problem::overloaded());
            }
        }
        Ok(())
    };
    match tokio::time::timeout(limits.timeout, whole).await {
        Ok(Ok(())) => {}
        Ok(Err(problem)) => return Err(problem),
        Err(_) => return Err(Problem::request_timeout()),
    }
    Ok(Request::from_parts(head, Full::new(buffer.freeze())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn many_connect_before_the_first_is_accepted() {
        let listener = listen("localhost:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        // The system also has a limit of its own.
        let limit = std::fs::read_to_string("/proc/sys/net/core/somaxconn");
        let limit = limit.ok().and_then(|limit| limit.trim().parse().ok());
        let soon = Duration::from_millis(500);
        let connect = |_| std::net::TcpStream::connect_timeout(&address, soon);
        let clients: Result<Vec<_>, _> = (0..300.min(limit.unwrap_or(128))).map(connect).collect();
        assert!(clients.is_ok(), "{clients:?}");
    }
}
