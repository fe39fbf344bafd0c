//! Rows of views.

use crate::annals::es::delivery;
use crate::annals::es::reaction_store::KeyRange;
use crate::annals::es::views::{self, QueryError, StoredRow};
use crate::conditional;
use crate::problem::Problem;
use crate::queries::limit;
use crate::request::Request;
use crate::response::Response;
use crate::{preferences, request::digits};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::value::RawValue;

/// The header with the position up to which a view must have come before it is read.
const MIN_POSITION: &str = "Annals-Min-Position";

/// `GET /views/{view}/{key}`: the row's value as its projector wrote it.
pub fn row(request: &Request) -> Result<Response, Problem> {
    let (view, key) = (&request.path[1], &request.path[2]);
    let waited = await_position(request, view)?;
    let Some(row) = views::get(view, key).map_err(|error| refused(view, error))? else {
        let detail = format!("The view `{view}` has no row `{key}`.");
        return Err(Problem::not_found(
            "unknown-row",
            "No such row",
            detail,
            Vec::new(),
        ));
    };
    // Another generation of the view may have another row at the same position, so the tag contains a hash of
    // the row.
    let tag = conditional::tag(row.position, &[row.content_type.as_bytes(), &row.value]);
    let response = Response {
        status: 200,
        headers: vec![("content-type", row.content_type)],
        body: row.value,
    };
    Ok(response
        .with_header("etag", tag)
        .with_some_header("preference-applied", waited))
}

#[derive(Serialize)]
struct Page<'a> {
    view: &'a str,
    rows: Vec<Row<'a>>,
    /// Value of `after` for the next page.
    next: Option<&'a str>,
    end: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    key: &'a str,
    position: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a RawValue>,
    /// Only where the value is not JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<&'a str>,
    #[serde(rename = "value_base64", skip_serializing_if = "Option::is_none")]
    value_base64: Option<String>,
}

impl<'a> Row<'a> {
    fn new(row: &'a StoredRow) -> Self {
        let json =
            row.content_type.starts_with("application/json") || row.content_type.ends_with("+json");
        let value: Option<&RawValue> = match json {
            true => serde_json::from_slice(&row.value).ok(),
            false => None,
        };
        let opaque = value.is_none();
        Self {
            key: &row.key,
            position: row.position,
            value,
            content_type: opaque.then_some(&*row.content_type),
            value_base64: opaque.then(|| STANDARD.encode(&row.value)),
        }
    }
}

/// `GET /views/{view}`: rows in the order of their keys.
pub fn rows(request: &Request) -> Result<Response, Problem> {
    let view = &request.path[1];
    let waited = await_position(request, view)?;
    let after = request.parameter("after");
    let page = views::scan(view, &range(request), limit(request)?)
        .map_err(|error| refused(view, error))?;
    let rows: Vec<_> = page.rows.iter().map(Row::new).collect();
    let page = Page {
        view,
        next: page.next.as_deref().or(after),
        rows,
        end: page.end,
    };
    Ok(Response::json(200, &page).with_some_header("preference-applied", waited))
}

/// Ensures that the view holds every event up to the position in `Annals-Min-Position`, so that a client reads
/// what it wrote, whichever host it asks. Waits for as long as `Prefer` says. Returns the wait that was applied.
fn await_position(request: &Request, view: &str) -> Result<Option<String>, Problem> {
    let Some(position) = request.header(MIN_POSITION)? else {
        return Ok(None);
    };
    let position = digits(position).ok_or_else(|| {
        let why = "it must be a position of the log, a number that is at least 0";
        Problem::bad_request(why, &format!("header {MIN_POSITION}"))
    })?;
    let seconds = preferences::wait(request);
    let progress = || views::progress(view).map_err(|error| refused(view, error));
    let mut reached = progress()?;
    let host_waits = preferences::host_waits(request);
    if reached.position < position
        && let Some(seconds) = seconds
        && !host_waits
    {
        let milliseconds = request.longest_wait(seconds);
        delivery::wait(position, milliseconds).map_err(Problem::store)?;
        reached = progress()?;
    }
    if reached.position >= position {
        return Ok(seconds.map(|seconds| format!("wait={seconds}")));
    }
    let problem = Problem::view_behind(view, &reached.reaction, position);
    Err(match seconds.filter(|seconds| host_waits && *seconds > 0) {
        Some(seconds) => {
            let reaction = reached.reaction;
            let wish = format!("position={position}, seconds={seconds}, reaction={reaction}");
            problem.with_header(preferences::HOST, wish)
        }
        None => problem,
    })
}

/// The key range of the query parameters: after `after`, from `from` on, before `to`, with the prefix
/// `prefix`.
fn range(request: &Request) -> KeyRange {
    let prefix = request.parameter("prefix");
    let from = request.parameter("from").into_iter().chain(prefix).max();
    let behind = prefix.and_then(behind);
    let to = request
        .parameter("to")
        .into_iter()
        .chain(behind.as_deref())
        .min();
    KeyRange {
        first: from.map(str::to_owned),
        after: request.parameter("after").map(str::to_owned),
        before: to.map(str::to_owned),
    }
}

/// The smallest text that is greater than all texts with this prefix, in byte order. `None` if there is no
/// such text.
fn behind(prefix: &str) -> Option<String> {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        // Surrogates are not characters.
        let next = match last {
            '\u{d7ff}' => Some('\u{e000}'),
            last => char::from_u32(u32::from(last) + 1),
        };
        if let Some(next) = next {
            text.push(next);
            return Some(text);
        }
    }
    None
}

fn refused(view: &str, error: QueryError) -> Problem {
    match error {
        QueryError::UnknownView(known) => Problem::not_found(
            "unknown-view",
            "No such view",
            format!("There is no view `{view}`."),
            nearest(view, known),
        ),
        QueryError::Store(error) => Problem::store(error),
    }
}

/// The known names that are similar to the wanted one, nearest first. All known names if none is similar.
pub fn nearest(wanted: &str, known: Vec<String>) -> Vec<String> {
    let known = in_order(known);
    let near = in_order(
        known
            .iter()
            .map(|name| (strsim::damerau_levenshtein(wanted, name), name))
            .filter(|(distance, name)| *distance <= 1 + name.len() / 3),
    );
    if near.is_empty() {
        return known;
    }
    let near = near.into_iter().take(3);
    near.map(|(_, name)| name.clone()).collect()
}

/// Sorts a short list by insertion. The standard library's sort adds 5 KB per type.
pub fn in_order<T: Ord>(names: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut sorted = Vec::new();
    for name in names {
        let place = sorted.partition_point(|before| *before <= name);
        sorted.insert(place, name);
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_begins_with_a_prefix_is_before_what_is_behind_it() {
        for (prefix, wanted) in [
            ("a/", Some("a0")),
            ("\u{d7ff}", Some("\u{e000}")),
            ("a\u{10ffff}", Some("b")),
            ("\u{10ffff}", None),
            ("", None),
        ] {
            assert_eq!(behind(prefix).as_deref(), wanted, "{prefix:?}");
            let longest = format!("{prefix}\u{10ffff}");
            assert!(wanted.is_none_or(|wanted| *longest < *wanted), "{prefix:?}");
        }
    }

    #[test]
    fn the_nearest_names_come_first_and_all_of_them_where_none_is_near() {
        let known = || vec!["statements".to_owned(), "balances".to_owned()];
        assert_eq!(nearest("balanecs", known()), ["balances"]);
        assert_eq!(nearest("x", known()), ["balances", "statements"]);
    }
}
