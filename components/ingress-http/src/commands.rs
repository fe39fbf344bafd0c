//! Commands: converts headers to a request, and outcomes to responses.

use crate::about;
use crate::annals::es::delivery;
use crate::annals::es::event_store::Conflict;
use crate::annals::es::sourcer::{Accepted, Request as Submission, SubmitError};
use crate::annals::es::types::Precondition;
use crate::application;
use crate::cloud_command;
use crate::conditional::{Tag, Tags};
use crate::preferences;
use crate::problem::Problem;
use crate::request::{Request, digits};
use crate::response::Response;
use crate::submission;
use serde::Serialize;

/// `POST /commands/{type}`: the payload is the body.
pub fn submit(request: &Request) -> Result<Response, Problem> {
    let mut submission = submission::from_headers(request)?;
    submission.command_type = request.path.get(1).cloned().unwrap_or_default();
    submission.payload.clone_from(&request.body);
    carry_out(request, submission)
}

/// `POST /commands`: the command is a CloudEvent.
pub fn submit_event(request: &Request) -> Result<Response, Problem> {
    carry_out(request, cloud_command::submission(request)?)
}

fn carry_out(request: &Request, mut submission: Submission) -> Result<Response, Problem> {
    let expected = Expected::of(request)?;
    submission.expected = expected.first();
    let command_type = submission.command_type.clone();
    let submitted = loop {
        let submitted = application::submit(&submission);
        let Err(SubmitError::PreconditionFailed(conflict)) = &submitted else {
            break submitted;
        };
        match expected.next(*conflict) {
            Some(next) => submission.expected = Some(Precondition::At(next)),
            None => return Err(expected.problem(*conflict)),
        }
    };
    match submitted {
        Ok(accepted) => match preferences::wait(request) {
            Some(seconds) => Ok(after_reactions(request, &accepted, seconds)),
            None => Ok(Response::json(200, &outcome(&accepted, Vec::new())).with_tags(&accepted)),
        },
        Err(error) => Err(match error {
            SubmitError::UnknownCommand(near) => Problem::not_found(
                "unknown-command",
                "No decider handles this command",
                format!("No decider handles `{command_type}`."),
                near,
            ),
            SubmitError::Malformed(malformed) => Problem::malformed(malformed),
            SubmitError::Rejected(refused) => Problem::rejected(refused),
            SubmitError::PreconditionFailed(conflict) => expected.problem(conflict),
            SubmitError::Conflict(conflict) => Problem::conflict(conflict),
            SubmitError::IdReused(id) => Problem::id_reused(id),
            SubmitError::Fault(fault) => Problem::handler_fault(&fault),
            SubmitError::Store(error) => Problem::store(error),
        }),
    }
}

/// The answer to an accepted command.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Outcome<'a> {
    command_id: &'a str,
    stream: &'a str,
    version: u64,
    position: u64,
    events: Vec<Event<'a>>,
    duplicate: bool,
    /// Reactions that had not dealt with the events when the wait ended.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lagging: Vec<String>,
}

#[derive(Serialize)]
struct Event<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    event_type: &'a str,
    version: u64,
}

fn outcome(accepted: &Accepted, lagging: Vec<String>) -> Outcome<'_> {
    let appended = &accepted.appended;
    let events = appended.events.iter().map(|event| Event {
        id: &event.id,
        event_type: &event.event_type,
        version: event.version,
    });
    Outcome {
        command_id: &accepted.command_id,
        stream: &accepted.stream,
        version: appended.version,
        position: appended.position,
        events: events.collect(),
        duplicate: accepted.duplicate,
        lagging,
    }
}

/// Answers when all reactions have dealt with the command's events, or with 202 when the time is over. The
/// command has taken effect in either case, so a store that fails here makes all reactions lag and causes no
/// error.
fn after_reactions(request: &Request, accepted: &Accepted, seconds: u32) -> Response {
    let position = accepted.appended.position;
    if preferences::host_waits(request) {
        let answer = waited(accepted, seconds, Vec::new());
        // A command without events needs no wait.
        return match position {
            0 => answer,
            _ => answer.with_header(
                preferences::HOST,
                format!("position={position}, seconds={seconds}"),
            ),
        };
    }
    let lagging = match position {
        0 => Vec::new(),
        _ => delivery::wait(position, request.longest_wait(seconds)).unwrap_or_else(|_| {
            let about = application::about();
            about::reactions(&about)
                .map(|(_, reaction)| reaction.name.clone())
                .collect()
        }),
    };
    waited(accepted, seconds, lagging)
}

fn waited(accepted: &Accepted, seconds: u32, lagging: Vec<String>) -> Response {
    let status = if lagging.is_empty() { 200 } else { 202 };
    Response::json(status, &outcome(accepted, lagging))
        .with_tags(accepted)
        .with_header("preference-applied", format!("wait={seconds}"))
}

impl Response {
    fn with_tags(self, accepted: &Accepted) -> Self {
        self.with_header("etag", format!("\"{}\"", accepted.appended.version))
            .with_header("annals-attempts", accepted.attempts.to_string())
    }
}

/// The precondition in `If-Match` or `If-None-Match`.
#[derive(Debug)]
enum Expected {
    Anything,
    This(Precondition),
    /// The stream must be at one of these versions. Empty if no listed tag is the tag of a version.
    OneOf(Vec<u64>),
}

/// A version that no stream reaches, for lists without the tag of a version.
const NO_VERSION: u64 = u64::MAX;

impl Expected {
    fn of(request: &Request) -> Result<Self, Problem> {
        let if_match = Tags::of(request, "If-Match")?;
        let if_none_match = Tags::of(request, "If-None-Match")?;
        match (if_match, if_none_match) {
            (None, None) => Ok(Self::Anything),
            (None, Some(Tags::Any)) => Ok(Self::This(Precondition::NoStream)),
            (Some(Tags::Any), None) => Ok(Self::This(Precondition::StreamExists)),
            (Some(Tags::Listed(tags)), None) => {
                Ok(Self::OneOf(tags.iter().filter_map(version).collect()))
            }
            (None, Some(Tags::Listed(_))) => Err(Problem::bad_request(
                "`If-None-Match` of a command must be *",
                "header If-None-Match",
            )),
            (Some(_), Some(_)) => Err(Problem::bad_request(
                "`If-Match` and `If-None-Match` exclude each other",
                "header If-None-Match",
            )),
        }
    }

    /// The precondition of the first submission.
    fn first(&self) -> Option<Precondition> {
        match self {
            Self::Anything => None,
            Self::This(precondition) => Some(*precondition),
            Self::OneOf(versions) => Some(Precondition::At(
                versions.iter().copied().max().unwrap_or(NO_VERSION),
            )),
        }
    }

    /// The version of the next submission after a failed one: the stream may be at another listed version.
    /// `None` if the decider's own precondition failed.
    fn next(&self, failed: Conflict) -> Option<u64> {
        let (Self::OneOf(versions), Precondition::At(tried)) = (self, failed.expected) else {
            return None;
        };
        let listed = |version| versions.contains(&version);
        (listed(tried) && listed(failed.actual) && tried != failed.actual).then_some(failed.actual)
    }

    fn problem(&self, conflict: Conflict) -> Problem {
        match self {
            Self::OneOf(versions)
                if versions.len() != 1 && matches!(conflict.expected, Precondition::At(_)) =>
            {
                Problem::no_version_matches(versions, conflict.actual)
            }
            _ => Problem::precondition_failed(conflict),
        }
    }
}

/// The version of a strong tag: `"7"`, or the tag of a state, `"7-…"`. The comparison is exact: `"07"` is not
/// the tag of version 7.
fn version(tag: &Tag) -> Option<u64> {
    let number = tag.opaque.split('-').next()?;
    let version = digits(number).filter(|_| !tag.weak)?;
    (version.to_string() == number).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::tests::get_with;

    fn expected(headers: &[(&str, &str)]) -> String {
        match Expected::of(&get_with("/", headers)) {
            Ok(expected) => format!("{expected:?}"),
            Err(_) => "refused".into(),
        }
    }

    #[test]
    fn tags_of_versions_are_compared_exactly() {
        for (if_match, demanded) in [
            ("\"7\"", "OneOf([7])"),
            ("\"6\", \"7\"", "OneOf([6, 7])"),
            ("W/\"6\", \"7\"", "OneOf([7])"),
            ("\"7-0123456789abcdef\"", "OneOf([7])"),
            ("W/\"7\"", "OneOf([])"),
            ("\"07\"", "OneOf([])"),
            ("\"+7\"", "OneOf([])"),
            ("\"\"", "OneOf([])"),
            ("\"two\"", "OneOf([])"),
            ("\"18446744073709551616\"", "OneOf([])"),
            ("*", "This(Precondition::StreamExists)"),
            ("7", "refused"),
            ("\"7", "refused"),
        ] {
            assert_eq!(expected(&[("If-Match", if_match)]), demanded, "{if_match}");
        }
        let none = |tag| expected(&[("If-None-Match", tag)]);
        assert_eq!(none("*"), "This(Precondition::NoStream)");
        assert_eq!(none("\"7\""), "refused");
        let lines = [("If-Match", "\"6\""), ("If-Match", "\"7\"")];
        assert_eq!(expected(&lines), "OneOf([6, 7])");
        let both = [("If-Match", "*"), ("If-None-Match", "*")];
        assert_eq!(expected(&both), "refused");
        assert_eq!(expected(&[]), "Anything");
    }

    #[test]
    fn every_version_of_a_list_has_its_turn_and_none_twice() {
        let demanded = Expected::OneOf(vec![4, 9, 6]);
        let failed = |expected, actual| demanded.next(Conflict { expected, actual });
        let at = Precondition::At;
        assert!(matches!(demanded.first(), Some(Precondition::At(9))));
        assert_eq!(failed(at(9), 4), Some(4));
        assert_eq!(failed(at(4), 6), Some(6));
        assert_eq!(failed(at(6), 7), None);
        assert_eq!(failed(at(9), 9), None);
        // The decider's own preconditions.
        assert_eq!(failed(Precondition::NoStream, 4), None);
        assert_eq!(failed(at(5), 4), None);
        let nothing = Expected::OneOf(Vec::new());
        let first = nothing.first();
        assert!(matches!(first, Some(Precondition::At(NO_VERSION))));
    }
}
