//! Carries out plans. A client never gives up on a store that is unavailable, until its patience
//! ends; then it leaves things as they are, in doubt.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use annals_event_log::{AppendError, Appended, Claim, Head, Precondition, Rejection, StoreError};

use super::{Guard, Plan, Work, now};
use crate::record::{Recorder, Submission};

/// Clients' clocks are apart by so many milliseconds.
const SKEW: u64 = 7;
/// Commands are rejected at versions that are a multiple of this.
const REJECTS: u64 = 11;
/// Rounds after which a command that meets conflicts only is left.
const ROUNDS: u32 = 1000;
/// Once in so many plans a client forgets what it knows of streams.
const FORGETS: u32 = 200;

/// A client that writes.
pub(super) struct Client<'a> {
    store: Recorder<'a>,
    /// Where streams were last seen to stand.
    heads: HashMap<u32, Head>,
    /// Pauses and seeds; not the plans.
    random: fastrand::Rng,
    skew: u64,
    patience: Duration,
}

/// The store did not answer for as long as the client's patience lasts, or answers nonsense.
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

    /// Does what is planned, as far as the store lets it.
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
        // What is left open is so recorded.
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

    /// Calls again until there is an answer.
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

    /// One page of what is new.
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

    /// In doubt, it stays so: without a command id nobody can ask.
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
                Err(AppendError::Closed(_) | AppendError::Store(_)) => return Ok(()),
            }
        }
    }

    /// A sourcer in small.
    fn command(&mut self, stream: u32, id: &str, events: u16) -> Result<(), GivenUp> {
        let since = Instant::now();
        for _ in 0..ROUNDS {
            let head = self.catch_up(stream)?;
            // What an attempt wrote up to here, a claim finds.
            match self.patiently(|it| it.store.claim(id, stream, head.cursor))? {
                Claim::Done(_) | Claim::Mismatch => return Ok(()),
                Claim::Fresh | Claim::Pending => {}
            }
            let rejects = head.closed || (head.version > 0 && head.version.is_multiple_of(REJECTS));
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
                };
                let appended = self.store.append(submission);
                if let Ok(appended) = &appended {
                    self.appended(stream, appended, false);
                }
                appended.map(drop)
            };
            match result {
                Ok(()) => return Ok(()),
                Err(AppendError::Conflict { .. } | AppendError::Closed(_)) => {}
                Err(AppendError::Store(StoreError::Unavailable(_) | StoreError::InDoubt(_)))
                    if since.elapsed() < self.patience =>
                {
                    self.pause();
                }
                Err(AppendError::Store(_)) => return Err(GivenUp),
            }
        }
        Err(GivenUp)
    }
}
