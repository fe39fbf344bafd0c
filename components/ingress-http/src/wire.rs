//! Reading requests and writing responses through `wasi:http`.

use crate::problem::Problem;
use wasip2::http::types::{
    Fields, IncomingBody, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasip2::io::streams::StreamError;

/// The largest payload of a command, in bytes.
pub const MAX_PAYLOAD: usize = 1 << 20;

/// Bytes asked of the host at a time.
const CHUNK: u64 = 64 << 10;

/// A request, read whole.
pub struct Request {
    pub method: Method,
    /// The path's segments, percent-decoded.
    pub path: Vec<String>,
    pub query: Vec<(String, String)>,
    headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn read(request: IncomingRequest) -> Result<Self, Problem> {
        let target = request.path_with_query().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let path = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(|segment| {
                percent_encoding::percent_decode_str(segment)
                    .decode_utf8()
                    .map(|text| text.into_owned())
                    .map_err(|_| Problem::bad_request("the path is not UTF-8", "path"))
            })
            .collect::<Result<_, _>>()?;
        let query = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let headers = request.headers().entries();
        let method = request.method();
        let body = match method {
            Method::Get | Method::Head => Vec::new(),
            _ => read_body(&request)?,
        };
        Ok(Self {
            method,
            path,
            query,
            headers,
            body,
        })
    }

    /// A header's value. A header that is there twice with different values is refused: whichever
    /// was taken, the caller could mean the other.
    pub fn header(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut values = self
            .headers
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value);
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.any(|other| other != value) {
            return Err(Problem::bad_request(
                "a header has two different values",
                &format!("header {name}"),
            ));
        }
        match std::str::from_utf8(value) {
            Ok(text) => Ok(Some(text.trim_matches([' ', '\t']))),
            Err(_) => Err(Problem::bad_request(
                "a header is not UTF-8",
                &format!("header {name}"),
            )),
        }
    }

    /// A query parameter's text.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// All values of a query parameter that may be repeated.
    pub fn parameters(&self, name: &str) -> Vec<String> {
        let found = self.query.iter().filter(|(known, _)| known == name);
        found.map(|(_, value)| value.clone()).collect()
    }

    /// A query parameter that must be a number.
    pub fn number(&self, name: &str) -> Result<Option<u64>, Problem> {
        match self.parameter(name).map(digits) {
            None => Ok(None),
            Some(Some(number)) => Ok(Some(number)),
            Some(None) => Err(Problem::bad_request(
                format!("`{name}` must be a number from 0 on"),
                &format!("query parameter {name}"),
            )),
        }
    }
}

/// A number of decimal digits and nothing else.
pub fn digits(text: &str) -> Option<u64> {
    let decimal = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    decimal.then(|| text.parse().ok()).flatten()
}

/// Bodies come in chunks of any size; more than the limit is refused without reading the rest.
fn read_body(request: &IncomingRequest) -> Result<Vec<u8>, Problem> {
    let broken = || Problem::bad_request("the request's body could not be read", "body");
    let incoming = request.consume().map_err(|()| broken())?;
    let mut body = Vec::new();
    {
        let stream = incoming.stream().map_err(|()| broken())?;
        loop {
            match stream.blocking_read(CHUNK) {
                Ok(chunk) if body.len() + chunk.len() > MAX_PAYLOAD => {
                    return Err(Problem::payload_too_large(MAX_PAYLOAD));
                }
                Ok(chunk) => body.extend_from_slice(&chunk),
                Err(StreamError::Closed) => break,
                Err(StreamError::LastOperationFailed(_)) => return Err(broken()),
            }
        }
    }
    drop(IncomingBody::finish(incoming));
    Ok(body)
}

/// A response, complete before the first byte of it is sent.
pub struct Response {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn json(status: u16, body: &impl serde::Serialize) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json".into())],
            // Only maps with keys that are not strings fail to serialize, and there are none.
            body: serde_json::to_vec(body).unwrap_or_default(),
        }
    }

    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Sends the response. A client that has gone away is no error of ours, so failures are passed over.
    pub fn send(self, out: ResponseOutparam) {
        let headers = Fields::new();
        for (name, value) in &self.headers {
            let _ = headers.append(name, value.as_bytes());
        }
        let _ = headers.append("content-length", self.body.len().to_string().as_bytes());
        let response = OutgoingResponse::new(headers);
        let _ = response.set_status_code(self.status);
        let Ok(body) = response.body() else { return };
        ResponseOutparam::set(out, Ok(response));
        if let Ok(stream) = body.write() {
            // 4096 bytes is what `blocking-write-and-flush` takes at most.
            for chunk in self.body.chunks(4096) {
                if stream.blocking_write_and_flush(chunk).is_err() {
                    break;
                }
            }
            drop(stream);
        }
        let _ = OutgoingBody::finish(body, None);
    }
}
