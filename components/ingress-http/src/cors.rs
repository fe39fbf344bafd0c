//! Which pages of other origins may call from a browser (WHATWG Fetch, CORS): those of `[http] cors` in the
//! manifest. Never what operators do: nothing below `/admin/` is granted to other origins.

use crate::request::Request;

/// Headers of answers that scripts may read, beside those that they always may.
const EXPOSED: &str = "ETag, Annals-Attempts, Preference-Applied, Retry-After, Allow";
/// Seconds for which a browser need not ask again.
const MAX_AGE: &str = "600";

type Headers = Vec<(&'static str, String)>;

/// What every answer says of origins.
pub fn headers(request: &Request, origins: &[String]) -> Headers {
    if origins.is_empty() || is_for_operators(request) {
        return Vec::new();
    }
    if origins.iter().any(|origin| origin == "*") {
        return vec![
            ("access-control-allow-origin", "*".into()),
            ("access-control-expose-headers", EXPOSED.into()),
        ];
    }
    let mut headers = vec![("vary", "Origin".to_owned())];
    if let Some(origin) = allowed(request, origins) {
        headers.push(("access-control-allow-origin", origin.into()));
        headers.push(("access-control-expose-headers", EXPOSED.into()));
    }
    headers
}

/// What the answer to `OPTIONS` adds, if a browser asks before it sends the request itself.
pub fn preflight(request: &Request, origins: &[String], methods: &str) -> Headers {
    let asks = request
        .all_values("access-control-request-method")
        .next()
        .is_some();
    if !asks || is_for_operators(request) || allowed(request, origins).is_none() {
        return Vec::new();
    }
    let mut headers = vec![
        ("access-control-allow-methods", methods.to_owned()),
        ("access-control-max-age", MAX_AGE.into()),
    ];
    // Whoever may call may send what the application does not know: it is passed over.
    let wanted: Vec<&str> = request
        .all_values("access-control-request-headers")
        .collect();
    if !wanted.is_empty() {
        headers.push(("access-control-allow-headers", wanted.join(", ")));
    }
    headers
}

/// The request's origin, if it is one of those.
fn allowed<'a>(request: &'a Request, origins: &[String]) -> Option<&'a str> {
    let origin = request.all_values("origin").next()?;
    let known = |allowed: &String| allowed == "*" || allowed == origin;
    origins.iter().any(known).then_some(origin)
}

fn is_for_operators(request: &Request) -> bool {
    request.segments().first().is_some_and(|it| it == "admin")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::tests::{get_with, request};
    use wasip2::http::types::Method;

    const OURS: &str = "https://app.example";

    fn told(path: &str, origin: Option<&str>, origins: &[&str]) -> Headers {
        let origins: Vec<_> = origins.iter().map(ToString::to_string).collect();
        let sent: Vec<_> = origin
            .map(|origin| ("Origin", origin))
            .into_iter()
            .collect();
        headers(&get_with(path, &sent), &origins)
    }

    fn origin_of(headers: &Headers) -> Option<&str> {
        let found = headers
            .iter()
            .find(|(name, _)| *name == "access-control-allow-origin");
        found.map(|(_, value)| value.as_str())
    }

    #[test]
    fn only_origins_of_the_manifest_are_allowed() {
        assert!(told("/events", Some(OURS), &[]).is_empty());
        let ours = told("/events", Some(OURS), &["http://localhost:3000", OURS]);
        assert_eq!(origin_of(&ours), Some(OURS));
        for other in [
            "https://app.example.net",
            "https://APP.example",
            "http://app.example",
            "null",
        ] {
            let others = told("/events", Some(other), &[OURS]);
            assert_eq!(origin_of(&others), None, "{other}");
        }
        // A cache must keep answers to different origins apart, also those to none.
        for origin in [Some(OURS), Some("https://other.example"), None] {
            let told = told("/events", origin, &[OURS]);
            assert!(told.contains(&("vary", "Origin".into())), "{origin:?}");
        }
        assert_eq!(origin_of(&told("/events", Some("null"), &["*"])), Some("*"));
    }

    #[test]
    fn nothing_for_operators_is_allowed() {
        for path in ["/admin/reactions", "/admin/pump"] {
            assert!(told(path, Some(OURS), &[OURS]).is_empty());
            assert!(told(path, Some(OURS), &["*"]).is_empty());
        }
    }

    #[test]
    fn a_preflight_is_told_methods_and_headers() {
        let sent = [
            ("Origin", OURS),
            ("Access-Control-Request-Method", "POST"),
            (
                "Access-Control-Request-Headers",
                "content-type,idempotency-key",
            ),
        ];
        let asked = request(Method::Options, "/commands/Count", &sent);
        let told = preflight(&asked, &[OURS.into()], "POST, OPTIONS");
        for header in [
            ("access-control-allow-methods", "POST, OPTIONS"),
            (
                "access-control-allow-headers",
                "content-type,idempotency-key",
            ),
            ("access-control-max-age", "600"),
        ] {
            assert!(told.contains(&(header.0, header.1.into())), "{told:?}");
        }
        assert!(preflight(&asked, &["https://other.example".into()], "POST").is_empty());
        let plain = request(Method::Options, "/commands/Count", &sent[..1]);
        assert!(preflight(&plain, &[OURS.into()], "POST").is_empty());
    }
}
