//! What operators do to the store, and which application they let run on it.

use crate::annals::es::administration::{self, RepairOutcome};
use crate::annals::es::application::{self, StartError};
use crate::problem::{Problem, REFUSED, REFUSED_TITLE};
use crate::request::Request;
use crate::response::Response;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// `POST /admin/repair` with `{"key": .., "name": ..}`: decides a slot whose creator is dead.
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
            "`key` says which slot: the store's answer that something is in doubt names it",
            "key",
        ));
    };
    let settled = administration::repair(&key, text("name")?.as_deref()).map_err(Problem::store)?;
    let (result, detail) = match settled {
        RepairOutcome::Written => (
            "written",
            "The slot had been begun and is decided now: nothing was recorded in it.",
        ),
        RepairOutcome::Decided => (
            "decided",
            "The slot has a record; there was nothing to repair.",
        ),
        RepairOutcome::Untouched => (
            "untouched",
            "Nobody has begun to write the slot, or this store cannot leave one half-written; there was nothing to repair.",
        ),
    };
    let fields = [
        ("key", key.into()),
        ("result", result.into()),
        ("detail", detail.into()),
    ];
    Ok(Response::fields(200, &fields))
}

/// `POST /admin/application`, with `{"accept": [..]}` or nothing: compares the application with what ran before it.
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

/// The fields of a request's body, all of them known.
fn fields<'a>(
    request: &'a Request,
    known: &[&str],
) -> Result<BTreeMap<String, &'a RawValue>, Problem> {
    let body: &RawValue = serde_json::from_slice(&request.body)
        .map_err(|error| Problem::bad_request(format!("not JSON: {error}"), "body"))?;
    // What is no object has no fields.
    let body: BTreeMap<String, &RawValue> = serde_json::from_str(body.get()).unwrap_or_default();
    if let Some(unknown) = body.keys().find(|name| !known.contains(&name.as_str())) {
        let why = format!("`{unknown}` is not known, only `{}`", known.join("` and `"));
        return Err(Problem::bad_request(why, "body"));
    }
    Ok(body)
}
