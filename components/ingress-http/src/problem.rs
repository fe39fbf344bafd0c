//! Errors as `application/problem+json` (RFC 9457). The type is `urn:annals:problem:<slug>`.

use crate::annals::es::event_store::{Conflict, StoreError};
use crate::annals::es::sourcer::{HandlerFault, Refused};
use crate::annals::es::types::{Malformed, Precondition};
use crate::json::{Object, Value};
use crate::response::Response;
use serde_json::value::RawValue;

/// Slug of the problem that the application may not run on its store.
pub const REFUSED: &str = "application-refused";
pub const REFUSED_TITLE: &str = "The application may not run on this store";

/// An error response.
pub struct Problem {
    status: u16,
    slug: &'static str,
    title: &'static str,
    detail: String,
    more: Vec<(&'static str, Value)>,
    headers: Vec<(&'static str, String)>,
}

impl Problem {
    pub fn new(
        status: u16,
        slug: &'static str,
        title: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            status,
            slug,
            title,
            detail: detail.into(),
            more: Vec::new(),
            headers: Vec::new(),
        }
    }

    pub fn with(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.more.push((key, value.into()));
        self
    }

    fn with_some(self, key: &'static str, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    pub fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn bad_request(detail: impl Into<String>, at: &str) -> Self {
        Self::new(400, "malformed-command", "The request is malformed", detail).with("at", at)
    }

    pub fn malformed(malformed: Malformed) -> Self {
        Self::new(
            400,
            "malformed-command",
            "The command could not be decoded",
            malformed.message,
        )
        .with_some("at", malformed.at)
    }

    pub fn payload_too_large(limit: usize) -> Self {
        Self::new(
            413,
            "payload-too-large",
            "The payload is too large",
            format!("At most {limit} bytes are allowed."),
        )
        .with("limit", limit as u64)
    }

    pub fn not_found(
        slug: &'static str,
        title: &'static str,
        detail: impl Into<String>,
        nearest: Vec<String>,
    ) -> Self {
        Self::new(404, slug, title, detail).with("nearest", nearest)
    }

    pub fn rejected(refused: Refused) -> Self {
        let details = refused
            .reason
            .details
            .and_then(|text| RawValue::from_string(text).ok())
            .filter(|details| details.get() != "null");
        Self::new(
            422,
            "rejected",
            "The command was rejected",
            refused.reason.message.clone(),
        )
        .with("code", refused.reason.code)
        .with("message", refused.reason.message)
        .with("commandId", refused.command_id)
        .with_some("details", details.map(Value::Json))
        .with("duplicate", refused.duplicate)
    }

    pub fn precondition_failed(conflict: Conflict) -> Self {
        Self::new(
            412,
            "precondition-failed",
            "The stream has another version than expected",
            mismatch(conflict),
        )
        .with("expected", expected(conflict))
        .with("actual", conflict.actual)
    }

    /// The stream is at none of the versions that the client listed.
    pub fn no_version_matches(listed: &[u64], actual: u64) -> Self {
        let listed: Vec<_> = listed.iter().map(u64::to_string).collect();
        let detail = match &*listed {
            [] => format!(
                "`If-Match` lists no tag of a version, and the stream is at version {actual}."
            ),
            listed => format!(
                "The request expected one of the versions {}, but the stream is at version {actual}.",
                listed.join(", ")
            ),
        };
        let title = "The stream has another version than expected";
        Self::new(412, "precondition-failed", title, detail)
            .with("expected", listed)
            .with("actual", actual)
    }

    /// The view has not come as far as the read demands.
    pub fn view_behind(view: &str, reaction: &str, position: u64) -> Self {
        let detail = format!(
            "The view `{view}` does not hold every event up to position {position} yet. Ask again, or send \
             `Prefer: wait=5` to wait for it."
        );
        Self::new(503, "view-behind", "The view is behind", detail)
            .with("reaction", reaction)
            .with("position", position)
            .with_header("retry-after", "1")
    }

    pub fn conflict(conflict: Conflict) -> Self {
        Self::new(
            409,
            "conflict",
            "Write conflict: retries exhausted",
            mismatch(conflict),
        )
        .with("expected", expected(conflict))
        .with("actual", conflict.actual)
        .with_header("retry-after", "1")
    }

    pub fn id_reused(id: String) -> Self {
        let detail = format!(
            "The command id `{id}` was used for a different command. Choose a new id for each command."
        );
        Self::new(
            400,
            "malformed-command",
            "The command id belongs to another command",
            detail,
        )
        .with("at", "header Idempotency-Key")
    }

    /// A handler's fault. The client receives the handler's name and the id of an incident; the host's log
    /// has the details.
    pub fn handler_fault(fault: &HandlerFault) -> Self {
        let incident = format!("{:016x}", wasip2::random::random::get_random_u64());
        log(&format!(
            "incident {incident}: handler `{}`: {}",
            fault.handler, fault.message
        ));
        Self::new(
            500,
            "handler-fault",
            "A handler failed",
            "The host's log contains the incident.",
        )
        .with("handler", fault.handler.clone())
        .with("incident", incident)
    }

    pub fn store(error: StoreError) -> Self {
        let corrupt = matches!(error, StoreError::Corrupt(_));
        let (slug, title, detail) = match error {
            StoreError::Invalid(message) => {
                return Self::new(400, "malformed-command", "The request is invalid", message);
            }
            StoreError::Refused(message) => {
                log(&message);
                return Self::new(503, REFUSED, REFUSED_TITLE, message);
            }
            StoreError::Unavailable(message) => {
                ("store-unavailable", "The store is not available", message)
            }
            StoreError::Corrupt(message) => (
                "store-unavailable",
                "A record of the store is damaged",
                message,
            ),
            StoreError::InDoubt(message) => (
                "in-doubt",
                "The command may or may not have taken effect; send it again with the same Idempotency-Key",
                message,
            ),
        };
        log(&format!("{slug}: {detail}"));
        let problem = Self::new(503, slug, title, detail);
        if corrupt {
            // A later attempt would meet the same damaged record, so there is no `retry-after`.
            return problem;
        }
        problem.with_header("retry-after", "1")
    }

    /// The title of a temporary problem. `None` for other problems.
    pub fn if_temporary(&self) -> Option<&'static str> {
        let soon = self.headers.iter().any(|(name, _)| *name == "retry-after");
        (soon && self.status == 503).then_some(self.title)
    }

    pub fn into_response(self) -> Response {
        let mut fields: Vec<(&str, Value)> = vec![
            ("type", format!("urn:annals:problem:{}", self.slug).into()),
            ("title", self.title.into()),
            ("status", u64::from(self.status).into()),
            ("detail", self.detail.into()),
        ];
        fields.extend(self.more);
        let body = serde_json::to_vec(&Object(&fields)).unwrap_or_default();
        let mut headers = vec![("content-type", "application/problem+json".to_string())];
        headers.extend(self.headers);
        Response {
            status: self.status,
            headers,
            body,
        }
    }
}

fn expected(conflict: Conflict) -> Value {
    match conflict.expected {
        Precondition::Any => "any".into(),
        Precondition::NoStream => "no-stream".into(),
        Precondition::StreamExists => "stream-exists".into(),
        Precondition::At(version) => version.into(),
    }
}

fn mismatch(conflict: Conflict) -> String {
    let wanted = match conflict.expected {
        Precondition::Any => "anything".into(),
        Precondition::NoStream => "no stream".into(),
        Precondition::StreamExists => "an existing stream".into(),
        Precondition::At(version) => format!("version {version}"),
    };
    format!(
        "The request expected {wanted}, but the stream is at version {}.",
        conflict.actual
    )
}

/// Writes a line to the host's log.
fn log(line: &str) {
    let stderr = wasip2::cli::stderr::get_stderr();
    for chunk in format!("annals: {line}\n").as_bytes().chunks(4096) {
        if stderr.blocking_write_and_flush(chunk).is_err() {
            return;
        }
    }
}
