//! The bank over the log protocol of Annals, as a native program without the framework. It writes the same records
//! into the same files with the same syncs as a composed application on `wasmtime serve`. The difference between both
//! is the cost of WebAssembly and its host.
//!
//! A session has the state that an instance of a composed application keeps: the last known end of the log, and the
//! states of the streams that it has decided on. A request takes an idle session, or opens a new one.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use annals_bench_domain::{Account, Command, Event};
use annals_event_log::{
    AppendError, AppendRequest, EventLog, Head, Metadata, NewEvent, Precondition, Settings,
    StoreError,
};
use annals_host::tools::files::FileSlots;
use serde_json::{Value, json};

use crate::bank::{ATTEMPTS, No};

/// Events in a page, as many as the event sourcer requests.
const PAGE: u32 = 256;

/// The bank.
#[derive(Clone)]
pub struct FileBank {
    root: PathBuf,
    resting: Arc<Mutex<Vec<Session>>>,
}

struct Session {
    log: EventLog<FileSlots>,
    states: HashMap<String, (Head, Account)>,
    random: fastrand::Rng,
}

impl From<StoreError> for No {
    fn from(error: StoreError) -> Self {
        Self::Store(error.to_string())
    }
}

impl FileBank {
    /// Opens the bank over the files in a folder.
    pub fn open(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            resting: Arc::default(),
        }
    }

    /// Executes a command. Returns the version and the type of its event, once the event is durable. A separate
    /// thread waits for the disk.
    pub async fn execute(&self, stream: &str, command: Command) -> Result<(u64, &'static str), No> {
        let stream = stream.to_owned();
        self.with_session(move |session| session.execute(&stream, &command))
            .await?
    }

    /// Reads events of a stream, in the form that the suite checks.
    pub async fn read(&self, stream: &str, after: u64, limit: u64) -> Result<Vec<Value>, String> {
        let stream = stream.to_owned();
        let limit = u32::try_from(limit).unwrap_or(u32::MAX);
        let read = self.with_session(move |session| session.log.read_stream(&stream, after, limit));
        let page = match read.await {
            Ok(Ok(page)) => page,
            Ok(Err(error)) => return Err(error.to_string()),
            Err(_) => return Err("the store does not open".into()),
        };
        let events = page.map(|page| page.events).unwrap_or_default();
        Ok(events
            .into_iter()
            .map(|event| json!({"type": event.event_type, "streamversion": event.version}))
            .collect())
    }

    async fn with_session<T: Send + 'static>(
        &self,
        run: impl FnOnce(&mut Session) -> T + Send + 'static,
    ) -> Result<T, No> {
        let bank = self.clone();
        let task = tokio::task::spawn_blocking(move || {
            let resting = || {
                let sessions = bank.resting.lock();
                sessions.unwrap_or_else(PoisonError::into_inner)
            };
            let rested = resting().pop();
            let mut session = match rested {
                Some(session) => session,
                None => Session::open(&bank.root)?,
            };
            let done = run(&mut session);
            resting().push(session);
            Ok(done)
        });
        task.await.map_err(|error| No::Store(error.to_string()))?
    }
}

impl Session {
    fn open(root: &Path) -> Result<Self, No> {
        Ok(Self {
            log: EventLog::open(FileSlots::new(root), &Settings::default())?,
            states: HashMap::new(),
            random: fastrand::Rng::new(),
        })
    }

    fn execute(&mut self, stream: &str, command: &Command) -> Result<(u64, &'static str), No> {
        let (mut head, mut account) = self.states.get(stream).copied().unwrap_or_default();
        for _ in 0..ATTEMPTS {
            loop {
                let page = self.log.load(stream, head, PAGE)?;
                for event in &page.events {
                    account.apply(&parse(&event.event_type, &event.payload)?);
                }
                head = page.head;
                if page.end {
                    break;
                }
            }
            let event = account.decide(command.clone()).map_err(No::Rejected)?;
            let request = self.request(stream, head, command, &event)?;
            let appended = self.log.append(request);
            self.log.end_operation();
            match appended {
                Ok(appended) => {
                    account.apply(&event);
                    let head = Head {
                        cursor: appended.cursor,
                        version: appended.version,
                        closed: false,
                    };
                    self.states.insert(stream.to_owned(), (head, account));
                    return Ok((appended.version, event.name()));
                }
                Err(AppendError::Conflict { .. } | AppendError::Claimed) => {}
                Err(AppendError::Closed(_)) => return Err(No::Store("it is closed".into())),
                Err(AppendError::Store(error)) => return Err(error.into()),
            }
        }
        Err(No::Conflict)
    }

    fn request(
        &mut self,
        stream: &str,
        head: Head,
        command: &Command,
        event: &Event,
    ) -> Result<AppendRequest, No> {
        let payload = match event {
            Event::AccountOpened(open) => serde_json::to_vec(open),
            Event::Deposited(movement) | Event::Withdrawn(movement) => serde_json::to_vec(movement),
        };
        let command_id = format!("{:032x}", self.random.u128(..));
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Ok(AppendRequest {
            stream: stream.to_owned(),
            expected: Precondition::At(head.version),
            cursor: Some(head.cursor),
            events: vec![NewEvent {
                event_type: event.name().to_owned(),
                schema_version: 1,
                content_type: "application/json".to_owned(),
                payload: payload.map_err(|error| No::Store(error.to_string()))?,
                tags: Vec::new(),
            }],
            close: false,
            metadata: Metadata {
                command_type: command.name().to_owned(),
                correlation_id: command_id.clone(),
                causation_id: command_id.clone(),
                command_id,
                ..Metadata::default()
            },
            recorded_at: now.map_or(0, |now| now.as_millis() as u64),
            seed: self.random.u64(..),
            claim: None,
        })
    }
}

fn parse(event_type: &str, payload: &[u8]) -> Result<Event, No> {
    let event = match event_type {
        "AccountOpened" => serde_json::from_slice(payload).map(Event::AccountOpened),
        "Deposited" => serde_json::from_slice(payload).map(Event::Deposited),
        "Withdrawn" => serde_json::from_slice(payload).map(Event::Withdrawn),
        other => return Err(No::Store(format!("the event type {other} is unknown"))),
    };
    event.map_err(|error| No::Store(error.to_string()))
}
