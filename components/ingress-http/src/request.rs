//! Requests from `wasi:http`.

use crate::problem::Problem;
use wasip2::clocks::monotonic_clock;
use wasip2::http::types::{IncomingRequest, Method};
use wasip2::io::streams::StreamError;

/// Upper limit of a command's payload, in bytes.
pub const MAX_PAYLOAD_BYTES: usize = 1 << 20;

/// The header in which a host states its time limit for a request, in milliseconds. The host removes this
/// header from clients' requests. Without it, [`DEFAULT_TIME_LIMIT_MILLIS`] applies.
const HOST_LIMIT: &str = "Annals-Time-Limit";

/// Default time limit of a request, in milliseconds: the timeout in the documented command line of `wasmtime
/// serve`.
const DEFAULT_TIME_LIMIT_MILLIS: u64 = 10_000;

/// Size of one read of the body, in bytes.
const CHUNK_BYTES: u64 = 64 << 10;

/// A request.
pub struct Request {
    pub method: Method,
    /// The target is `*`, which is the whole server.
    pub is_for_all: bool,
    /// The path's segments as they were sent.
    segments: Vec<String>,
    /// The percent-decoded segments of the path. Empty until the route is known.
    pub path: Vec<String>,
    pub query: Vec<(String, String)>,
    headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
    /// Start of the request by the monotonic clock, in nanoseconds.
    began: u64,
}

impl Request {
    /// Reads everything but the body.
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
        // Empty segments count: a proxy that guards `/admin/` does not recognize `//admin/`, so the routes
        // must not either.
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

    /// Reads the body. Empty for methods whose body has no meaning.
    pub fn read_body(&self, request: &IncomingRequest) -> Result<Vec<u8>, Problem> {
        match self.method {
            Method::Post => read_body(request, self.declared_length()?),
            _ => Ok(Vec::new()),
        }
    }

    /// The length of the body in `Content-Length`.
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

    /// The host's time limit for the request, in milliseconds.
    pub fn time_limit(&self) -> u64 {
        let limit = self.all_values(HOST_LIMIT).find_map(digits);
        limit.unwrap_or(DEFAULT_TIME_LIMIT_MILLIS)
    }

    /// The remaining part of the time limit, in milliseconds.
    pub fn time_left(&self) -> u64 {
        let passed = (monotonic_clock::now() - self.began) / 1_000_000;
        self.time_limit().saturating_sub(passed)
    }

    /// The milliseconds of a wait of so many seconds, less if the host would end the request before: the client
    /// would take that for a failure.
    pub fn longest_wait(&self, seconds: u32) -> u32 {
        let longest = self.time_left().saturating_sub(self.time_limit() / 5);
        let wait = u64::from(seconds).saturating_mul(1000).min(longest);
        u32::try_from(wait).unwrap_or(u32::MAX)
    }

    /// A header's value. A header with two different values is refused, because either could be the one that
    /// the client means.
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

    /// The rests of the header names that begin with a prefix, in lower case, each once.
    pub fn names_after(&self, prefix: &str) -> impl Iterator<Item = String> {
        let rest = |name: &str| {
            let name = name.to_ascii_lowercase();
            name.strip_prefix(prefix).map(str::to_owned)
        };
        let mut names: Vec<String> = Vec::new();
        for name in self.headers.iter().filter_map(|(name, _)| rest(name)) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names.into_iter()
    }

    /// The values of a header that may be repeated. Values that are not UTF-8 are ignored.
    pub fn all_values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.headers
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name))
            .filter_map(|(_, value)| std::str::from_utf8(value).ok())
    }

    /// The values of a list header, joined into one list.
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
                format!("`{name}` must be a number that is at least 0"),
                &format!("query parameter {name}"),
            )),
        }
    }
}

/// Parses a number that consists of decimal digits only.
pub fn digits(text: &str) -> Option<u64> {
    let decimal = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    decimal.then(|| text.parse().ok()).flatten()
}

/// The text of a header.
fn utf8<'a>(name: &str, value: &'a [u8]) -> Result<&'a str, Problem> {
    std::str::from_utf8(value)
        .map_err(|_| Problem::bad_request("a header is not UTF-8", &format!("header {name}")))
}

/// Reads the body, which arrives in chunks of any size. A body beyond the limit is refused without reading
/// the rest. Only the host determines the body's end: if `Content-Length` and `Transfer-Encoding` contradict
/// each other, hosts pass on the length and not the encoding.
fn read_body(request: &IncomingRequest, declared: Option<u64>) -> Result<Vec<u8>, Problem> {
    let broken = || Problem::bad_request("reading the request's body failed", "body");
    let incoming = request.consume().map_err(|()| broken())?;
    let mut body = Vec::new();
    {
        let stream = incoming.stream().map_err(|()| broken())?;
        loop {
            match stream.blocking_read(CHUNK_BYTES) {
                Ok(chunk) if body.is_empty() && chunk.len() <= MAX_PAYLOAD_BYTES => body = chunk,
                Ok(chunk) if body.len() + chunk.len() > MAX_PAYLOAD_BYTES => {
                    return Err(Problem::payload_too_large(MAX_PAYLOAD_BYTES));
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
            format!("the body has {length} bytes, but `Content-Length` is {declared}"),
            "header Content-Length",
        )),
        _ => Ok(()),
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
