//! The command metadata in headers, for commands in any form.

use crate::annals::es::sourcer::Request as Submission;
use crate::extensions::Extensions;
use crate::problem::Problem;
use crate::request::Request;

/// Upper limit of a metadata value, in bytes.
const MAX_VALUE_BYTES: usize = 200;

/// Builds a command from the headers, except for its type and payload.
pub fn from_headers(request: &Request) -> Result<Submission, Problem> {
    Ok(Submission {
        command_type: String::new(),
        content_type: request
            .header("content-type")?
            .unwrap_or("application/json")
            .into(),
        payload: Vec::new(),
        command_id: text(request, "Idempotency-Key")?,
        expected: None,
        correlation_id: text(request, "Annals-Correlation-Id")?,
        causation_id: text(request, "Annals-Causation-Id")?,
        actor: text(request, "Annals-Actor")?,
        traceparent: text(request, "traceparent")?,
        extensions: Extensions::of_headers(request)?.into_pairs(),
    })
}

/// A metadata value from a header. A structured string (`"key"`) loses its quotes.
pub fn text(request: &Request, name: &str) -> Result<Option<String>, Problem> {
    let Some(value) = request.header(name)? else {
        return Ok(None);
    };
    let value = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(value);
    checked(value, &format!("header {name}")).map(Some)
}

/// Checks a metadata value. `at` is its place in the request.
pub fn checked(value: &str, at: &str) -> Result<String, Problem> {
    if value.is_empty() || value.len() > MAX_VALUE_BYTES || value.chars().any(char::is_control) {
        let why =
            format!("the value must have 1 to {MAX_VALUE_BYTES} bytes and no control characters");
        return Err(Problem::bad_request(why, at));
    }
    Ok(value.into())
}
