//! The header `Accept` (RFC 9110, section 12.5.1).

use crate::request::Request;

/// Quality of a media range without a `q`, in thousandths.
const WHOLE_QUALITY: u16 = 1000;

/// Whether the client prefers this media type to JSON. At equal quality the client must have named the type,
/// because `*/*` comes from programs that accept anything. A client that accepts neither receives JSON.
pub fn prefers(request: &Request, media_type: &str) -> bool {
    let accept: Vec<&str> = request.all_values("accept").collect();
    prefers_in(&accept.join(","), media_type)
}

fn prefers_in(accept: &str, media_type: &str) -> bool {
    let special = wish(accept, media_type);
    let json = wish(accept, "application/json");
    special.quality > json.quality
        || (special.is_named && special.quality == json.quality && special.quality > 0)
}

/// The client's preference for a media type.
#[derive(Clone, Copy, Default)]
struct Wish {
    /// In thousandths; 0 means not acceptable.
    quality: u16,
    /// The client named the type itself and not a range.
    is_named: bool,
}

/// The preference for a media type, from the most specific range that matches it.
fn wish(accept: &str, media_type: &str) -> Wish {
    let kind = media_type.split('/').next().unwrap_or_default();
    let (mut found, mut closest) = (Wish::default(), 0);
    for entry in accept.split(',') {
        let mut parts = entry.split(';').map(str::trim);
        let range = parts.next().unwrap_or_default();
        let is_named = range.eq_ignore_ascii_case(media_type);
        let closeness = if is_named {
            3
        } else if range
            .strip_suffix("/*")
            .is_some_and(|of| of.eq_ignore_ascii_case(kind))
        {
            2
        } else if range == "*/*" {
            1
        } else {
            continue;
        };
        if closeness > closest {
            closest = closeness;
            let quality = parts.find_map(quality).unwrap_or(WHOLE_QUALITY);
            found = Wish { quality, is_named };
        }
    }
    found
}

/// The value of a parameter `q`, in thousandths. `None` for other parameters and invalid values.
fn quality(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim_end().eq_ignore_ascii_case("q") {
        return None;
    }
    let value = value.trim();
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths = fraction
        .bytes()
        .chain(*b"000")
        .take(3)
        .fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    match whole {
        "0" => Some(thousandths),
        "1" if thousandths == 0 => Some(WHOLE_QUALITY),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_for_those_who_want_it_more_than_json() {
        for (accept, page) in [
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                true,
            ),
            ("text/html", true),
            ("TEXT/HTML", true),
            ("text/html, application/json", true),
            ("text/*", true),
            ("text/html;q=0.5, application/json;q=0.4", true),
            ("text/html;q=0.4, application/json;q=0.5", false),
            ("application/json, text/html;q=0.9", false),
            ("text/html;q=0", false),
            ("text/html;q=0.000, */*;q=0.1", false),
            ("*/*;q=0.1, text/html; q=0", false),
            ("*/*", false),
            ("application/json, text/plain, */*", false),
            ("image/png", false),
            ("text/html;q=0, application/json;q=0", false),
            ("application/json;q=0, */*", true),
            ("text/html;level=1;q=0.3, application/json;q=0.2", true),
            ("text/html;q=high, application/json;q=0.9", true),
            ("", false),
        ] {
            assert_eq!(prefers_in(accept, "text/html"), page, "{accept}");
        }
    }

    #[test]
    fn a_stream_is_for_those_who_name_it() {
        for (accept, stream) in [
            ("text/event-stream", true),
            ("text/event-stream, */*;q=0.1", true),
            ("application/json, text/event-stream", true),
            ("text/event-stream;q=0", false),
            ("application/json, text/event-stream;q=0.5", false),
            ("*/*", false),
        ] {
            assert_eq!(prefers_in(accept, "text/event-stream"), stream, "{accept}");
        }
    }

    #[test]
    fn qualities_have_three_digits_at_most() {
        for (parameter, expected) in [
            ("q=1", Some(1000)),
            ("q=1.000", Some(1000)),
            ("Q = 0.25", Some(250)),
            ("q=0.", Some(0)),
            ("q=0", Some(0)),
            ("q=1.001", None),
            ("q=2", None),
            ("q=0.1234", None),
            ("q=-1", None),
            ("q=", None),
            ("level=1", None),
            ("q", None),
        ] {
            assert_eq!(quality(parameter), expected, "{parameter}");
        }
    }
}
