//! What operators do to the store.

use crate::annals::es::app::{self, Settled};
use crate::problem::Problem;
use crate::wire::{Request, Response};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// `POST /admin/repair` with `{"key": .., "name": ..}`: decides a slot whose creator is dead.
pub fn repair(request: &Request) -> Result<Response, Problem> {
    let body: &RawValue = serde_json::from_slice(&request.body)
        .map_err(|error| Problem::bad_request(format!("not JSON: {error}"), "body"))?;
    // What is no object has no fields.
    let body: BTreeMap<String, &RawValue> = serde_json::from_str(body.get()).unwrap_or_default();
    let mut names = body.keys();
    if let Some(unknown) = names.find(|name| !["key", "name"].contains(&name.as_str())) {
        let why = format!("`{unknown}` is not known, only `key` and `name`");
        return Err(Problem::bad_request(why, "body"));
    }
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
    let settled = app::repair(&key, text("name")?.as_deref()).map_err(Problem::store)?;
    let (result, detail) = match settled {
        Settled::Written => (
            "written",
            "The slot had been begun and is decided now: nothing was recorded in it.",
        ),
        Settled::Decided => (
            "decided",
            "The slot has a record; there was nothing to repair.",
        ),
        Settled::Untouched => (
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
