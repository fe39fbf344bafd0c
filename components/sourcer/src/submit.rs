//! Execution of one command, from request to outcome.

use crate::annals::es::event_store::{
    AppendError, AppendRequest, Appended, Claim, Conflict, Head, Outcome, StoreError,
};
use crate::annals::es::types::{
    Command, Context, DecideError, Decision, Event, Metadata, NewEvent, Precondition, Rejection,
};
use crate::exports::annals::es::sourcer::{Accepted, HandlerFault, Refused, Request, SubmitError};
use crate::outside::{deciders, event_store, now, randoms};
use crate::rehydrate::{self, Loaded};
use crate::routes::{self, Origin, Route};
use crate::{fingerprint, ids, output, sessions, snapshots};

/// Upper limit of decisions on one command. If all of them meet a concurrent write, the command fails with a
/// conflict.
const MAX_DECISIONS: u32 = 64;

pub fn submit(request: Request, origin: Origin) -> Result<Accepted, SubmitError> {
    let Some(route) = routes::route(&request.command_type, origin) else {
        return Err(SubmitError::UnknownCommand(routes::near(
            &request.command_type,
        )));
    };
    if let Some(id) = &request.command_id {
        ids::check(id, origin)
            .map_err(|message| SubmitError::Store(StoreError::Invalid(message)))?;
    }
    // Takes the snapshot of the previous command, if the ingress did not report that command's answer.
    snapshots::take_due();
    let record_precondition_failure = match origin {
        Origin::Outside => false,
        Origin::Process {
            record_precondition_failure,
        } => record_precondition_failure,
    };
    Execution::new(request, route, record_precondition_failure)?.run()
}

/// A command, and everything that stays the same over its repeated decisions.
struct Execution {
    route: Route,
    command: Command,
    context: Context,
    metadata: Metadata,
    stream: String,
    /// Seed of the command's appends. The sum with the number of the decision is unique to one append.
    append_seed: u64,
    /// The caller chose the command's id, so an outcome under this id must be found again.
    has_idempotency_key: bool,
    expected: Option<Precondition>,
    /// The failure of a precondition is recorded as the command's outcome.
    record_precondition_failure: bool,
    /// Number of decisions so far.
    count: u32,
    /// The session was assumed to be at the stream's end without a read, and the command's id to be new. Only an append proves
    /// the assumptions.
    unproved: bool,
    /// The session failed to fold events and must not be used again.
    session_invalid: bool,
}

impl Execution {
    fn new(
        request: Request,
        route: Route,
        record_precondition_failure: bool,
    ) -> Result<Self, SubmitError> {
        let has_idempotency_key = request.command_id.is_some();
        let [seed, append_seed, high, low] = randoms();
        let id = request
            .command_id
            .unwrap_or_else(|| format!("{high:016x}{low:016x}"));
        let command = Command {
            id: id.clone(),
            command_type: request.command_type,
            content_type: request.content_type,
            payload: request.payload,
        };
        let stream = deciders::stream_id(route.index, &command)
            .map_err(|error| refuse(&route, &command.id, error, false))?;
        let inside = stream
            .strip_prefix(&route.decider.category)
            .and_then(|rest| rest.strip_prefix('-'))
            .is_some_and(|id| !id.is_empty());
        if !inside {
            let message = format!(
                "the decider named the stream `{stream}`, which is outside of its category `{}`",
                route.decider.category
            );
            return Err(fault(&route, message));
        }
        Ok(Self {
            context: Context {
                now: now(),
                seed,
                actor: request.actor.clone(),
                extensions: request.extensions.clone(),
            },
            metadata: Metadata {
                command_id: id.clone(),
                command_type: command.command_type.clone(),
                correlation_id: request.correlation_id.unwrap_or_else(|| id.clone()),
                causation_id: request.causation_id.unwrap_or(id),
                actor: request.actor,
                traceparent: request.traceparent,
                extensions: request.extensions,
            },
            route,
            command,
            stream,
            append_seed,
            has_idempotency_key,
            expected: request.expected,
            record_precondition_failure,
            count: 0,
            unproved: false,
            session_invalid: false,
        })
    }

    fn run(mut self) -> Result<Accepted, SubmitError> {
        let mut loaded = self.load()?;
        let mut result = self.decide(&mut loaded);
        // A fault leaves the handler's session in an unknown state, so the session is not cached.
        if !self.session_invalid && !matches!(result, Err(SubmitError::Fault(_))) {
            let index = self.route.index;
            if let Ok(accepted) = &mut result
                && snapshots::is_due(&loaded, self.route.decider)
            {
                accepted.snapshot_due = true;
                snapshots::remember(index, self.stream.clone());
            }
            sessions::keep(index, self.stream, loaded);
        }
        result
    }

    /// The decider's session, at the stream's end or assumed to be there. The append detects a wrong assumption.
    fn load(&mut self) -> Result<Loaded, SubmitError> {
        let kept = sessions::take(self.route.index, &self.stream);
        self.unproved = match &kept {
            // No other writer has appended between the last commands of this session.
            Some(kept) => kept.is_undisturbed,
            // A command that creates its stream.
            None => {
                matches!(self.route.precondition, Precondition::NoStream)
                    && self.expected.is_none_or(|expected| holds(expected, 0))
            }
        };
        if self.unproved {
            return Ok(kept.unwrap_or_else(|| Loaded::origin(self.route.index)));
        }
        rehydrate::load(self.route.index, self.route.decider, &self.stream, kept)
            .map_err(|error| self.lift(error))
    }

    fn load_anew(&self) -> Result<Loaded, rehydrate::Error> {
        rehydrate::load(self.route.index, self.route.decider, &self.stream, None)
    }

    fn decide(&mut self, loaded: &mut Loaded) -> Result<Accepted, SubmitError> {
        // No outcome under this id can precede the claim's cursor: every attempt knows the slots up to its
        // cursor before it claims, and writes under the id only once it is claimed.
        let claimed_at = loaded.head.cursor;
        let mut is_claimed = !self.has_idempotency_key;
        loop {
            // An unproved attempt claims the id together with its append.
            if !is_claimed && !self.unproved {
                match self.claim(claimed_at).map_err(SubmitError::Store)? {
                    Claim::Fresh | Claim::Pending => is_claimed = true,
                    Claim::Done(outcome) => return self.first_outcome(outcome),
                    Claim::Mismatch => return Err(SubmitError::IdReused(self.command.id.clone())),
                }
            }
            self.count += 1;
            let stop = match self.attempt(loaded) {
                Err(Stop::Ended(error)) => return Err(error),
                Err(stop) => stop,
                Ok(accepted) => return Ok(accepted),
            };
            // The concurrent writer may be another attempt of the same command, so look for its outcome.
            if self.has_idempotency_key && is_claimed {
                let found = event_store::find_outcome(&self.command.id, &self.stream, claimed_at);
                if let Some(outcome) = found.map_err(SubmitError::Store)? {
                    return self.first_outcome(outcome);
                }
            }
            match stop {
                Stop::PreconditionFailed(conflict) => {
                    return Err(SubmitError::PreconditionFailed(conflict));
                }
                Stop::Conflict(conflict) if self.count >= MAX_DECISIONS => {
                    return Err(SubmitError::Conflict(conflict));
                }
                Stop::Unproved => self.count -= 1,
                Stop::Claimed | Stop::Conflict(_) | Stop::Ended(_) => {}
            }
            self.unproved = false;
            let read = match self.session_invalid {
                true => self.load_anew().map(|anew| *loaded = anew),
                false => rehydrate::catch_up(loaded, &self.stream),
            };
            read.map_err(|error| self.lift(error))?;
            self.session_invalid = false;
        }
    }

    /// Claims the command's id, or returns the existing claim.
    fn claim(&self, cursor: u64) -> Result<Claim, StoreError> {
        let claim = |fingerprint| {
            event_store::claim_command(&self.command.id, fingerprint, &self.stream, cursor)
        };
        let fingerprint = fingerprint::of(&self.command);
        match claim(fingerprint)? {
            // Earlier versions stored fingerprints of the payload's bytes.
            Claim::Mismatch => claim(fingerprint::of_bytes(&self.command)),
            found => Ok(found),
        }
    }

    /// Decides once, and appends on the condition that the stream has not changed since it was read.
    fn attempt(&mut self, loaded: &mut Loaded) -> Result<Accepted, Stop> {
        let version = loaded.head.version;
        for expected in [Some(self.route.precondition), self.expected]
            .into_iter()
            .flatten()
        {
            if !holds(expected, version) {
                if self.unproved {
                    return Err(Stop::Unproved);
                }
                let conflict = Conflict {
                    expected,
                    actual: version,
                };
                if self.has_idempotency_key && self.record_precondition_failure {
                    return Err(self.rejected(loaded, precondition_failed(&self.stream, conflict)));
                }
                return Err(Stop::PreconditionFailed(conflict));
            }
        }
        if loaded.head.closed {
            if self.unproved {
                return Err(Stop::Unproved);
            }
            return Err(self.rejected(loaded, closed(&self.stream, version)));
        }
        let decision = match loaded.decide(&self.command, &self.context) {
            Ok(decision) if self.unproved && decision.events.is_empty() => {
                return Err(Stop::Unproved);
            }
            Ok(decision) => decision,
            Err(error) if self.unproved => {
                // The session may have folded some of its events, so it must not be used again.
                self.session_invalid = matches!(error, DecideError::Failed(_));
                return Err(Stop::Unproved);
            }
            Err(DecideError::Rejected(reason)) => {
                let checked = output::check_rejection(&reason);
                checked.map_err(|message| Stop::Ended(fault(&self.route, message)))?;
                return Err(self.rejected(loaded, reason));
            }
            Err(error) => {
                return Err(Stop::Ended(refuse(
                    &self.route,
                    &self.command.id,
                    error,
                    false,
                )));
            }
        };
        if let Err(message) = output::check(&decision, &self.route.decider.emits) {
            return Err(match self.unproved {
                true => Stop::Unproved,
                false => Stop::Ended(fault(&self.route, message)),
            });
        }
        if decision.events.is_empty() {
            self.record(loaded, None)?;
            let appended = Appended {
                version,
                position: 0,
                cursor: loaded.head.cursor,
                events: Vec::new(),
            };
            return Ok(self.accept(appended, false));
        }
        self.append(loaded, decision)
    }

    fn append(&mut self, loaded: &mut Loaded, decision: Decision) -> Result<Accepted, Stop> {
        let version = loaded.head.version;
        let close = decision.close;
        let request = AppendRequest {
            stream: self.stream.clone(),
            expected: Precondition::At(version),
            cursor: Some(loaded.head.cursor),
            events: decision.events,
            close,
            metadata: self.metadata.clone(),
            // The present time, and not the time of the first decision: a reader of the log considers the
            // writer of a claim dead when the claim has been open for long.
            recorded_at: now(),
            seed: self.append_seed.wrapping_add(self.count.into()),
            claim: (self.has_idempotency_key && self.unproved)
                .then(|| fingerprint::of(&self.command)),
        };
        let appended = event_store::append(&request).map_err(|error| self.stop(error))?;
        let head = Head {
            cursor: appended.cursor,
            version: appended.version,
            closed: close,
        };
        let advanced = loaded.advance(recorded(request.events, version), head);
        debug_assert!(
            advanced.is_ok(),
            "the decision has folded all earlier events"
        );
        Ok(self.accept(appended, false))
    }

    /// Records a rejection if the caller chose the id, so that later attempts receive the same answer.
    fn rejected(&mut self, loaded: &mut Loaded, reason: Rejection) -> Stop {
        if let Err(stop) = self.record(loaded, Some(&reason)) {
            return stop;
        }
        if self.has_idempotency_key {
            // The recorded rejection takes a slot, so a snapshot may be due. It is taken now: the ingress
            // reports no answer after a rejection, and this stream may receive no further command.
            self.session_invalid |=
                snapshots::take(loaded, self.route.decider, &self.stream).is_err();
        }
        Stop::Ended(SubmitError::Rejected(Refused {
            command_id: self.command.id.clone(),
            reason,
            duplicate: false,
        }))
    }

    fn record(&self, loaded: &Loaded, reason: Option<&Rejection>) -> Result<(), Stop> {
        if !self.has_idempotency_key {
            return Ok(());
        }
        event_store::record_outcome(&self.stream, loaded.head, &self.metadata, reason, now())
            .map_err(|error| self.stop(error))
    }

    fn stop(&self, error: AppendError) -> Stop {
        match error {
            AppendError::Conflict(conflict) => Stop::Conflict(conflict),
            AppendError::Closed(version) => Stop::Conflict(Conflict {
                expected: Precondition::At(version),
                actual: version,
            }),
            AppendError::Claimed => Stop::Claimed,
            AppendError::Store(error) => Stop::Ended(SubmitError::Store(error)),
        }
    }

    fn first_outcome(&self, outcome: Outcome) -> Result<Accepted, SubmitError> {
        match outcome {
            Outcome::Accepted(appended) => Ok(self.accept(appended, true)),
            Outcome::Rejected(reason) => Err(SubmitError::Rejected(Refused {
                command_id: self.command.id.clone(),
                reason,
                duplicate: true,
            })),
        }
    }

    fn accept(&self, appended: Appended, duplicate: bool) -> Accepted {
        Accepted {
            command_id: self.command.id.clone(),
            stream: self.stream.clone(),
            appended,
            duplicate,
            attempts: self.count,
            snapshot_due: false,
        }
    }

    fn lift(&self, error: rehydrate::Error) -> SubmitError {
        match error {
            rehydrate::Error::Store(error) => SubmitError::Store(error),
            rehydrate::Error::Fault(message) => fault(&self.route, message),
        }
    }
}

/// The reason why one attempt did not lead to an answer.
enum Stop {
    /// Another writer has appended first: retry.
    Conflict(Conflict),
    /// A precondition does not hold.
    PreconditionFailed(Conflict),
    /// The attempt appends nothing, so nothing proves its assumptions: retry after a read and a claim.
    Unproved,
    /// An earlier attempt has claimed the command's id: look for its outcome, and retry if there is none.
    Claimed,
    Ended(SubmitError),
}

fn holds(expected: Precondition, version: u64) -> bool {
    match expected {
        Precondition::Any => true,
        Precondition::NoStream => version == 0,
        Precondition::StreamExists => version > 0,
        Precondition::At(wanted) => version == wanted,
    }
}

/// Converts the decision's events for the session.
fn recorded(events: Vec<NewEvent>, version: u64) -> Vec<Event> {
    (version + 1..)
        .zip(events)
        .map(|(version, event)| Event {
            version,
            event_type: event.event_type,
            schema_version: event.schema_version,
            content_type: event.content_type,
            payload: event.payload,
        })
        .collect()
}

fn closed(stream: &str, version: u64) -> Rejection {
    Rejection {
        code: "stream-closed".into(),
        message: format!("the stream {stream} was closed at version {version}"),
        details: None,
    }
}

/// The failure of a precondition as a rejection.
fn precondition_failed(stream: &str, conflict: Conflict) -> Rejection {
    let (words, json) = match conflict.expected {
        Precondition::Any => ("anything".to_owned(), r#""any""#.to_owned()),
        Precondition::NoStream => ("no stream".into(), r#""no-stream""#.into()),
        Precondition::StreamExists => ("an existing stream".into(), r#""stream-exists""#.into()),
        Precondition::At(version) => (format!("version {version}"), version.to_string()),
    };
    let actual = conflict.actual;
    Rejection {
        code: "precondition-failed".into(),
        message: format!("the command expected {words}, but {stream} is at version {actual}"),
        details: Some(format!(r#"{{"expected":{json},"actual":{actual}}}"#)),
    }
}

fn refuse(route: &Route, id: &str, error: DecideError, duplicate: bool) -> SubmitError {
    match error {
        DecideError::Malformed(malformed) => SubmitError::Malformed(malformed),
        DecideError::Rejected(reason) => SubmitError::Rejected(Refused {
            command_id: id.into(),
            reason,
            duplicate,
        }),
        DecideError::Failed(failed) => fault(route, failed.message),
    }
}

fn fault(route: &Route, message: String) -> SubmitError {
    SubmitError::Fault(HandlerFault {
        handler: route.decider.name.clone(),
        message,
    })
}
