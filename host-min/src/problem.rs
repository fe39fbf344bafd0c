//! `application/problem+json` (RFC 9457), with the problem types that the host itself reports.

use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use serde_json::{Map, Value, json};

use crate::body::{Body, full};

/// A problem that the host reports in place of the guest.
#[derive(Debug, Clone)]
pub struct Problem {
    slug: &'static str,
    title: &'static str,
    status: StatusCode,
    retry_after_seconds: Option<u16>,
    more: Map<String, Value>,
}

impl Problem {
    fn new(slug: &'static str, title: &'static str, status: StatusCode) -> Self {
        Self {
            slug,
            title,
            status,
            retry_after_seconds: None,
            more: Map::new(),
        }
    }

    fn with(mut self, name: &str, value: Value) -> Self {
        self.more.insert(name.to_owned(), value);
        self
    }

    fn retry(mut self) -> Self {
        self.retry_after_seconds = Some(1);
        self
    }

    /// A guest failed. The problem never contains the cause: that is in the log, under the
    /// incident.
    pub fn handler_fault(handler: Option<&str>, incident: &str) -> Self {
        Self::new(
            "handler-fault",
            "A handler failed",
            StatusCode::INTERNAL_SERVER_ERROR,
        )
        .with("handler", handler.map_or(Value::Null, Value::from))
        .with("incident", incident.into())
    }

    /// The writes of the request could not be made durable, or the store cannot be read.
    pub fn store_unavailable() -> Self {
        let title = "The store is unavailable; whether the request took effect is unknown";
        Self::new("store-unavailable", title, StatusCode::SERVICE_UNAVAILABLE).retry()
    }

    /// All places are occupied and the queue is full.
    pub fn overloaded() -> Self {
        Self::new(
            "overloaded",
            "Too many requests are waiting",
            StatusCode::SERVICE_UNAVAILABLE,
        )
        .retry()
    }

    /// The body exceeds the host's limit.
    pub fn payload_too_large(limit: usize) -> Self {
        let title = "The request's body is too large";
        Self::new("payload-too-large", title, StatusCode::PAYLOAD_TOO_LARGE)
            .with("limit", limit.into())
    }

    /// The request is malformed, or its body did not arrive.
    pub fn bad_request(detail: &str) -> Self {
        Self::new(
            "bad-request",
            "The request is malformed",
            StatusCode::BAD_REQUEST,
        )
        .with("detail", detail.into())
    }

    /// The body did not arrive in time.
    pub fn request_timeout() -> Self {
        let title = "The request's body did not arrive in time";
        Self::new("request-timeout", title, StatusCode::REQUEST_TIMEOUT)
    }

    /// The response to send.
    pub fn into_response(self) -> Response<Body> {
        let mut document = Map::new();
        document.insert(
            "type".into(),
            format!("urn:annals:problem:{}", self.slug).into(),
        );
        document.insert("title".into(), self.title.into());
        document.insert("status".into(), json!(self.status.as_u16()));
        document.extend(self.more);
        let mut response = Response::new(full(Value::Object(document).to_string().into()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}
