//! Requests and responses.

use serde::Serialize;
use wasip2::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use wasip2::io::streams::StreamError;

/// The largest body that is read, in bytes.
const MAX_BODY: usize = 64 << 10;

/// A request, as far as routes look at it.
pub struct Asked {
    pub body: Vec<u8>,
    /// `Idempotency-Key`
    pub key: Option<String>,
}

/// Reads a request's body and headers.
///
/// # Errors
///
/// The answer to a request that cannot be read.
pub fn read(request: &IncomingRequest) -> Result<Asked, Answer> {
    let keys = request.headers().get("idempotency-key");
    let key = match keys.as_slice() {
        [] => None,
        [one] => match String::from_utf8(one.clone()) {
            Ok(key) => Some(key),
            Err(_) => {
                return Err(Answer::problem(
                    400,
                    "malformed-request",
                    "Idempotency-Key is not UTF-8",
                ));
            }
        },
        _ => {
            return Err(Answer::problem(
                400,
                "malformed-request",
                "Idempotency-Key is there twice",
            ));
        }
    };
    Ok(Asked {
        body: body(request)?,
        key,
    })
}

fn body(request: &IncomingRequest) -> Result<Vec<u8>, Answer> {
    let broken = || Answer::problem(400, "malformed-request", "the body broke off");
    let incoming = request.consume().map_err(|()| broken())?;
    let stream = incoming.stream().map_err(|()| broken())?;
    let mut body = Vec::new();
    loop {
        match stream.blocking_read(MAX_BODY as u64) {
            Ok(chunk) => body.extend(chunk),
            Err(StreamError::Closed) => return Ok(body),
            Err(StreamError::LastOperationFailed(_)) => return Err(broken()),
        }
        if body.len() > MAX_BODY {
            let said = format!("a body has at most {MAX_BODY} bytes");
            return Err(Answer::problem(413, "payload-too-large", &said));
        }
    }
}

/// A response with a JSON body.
pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

#[derive(Serialize)]
struct Problem<'a> {
    r#type: String,
    status: u16,
    detail: &'a str,
}

impl Answer {
    /// A value as JSON.
    pub fn json(status: u16, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => Self::raw(status, body),
            Err(error) => Self::problem(500, "not-json", &error.to_string()),
        }
    }

    /// JSON that somebody else wrote.
    pub fn raw(status: u16, body: Vec<u8>) -> Self {
        let headers = vec![("content-type", "application/json".to_owned())];
        Self {
            status,
            headers,
            body,
        }
    }

    /// An error, as RFC 9457 has it.
    pub fn problem(status: u16, code: &str, detail: &str) -> Self {
        let problem = Problem {
            r#type: format!("urn:bank:problem:{code}"),
            status,
            detail,
        };
        let mut answer = Self::json(status, &problem);
        answer.headers[0].1 = "application/problem+json".into();
        answer
    }

    /// With one more header.
    pub fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Sends it. Whoever went away meanwhile does not want to know.
    pub fn send(self, out: ResponseOutparam) {
        let fields = Fields::new();
        for (name, value) in &self.headers {
            // Refused are only names and values that HTTP forbids; then the header is left out.
            let _ = fields.append(name, value.as_bytes());
        }
        let response = OutgoingResponse::new(fields);
        let _ = response.set_status_code(self.status);
        let Ok(body) = response.body() else { return };
        ResponseOutparam::set(out, Ok(response));
        if let Ok(stream) = body.write() {
            for piece in self.body.chunks(4096) {
                if stream.blocking_write_and_flush(piece).is_err() {
                    break;
                }
            }
        }
        let _ = OutgoingBody::finish(body, None);
    }
}
