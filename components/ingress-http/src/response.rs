//! Responses to `wasi:http`.

use crate::json::{Object, Value};
use std::time::{Duration, SystemTime};
use wasip2::http::types::{Fields, OutgoingBody, OutgoingResponse, ResponseOutparam};
use wasip2::io::streams::OutputStream;

/// The last millisecond of the year 9999, which RFC 3339 can still write.
const MAX_TIME_MILLIS: u64 = 253_402_300_799_999;

/// Milliseconds since the epoch in RFC 3339.
pub fn time(millis: u64) -> String {
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(millis.min(MAX_TIME_MILLIS));
    humantime::format_rfc3339_millis(time).to_string()
}

/// A response, complete before the first byte of it is sent.
pub struct Response {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Response {
    pub fn json(status: u16, body: &impl serde::Serialize) -> Self {
        // Serialization fails only for maps whose keys are not strings, and no body has one.
        Self::written(status, serde_json::to_vec(body).unwrap_or_default())
    }

    /// A response whose body is serialized JSON.
    pub fn written(status: u16, body: Vec<u8>) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json".into())],
            body,
        }
    }

    pub fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// A response whose body is an object with these fields.
    pub fn fields(status: u16, fields: &[(&'static str, Value)]) -> Self {
        Self::json(status, &Object(fields))
    }

    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn with_some_header(self, name: &'static str, value: Option<String>) -> Self {
        match value {
            Some(value) => self.with_header(name, value),
            None => self,
        }
    }

    pub fn with_headers(mut self, headers: Vec<(&'static str, String)>) -> Self {
        self.headers.extend(headers);
        self
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The 304 response to a client that has this representation already.
    pub fn not_modified(self) -> Self {
        let kept = |(name, _): &(&str, String)| ["etag", "cache-control", "vary"].contains(name);
        Self {
            headers: self.headers.into_iter().filter(kept).collect(),
            ..Self::empty(304)
        }
    }

    /// Whether the response has a `Content-Length`. A 204 has no content, and the length of a 304 would be
    /// that of the whole representation.
    pub fn has_length(&self) -> bool {
        ![204, 304].contains(&self.status)
    }

    /// Sends the response. Errors are ignored: they mean that the client has disconnected.
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

/// The client has disconnected.
pub struct Gone;

/// A response whose head is sent.
pub struct Writer {
    // This field precedes the body, so that the stream, a child of the body, is dropped first.
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
            // The host refused the list, so add each header that it accepts.
            let fields = Fields::new();
            for (name, value) in &headers {
                let _ = fields.append(name, value);
            }
            fields
        });
        let response = OutgoingResponse::new(fields);
        // 200 is the default.
        if status != 200 {
            let _ = response.set_status_code(status);
        }
        let body = response.body().ok()?;
        ResponseOutparam::set(out, Ok(response));
        let stream = body.write().ok()?;
        Some(Self { stream, body })
    }

    /// Writes in pieces of the size that the host accepts, and flushes.
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

    /// Whether the host reports that the client has disconnected.
    pub fn is_gone(&self) -> bool {
        self.stream.check_write().is_err()
    }

    /// Ends the body.
    pub fn finish(self) {
        drop(self.stream);
        let _ = OutgoingBody::finish(self.body, None);
    }
}
