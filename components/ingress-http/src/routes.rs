//! The table of routes: everything that the application answers over HTTP.
//!
//! Methods, `Allow` and query parameters follow from it, and a test compares `docs/http.md` with it.

use crate::problem::Problem;
use crate::request::Request;
use crate::response::Response;
use crate::{about, administration, commands, dead_letters, processes, queries, reactions, views};
use wasip2::http::types::Method;

/// Answers a request whose path, method and query parameters fit.
pub type Respond = fn(&Request) -> Result<Response, Problem>;

/// A path, a method, and the function that answers them.
pub struct Route {
    /// The path. A segment in braces matches any text that is not empty.
    pub path: &'static str,
    pub verb: Verb,
    /// Names of the query parameters that the route reads.
    pub parameters: &'static [&'static str],
    pub respond: Respond,
    pub also: Also,
    /// The answer depends on `Accept`.
    pub negotiated: bool,
}

/// The method of a route. A `GET` route also answers `HEAD`, and every route answers `OPTIONS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Get,
    Post,
    Delete,
}

/// Additional behaviour of a route.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Also {
    Nothing,
    /// Events are delivered after the answer, if the command took effect.
    DeliverNew,
    /// Events are delivered after the answer, so that the next read of the view is up to date. This includes
    /// reads of a row that a lagging view does not have yet.
    DeliverRead,
    /// The client may choose a stream of events.
    Stream,
}

/// Query parameters that may be given more than once.
const REPEATABLE: &[&str] = &["type", "category", "tag"];

pub const ROUTES: &[Route] = &[
    get("/", &[], about::about).negotiated(),
    post("/commands", &[], commands::submit_event).also(Also::DeliverNew),
    post("/commands/{type}", &[], commands::submit).also(Also::DeliverNew),
    get(
        "/streams/{stream}",
        &["after", "before", "limit"],
        queries::stream,
    ),
    get(
        "/streams/{stream}/state",
        &["decider", "at"],
        queries::state,
    ),
    get(
        "/events",
        &["after", "limit", "type", "category", "tag"],
        queries::log,
    )
    .also(Also::Stream)
    .negotiated(),
    get(
        "/views/{view}",
        &["prefix", "from", "to", "after", "limit"],
        views::rows,
    )
    .also(Also::DeliverRead),
    get("/views/{view}/{key}", &[], views::row).also(Also::DeliverRead),
    get("/admin/reactions", &[], reactions::all),
    get("/admin/reactions/{name}", &[], reactions::one),
    post("/admin/reactions/{name}/rebuild", &[], reactions::rebuild),
    post("/admin/reactions/{name}/resume", &[], reactions::resume),
    get(
        "/admin/reactions/{name}/processes",
        &["after", "limit"],
        processes::all,
    ),
    get(
        "/admin/reactions/{name}/processes/{id}",
        &[],
        processes::one,
    ),
    delete(
        "/admin/reactions/{name}/generations/{number}",
        &[],
        reactions::drop_generation,
    ),
    get(
        "/admin/dead-letters",
        &["after", "limit"],
        dead_letters::all,
    ),
    get("/admin/dead-letters/{id}", &[], dead_letters::one),
    post("/admin/dead-letters/{id}/retry", &[], dead_letters::retry),
    post("/admin/dead-letters/{id}/skip", &[], dead_letters::skip),
    get("/admin/progress", &[], reactions::progress),
    post("/admin/pump", &["reaction", "budget"], reactions::pump),
    post("/admin/application", &[], administration::start),
    post("/admin/repair", &[], administration::repair),
    get("/healthz", &[], queries::health),
];

const fn get(path: &'static str, parameters: &'static [&'static str], respond: Respond) -> Route {
    route(Verb::Get, path, parameters, respond)
}

const fn post(path: &'static str, parameters: &'static [&'static str], respond: Respond) -> Route {
    route(Verb::Post, path, parameters, respond)
}

const fn delete(
    path: &'static str,
    parameters: &'static [&'static str],
    respond: Respond,
) -> Route {
    route(Verb::Delete, path, parameters, respond)
}

const fn route(
    verb: Verb,
    path: &'static str,
    parameters: &'static [&'static str],
    respond: Respond,
) -> Route {
    Route {
        path,
        verb,
        parameters,
        respond,
        also: Also::Nothing,
        negotiated: false,
    }
}

impl Route {
    const fn also(mut self, also: Also) -> Self {
        self.also = also;
        self
    }

    const fn negotiated(mut self) -> Self {
        self.negotiated = true;
        self
    }

    /// Whether the segments match the route's path. Fixed segments are compared without decoding, so a proxy
    /// that guards `/admin/` compares the same text.
    fn is_at(&self, segments: &[String]) -> bool {
        let Some((first, rest)) = segments.split_first() else {
            return self.path == "/";
        };
        // Each request searches all routes, so reject most of them by their first segment.
        let Some(behind) = self.path[1..].strip_prefix(first.as_str()) else {
            return false;
        };
        let mut wanted = behind.split('/');
        wanted.next() == Some("")
            && !first.is_empty()
            && rest.iter().all(|segment| match wanted.next() {
                Some(wanted) if wanted.starts_with('{') => !segment.is_empty(),
                wanted => wanted == Some(segment),
            })
            && wanted.next().is_none()
    }

    /// Refuses query parameters that the route does not read, and those that are given twice.
    pub fn check_parameters(&self, request: &Request) -> Result<(), Problem> {
        for (at, (name, _)) in request.query.iter().enumerate() {
            if !self.parameters.contains(&name.as_str()) {
                return Err(self.unknown_parameter(name));
            }
            let earlier = &request.query[..at];
            if !REPEATABLE.contains(&name.as_str()) && earlier.iter().any(|(it, _)| it == name) {
                return Err(Problem::bad_request(
                    format!("the query parameter `{name}` occurs twice"),
                    &format!("query parameter {name}"),
                ));
            }
        }
        Ok(())
    }

    fn unknown_parameter(&self, name: &str) -> Problem {
        let known = self.parameters.iter().map(|known| (*known).to_owned());
        let detail = match self.parameters {
            [] => format!("`{}` has no query parameters; remove `{name}`.", self.path),
            known => format!(
                "`{}` has no query parameter `{name}`; it has {}.",
                self.path,
                known.join(", ")
            ),
        };
        Problem::new(400, "unknown-parameter", "Unknown query parameter", detail)
            .with("at", format!("query parameter {name}"))
            .with("nearest", views::nearest(name, known.collect()))
    }
}

impl Verb {
    fn fits(self, method: &Method) -> bool {
        match method {
            Method::Get | Method::Head => self == Self::Get,
            Method::Post => self == Self::Post,
            Method::Delete => self == Self::Delete,
            _ => false,
        }
    }

    fn names(self) -> &'static str {
        match self {
            Self::Get => "GET, HEAD",
            Self::Post => "POST",
            Self::Delete => "DELETE",
        }
    }
}

/// The result of matching a request's path and method.
pub enum Found {
    Route(&'static Route),
    /// An `OPTIONS` request, with the methods of its path.
    Options(String),
    Wrong(Problem),
}

pub fn find(request: &Request) -> Found {
    let is_options = matches!(request.method, Method::Options);
    if is_options && request.is_for_all {
        return Found::Options("GET, HEAD, POST, DELETE, OPTIONS".into());
    }
    let mut allowed = String::new();
    for route in ROUTES
        .iter()
        .filter(|route| route.is_at(request.segments()))
    {
        if route.verb.fits(&request.method) {
            return Found::Route(route);
        }
        allowed.push_str(route.verb.names());
        allowed.push_str(", ");
    }
    if allowed.is_empty() {
        let paths: Vec<_> = ROUTES.iter().map(|route| route.path).collect();
        let detail = format!("The routes are {}.", paths.join(", "));
        return Found::Wrong(Problem::new(404, "unknown-route", "No such route", detail));
    }
    allowed.push_str("OPTIONS");
    if is_options {
        return Found::Options(allowed);
    }
    let detail = format!("This route accepts {allowed}.");
    let problem = Problem::new(405, "method-not-allowed", "Method not allowed", detail);
    Found::Wrong(problem.with_header("allow", allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts between backticks.
    fn quoted(cell: &str) -> Vec<&str> {
        cell.split('`').skip(1).step_by(2).collect()
    }

    #[test]
    fn the_documentation_lists_every_route_and_no_other() {
        let documented: Vec<(&str, Vec<&str>)> = include_str!("../../../docs/http.md")
            .lines()
            .skip_while(|line| *line != "## Routes")
            .take_while(|line| *line != "## Commands")
            .filter_map(|line| line.strip_prefix("| `"))
            .map(|line| {
                let cells: Vec<_> = line.split('|').collect();
                (cells[0].trim().trim_matches('`'), quoted(cells[1]))
            })
            .collect();
        let routes: Vec<_> = ROUTES
            .iter()
            .map(|route| {
                let verb = route.verb.names().split(',').next().unwrap_or_default();
                (format!("{verb} {}", route.path), route.parameters.to_vec())
            })
            .collect();
        let routes: Vec<_> = routes
            .iter()
            .map(|(route, parameters)| (route.as_str(), parameters.clone()))
            .collect();
        assert_eq!(documented, routes);
    }
}
