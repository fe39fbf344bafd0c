//! Answers requests by the table of [`routes`](crate::routes).

use crate::conditional;
use crate::cors;
use crate::live;
use crate::problem::Problem;
use crate::request::Request;
use crate::response::Response;
use crate::routes::{self, Also, Found, Route};

/// The answer to a request.
pub enum Answer {
    Whole(Response),
    /// After this response, a due snapshot is taken, and due events are delivered to reactions.
    ThenDeliver(Response),
    /// A stream that lasts until the client disconnects.
    Live(live::Events),
}

/// Answers a request. `body` reads the request's body. `origins` lists the permitted origins of browsers.
pub fn answer(
    request: &mut Request,
    origins: &[String],
    body: impl FnOnce(&Request) -> Result<Vec<u8>, Problem>,
) -> Answer {
    let (mut answer, negotiated) = match routes::find(request) {
        Found::Route(route) => (carry_out(route, request, body), route.negotiated),
        Found::Options(allowed) => {
            let response = Response::empty(204).with_header("allow", &*allowed);
            let granted = cors::preflight(request, origins, &allowed);
            (Answer::Whole(response.with_headers(granted)), false)
        }
        Found::Wrong(problem) => (Answer::Whole(problem.into_response()), false),
    };
    let mut headers = cors::headers(request, origins);
    if negotiated {
        headers.push(("vary", "Accept".into()));
    }
    match &mut answer {
        Answer::Whole(response) | Answer::ThenDeliver(response) => {
            response.headers.extend(headers);
        }
        Answer::Live(events) => events.headers.extend(headers),
    }
    answer
}

fn carry_out(
    route: &Route,
    request: &mut Request,
    body: impl FnOnce(&Request) -> Result<Vec<u8>, Problem>,
) -> Answer {
    let ready = request
        .decode_path()
        .and_then(|()| route.check_parameters(request))
        .and_then(|()| {
            request.body = body(request)?;
            Ok(())
        });
    if let Err(problem) = ready {
        return Answer::Whole(problem.into_response());
    }
    if route.also == Also::Stream && live::wanted(request) {
        return match live::Events::open(request) {
            Ok(events) => Answer::Live(events),
            Err(problem) => Answer::Whole(live::refused(problem)),
        };
    }
    let response = (route.respond)(request).unwrap_or_else(Problem::into_response);
    let deliver = match route.also {
        Also::Nothing | Also::Stream => false,
        Also::DeliverNew => response.status < 300,
        Also::DeliverRead => response.status < 500,
    };
    let response = conditional::apply_conditions(request, response);
    match deliver {
        true => Answer::ThenDeliver(response),
        false => Answer::Whole(response),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::tests::request;
    use crate::routes::{ROUTES, Verb};
    use wasip2::http::types::Method;

    /// All methods of HTTP, and an unknown one.
    fn methods() -> Vec<Method> {
        let other = Method::Other("PURGE".into());
        let known = [
            Method::Get,
            Method::Head,
            Method::Post,
            Method::Put,
            Method::Delete,
            Method::Connect,
            Method::Options,
            Method::Trace,
            Method::Patch,
        ];
        known.into_iter().chain([other]).collect()
    }

    /// A path of a route.
    fn example(route: &Route) -> String {
        route
            .path
            .split('/')
            .map(|segment| match segment.starts_with('{') {
                true => "x",
                false => segment,
            })
            .collect::<Vec<_>>()
            .join("/")
    }

    fn found(method: Method, target: &str) -> Found {
        routes::find(&request(method, target, &[]))
    }

    /// The answer to a request that reaches no route.
    fn answered(method: Method, target: &str) -> Response {
        match answer(&mut request(method, target, &[]), &[], |_| Ok(Vec::new())) {
            Answer::Whole(response) => response,
            _ => panic!("{target} was carried out"),
        }
    }

    #[test]
    fn every_route_answers_its_methods_and_allows_no_others() {
        for route in ROUTES {
            let (own, allow) = match route.verb {
                Verb::Get => (&["Get", "Head"][..], "GET, HEAD, OPTIONS"),
                Verb::Post => (&["Post"][..], "POST, OPTIONS"),
                Verb::Delete => (&["Delete"][..], "DELETE, OPTIONS"),
            };
            let path = example(route);
            for method in methods() {
                let name = format!("{method:?}");
                let name = name.split("::").last().expect("a name");
                if own.contains(&name.trim_start_matches("Method::")) {
                    match found(method, &path) {
                        Found::Route(it) => assert_eq!(it.path, route.path, "{name}"),
                        _ => panic!("{name} {path} is refused"),
                    }
                    continue;
                }
                let status = match method {
                    Method::Options => 204,
                    _ => 405,
                };
                let response = answered(method, &path);
                assert_eq!(response.status, status, "{name} {path}");
                assert_eq!(response.header("allow"), Some(allow), "{name} {path}");
            }
        }
    }

    #[test]
    fn options_of_the_whole_server_are_all_methods() {
        let response = answered(Method::Options, "*");
        let all = Some("GET, HEAD, POST, DELETE, OPTIONS");
        assert_eq!((response.status, response.header("allow")), (204, all));
        assert_eq!(answered(Method::Get, "*").status, 404);
    }

    #[test]
    fn paths_are_compared_as_they_were_sent() {
        for target in [
            "//admin/reactions",
            "/admin//reactions",
            "/admin/reactions/",
            "/./admin/reactions",
            "/%61dmin/reactions",
            "/admin%2Freactions",
            "/ADMIN/reactions",
            "/events/",
            "//",
            "//events",
            "/views//x",
            "/views/v/",
            "/nowhere",
            "events/x",
        ] {
            for method in [Method::Get, Method::Post, Method::Options] {
                let response = answered(method, target);
                assert_eq!(response.status, 404, "{target}");
            }
        }
        let Found::Route(route) = found(Method::Get, "/views/v%20w/a%2Fb?limit=1") else {
            panic!("no route")
        };
        assert_eq!(route.path, "/views/{view}/{key}");
        let mut request = request(Method::Get, "/views/v%20w/a%2Fb", &[]);
        assert!(request.decode_path().is_ok());
        assert_eq!(request.path, ["views", "v w", "a/b"]);
        assert!(matches!(found(Method::Get, "/"), Found::Route(_)));
        assert!(matches!(found(Method::Get, ""), Found::Route(_)));
        assert_eq!(answered(Method::Get, "/streams/%ff").status, 400);
    }

    #[test]
    fn unknown_parameters_are_refused_on_every_route() {
        for route in ROUTES {
            let method = || match route.verb {
                Verb::Get => Method::Get,
                Verb::Post => Method::Post,
                Verb::Delete => Method::Delete,
            };
            for query in ["nonsense=1", "=", "nonsense"] {
                let target = format!("{}?{query}", example(route));
                let response = answered(method(), &target);
                let text = String::from_utf8_lossy(&response.body).into_owned();
                assert_eq!(response.status, 400, "{target}");
                assert!(
                    text.contains("urn:annals:problem:unknown-parameter"),
                    "{text}"
                );
            }
            for parameter in route.parameters {
                let typo = format!("{}?{parameter}s=1", example(route));
                let response = answered(method(), &typo);
                let text = String::from_utf8_lossy(&response.body).into_owned();
                let nearest = format!("\"nearest\":[\"{parameter}\"");
                assert!(text.contains(&nearest), "{typo}: {text}");
            }
        }
    }

    #[test]
    fn a_parameter_is_given_once_unless_it_is_a_list() {
        let twice = answered(Method::Get, "/events?after=1&after=1");
        assert_eq!(twice.status, 400);
        let types = request(Method::Get, "/events?type=A&type=B&category=a", &[]);
        let Found::Route(route) = routes::find(&types) else {
            panic!("no route")
        };
        assert!(route.check_parameters(&types).is_ok());
    }

    #[test]
    fn what_depends_on_accept_says_so() {
        let varies: Vec<_> = ROUTES.iter().filter(|route| route.negotiated).collect();
        assert_eq!(varies.len(), 2);
        for route in varies {
            // A refusal depends on `Accept` too.
            let response = answered(Method::Get, &format!("{}?nonsense=1", route.path));
            assert_eq!(response.header("vary"), Some("Accept"), "{}", route.path);
        }
        assert_eq!(answered(Method::Get, "/nowhere").header("vary"), None);
    }

    #[test]
    fn refusals_are_readable_by_pages_that_may_call() {
        let origins = ["https://app.example".to_owned()];
        let sent = [("Origin", "https://app.example")];
        let mut request = request(Method::Get, "/nowhere", &sent);
        let Answer::Whole(response) = answer(&mut request, &origins, |_| Ok(Vec::new())) else {
            panic!("not whole")
        };
        let allowed = response.header("access-control-allow-origin");
        assert_eq!(
            (response.status, allowed),
            (404, Some("https://app.example"))
        );
    }
}
