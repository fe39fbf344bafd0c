//! Outgoing HTTP, for notifiers.
//!
//! On wasm a request goes through `wasi:http/outgoing-handler`, which the manifest must grant: `allow =
//! ["wasi:http/outgoing-handler"]`. In a native build nothing leaves the process: the test answers the request.

#[cfg(not(target_family = "wasm"))]
pub(crate) mod native;
#[cfg(target_family = "wasm")]
mod wasi;

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The default timeout of a request.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Maximum size of a response's body in bytes. Longer bodies are cut off.
#[cfg(target_family = "wasm")]
const MAX_BODY: usize = 1 << 20;

/// An HTTP request.
#[derive(Clone, Debug)]
#[must_use]
pub struct Request {
    /// The method, such as `POST`.
    pub method: String,
    /// The URL with its scheme, `http` or `https`.
    pub url: String,
    /// The headers: names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The timeout, see [`Request::timeout`].
    pub timeout: Duration,
    /// The error of encoding the body, if that failed. Such a request cannot be sent.
    unencodable: Option<String>,
}

impl Request {
    /// Creates a request with any method.
    pub fn new(method: impl Into<String>, url: impl Into<String>) -> Self {
        Self {
            method: method.into(),
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout: TIMEOUT,
            unencodable: None,
        }
    }

    /// Creates a GET request.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// Creates a POST request.
    pub fn post(url: impl Into<String>) -> Self {
        Self::new("POST", url)
    }

    /// Creates a PUT request.
    pub fn put(url: impl Into<String>) -> Self {
        Self::new("PUT", url)
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.into()));
        self
    }

    /// Sets the body to these bytes, of this media type.
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    /// Sets the body to a value, encoded as JSON.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => self.body("application/json", body),
            Err(error) => {
                self.unencodable = Some(error.to_string());
                self
            }
        }
    }

    /// Sets the timeout. It applies separately to the connection, to the first byte of the response, and to each
    /// further part of it. The default is 10 seconds. While the notifier waits, the framework delivers nothing else
    /// to it.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sends the request, and waits for the whole response, whatever its status.
    ///
    /// # Errors
    ///
    /// There is no response, for one of the reasons in [`Error`].
    pub fn send(&self) -> Result<Response, Error> {
        if let Some(error) = &self.unencodable {
            return Err(Error::Invalid(format!("the body: {error}")));
        }
        let target = Target::of(&self.url)?;
        #[cfg(target_family = "wasm")]
        return wasi::send(self, &target);
        #[cfg(not(target_family = "wasm"))]
        {
            let _ = target;
            native::send(self)
        }
    }
}

/// Two requests are equal if their receivers cannot distinguish them: the timeout is not compared.
impl PartialEq for Request {
    fn eq(&self, other: &Self) -> bool {
        let seen = |request: &Self| {
            let Self {
                method,
                url,
                headers,
                body,
                ..
            } = request.clone();
            (method, url, headers, body)
        };
        seen(self) == seen(other)
    }
}

/// An HTTP response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status, such as 204.
    pub status: u16,
    /// The headers: names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The body; bytes after the first 1 MiB are cut off.
    pub body: Vec<u8>,
}

impl Response {
    /// Creates a response with a status only, for tests.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Adds a header, for tests.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.into()));
        self
    }

    /// Sets the body, for tests.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns the value of the first header of this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Returns the value of `Retry-After`, if it is a number of seconds.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds = self.header("retry-after")?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    }

    /// Decodes the body from JSON.
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`] if the body is not a valid JSON encoding of the type.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| Error::Unreadable(error.to_string()))
    }
}

/// The reason why there is no usable response.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The request is invalid: its URL, its method, a header or the body.
    Invalid(String),
    /// The host denied the request.
    Denied,
    /// The connection or the response timed out.
    Timeout,
    /// The receiver cannot be reached, or the connection broke.
    Unreachable(String),
    /// A response arrived, but its body cannot be decoded.
    Unreadable(String),
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Invalid(what) => write!(f, "the request is invalid: {what}"),
            Self::Denied => f.write_str("the host does not allow the request"),
            Self::Timeout => f.write_str("nobody answered in time"),
            Self::Unreachable(why) => write!(f, "nobody could be reached: {why}"),
            Self::Unreadable(why) => write!(f, "the answer cannot be read: {why}"),
        }
    }
}

impl std::error::Error for Error {}

/// The answer of a test to a request: a response, or an error in place of one.
pub trait Answer {
    /// Converts the answer into the result of [`Request::send`].
    ///
    /// # Errors
    ///
    /// The error that the answer consists of, if it is not a response.
    fn into_result(self) -> Result<Response, Error>;
}

impl Answer for Response {
    fn into_result(self) -> Result<Response, Error> {
        Ok(self)
    }
}

impl Answer for Error {
    fn into_result(self) -> Result<Response, Error> {
        Err(self)
    }
}

impl Answer for Result<Response, Error> {
    fn into_result(self) -> Result<Response, Error> {
        self
    }
}

/// The parts of a URL.
#[derive(Debug, PartialEq, Eq)]
struct Target<'a> {
    tls: bool,
    authority: &'a str,
    /// The path with the query. It begins with a slash.
    path: std::borrow::Cow<'a, str>,
}

impl<'a> Target<'a> {
    fn of(url: &'a str) -> Result<Self, Error> {
        let wrong = |why: &str| Error::Invalid(format!("{url:?}: {why}"));
        let (scheme, rest) = url
            .split_once("://")
            .ok_or_else(|| wrong("it has no scheme"))?;
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(wrong("its scheme is neither http nor https")),
        };
        let rest = rest.split('#').next().unwrap_or(rest);
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.is_empty() {
            return Err(wrong("it has no host"));
        }
        if authority.contains('@') {
            return Err(wrong("credentials do not belong in a URL"));
        }
        if rest.contains(|c: char| c.is_whitespace() || c.is_control()) {
            return Err(wrong("it contains a space or control character"));
        }
        let path = if path.starts_with('/') {
            path.into()
        } else {
            format!("/{path}").into()
        };
        Ok(Self {
            tls,
            authority,
            path,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_have_a_scheme_a_host_and_a_path() {
        let target = |tls, authority, path: &'static str| {
            Ok(Target {
                tls,
                authority,
                path: path.into(),
            })
        };
        for (url, parts) in [
            ("http://a", target(false, "a", "/")),
            ("HTTPS://a.b:1/c?d=e#f", target(true, "a.b:1", "/c?d=e")),
            ("http://[::1]:80?x", target(false, "[::1]:80", "/?x")),
            ("http://a/b://c", target(false, "a", "/b://c")),
        ] {
            assert_eq!(Target::of(url), parts, "{url}");
        }
        for url in [
            "",
            "a.b/c",
            "ftp://a",
            "http://",
            "http:///c",
            "http://u:p@a/",
            "http://a/b c",
            "http://a/b\r\nx: y",
        ] {
            assert!(matches!(Target::of(url), Err(Error::Invalid(_))), "{url}");
        }
    }
}
