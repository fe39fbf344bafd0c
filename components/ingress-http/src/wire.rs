//! Reading requests and writing responses through `wasi:http`.

use crate::json::{Object, Value};
use crate::problem::Problem;
use std::time::{Duration, SystemTime};
use wasip2::clocks::monotonic_clock;
use wasip2::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasip2::io::streams::{OutputStream, StreamError};

/// The largest payload of a command, in bytes.
pub const MAX_PAYLOAD: usize = 1 << 20;

/// The header by which a host says how long a request may take in the component, in milliseconds. It lets no
/// such header of a client's through; where it says nothing, [`TIME_LIMIT`] is assumed.
const HOST_LIMIT: &str = "Annals-Time-Limit";

/// Milliseconds; the documented command line of `wasmtime serve` says so.
const TIME_LIMIT: u64 = 10_000;

/// Bytes asked of the host at a time.
const CHUNK: u64 = 64 << 10;

/// A request.
pub struct Request {
    pub method: Method,
    /// The target is `*`: the request is about the whole server.
    pub is_for_all: bool,
    /// The path's segments as they were sent.
    segments: Vec<String>,
    /// The path's segments, percent-decoded, once its route is known.
    pub path: Vec<String>,
    pub query: Vec<(String, String)>,
    headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
    /// When it began, by the monotonic clock.
    began: u64,
}

impl Request {
    /// All but the body.
    pub fn head(request: &IncomingRequest) -> Self {
        let head = Self::new(
            request.method(),
            &request.path_with_query().unwrap_or_default(),
            request.headers().entries(),
        );
        Self {
            began: monotonic_clock::now(),
            ..head
        }
    }

    fn new(method: Method, target: &str, headers: Vec<(String, Vec<u8>)>) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        // Empty segments are segments: whoever guards `/admin/` in front of the application does not see
        // it in `//admin/`.
        let segments = match path.strip_prefix('/').unwrap_or(path) {
            "" => Vec::new(),
            path => path.split('/').map(str::to_owned).collect(),
        };
        let query = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        Self {
            is_for_all: path == "*",
            method,
            segments,
            path: Vec::new(),
            query,
            headers,
            body: Vec::new(),
            began: 0,
        }
    }

    /// The path's segments as they were sent.
    pub fn segments(&self) -> &[String] {
        &self.segments
    }

    pub fn decode_path(&mut self) -> Result<(), Problem> {
        let decoded = self.segments.iter().map(|segment| {
            percent_encoding::percent_decode_str(segment)
                .decode_utf8()
                .map(|text| text.into_owned())
                .map_err(|_| Problem::bad_request("the path is not UTF-8", "path"))
        });
        self.path = decoded.collect::<Result<_, _>>()?;
        Ok(())
    }

    /// What comes behind the head; nothing where the method gives it no meaning.
    pub fn read_body(&self, request: &IncomingRequest) -> Result<Vec<u8>, Problem> {
        match self.method {
            Method::Post => read_body(request, self.declared_length()?),
            _ => Ok(Vec::new()),
        }
    }

    /// How long the body is, if a header says so.
    fn declared_length(&self) -> Result<Option<u64>, Problem> {
        match self.header("content-length")? {
            None => Ok(None),
            Some(text) => match digits(text) {
                Some(length) => Ok(Some(length)),
                None => Err(Problem::bad_request(
                    "`Content-Length` must be a number of bytes",
                    "header Content-Length",
                )),
            },
        }
    }

    /// Milliseconds that the host gives the request.
    pub fn time_limit(&self) -> u64 {
        let limit = self.all_values(HOST_LIMIT).find_map(digits);
        limit.unwrap_or(TIME_LIMIT)
    }

    /// Milliseconds of them that are left.
    pub fn time_left(&self) -> u64 {
        let passed = (monotonic_clock::now() - self.began) / 1_000_000;
        self.time_limit().saturating_sub(passed)
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
        utf8(name, value).map(|text| Some(text.trim_matches([' ', '\t'])))
    }

    /// The values of a header that may be repeated; what is not UTF-8 is left out.
    pub fn all_values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .filter_map(|(_, value)| std::str::from_utf8(value).ok())
    }

    /// The values of a header that is a list, in one.
    pub fn list(&self, name: &str) -> Result<Option<String>, Problem> {
        let mut values = Vec::new();
        for (_, value) in self
            .headers
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name))
        {
            values.push(utf8(name, value)?);
        }
        Ok((!values.is_empty()).then(|| values.join(", ")))
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

/// The last millisecond of the year 9999, which RFC 3339 can still write.
const MAX_TIME: u64 = 253_402_300_799_999;

/// Milliseconds since the epoch in RFC 3339.
pub fn time(millis: u64) -> String {
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(millis.min(MAX_TIME));
    humantime::format_rfc3339_millis(time).to_string()
}

/// The text of a header.
fn utf8<'a>(name: &str, value: &'a [u8]) -> Result<&'a str, Problem> {
    std::str::from_utf8(value)
        .map_err(|_| Problem::bad_request("a header is not UTF-8", &format!("header {name}")))
}

/// Bodies come in chunks of any size; more than the limit is refused without reading the rest. The
/// body ends where the host says so and nowhere else: where a `Content-Length` and a `Transfer-Encoding` contradict each
/// other, hosts pass on the length and not the encoding.
fn read_body(request: &IncomingRequest, declared: Option<u64>) -> Result<Vec<u8>, Problem> {
    let broken = || Problem::bad_request("the request's body could not be read", "body");
    let incoming = request.consume().map_err(|()| broken())?;
    let mut body = Vec::new();
    {
        let stream = incoming.stream().map_err(|()| broken())?;
        loop {
            match stream.blocking_read(CHUNK) {
                Ok(chunk) if body.is_empty() && chunk.len() <= MAX_PAYLOAD => body = chunk,
                Ok(chunk) if body.len() + chunk.len() > MAX_PAYLOAD => {
                    return Err(Problem::payload_too_large(MAX_PAYLOAD));
                }
                Ok(chunk) => body.extend_from_slice(&chunk),
                Err(StreamError::Closed) => break,
                Err(StreamError::LastOperationFailed(_)) => return Err(broken()),
            }
        }
    }
    drop(incoming);
    check_length(body.len(), declared)?;
    Ok(body)
}

fn check_length(length: usize, declared: Option<u64>) -> Result<(), Problem> {
    match declared {
        Some(declared) if declared != length as u64 => Err(Problem::bad_request(
            format!("the body has {length} bytes, and `Content-Length` says {declared}"),
            "header Content-Length",
        )),
        _ => Ok(()),
    }
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

    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// An object of a few fields.
    pub fn fields(status: u16, fields: &[(&'static str, Value)]) -> Self {
        Self::json(status, &Object(fields))
    }

    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn with_headers(mut self, headers: Vec<(&'static str, String)>) -> Self {
        self.headers.extend(headers);
        self
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The answer to a client that has this representation already.
    pub fn not_modified(self) -> Self {
        let kept = |(name, _): &(&str, String)| ["etag", "cache-control", "vary"].contains(name);
        Self {
            headers: self.headers.into_iter().filter(kept).collect(),
            ..Self::empty(304)
        }
    }

    /// Without content there is no length of it; that of 304 would be that of the whole representation.
    pub fn has_length(&self) -> bool {
        ![204, 304].contains(&self.status)
    }

    /// Sends the response whole. A client that has gone away is no error of ours, so failures are passed over.
    pub fn send(self, out: ResponseOutparam) {
        let length = self
            .has_length()
            .then(|| ("content-length", self.body.len().to_string()));
        let headers = self.headers.into_iter().chain(length);
        let Some(mut writer) = Writer::begin(out, self.status, headers) else {
            return;
        };
        if writer.write(&self.body).is_ok() {
            writer.finish();
        }
    }
}

/// The client is gone.
pub struct Gone;

/// A response whose head is sent.
pub struct Writer {
    // Before the body: it is a child of it, and dropped first.
    stream: OutputStream,
    body: OutgoingBody,
}

impl Writer {
    /// Sends the head.
    pub fn begin(
        out: ResponseOutparam,
        status: u16,
        headers: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Option<Self> {
        let headers: Vec<_> = headers
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into_bytes()))
            .collect();
        let fields = Fields::from_list(&headers).unwrap_or_else(|_| {
            // Those that the host takes.
            let fields = Fields::new();
            for (name, value) in &headers {
                let _ = fields.append(name, value);
            }
            fields
        });
        let response = OutgoingResponse::new(fields);
        // What it is without being told.
        if status != 200 {
            let _ = response.set_status_code(status);
        }
        let body = response.body().ok()?;
        ResponseOutparam::set(out, Ok(response));
        let stream = body.write().ok()?;
        Some(Self { stream, body })
    }

    /// Writes in pieces as large as the host takes them, and asks it to send them on.
    pub fn write(&mut self, mut bytes: &[u8]) -> Result<(), Gone> {
        while !bytes.is_empty() {
            let room = self.stream.check_write().map_err(|_| Gone)?;
            if room == 0 {
                self.stream.subscribe().block();
                continue;
            }
            let room = usize::try_from(room).unwrap_or(usize::MAX);
            let (piece, rest) = bytes.split_at(room.min(bytes.len()));
            self.stream.write(piece).map_err(|_| Gone)?;
            bytes = rest;
        }
        self.stream.flush().map_err(|_| Gone)
    }

    /// Has the client gone, as far as the host knows?
    pub fn is_gone(&self) -> bool {
        self.stream.check_write().is_err()
    }

    /// Ends the body.
    pub fn finish(self) {
        drop(self.stream);
        let _ = OutgoingBody::finish(self.body, None);
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    pub fn get(target: &str) -> Request {
        get_with(target, &[])
    }

    pub fn get_with(target: &str, headers: &[(&str, &str)]) -> Request {
        request(Method::Get, target, headers)
    }

    pub fn request(method: Method, target: &str, headers: &[(&str, &str)]) -> Request {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec()));
        Request::new(method, target, headers.collect())
    }

    #[test]
    fn a_body_has_the_length_that_its_header_says() {
        assert!(check_length(5, None).is_ok());
        assert!(check_length(5, Some(5)).is_ok());
        for declared in [0, 4, 6, u64::MAX] {
            assert!(check_length(5, Some(declared)).is_err(), "{declared}");
        }
        for length in ["5, 5", "+5", "five", ""] {
            let request = request(Method::Post, "/", &[("Content-Length", length)]);
            assert!(request.declared_length().is_err(), "{length}");
        }
        let request = get_with("/", &[("content-length", "5")]);
        assert!(matches!(request.declared_length(), Ok(Some(5))));
    }
}
