//! What operators do to the store.

use crate::annals::es::app::{self, Settled};
use crate::problem::Problem;
use crate::wire::{Request, Response};
use serde_json::{Value, json};

/// `POST /admin/repair` with `{"key": .., "name": ..}`: decides a slot whose creator is dead.
pub fn repair(request: &Request) -> Result<Response, Problem> {
    let body: Value = serde_json::from_slice(&request.body)
        .map_err(|error| Problem::bad_request(format!("not JSON: {error}"), "body"))?;
    let unknown = body.as_object().and_then(|fields| {
        let mut names = fields.keys();
        names.find(|name| !["key", "name"].contains(&name.as_str()))
    });
    if let Some(unknown) = unknown {
        let why = format!("`{unknown}` is not known, only `key` and `name`");
        return Err(Problem::bad_request(why, "body"));
    }
    let text = |field: &str| match body.get(field) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str())),
        Some(_) => Err(Problem::bad_request("must be a string", field)),
    };
    let Some(key) = text("key")? else {
        return Err(Problem::bad_request(
            "`key` says which slot: the store's answer that something is in doubt names it",
            "key",
        ));
    };
    let settled = app::repair(key, text("name")?).map_err(Problem::store)?;
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
    Ok(Response::json(
        200,
        &json!({"key": key, "result": result, "detail": detail}),
    ))
}
