//! Operators' requests about the store: the repair of a slot, and the start of an application.

use crate::annals::es::administration::{self, RepairOutcome};
use crate::annals::es::application::{self, StartError};
use crate::problem::{Problem, REFUSED, REFUSED_TITLE};
use crate::request::Request;
use crate::response::Response;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// `POST /admin/repair` with `{"key": .., "name": ..}`: completes a slot whose creator is dead.
pub fn repair(request: &Request) -> Result<Response, Problem> {
    let body = fields(request, &["key", "name"])?;
    let text = |field: &str| match body.get(field) {
        None => Ok(None),
        Some(value) => serde_json::from_str::<String>(value.get())
            .map(Some)
            .map_err(|_| Problem::bad_request("must be a string", field)),
    };
    let Some(key) = text("key")? else {
        return Err(Problem::bad_request(
            "the field `key` is missing: it names the slot, which the store's `in-doubt` answer contains",
            "key",
        ));
    };
    let outcome = administration::repair(&key, text("name")?.as_deref()).map_err(Problem::store)?;
    let (result, detail) = match outcome {
        RepairOutcome::Written => (
            "written",
            "The slot was begun and not completed. It now holds a void, so nothing is recorded in it.",
        ),
        RepairOutcome::Decided => ("decided", "The slot has a record, so nothing was repaired."),
        RepairOutcome::Untouched => (
            "untouched",
            "No writer has begun the slot, or this store never leaves a slot half-written. Nothing was repaired.",
        ),
    };
    let fields = [
        ("key", key.into()),
        ("result", result.into()),
        ("detail", detail.into()),
    ];
    Ok(Response::fields(200, &fields))
}

/// `POST /admin/application`, with `{"accept": [..]}` or nothing: compares the application with the store's
/// record of it.
pub fn start(request: &Request) -> Result<Response, Problem> {
    let accept = match request.body.is_empty() {
        true => Vec::new(),
        false => match fields(request, &["accept"])?.get("accept") {
            None => Vec::new(),
            Some(value) => serde_json::from_str(value.get())
                .map_err(|_| Problem::bad_request("must be a list of strings", "accept"))?,
        },
    };
    match application::start(&accept) {
        Ok(changes) => Ok(Response::fields(200, &[("changes", changes.into())])),
        Err(StartError::Store(error)) => Err(Problem::store(error)),
        Err(StartError::Refused(changes)) => {
            let each = changes
                .iter()
                .map(|change| format!("{}: {}; {}", change.id, change.what, change.remedy));
            let detail: Vec<String> = each.collect();
            let ids: Vec<String> = changes.into_iter().map(|change| change.id).collect();
            Err(Problem::new(409, REFUSED, REFUSED_TITLE, detail.join("\n")).with("changes", ids))
        }
    }
}

/// The fields of a request's body. Fails if the body has other fields.
fn fields<'a>(
    request: &'a Request,
    known: &[&str],
) -> Result<BTreeMap<String, &'a RawValue>, Problem> {
    let body: &RawValue = serde_json::from_slice(&request.body)
        .map_err(|error| Problem::bad_request(format!("not JSON: {error}"), "body"))?;
    // JSON that is not an object has no fields.
    let body: BTreeMap<String, &RawValue> = serde_json::from_str(body.get()).unwrap_or_default();
    if let Some(unknown) = body.keys().find(|name| !known.contains(&name.as_str())) {
        let why = format!(
            "unknown field `{unknown}`; known are `{}`",
            known.join("` and `")
        );
        return Err(Problem::bad_request(why, "body"));
    }
    Ok(body)
}
