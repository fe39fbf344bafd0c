//! The tools of a case: unique names, requests, and connections.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use annals_event_log::{
    AppendError, AppendRequest, Appended, LogFilter, Metadata, NewEvent, Precondition, StoreError,
};

use crate::store::{Backend, Store};

/// A connection.
pub(crate) type Connection = Box<dyn Store + Send>;

/// One case on one backend, with names that no other case uses.
pub(crate) struct Scene<'a> {
    pub backend: &'a dyn Backend,
    token: String,
}

impl<'a> Scene<'a> {
    pub fn new(backend: &'a dyn Backend) -> Self {
        // 40 bits keep names short, and make a collision of two runs on one store unlikely.
        let token = format!("t{:010x}", unique() & 0xff_ffff_ffff);
        Self { backend, token }
    }

    /// A connection with the default prefix.
    pub fn connect(&self) -> Connection {
        self.backend.connect("")
    }

    /// The category of the case's streams.
    pub fn category(&self) -> &str {
        &self.token
    }

    /// The name of a stream.
    pub fn stream(&self, id: &str) -> String {
        format!("{}-{id}", self.token)
    }

    /// A name for anything else: a command, a handler, a view, a prefix.
    pub fn name(&self, name: &str) -> String {
        format!("{}{name}", self.token)
    }

    /// A request to append events of these types, with a new command id.
    pub fn request(&self, stream: &str, expected: Precondition, types: &[&str]) -> AppendRequest {
        let id = format!("{:016x}", unique());
        AppendRequest {
            stream: stream.to_owned(),
            expected,
            cursor: None,
            events: types.iter().map(|name| event(name)).collect(),
            close: false,
            metadata: metadata(&id),
            recorded_at: now(),
            seed: unique(),
            claim: None,
        }
    }

    /// Appends events of these types, whatever the stream contains.
    #[track_caller]
    pub fn append(&self, store: &mut Connection, stream: &str, types: &[&str]) -> Appended {
        append(store, self.request(stream, Precondition::Any, types))
    }

    /// The end of a log that is not empty: every later append has a greater position. The position of the last append
    /// would not suffice in a log with several partitions.
    #[track_caller]
    pub fn end_of_log(&self, store: &mut Connection) -> u64 {
        let mut after = self.append(store, &self.stream("0"), &["Start"]).position;
        loop {
            let page = store.read_log(after, 1000, &LogFilter::default(), now());
            let page = page.expect("reading the log");
            after = page.next;
            if page.end {
                return after;
            }
        }
    }

    /// Appends commits of the given sizes; the events' types are all different.
    #[track_caller]
    pub fn fill(&self, store: &mut Connection, stream: &str, sizes: &[usize]) -> Vec<Appended> {
        let fill = |(commit, size): (usize, &usize)| {
            let types: Vec<String> = (0..*size).map(|n| format!("E{commit}.{n}")).collect();
            let types: Vec<&str> = types.iter().map(String::as_str).collect();
            self.append(store, stream, &types)
        };
        sizes.iter().enumerate().map(fill).collect()
    }
}

/// Appends events, and asserts that the append is accepted.
#[track_caller]
pub(crate) fn append(store: &mut Connection, request: AppendRequest) -> Appended {
    let given = request.events.iter().map(|event| event.event_type.clone());
    let given: Vec<_> = given.collect();
    match store.append(request) {
        Ok(appended) => {
            let told = appended.events.iter().map(|event| &event.event_type);
            assert!(told.eq(&given), "told of other events than were given");
            appended
        }
        Err(error) => panic!("an append that must be accepted was not: {error}"),
    }
}

/// An event whose payload is its type's name.
pub(crate) fn event(name: &str) -> NewEvent {
    NewEvent {
        event_type: name.to_owned(),
        schema_version: 1,
        content_type: "text/plain".into(),
        payload: name.into(),
        tags: Vec::new(),
    }
}

/// The metadata of a command.
pub(crate) fn metadata(command_id: &str) -> Metadata {
    Metadata {
        command_id: command_id.to_owned(),
        command_type: "Do".into(),
        correlation_id: command_id.to_owned(),
        causation_id: command_id.to_owned(),
        actor: Some("ann".into()),
        traceparent: None,
        extensions: Vec::new(),
    }
}

/// Milliseconds since the epoch.
pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_millis() as u64)
}

/// A time at which every writer without a finished write counts as dead. Reading the log at this time never waits,
/// and is safe in every state of the writers.
pub(crate) fn later() -> u64 {
    now() + 50_000
}

/// A unique 64-bit number.
pub(crate) fn unique() -> u64 {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    // Every `RandomState` has random keys.
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u64(COUNT.fetch_add(1, Ordering::Relaxed));
    hasher.write_u128(
        SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| since.as_nanos()),
    );
    hasher.finish()
}

/// Asserts that a request is refused as invalid input.
#[track_caller]
pub(crate) fn assert_invalid<T: std::fmt::Debug>(result: Result<T, StoreError>, what: &str) {
    assert!(
        matches!(result, Err(StoreError::Invalid(_))),
        "{what} must be refused as invalid, and the answer was {result:?}"
    );
}

/// The same for an append.
#[track_caller]
pub(crate) fn assert_append_invalid<T: std::fmt::Debug>(
    result: Result<T, AppendError>,
    what: &str,
) {
    assert!(
        matches!(result, Err(AppendError::Store(StoreError::Invalid(_)))),
        "{what} must be refused as invalid, and the answer was {result:?}"
    );
}
