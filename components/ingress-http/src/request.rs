//! Requests, as `wasi:http` gives them.

use crate::problem::Problem;
use wasip2::clocks::monotonic_clock;
use wasip2::http::types::{IncomingRequest, Method};
use wasip2::io::streams::StreamError;

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

    /// What follows a prefix in the names of headers, in lower case, each once.
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
