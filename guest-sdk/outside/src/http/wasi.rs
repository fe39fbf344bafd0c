//! Requests through `wasi:http/outgoing-handler`.

use std::time::Duration;

use wasip2::http::outgoing_handler;
use wasip2::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest,
    RequestOptions, Scheme,
};
use wasip2::io::streams::StreamError;

use super::{Error, MAX_BODY, Request, Response, Target};

pub(super) fn send(request: &Request, target: &Target<'_>) -> Result<Response, Error> {
    let outgoing = outgoing(request, target)?;
    let body = outgoing.body().map_err(|()| invalid("its body"))?;
    let answer =
        outgoing_handler::handle(outgoing, Some(options(request.timeout))).map_err(told)?;
    // Ignore the error: if the body cannot be written completely, the response explains why.
    let _ = write(body, &request.body);
    let response = loop {
        match answer.get() {
            Some(Ok(Ok(response))) => break response,
            Some(Ok(Err(code))) => return Err(told(code)),
            // The response can be taken only once. This is the first time, so this branch is unreachable in a correct
            // host.
            Some(Err(())) => return Err(Error::Unreachable("the answer is lost".into())),
            None => answer.subscribe().block(),
        }
    };
    read(&response)
}

fn outgoing(request: &Request, target: &Target<'_>) -> Result<OutgoingRequest, Error> {
    let headers = Fields::new();
    let length = request.body.len().to_string();
    let all = request.headers.iter();
    let all = all.map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in all.chain([("content-length", length.as_str())]) {
        headers
            .append(name, value.as_bytes())
            .map_err(|_| invalid(&format!("the header {name}")))?;
    }
    let outgoing = OutgoingRequest::new(headers);
    let method = match request.method.as_str() {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "PATCH" => Method::Patch,
        "HEAD" => Method::Head,
        "OPTIONS" => Method::Options,
        other => Method::Other(other.to_owned()),
    };
    let scheme = if target.tls {
        Scheme::Https
    } else {
        Scheme::Http
    };
    outgoing
        .set_method(&method)
        .map_err(|()| invalid("its method"))?;
    outgoing
        .set_scheme(Some(&scheme))
        .and_then(|()| outgoing.set_authority(Some(target.authority)))
        .and_then(|()| outgoing.set_path_with_query(Some(&target.path)))
        .map_err(|()| invalid("its URL"))?;
    Ok(outgoing)
}

fn options(timeout: Duration) -> RequestOptions {
    let options = RequestOptions::new();
    let nanoseconds = Some(u64::try_from(timeout.as_nanos()).unwrap_or(u64::MAX));
    // Ignore the errors: a host that does not support one of these timeouts refuses it, and waits without that limit.
    let _ = options.set_connect_timeout(nanoseconds);
    let _ = options.set_first_byte_timeout(nanoseconds);
    let _ = options.set_between_bytes_timeout(nanoseconds);
    options
}

fn write(body: OutgoingBody, bytes: &[u8]) -> Result<(), StreamError> {
    if let Ok(stream) = body.write() {
        // `blocking-write-and-flush` takes at most 4096 bytes.
        for chunk in bytes.chunks(4096) {
            stream.blocking_write_and_flush(chunk)?;
        }
    }
    let _ = OutgoingBody::finish(body, None);
    Ok(())
}

fn read(incoming: &IncomingResponse) -> Result<Response, Error> {
    let headers = incoming.headers().entries().into_iter();
    let headers = headers.map(|(name, value)| {
        let value = String::from_utf8_lossy(&value).into_owned();
        (name.to_ascii_lowercase(), value)
    });
    let mut response = Response {
        status: incoming.status(),
        headers: headers.collect(),
        body: Vec::new(),
    };
    let Ok(body) = incoming.consume() else {
        return Ok(response);
    };
    if let Ok(stream) = body.stream() {
        while response.body.len() < MAX_BODY {
            let room = MAX_BODY - response.body.len();
            match stream.blocking_read(room.min(64 << 10) as u64) {
                Ok(chunk) => response.body.extend_from_slice(&chunk),
                Err(StreamError::Closed) => break,
                Err(StreamError::LastOperationFailed(error)) => {
                    return Err(Error::Unreachable(error.to_debug_string()));
                }
            }
        }
    }
    drop(IncomingBody::finish(body));
    Ok(response)
}

fn invalid(what: &str) -> Error {
    Error::Invalid(what.to_owned())
}

fn told(code: ErrorCode) -> Error {
    match code {
        ErrorCode::DnsTimeout
        | ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => Error::Timeout,
        ErrorCode::HttpRequestDenied => Error::Denied,
        ErrorCode::HttpRequestMethodInvalid
        | ErrorCode::HttpRequestUriInvalid
        | ErrorCode::HttpRequestUriTooLong => Error::Invalid(format!("{code:?}")),
        code => Error::Unreachable(format!("{code:?}")),
    }
}
