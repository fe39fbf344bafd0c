//! Given/when/then tests of deciders.

use std::fmt::Write as _;
use std::marker::PhantomData;

use super::encoding::{encode_command, encode_event, text};
use crate::erased::{Entry, Session};
use crate::wire::{Failure, NewEvent, RawCommand, RawDecision, RawEvent};
use crate::{Codec, Command, Context, Decider, Event, Rejection};

/// Starts a test of a decider: these events have happened, in this order.
///
/// # Panics
///
/// Panics if an event does not survive its encoding.
#[track_caller]
pub fn given<D: Decider>(events: impl IntoIterator<Item = D::Event>) -> Given<D> {
    Given {
        events: events
            .into_iter()
            .map(|event| encode_event(&event))
            .collect(),
        context: Context {
            now: 0,
            seed: 0,
            command_id: "command-1".into(),
            actor: None,
            extensions: Vec::new(),
        },
        decider: PhantomData,
    }
}

/// The past events and the context of the decision. [`given`] creates it.
#[must_use]
pub struct Given<D> {
    events: Vec<NewEvent>,
    context: Context,
    decider: PhantomData<D>,
}

impl<D: Decider> Given<D> {
    /// Sets the time of the decision, in milliseconds since the epoch. The default is 0.
    pub fn at(mut self, now: u64) -> Self {
        self.context.now = now;
        self
    }

    /// Sets the random seed of the decision. The default is 0.
    pub fn seed(mut self, seed: u64) -> Self {
        self.context.seed = seed;
        self
    }

    /// Sets the actor: the user or system that sends the command. By default there is none.
    pub fn by(mut self, actor: impl Into<String>) -> Self {
        self.context.actor = Some(actor.into());
        self
    }

    /// Decides on a command.
    ///
    /// # Panics
    ///
    /// Panics if the command does not survive its encoding, or for any of the reasons of the [module](super).
    #[track_caller]
    pub fn when(&self, command: impl Into<D::Command>) -> Outcome<D> {
        let command: D::Command = command.into();
        let payload = encode_command(&command);
        self.when_raw(command.command_type(), &payload)
    }

    /// Decides on a payload as a caller sends it. The payload need not be decodable.
    ///
    /// # Panics
    ///
    /// Panics for any of the reasons of the [module](super).
    #[track_caller]
    pub fn when_raw(&self, command_type: &str, payload: impl AsRef<[u8]>) -> Outcome<D> {
        let command = RawCommand {
            command_type,
            content_type: <D::Command as Command>::Codec::CONTENT_TYPE,
            payload: payload.as_ref(),
        };
        let entry = const { Entry::of::<D>() };
        // The framework does the same: without a valid stream it opens no session.
        let stream =
            match (entry.prepare)(command).and_then(|prepared| (entry.stream_of)(&prepared)) {
                Ok(stream) => stream,
                Err(failure) => {
                    return Outcome {
                        answer: Err(failure),
                        stream: None,
                        decider: PhantomData,
                    };
                }
            };
        let mut session = (entry.open)();
        fold(&mut *session, &self.events, 1);
        let answer = session.decide(command, &self.context);
        for taken_after in 0..=self.events.len() {
            let restored = self.decide_from_snapshot(&entry, taken_after, command);
            assert!(
                restored == answer,
                "a snapshot taken after {taken_after} of {} events changes the decision\n  without:  {}\n  with it: {}",
                self.events.len(),
                show(&answer),
                show(&restored),
            );
        }
        if let Ok(decision) = &answer {
            fold(&mut *session, &decision.events, self.events.len() + 1);
        }
        Outcome {
            answer,
            stream: Some(stream),
            decider: PhantomData,
        }
    }

    #[track_caller]
    fn decide_from_snapshot(
        &self,
        entry: &Entry,
        taken_after: usize,
        command: RawCommand<'_>,
    ) -> Result<RawDecision, Failure> {
        let (before, after) = self.events.split_at(taken_after);
        let mut session = (entry.open)();
        fold(&mut *session, before, 1);
        let Some(snapshot) = session.snapshot() else {
            panic!("the state after {taken_after} events cannot be expressed in JSON");
        };
        let mut session = match (entry.restore)(&snapshot) {
            Ok(session) => session,
            Err(fault) => panic!("{}\n  {}", fault.0, text(&snapshot)),
        };
        fold(&mut *session, after, taken_after + 1);
        session.decide(command, &self.context)
    }
}

/// The answer to a command. [`Given::when`] creates it.
#[must_use]
pub struct Outcome<D> {
    answer: Result<RawDecision, Failure>,
    /// `None` if the command is malformed.
    stream: Option<String>,
    decider: PhantomData<D>,
}

impl<D: Decider> Outcome<D> {
    /// Expects these events and no others, and that the stream stays open.
    ///
    /// # Panics
    ///
    /// Panics if the answer is different.
    #[track_caller]
    pub fn then(&self, events: impl IntoIterator<Item = D::Event>) {
        self.expect(&Ok(RawDecision {
            events: encode_all(events),
            close: false,
        }));
    }

    /// Expects these events and no others, and that they close the stream.
    ///
    /// # Panics
    ///
    /// Panics if the answer is different.
    #[track_caller]
    pub fn then_closed(&self, events: impl IntoIterator<Item = D::Event>) {
        self.expect(&Ok(RawDecision {
            events: encode_all(events),
            close: true,
        }));
    }

    /// Expects that the decider accepts the command without events.
    ///
    /// # Panics
    ///
    /// Panics if the answer is different.
    #[track_caller]
    pub fn then_nothing(&self) {
        self.then([]);
    }

    /// Expects a rejection. A code is compared with the rejection's code; a whole rejection is compared by code,
    /// message and details.
    ///
    /// # Panics
    ///
    /// Panics if the answer is different.
    #[track_caller]
    pub fn then_rejected(&self, expected: impl ExpectedRejection) {
        let matches = match &self.answer {
            Err(Failure::Rejected(refusal)) => {
                expected.matches(refusal.code, &refusal.message, refusal.details.as_deref())
            }
            _ => false,
        };
        assert!(
            matches,
            "\nexpected: {}\n     got: {}\n",
            expected.show(),
            show(&self.answer)
        );
    }

    /// Expects that the command is malformed, for a reason that contains this text.
    ///
    /// # Panics
    ///
    /// Panics if the answer is different.
    #[track_caller]
    pub fn then_malformed(&self, why: &str) {
        let matches = matches!(&self.answer, Err(Failure::Malformed(error)) if error.to_string().contains(why));
        assert!(
            matches,
            "\nexpected: malformed: … {why} …\n     got: {}\n",
            show(&self.answer)
        );
    }

    /// Expects that the command is about this stream.
    ///
    /// # Panics
    ///
    /// Panics if the command is about another stream, or is malformed.
    #[track_caller]
    pub fn on_stream(self, stream: &str) -> Self {
        assert!(
            self.stream.as_deref() == Some(stream),
            "\nexpected: stream {stream}\n     got: stream {}\n",
            self.stream.as_deref().unwrap_or("(none)"),
        );
        self
    }

    #[track_caller]
    fn expect(&self, expected: &Result<RawDecision, Failure>) {
        assert!(
            self.answer == *expected,
            "\nexpected: {}\n     got: {}\n",
            show(expected),
            show(&self.answer)
        );
    }
}

/// The expectation of [`Outcome::then_rejected`]: a code, or a whole rejection.
pub trait ExpectedRejection {
    /// Whether the rejection has these parts.
    fn matches(&self, code: &str, message: &str, details: Option<&str>) -> bool;

    /// Returns the expectation as text for a failed test.
    fn show(&self) -> String;
}

impl ExpectedRejection for &str {
    fn matches(&self, code: &str, _: &str, _: Option<&str>) -> bool {
        *self == code
    }

    fn show(&self) -> String {
        format!("rejected: {self}")
    }
}

impl<R: Rejection> ExpectedRejection for R {
    fn matches(&self, code: &str, message: &str, details: Option<&str>) -> bool {
        self.code() == code && self.message() == message && self.details().as_deref() == details
    }

    fn show(&self) -> String {
        show_rejection(self.code(), &self.message(), self.details().as_deref())
    }
}

#[track_caller]
fn encode_all<E: Event>(events: impl IntoIterator<Item = E>) -> Vec<NewEvent> {
    events
        .into_iter()
        .map(|event| encode_event(&event))
        .collect()
}

#[track_caller]
fn fold(session: &mut dyn Session, events: &[NewEvent], first_version: usize) {
    let mut events = events
        .iter()
        .zip(first_version..)
        .map(|(event, version)| RawEvent {
            version: version as u64,
            event_type: event.event_type.name,
            schema_version: event.event_type.version,
            content_type: event.content_type,
            payload: &event.payload,
        });
    if let Err(fault) = session.evolve(&mut events) {
        panic!("{}", fault.0);
    }
}

fn show(answer: &Result<RawDecision, Failure>) -> String {
    let decision = match answer {
        Ok(decision) => decision,
        Err(failure) => return show_failure(failure),
    };
    if decision.events.is_empty() {
        return "no events".into();
    }
    let mut out = String::from(if decision.close {
        "closing events"
    } else {
        "events"
    });
    for event in &decision.events {
        let _ = write!(
            out,
            "\n          {} {}",
            event.event_type.name,
            text(&event.payload)
        );
    }
    out
}

fn show_failure(failure: &Failure) -> String {
    match failure {
        Failure::Malformed(error) => format!("malformed: {error}"),
        Failure::Rejected(refusal) => {
            show_rejection(refusal.code, &refusal.message, refusal.details.as_deref())
        }
        Failure::Failed(fault) => format!("failed: {}", fault.0),
    }
}

fn show_rejection(code: &str, message: &str, details: Option<&str>) -> String {
    format!(
        "rejected: {code} ({message}) {}",
        details.unwrap_or_default()
    )
}
