//! What process managers remember, for operators.

use crate::annals::es::administration::{self, AdminError, Process};
use crate::problem::Problem;
use crate::queries::limit;
use crate::reactions::refused;
use crate::wire::{Request, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// `GET /admin/reactions/{name}/processes`
pub fn all(request: &Request) -> Result<Response, Problem> {
    let name = &request.path[2];
    let after = request.parameter("after");
    let page = administration::processes(name, after, limit(request)?)
        .map_err(|error| refused(name, error))?;
    let next = page.processes.last().map(|last| last.id.as_str());
    let body = json!({
        "processes": page.processes.iter().map(json_of).collect::<Vec<_>>(),
        "next": next.or(after),
        "end": page.end,
    });
    Ok(Response::json(200, &body))
}

/// `GET /admin/reactions/{name}/processes/{id}`
pub fn one(request: &Request) -> Result<Response, Problem> {
    let (name, id) = (&request.path[2], &request.path[4]);
    let process = administration::find_process(name, id).map_err(|error| match error {
        AdminError::UnknownProcess => refused(id, error),
        error => refused(name, error),
    })?;
    Ok(Response::json(200, &json_of(&process)))
}

fn json_of(process: &Process) -> Value {
    let mut body = json!({
        "id": process.id,
        "running": process.state.is_some(),
        "notes": process.notes,
    });
    if let Some(state) = &process.state {
        match serde_json::from_slice::<Value>(state) {
            Ok(value) => body["state"] = value,
            Err(_) => body["stateBase64"] = STANDARD.encode(state).into(),
        }
    }
    body
}
