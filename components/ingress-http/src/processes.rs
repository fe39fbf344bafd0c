//! Reports stored processes of process managers.

use crate::annals::es::administration::{self, AdminError, Process};
use crate::json;
use crate::problem::Problem;
use crate::queries::limit;
use crate::reactions::refused;
use crate::request::Request;
use crate::response::Response;
use serde::Serialize;
use serde_json::value::RawValue;

/// `GET /admin/reactions/{name}/processes`
pub fn all(request: &Request) -> Result<Response, Problem> {
    let name = &request.path[2];
    let after = request.parameter("after");
    let page = administration::processes(name, after, limit(request)?)
        .map_err(|error| refused(name, error))?;
    let next = page.processes.last().map(|last| last.id.as_str());
    let body = Page {
        processes: page.processes.iter().map(described).collect(),
        next: next.or(after),
        end: page.end,
    };
    Ok(Response::json(200, &body))
}

/// `GET /admin/reactions/{name}/processes/{id}`
pub fn one(request: &Request) -> Result<Response, Problem> {
    let (name, id) = (&request.path[2], &request.path[4]);
    let process = administration::find_process(name, id).map_err(|error| match error {
        AdminError::UnknownProcess => refused(id, error),
        error => refused(name, error),
    })?;
    Ok(Response::json(200, &described(&process)))
}

#[derive(Serialize)]
struct Page<'a> {
    processes: Vec<Described<'a>>,
    next: Option<&'a str>,
    end: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Described<'a> {
    id: &'a str,
    running: bool,
    notes: &'a [String],
    /// Id of the dead letter that the process waits for.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_base64: Option<String>,
}

fn described(process: &Process) -> Described<'_> {
    let (state, state_base64) = match &process.state {
        Some(state) => json::raw_or_base64(state),
        None => (None, None),
    };
    Described {
        id: &process.id,
        running: process.state.is_some(),
        notes: &process.notes,
        waits_for: process.waits_for.as_deref(),
        state,
        state_base64,
    }
}
