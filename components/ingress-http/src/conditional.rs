//! Conditional requests (RFC 9110, section 13), and entity tags.

use crate::problem::Problem;
use crate::request::Request;
use crate::response::Response;
use wasip2::http::types::Method;

/// The value of `If-Match` or `If-None-Match`.
#[derive(Debug, PartialEq, Eq)]
pub enum Tags {
    /// `*`
    Any,
    Listed(Vec<Tag>),
}

/// An entity tag.
#[derive(Debug, PartialEq, Eq)]
pub struct Tag {
    pub weak: bool,
    /// The text between the quotes.
    pub opaque: String,
}

impl Tags {
    /// The tags of a header. `None` if the request does not have this header.
    pub fn of(request: &Request, name: &str) -> Result<Option<Self>, Problem> {
        let Some(list) = request.list(name)? else {
            return Ok(None);
        };
        match Self::parse(&list) {
            Some(tags) => Ok(Some(tags)),
            None => Err(Problem::bad_request(
                format!(
                    "`{name}` must be * or a list of quoted tags, such as \"7\", separated by commas"
                ),
                &format!("header {name}"),
            )),
        }
    }

    fn parse(list: &str) -> Option<Self> {
        if list.trim() == "*" {
            return Some(Self::Any);
        }
        let mut tags = Vec::new();
        let mut rest = list;
        loop {
            // Entries of a list may be empty.
            rest = rest.trim_start_matches([' ', '\t', ',']);
            if rest.is_empty() {
                return (!tags.is_empty()).then_some(Self::Listed(tags));
            }
            let (weak, quoted) = match rest.strip_prefix("W/") {
                Some(quoted) => (true, quoted),
                None => (false, rest),
            };
            let (opaque, behind) = quoted.strip_prefix('"')?.split_once('"')?;
            if opaque.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
                return None;
            }
            tags.push(Tag {
                weak,
                opaque: opaque.into(),
            });
            rest = behind.trim_start_matches([' ', '\t']);
            if !rest.is_empty() && !rest.starts_with(',') {
                return None;
            }
        }
    }

    /// Strong comparison: the tags must be identical, and a weak tag matches none.
    fn match_strongly(&self, tag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(tags) => tags.iter().any(|it| !it.weak && it.opaque == tag),
        }
    }

    /// Weak comparison: the weakness of a tag is ignored.
    fn match_weakly(&self, tag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(tags) => tags.iter().any(|it| it.opaque == tag),
        }
    }
}

/// Applies a read's conditions to its response: the response stays as it is, or becomes a 304 or 412.
pub fn apply_conditions(request: &Request, response: Response) -> Response {
    let reads = matches!(request.method, Method::Get | Method::Head);
    let tag = response.header("etag").map(|tag| tag.trim_matches('"'));
    let Some(tag) = tag.filter(|_| reads && response.status == 200) else {
        return response;
    };
    match Tags::of(request, "If-Match") {
        Err(problem) => return problem.into_response(),
        Ok(Some(tags)) if !tags.match_strongly(tag) => {
            let detail = format!("The resource now has the tag \"{tag}\".");
            let title = "The resource has another version than expected";
            return Problem::new(412, "precondition-failed", title, detail).into_response();
        }
        Ok(_) => {}
    }
    // An invalid `If-None-Match` is ignored: the client receives the whole response.
    match Tags::of(request, "If-None-Match") {
        Ok(Some(tags)) if tags.match_weakly(tag) => response.not_modified(),
        _ => response,
    }
}

/// A tag for a representation of a version or position. It contains a hash of the representation, because
/// changed code may represent the same number differently.
pub fn tag(number: u64, representation: &[&[u8]]) -> String {
    // 64-bit FNV-1a.
    let hash = representation
        .iter()
        .flat_map(|part| part.iter().chain(&[0xff]))
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
    format!("\"{number}-{hash:016x}\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::tests::{get, get_with};

    fn listed(tags: &[(bool, &str)]) -> Option<Tags> {
        let tags = tags.iter().map(|(weak, opaque)| Tag {
            weak: *weak,
            opaque: (*opaque).into(),
        });
        Some(Tags::Listed(tags.collect()))
    }

    #[test]
    fn tags_are_read_as_the_rfc_writes_them() {
        for (list, tags) in [
            ("*", Some(Tags::Any)),
            ("\"7\"", listed(&[(false, "7")])),
            ("\"6\", \"7\"", listed(&[(false, "6"), (false, "7")])),
            ("\"6\",\"7\"", listed(&[(false, "6"), (false, "7")])),
            (", \"6\" ,, W/\"7\" ,", listed(&[(false, "6"), (true, "7")])),
            ("\"a,b\"", listed(&[(false, "a,b")])),
            ("\"\"", listed(&[(false, "")])),
            ("7", None),
            ("\"7", None),
            ("\"6\" \"7\"", None),
            ("w/\"7\"", None),
            ("\"6 7\"", None),
            ("*, \"7\"", None),
            ("", None),
        ] {
            assert_eq!(Tags::parse(list), tags, "{list}");
        }
    }

    fn conditional(conditions: &[(&str, &str)]) -> Response {
        let response = Response::empty(200)
            .with_header("content-type", "application/json")
            .with_header("etag", "\"7\"");
        apply_conditions(&get_with("/x", conditions), response)
    }

    #[test]
    fn a_read_is_answered_by_its_conditions() {
        for (conditions, status) in [
            (&[][..], 200),
            (&[("If-None-Match", "\"7\"")], 304),
            (&[("If-None-Match", "W/\"7\"")], 304),
            (&[("If-None-Match", "\"6\", \"7\"")], 304),
            (
                &[("if-none-match", "\"6\""), ("if-none-match", "\"7\"")],
                304,
            ),
            (&[("If-None-Match", "*")], 304),
            (&[("If-None-Match", "\"77\"")], 200),
            (&[("If-None-Match", "7")], 200),
            (&[("If-Match", "\"7\"")], 200),
            (&[("If-Match", "\"6\", \"7\"")], 200),
            (&[("If-Match", "*")], 200),
            (&[("If-Match", "W/\"7\"")], 412),
            (&[("If-Match", "\"07\"")], 412),
            (&[("If-Match", "7")], 400),
            (&[("If-Match", "\"6\""), ("If-None-Match", "\"7\"")], 412),
            (&[("If-Match", "\"7\""), ("If-None-Match", "\"7\"")], 304),
        ] {
            assert_eq!(conditional(conditions).status, status, "{conditions:?}");
        }
    }

    #[test]
    fn what_is_not_modified_has_its_tag_and_no_content() {
        let response = conditional(&[("If-None-Match", "\"7\"")]);
        assert_eq!(response.header("etag"), Some("\"7\""));
        assert_eq!(response.header("content-type"), None);
        assert!(response.body.is_empty());
        assert!(!response.has_length());
    }

    #[test]
    fn what_has_no_tag_or_failed_has_no_conditions() {
        let request = get_with("/x", &[("If-Match", "\"1\"")]);
        assert_eq!(apply_conditions(&request, Response::empty(200)).status, 200);
        let failed = Response::empty(404).with_header("etag", "\"7\"");
        assert_eq!(apply_conditions(&request, failed).status, 404);
        let plain = Response::empty(200).with_header("etag", "\"7\"");
        assert_eq!(apply_conditions(&get("/x"), plain).status, 200);
    }

    #[test]
    fn representations_of_one_number_have_tags_of_their_own() {
        assert_eq!(tag(7, &[b"a", b"b"]), tag(7, &[b"a", b"b"]));
        assert_ne!(tag(7, &[b"a", b"b"]), tag(7, &[b"a", b"c"]));
        assert_ne!(tag(7, &[b"ab", b""]), tag(7, &[b"a", b"b"]));
        assert_ne!(tag(7, &[b"a"]), tag(8, &[b"a"]));
    }
}
