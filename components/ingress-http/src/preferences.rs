//! The header `Prefer` (RFC 7240).

use crate::wire::Request;

/// Longest wait, in seconds.
pub const MAX_WAIT: u32 = 60;

/// How many seconds the client waits for reactions. What is not understood is no preference, as
/// the RFC has it; of several waits the first one counts.
pub fn wait(request: &Request) -> Option<u32> {
    let wait = request.all_values("Prefer").find_map(first_wait)?;
    Some(wait.min(MAX_WAIT))
}

/// The first readable `wait` among the preferences of one header. Parameters after a semicolon say
/// nothing about it.
fn first_wait(header: &str) -> Option<u32> {
    header.split(',').find_map(|preference| {
        let preference = preference.split(';').next()?;
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
        // More digits than a number holds: more than the longest wait.
        decimal.then(|| value.parse().unwrap_or(u32::MAX))
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
            ("wait=99999999999999999999", Some(u32::MAX)),
            ("wait", None),
            ("wait=", None),
            ("wait=soon", None),
            ("wait=-1", None),
            ("await=4", None),
            ("", None),
        ] {
            assert_eq!(first_wait(header), wait, "{header}");
        }
    }
}
