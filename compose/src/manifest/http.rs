//! `[http]`.

use serde::Deserialize;

/// `[http]`
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Http {
    /// Origins whose pages may call the application from browsers; `*` allows any.
    pub cors: Vec<String>,
}

/// True if this is an origin as browsers send it, `scheme://host` or `scheme://host:port`, or `*`.
/// The comparison is exact, so an origin with a path or an upper-case letter would never match.
pub(super) fn is_origin(text: &str) -> bool {
    if text == "*" {
        return true;
    }
    let Some((scheme, authority)) = text.split_once("://") else {
        return false;
    };
    let (host, port) = match authority.rsplit_once(':') {
        // The colons of an IPv6 address are in brackets.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    };
    let default_port = match scheme {
        "http" => "80",
        "https" => "443",
        _ => "",
    };
    let legal_port = |port: &str| {
        let number = port.parse::<u16>().ok();
        number.is_some_and(|number| number.to_string() == port) && port != default_port
    };
    let lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let address = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let legal_host = match address {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(|b| lower(b) || b"-._".contains(&b)),
    };
    scheme.starts_with(|first: char| first.is_ascii_lowercase())
        && scheme.bytes().all(|b| lower(b) || b"+-.".contains(&b))
        && legal_host
        && port.is_none_or(legal_port)
}

#[cfg(test)]
mod tests {
    use super::is_origin;

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        for origin in [
            "*",
            "https://shop.example",
            "http://localhost:3000",
            "http://127.0.0.1:8080",
            "http://[::1]:5173",
            "http://[::1]",
            "capacitor://localhost",
        ] {
            assert!(is_origin(origin), "{origin}");
        }
        for other in [
            "",
            "shop.example",
            "https://",
            "https://shop.example/",
            "https://shop.example/app",
            "https://Shop.example",
            "https://shop.example:443",
            "http://shop.example:080",
            "https://shop.example:",
            "https://*.example",
            "https://user@shop.example",
            "null",
            "://x",
        ] {
            assert!(!is_origin(other), "{other}");
        }
    }
}
