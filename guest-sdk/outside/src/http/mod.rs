//! Outgoing HTTP, for notifiers.
//!
//! On wasm a request goes through `wasi:http/outgoing-handler`, which the manifest must grant:
//! `allow = ["wasi:http/outgoing-handler"]`. Natively nothing leaves the process: the test answers.

#[cfg(not(target_family = "wasm"))]
pub(crate) mod native;
#[cfg(target_family = "wasm")]
mod wasi;

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

/// How long a request may wait, unless it says otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Most bytes of a response's body that are kept.
#[cfg(target_family = "wasm")]
const MAX_BODY: usize = 1 << 20;

/// A request, to be sent.
#[derive(Clone, Debug)]
#[must_use]
pub struct Request {
    /// Such as `POST`.
    pub method: String,
    /// With its scheme, `http` or `https`.
    pub url: String,
    /// Names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The content.
    pub body: Vec<u8>,
    /// See [`Request::timeout`].
    pub timeout: Duration,
    /// Why it cannot be sent, if its body could not be encoded.
    unencodable: Option<String>,
}

impl Request {
    /// A request with any method.
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

    /// A GET request.
    pub fn get(url: impl Into<String>) -> Self {
        Self::new("GET", url)
    }

    /// A POST request.
    pub fn post(url: impl Into<String>) -> Self {
        Self::new("POST", url)
    }

    /// A PUT request.
    pub fn put(url: impl Into<String>) -> Self {
        Self::new("PUT", url)
    }

    /// Adds a header.
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_ascii_lowercase(), value.into()));
        self
    }

    /// Sends these bytes along, of this media type.
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    /// Sends a value along as JSON.
    pub fn json<T: Serialize + ?Sized>(mut self, value: &T) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => self.body("application/json", body),
            Err(error) => {
                self.unencodable = Some(error.to_string());
                self
            }
        }
    }

    /// How long it may take to connect, then to get an answer, and then to read each part of it:
    /// 10 seconds unless it is set. While it waits, nothing else is delivered to this notifier.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sends it, and waits for the whole response, whatever its status.
    ///
    /// # Errors
    ///
    /// There is no response, for one of the reasons of [`Error`].
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

/// Two requests are the same if their receivers cannot tell them apart.
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

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Such as 204.
    pub status: u16,
    /// Names in lower case, with their values.
    pub headers: Vec<(String, String)>,
    /// The content; more than 1 MiB is cut off.
    pub body: Vec<u8>,
}

impl Response {
    /// A response with nothing but a status, for tests.
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

    /// Adds the content, for tests.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Is the status 2xx?
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The first header of this name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// What `Retry-After` says, if it says it in seconds.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds = self.header("retry-after")?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds))
    }

    /// The content, decoded from JSON.
    ///
    /// # Errors
    ///
    /// [`Error::Unreadable`] if the content is no such value.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| Error::Unreadable(error.to_string()))
    }
}

/// Why there is no response.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The request cannot be sent as it is: its URL, method, a header or the body.
    Invalid(String),
    /// The host does not let it through.
    Denied,
    /// Nobody answered in time.
    Timeout,
    /// There is nobody, or the connection broke.
    Unreachable(String),
    /// There is a response, and its content is not what it should be.
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

/// What a test answers with: a response, or none.
pub trait Answer {
    /// As [`Request::send`] gives it.
    ///
    /// # Errors
    ///
    /// If the answer is that there is none.
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

/// A URL in its parts.
#[derive(Debug, PartialEq, Eq)]
struct Target<'a> {
    tls: bool,
    authority: &'a str,
    /// With the query; it begins with a slash.
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
