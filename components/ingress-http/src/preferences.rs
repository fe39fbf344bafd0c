//! The header `Prefer` (RFC 7240). Hosts do not parse it: they read the result in [`HOST`].

use crate::request::Request;

/// Upper limit of a wait, in seconds.
pub const MAX_WAIT_SECONDS: u32 = 60;

/// The header by which this component delegates a wait to the host.
///
/// In a request, `Annals-Wait: host` tells that the host waits on clients' behalf, without occupying an
/// instance. This component then answers a command at once, and `Annals-Wait: position=1024, seconds=5` in
/// its answer asks the host to wait. The host polls `GET /admin/progress` until every reaction has reached
/// the position or is not due, or until the time is over. Then the host removes the header. If reactions lag,
/// it answers 202 with their names in `lagging`. The host removes this header from clients' requests.
///
/// This component answers a read of a view that is behind with 503 and `Annals-Wait: position=1024, seconds=5,
/// reaction=balances`. The host waits for that reaction alone. Then it asks this component again, or, if the time
/// is over, passes on the answer.
pub const HOST: &str = "Annals-Wait";

/// The seconds that the client waits for reactions. As the RFC demands, an invalid preference is ignored, and
/// the first of several waits counts.
pub fn wait(request: &Request) -> Option<u32> {
    let wait = request.all_values("Prefer").find_map(first_wait)?;
    Some(wait.min(MAX_WAIT_SECONDS))
}

/// Whether the host waits instead of this component.
pub fn host_waits(request: &Request) -> bool {
    request.all_values(HOST).any(|value| value == "host")
}

/// The first valid `wait` among the preferences of one header. Parameters after a semicolon are ignored.
fn first_wait(header: &str) -> Option<u32> {
    split(header, ',').find_map(|preference| {
        let preference = split(preference, ';').next()?;
        let (name, value) = preference.split_once('=')?;
        if !name.trim().eq_ignore_ascii_case("wait") {
            return None;
        }
        let value = value.trim();
        let value = value
            .strip_prefix('"')
            .and_then(|rest| rest.strip_suffix('"'))
            .unwrap_or(value);
        let decimal = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
        // A number that overflows is longer than the longest wait.
        decimal.then(|| value.parse().unwrap_or(u32::MAX))
    })
}

/// Splits a text at separators outside of quoted strings.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let mut escaped = false;
    text.split(move |character| {
        let inside = quoted;
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        character == separator && !inside
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_found_among_other_preferences() {
        for (header, wait) in [
            ("wait=5", Some(5)),
            ("respond-async, wait=10", Some(10)),
            ("WAIT = 3; foo=bar", Some(3)),
            ("return=minimal, wait=\"7\", wait=9", Some(7)),
            ("wait=0", Some(0)),
            ("wait=9007199254740991", Some(u32::MAX)),
            ("wait=99999999999999999999", Some(u32::MAX)),
            ("foo; wait=4, wait=6", Some(6)),
            ("foo=\"a, wait=4\", wait=6", Some(6)),
            ("foo=\"a\\\", wait=4\";wait=5", None),
            ("wait", None),
            ("wait=", None),
            ("wait=soon", None),
            ("wait=soon, wait=2", Some(2)),
            ("wait=-1", None),
            ("await=4", None),
            ("", None),
        ] {
            assert_eq!(first_wait(header), wait, "{header}");
        }
    }
}
