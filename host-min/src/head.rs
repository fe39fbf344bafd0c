//! Checks the head of a request before anything else happens with it.

use std::net::SocketAddr;

use hyper::header::{HOST, HeaderValue};
use hyper::http::uri::Authority;
use hyper::{Request, Version};

use crate::problem::Problem;

/// Requires exactly one legal `Host` header (RFC 9112, section 3.2). HTTP/1.0 does not require the
/// header: without it the request is for the host at `address`, and the guest gets that address as
/// its `Host`.
pub fn check<B>(request: &mut Request<B>, address: Option<SocketAddr>) -> Result<(), Problem> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let problem = match (hosts.next(), hosts.next()) {
        (Some(host), None) if is_legal(host) => return Ok(()),
        (Some(_), None) => "the Host header is not a host name with an optional port",
        (Some(_), Some(_)) => "there is more than one Host header",
        (None, _) if request.version() < Version::HTTP_11 => {
            let host = address.and_then(|address| address.to_string().try_into().ok());
            let host = host.unwrap_or_else(|| HeaderValue::from_static("localhost"));
            request.headers_mut().insert(HOST, host);
            return Ok(());
        }
        (None, _) => "a Host header is missing",
    };
    Err(Problem::bad_request(problem))
}

fn is_legal(host: &HeaderValue) -> bool {
    let Ok(authority) = Authority::try_from(host.as_bytes()) else {
        return false;
    };
    let Some(port) = authority.as_str().strip_prefix(authority.host()) else {
        // The authority begins with user information, which `Host` does not allow.
        return false;
    };
    let legal_port = |port: &str| {
        let digits = port.bytes().all(|byte| byte.is_ascii_digit());
        digits && (port.is_empty() || port.parse::<u16>().is_ok())
    };
    !authority.host().is_empty()
        && (port.is_empty() || port.strip_prefix(':').is_some_and(legal_port))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(version: Version, hosts: &[&str]) -> Option<Request<()>> {
        let mut request = Request::new(());
        *request.version_mut() = version;
        for host in hosts {
            let host = HeaderValue::from_str(host).expect("a header's value");
            request.headers_mut().append(HOST, host);
        }
        let address = "127.0.0.1:8080".parse().ok();
        check(&mut request, address).is_ok().then_some(request)
    }

    #[test]
    fn http_1_1_has_one_legal_host() {
        for host in [
            "shop.example",
            "localhost:8080",
            "127.0.0.1",
            "[::1]:80",
            "shop.example:",
        ] {
            assert!(checked(Version::HTTP_11, &[host]).is_some(), "{host}");
            assert!(checked(Version::HTTP_10, &[host]).is_some(), "{host}");
        }
        for host in [
            "",
            "a b",
            "a/b",
            "user@shop.example",
            "shop.example:http",
            "a:99999",
            ":80",
            "[::1",
            "a:1:2",
        ] {
            assert!(checked(Version::HTTP_11, &[host]).is_none(), "{host}");
            assert!(checked(Version::HTTP_10, &[host]).is_none(), "{host}");
        }
        for version in [Version::HTTP_10, Version::HTTP_11] {
            assert!(checked(version, &["a", "a"]).is_none());
            assert!(checked(version, &["a", "b"]).is_none());
        }
        assert!(checked(Version::HTTP_11, &[]).is_none());
    }

    #[test]
    fn http_1_0_may_leave_it_out() {
        let request = checked(Version::HTTP_10, &[]).expect("taken");
        let host = request.headers().get(HOST);
        assert_eq!(
            host.map(HeaderValue::as_bytes),
            Some(&b"127.0.0.1:8080"[..])
        );
    }
}
