//! Cross-origin access for browsers (WHATWG Fetch, CORS): `[http] cors` in the manifest lists the permitted
//! origins. The routes below `/admin/` are for operators and are never granted to other origins.

use crate::request::Request;

/// Response headers that scripts may read, in addition to those that they always may.
const EXPOSED: &str = "ETag, Annals-Attempts, Preference-Applied, Retry-After, Allow";
/// Seconds for which a browser may cache the answer to a preflight.
const MAX_AGE_SECONDS: &str = "600";

type Headers = Vec<(&'static str, String)>;

/// The CORS headers of every response.
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

/// The additional headers of an answer to a preflight: an `OPTIONS` request that a browser sends before the
/// request itself.
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
        ("access-control-max-age", MAX_AGE_SECONDS.into()),
    ];
    // Permit all request headers: the application ignores unknown ones.
    let wanted: Vec<&str> = request
        .all_values("access-control-request-headers")
        .collect();
    if !wanted.is_empty() {
        headers.push(("access-control-allow-headers", wanted.join(", ")));
    }
    headers
}

/// The request's origin, if it is permitted.
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

    fn granted(path: &str, origin: Option<&str>, origins: &[&str]) -> Headers {
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
        assert!(granted("/events", Some(OURS), &[]).is_empty());
        let ours = granted("/events", Some(OURS), &["http://localhost:3000", OURS]);
        assert_eq!(origin_of(&ours), Some(OURS));
        for other in [
            "https://app.example.net",
            "https://APP.example",
            "http://app.example",
            "null",
        ] {
            let others = granted("/events", Some(other), &[OURS]);
            assert_eq!(origin_of(&others), None, "{other}");
        }
        // A cache must separate answers to different origins, including requests without one.
        for origin in [Some(OURS), Some("https://other.example"), None] {
            let granted = granted("/events", origin, &[OURS]);
            assert!(granted.contains(&("vary", "Origin".into())), "{origin:?}");
        }
        assert_eq!(
            origin_of(&granted("/events", Some("null"), &["*"])),
            Some("*")
        );
    }

    #[test]
    fn nothing_for_operators_is_allowed() {
        for path in ["/admin/reactions", "/admin/pump"] {
            assert!(granted(path, Some(OURS), &[OURS]).is_empty());
            assert!(granted(path, Some(OURS), &["*"]).is_empty());
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
        let granted = preflight(&asked, &[OURS.into()], "POST, OPTIONS");
        for header in [
            ("access-control-allow-methods", "POST, OPTIONS"),
            (
                "access-control-allow-headers",
                "content-type,idempotency-key",
            ),
            ("access-control-max-age", "600"),
        ] {
            assert!(
                granted.contains(&(header.0, header.1.into())),
                "{granted:?}"
            );
        }
        assert!(preflight(&asked, &["https://other.example".into()], "POST").is_empty());
        let plain = request(Method::Options, "/commands/Count", &sent[..1]);
        assert!(preflight(&plain, &[OURS.into()], "POST").is_empty());
    }
}
