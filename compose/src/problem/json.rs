//! Formats problems for machines.

use super::{Place, Problem, Problems, Subject};
use serde_json::{Value, json};

/// One JSON object on each line, each a problem. `docs/diagnostics.md` lists the fields.
#[must_use]
pub fn render(problems: &Problems) -> String {
    let objects = problems
        .sorted()
        .into_iter()
        .map(|problem| format!("{}\n", object(problem)));
    objects.collect()
}

fn object(problem: &Problem) -> Value {
    let mut object = json!({
        "reason": "problem",
        "level": "error",
        "code": problem.code,
        "file": problem.file,
        "message": problem.what,
        "help": problem.remedy,
    });
    match &problem.subject {
        Some(Subject::Handler(name)) => object["handler"] = json!(name),
        Some(Subject::Part(name)) => object["part"] = json!(name),
        None => {}
    }
    if let Some(place) = &problem.place {
        locate(&mut object, place);
    }
    if let Some((place, what)) = &problem.beside {
        let mut beside = json!({ "message": what });
        locate(&mut beside, place);
        object["related"] = json!([beside]);
    }
    object
}

fn locate(object: &mut Value, place: &Place) {
    let span = place.span();
    object["line"] = json!(place.line());
    object["column"] = json!(place.column());
    object["span"] = json!({ "start": span.start, "end": span.end });
}
