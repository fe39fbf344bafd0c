//! A connection that records its calls and answers.

use std::sync::atomic::{AtomicU64, Ordering};

use annals_event_log::{
    AppendError, AppendRequest, Appended, Claim, Event, Head, LogFilter, LogPage, Metadata,
    Outcome, Page, RecordedEvent, Rejection, StoreError, StreamPage,
};
use annals_store_conformance::Store;

use super::{
    Action, Answer, Claimed, Operation, OperationId, Seen, SeenInLog, Submission, Token, digest,
    lean_digest, new_event,
};

/// The fingerprint of every command.
pub const FINGERPRINT: u64 = 7;

/// A clock that never returns a time twice. An action of one thread after another thread's tick gets a later time, so
/// the order of times is real time.
#[derive(Debug, Default)]
pub struct Clock(AtomicU64);

impl Clock {
    fn tick(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }
}

/// One client's connection.
pub struct Recorder<'a> {
    store: Box<dyn Store + Send>,
    clock: &'a Clock,
    client: u16,
    streams: &'a [String],
    operations: Vec<Operation>,
}

impl<'a> Recorder<'a> {
    /// Records the operations of a client. `streams` has the names of the streams by index.
    pub fn new(
        store: Box<dyn Store + Send>,
        clock: &'a Clock,
        client: u16,
        streams: &'a [String],
    ) -> Self {
        Self {
            store,
            clock,
            client,
            streams,
            operations: Vec::new(),
        }
    }

    /// The recorded operations.
    #[must_use]
    pub fn into_operations(self) -> Vec<Operation> {
        self.operations
    }

    fn name(&self, stream: u32) -> &'a str {
        let streams = self.streams;
        &streams[stream as usize]
    }

    fn run<T, E>(
        &mut self,
        action: Action,
        call: impl FnOnce(&mut dyn Store) -> Result<T, E>,
        answer: impl FnOnce(&Result<T, E>) -> Answer,
    ) -> Result<T, E> {
        let invoked = self.clock.tick();
        let result = call(&mut *self.store);
        let completed = self.clock.tick();
        self.operations.push(Operation {
            invoked,
            completed,
            action,
            answer: answer(&result),
        });
        result
    }

    /// Appends events whose payloads identify this operation.
    ///
    /// # Errors
    /// The store's error; so for all other methods.
    pub fn append(&mut self, submission: Submission) -> Result<Appended, AppendError> {
        let id = OperationId {
            client: self.client,
            index: self.operations.len() as u32,
        };
        let request = request(id, &submission, self.name(submission.stream));
        self.run(
            Action::Append(submission),
            |store| store.append(request),
            |result| match result {
                Ok(appended) => Answer::Appended(appended.clone()),
                Err(error) => unappended(error),
            },
        )
    }

    /// Claims a command id.
    ///
    /// # Errors
    /// See [`Self::append`].
    pub fn claim(&mut self, command: &str, stream: u32, cursor: u64) -> Result<Claim, StoreError> {
        let name = self.name(stream);
        self.run(
            Action::Claim {
                stream,
                command: command.to_owned(),
                cursor,
            },
            |store| store.claim_command(command, FINGERPRINT, name, cursor),
            |result| match result {
                Ok(Claim::Fresh) => Answer::Claimed(Claimed::Fresh),
                Ok(Claim::Pending) => Answer::Claimed(Claimed::Pending),
                Ok(Claim::Done(outcome)) => Answer::Claimed(Claimed::Done(outcome.clone())),
                Ok(Claim::Mismatch) => Answer::Claimed(Claimed::Mismatch),
                Err(error) => failed(error),
            },
        )
    }

    /// Queries the outcome of a command.
    ///
    /// # Errors
    /// See [`Self::append`].
    pub fn find(
        &mut self,
        command: &str,
        stream: u32,
        cursor: u64,
    ) -> Result<Option<Outcome>, StoreError> {
        let name = self.name(stream);
        self.run(
            Action::Find {
                stream,
                command: command.to_owned(),
                cursor,
            },
            |store| store.find_outcome(command, name, cursor),
            |result| match result {
                Ok(found) => Answer::Found(found.clone()),
                Err(error) => failed(error),
            },
        )
    }

    /// Records that a command ended without events.
    ///
    /// # Errors
    /// See [`Self::append`].
    pub fn record_outcome(
        &mut self,
        command: &str,
        stream: u32,
        at: Head,
        rejection: Option<Rejection>,
        recorded_at: u64,
    ) -> Result<(), AppendError> {
        let name = self.name(stream);
        let metadata = metadata(self.client, command);
        self.run(
            Action::RecordOutcome {
                stream,
                command: command.to_owned(),
                at,
                code: rejection.as_ref().map(|rejection| rejection.code.clone()),
            },
            |store| store.record_outcome(name, at, metadata, rejection, recorded_at),
            |result| match result {
                Ok(()) => Answer::Recorded,
                Err(error) => unappended(error),
            },
        )
    }

    /// Reads a stream forward.
    ///
    /// # Errors
    /// See [`Self::append`].
    pub fn read(
        &mut self,
        stream: u32,
        after: u64,
        limit: u32,
    ) -> Result<Option<StreamPage>, StoreError> {
        let name = self.name(stream);
        self.run(
            Action::Read {
                stream,
                after,
                limit,
            },
            |store| store.read_stream(name, after, limit),
            page,
        )
    }

    /// Reads a stream backward.
    ///
    /// # Errors
    /// See [`Self::append`].
    pub fn read_backward(
        &mut self,
        stream: u32,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Option<StreamPage>, StoreError> {
        let name = self.name(stream);
        self.run(
            Action::ReadBackward {
                stream,
                before,
                limit,
            },
            |store| store.read_stream_backward(name, before, limit),
            page,
        )
    }

    /// Loads events for folding.
    ///
    /// # Errors
    /// See [`Self::append`].
    pub fn load(&mut self, stream: u32, after: Head, limit: u32) -> Result<Page, StoreError> {
        let name = self.name(stream);
        self.run(
            Action::Load {
                stream,
                after,
                limit,
            },
            |store| store.load(name, after, limit),
            |result| match result {
                Ok(page) => Answer::Loaded {
                    events: page.events.iter().map(seen_lean).collect(),
                    head: page.head,
                    end: page.end,
                },
                Err(error) => failed(error),
            },
        )
    }

    /// Reads the log. `follows`: continues from this client's last page.
    ///
    /// # Errors
    /// See [`Self::append`].
    pub fn read_log(
        &mut self,
        after: u64,
        limit: u32,
        categories: &[String],
        follows: bool,
        now: u64,
    ) -> Result<LogPage, StoreError> {
        let filter = LogFilter {
            event_types: Vec::new(),
            categories: categories.to_vec(),
            tags: Vec::new(),
        };
        self.run(
            Action::ReadLog {
                after,
                limit,
                categories: categories.to_vec(),
                follows,
            },
            |store| store.read_log(after, limit, &filter, now),
            |result| match result {
                Ok(page) => Answer::Log {
                    events: page.events.iter().map(seen_in_log).collect(),
                    next: page.next,
                    end: page.end,
                },
                Err(error) => failed(error),
            },
        )
    }
}

/// The request that an operation sends.
#[must_use]
pub fn request(id: OperationId, submission: &Submission, stream: &str) -> AppendRequest {
    AppendRequest {
        stream: stream.to_owned(),
        expected: submission.expected,
        cursor: submission.cursor,
        events: (0..submission.events)
            .map(|event| new_event(Token::new(id, event)))
            .collect(),
        close: submission.close,
        metadata: metadata(id.client, &submission.command),
        recorded_at: submission.recorded_at,
        seed: submission.seed,
        claim: submission.claim,
    }
}

fn metadata(client: u16, command: &str) -> Metadata {
    Metadata {
        command_id: command.to_owned(),
        command_type: "Do".to_owned(),
        correlation_id: command.to_owned(),
        causation_id: command.to_owned(),
        actor: Some(format!("client-{client}")),
        traceparent: None,
        extensions: Vec::new(),
    }
}

fn page(result: &Result<Option<StreamPage>, StoreError>) -> Answer {
    match result {
        Ok(Some(page)) => Answer::Page {
            events: page.events.iter().map(seen).collect(),
            version: page.version,
            end: page.end,
        },
        Ok(None) => Answer::NoStream,
        Err(error) => failed(error),
    }
}

fn seen(event: &RecordedEvent) -> Seen {
    Seen {
        version: event.version,
        token: Token::of(&event.payload),
        digest: digest(event),
    }
}

fn seen_lean(event: &Event) -> Seen {
    Seen {
        version: event.version,
        token: Token::of(&event.payload),
        digest: lean_digest(event),
    }
}

fn seen_in_log(event: &RecordedEvent) -> SeenInLog {
    SeenInLog {
        position: event.position,
        token: Token::of(&event.payload),
        digest: digest(event),
    }
}

fn unappended(error: &AppendError) -> Answer {
    match error {
        AppendError::Conflict { expected, actual } => Answer::Conflict {
            expected: *expected,
            actual: *actual,
        },
        AppendError::Closed(version) => Answer::Closed(*version),
        AppendError::Claimed => Answer::AlreadyClaimed,
        AppendError::Store(error) => failed(error),
    }
}

fn failed(error: &StoreError) -> Answer {
    match error {
        StoreError::InDoubt(why) => Answer::InDoubt(why.clone()),
        StoreError::Unavailable(why) => Answer::Unavailable(why.clone()),
        StoreError::Invalid(_) | StoreError::Corrupt { .. } | StoreError::Newer { .. } => {
            Answer::Faulty(error.to_string())
        }
    }
}
