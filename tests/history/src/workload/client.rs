//! Carries out plans. A client retries calls of an unavailable store until its patience ends. Then it leaves the
//! operation in doubt.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use annals_event_log::{AppendError, Appended, Claim, Head, Precondition, Rejection, StoreError};

use super::{Guard, Plan, Work, now};
use crate::record::{FINGERPRINT, Recorder, Submission};

/// Difference between the clocks of two clients, in milliseconds.
const SKEW: u64 = 7;
/// Commands are rejected at versions that are a multiple of this.
const REJECTS: u64 = 11;
/// Maximum number of rounds of a command that meets only conflicts.
const ROUNDS: u32 = 1000;
/// Once in this many plans, a client discards its cached heads.
const FORGETS: u32 = 200;

/// A client that writes.
pub(super) struct Client<'a> {
    store: Recorder<'a>,
    /// The last known heads of streams.
    heads: HashMap<u32, Head>,
    /// Determines pauses and seeds; the plans have another generator.
    random: fastrand::Rng,
    skew: u64,
    patience: Duration,
}

/// The store did not answer within the client's patience, or its answer is invalid.
struct GivenUp;

impl<'a> Client<'a> {
    pub fn new(store: Recorder<'a>, client: u16, seed: u64, patience: Duration) -> Self {
        Self {
            store,
            heads: HashMap::new(),
            random: fastrand::Rng::with_seed(seed ^ u64::from(client) << 32),
            skew: u64::from(client) * SKEW,
            patience,
        }
    }

    pub fn into_recorder(self) -> Recorder<'a> {
        self.store
    }

    /// Carries out a plan, as far as the store allows.
    pub fn carry_out(&mut self, plan: &Plan) {
        if self.random.u32(0..FORGETS) == 0 {
            self.heads.clear();
        }
        let stream = plan.stream;
        let given_up: Result<(), GivenUp> = match &plan.work {
            Work::Append {
                guard,
                events,
                cursor,
                close,
            } => self.append(stream, *guard, *events, *cursor, *close),
            Work::Command { id, events } => self.command(stream, id, *events),
            Work::Read { whole, limit } => {
                let after = if *whole {
                    0
                } else {
                    self.known(stream).version
                };
                self.patiently(|it| it.store.read(stream, after, *limit))
                    .map(drop)
            }
            Work::ReadBackward { from_end, limit } => {
                let version = self.known(stream).version;
                let before = (!from_end).then(|| self.random.u64(0..version + 3));
                self.patiently(|it| it.store.read_backward(stream, before, *limit))
                    .map(drop)
            }
            Work::Load { limit } => self.load(stream, *limit).map(drop),
        };
        // The history records the open end.
        given_up.ok();
    }

    fn known(&self, stream: u32) -> Head {
        self.heads.get(&stream).copied().unwrap_or_default()
    }

    fn learn(&mut self, stream: u32, head: Head) {
        let known = self.heads.entry(stream).or_default();
        if known.cursor <= head.cursor {
            *known = head;
        }
    }

    fn appended(&mut self, stream: u32, appended: &Appended, closed: bool) {
        self.learn(
            stream,
            Head {
                cursor: appended.cursor,
                version: appended.version,
                closed,
            },
        );
    }

    fn clock(&self) -> u64 {
        now().saturating_sub(self.skew)
    }

    fn pause(&mut self) {
        std::thread::sleep(Duration::from_micros(self.random.u64(500..4000)));
    }

    /// Repeats a call until it has an answer.
    fn patiently<T>(
        &mut self,
        mut call: impl FnMut(&mut Self) -> Result<T, StoreError>,
    ) -> Result<T, GivenUp> {
        let since = Instant::now();
        loop {
            match call(self) {
                Ok(answer) => return Ok(answer),
                Err(StoreError::Unavailable(_) | StoreError::InDoubt(_))
                    if since.elapsed() < self.patience =>
                {
                    self.pause();
                }
                Err(_) => return Err(GivenUp),
            }
        }
    }

    /// Loads one page of new events.
    fn load(&mut self, stream: u32, limit: u32) -> Result<bool, GivenUp> {
        let after = self.known(stream);
        let page = self.patiently(|it| it.store.load(stream, after, limit))?;
        self.learn(stream, page.head);
        Ok(page.end)
    }

    fn catch_up(&mut self, stream: u32) -> Result<Head, GivenUp> {
        while !self.load(stream, 500)? {}
        Ok(self.known(stream))
    }

    /// An append in doubt stays in doubt: without a command id, no query can resolve it.
    fn append(
        &mut self,
        stream: u32,
        guard: Guard,
        events: u16,
        cursor: bool,
        close: bool,
    ) -> Result<(), GivenUp> {
        let since = Instant::now();
        loop {
            let head = self.known(stream);
            let expected = match guard {
                Guard::Any => Precondition::Any,
                Guard::NoStream => Precondition::NoStream,
                Guard::StreamExists => Precondition::StreamExists,
                Guard::Seen => Precondition::At(head.version),
                Guard::Past => Precondition::At(head.version.saturating_sub(1)),
                Guard::Future => Precondition::At(head.version + 1),
            };
            let submission = Submission {
                stream,
                expected,
                cursor: cursor.then_some(head.cursor),
                events,
                close,
                command: String::new(),
                recorded_at: self.clock(),
                seed: self.random.u64(..),
                claim: None,
            };
            match self.store.append(submission) {
                Ok(appended) => {
                    self.appended(stream, &appended, close);
                    return Ok(());
                }
                Err(AppendError::Conflict { .. }) => return self.catch_up(stream).map(drop),
                Err(AppendError::Store(StoreError::Unavailable(_)))
                    if since.elapsed() < self.patience =>
                {
                    self.pause();
                }
                Err(AppendError::Closed(_) | AppendError::Claimed | AppendError::Store(_)) => {
                    return Ok(());
                }
            }
        }
    }

    /// A minimal sourcer.
    fn command(&mut self, stream: u32, id: &str, events: u16) -> Result<(), GivenUp> {
        let since = Instant::now();
        // Half of the attempts that accept claim with their first append.
        let mut together = events > 0 && self.random.bool();
        for _ in 0..ROUNDS {
            let head = self.catch_up(stream)?;
            let rejects = head.closed || (head.version > 0 && head.version.is_multiple_of(REJECTS));
            together &= !rejects;
            if !together {
                // The claim finds events that an earlier attempt wrote up to this cursor.
                match self.patiently(|it| it.store.claim(id, stream, head.cursor))? {
                    Claim::Done(_) | Claim::Mismatch => return Ok(()),
                    Claim::Fresh | Claim::Pending => {}
                }
            }
            let result = if rejects || events == 0 {
                let rejection = rejects.then(|| Rejection {
                    code: "unlucky".into(),
                    message: "Not at this version.".into(),
                    details: None,
                });
                let at = self.clock();
                self.store.record_outcome(id, stream, head, rejection, at)
            } else {
                let submission = Submission {
                    stream,
                    expected: Precondition::At(head.version),
                    cursor: Some(head.cursor),
                    events,
                    close: false,
                    command: id.to_owned(),
                    recorded_at: self.clock(),
                    seed: self.random.u64(..),
                    claim: together.then_some(FINGERPRINT),
                };
                let appended = self.store.append(submission);
                if let Ok(appended) = &appended {
                    self.appended(stream, appended, false);
                }
                appended.map(drop)
            };
            match result {
                Ok(()) => return Ok(()),
                Err(
                    AppendError::Conflict { .. } | AppendError::Closed(_) | AppendError::Claimed,
                ) => {}
                Err(AppendError::Store(StoreError::Unavailable(_) | StoreError::InDoubt(_)))
                    if since.elapsed() < self.patience =>
                {
                    self.pause();
                }
                Err(AppendError::Store(_)) => return Err(GivenUp),
            }
            together = false;
        }
        Err(GivenUp)
    }
}
