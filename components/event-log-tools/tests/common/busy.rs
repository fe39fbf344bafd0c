//! A store in which everything has happened.

use std::cell::Cell;

use super::sourcer::submit;
use annals_event_log::*;

use super::*;

/// Its process ends before it creates a key with this in it.
pub struct Dying<'a> {
    pub slots: &'a MemorySlots,
    pub before: &'static str,
    dead: Cell<bool>,
}

impl<'a> Dying<'a> {
    pub fn new(slots: &'a MemorySlots, before: &'static str) -> Self {
        Self {
            slots,
            before,
            dead: Cell::new(false),
        }
    }
}

impl Slots for Dying<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        self.slots.get(key)
    }
    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        if key.contains(self.before) || self.dead.get() {
            self.dead.set(true);
            return Err(SlotError::Unavailable("dead".into()));
        }
        self.slots.create(key, value)
    }
    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
        self.slots.put(key, value)
    }
    fn delete(&self, key: &str) -> Result<(), SlotError> {
        self.slots.delete(key)
    }
}

/// A stream whose name is too long for a key.
pub fn long() -> String {
    format!("long-{}", "/".repeat(120))
}

/// The streams of [`fill_busy`].
pub fn busy_streams() -> Vec<String> {
    let mut names: Vec<String> = [
        "a-1",
        "account-Ünï 1",
        "closed-1",
        "only-1",
        "empty-1",
        "v-1",
    ]
    .map(String::from)
    .to_vec();
    names.push(long());
    names
}

/// The commands of [`fill_busy`] that were claimed, each with its stream.
pub fn busy_commands() -> Vec<(String, String)> {
    let mut commands: Vec<(String, String)> = [
        ("c1", "a-1"),
        ("c2", "a-1"),
        ("no1", "a-1"),
        ("no2", "a-1"),
        ("c3", "v-1"),
        ("c4", "v-1"),
        ("no3", "only-1"),
        ("no4", "only-1"),
        ("nothing", "empty-1"),
        ("no5", "closed-1"),
    ]
    .map(|(id, stream)| (id.to_owned(), stream.to_owned()))
    .to_vec();
    commands.push(("x".repeat(200), long()));
    commands
}

/// A log with dead refs at its beginning, in its middle and at its end; streams with voids, with
/// outcomes before, between and after commits, and with nothing but outcomes; payloads of all sorts.
pub fn fill_busy(slots: &MemorySlots, settings: &Settings) {
    let log = || EventLog::open(slots, settings).unwrap();
    let dies = |stream: &str| {
        let dying = Dying::new(slots, ".stream");
        let request = request(stream, Precondition::Any, "", 99, &["Dead"]);
        let mut log = EventLog::open(&dying, settings).unwrap();
        assert!(log.append(request).is_err());
    };
    let void = || drop(log_all(&mut log(), 100, LATER));
    // Slot 1 of v-1 and log slot 1 go to a dead writer.
    dies("v-1");
    void();
    let version = |at: u64| move |version: u64| version == at;
    submit(&mut log(), "a-1", "no1", 1, version(0)).unwrap();
    submit(&mut log(), "v-1", "c3", 2, |_| false).unwrap();
    submit(&mut log(), "a-1", "c1", 3, |_| false).unwrap();
    submit(&mut log(), "only-1", "no3", 4, |_| true).unwrap();
    dies("v-1");
    void();
    dies("v-1");
    void();
    submit(&mut log(), "v-1", "c4", 5, |_| false).unwrap();
    submit(&mut log(), "a-1", "no2", 6, version(2)).unwrap();
    submit(&mut log(), "a-1", "c2", 7, |_| false).unwrap();
    // A loser's ref is dead.
    let stale = AppendRequest {
        cursor: Some(1),
        expected: Precondition::At(0),
        ..request("a-1", Precondition::Any, "", 8, &["Late"])
    };
    assert!(matches!(
        log().append(stale),
        Err(AppendError::Conflict { .. })
    ));
    let payloads: [&[u8]; 8] = [
        b"{\"a\": 1}",
        b"{\n\"pretty\": true\n}",
        b"null",
        b" 1",
        b"1.0e5",
        b"not json",
        &[0, 255],
        b"",
    ];
    let mut events: Vec<NewEvent> = payloads.map(|bytes| event("Odd", bytes)).to_vec();
    events[7].content_type = "application/x-protobuf".into();
    events[6].schema_version = 9;
    events[5].event_type = "annals.outcome.v1".into();
    let mut odd = request("account-Ünï 1", Precondition::NoStream, "", 9, &[]);
    odd.events = events;
    odd.recorded_at = NOW + 1234;
    odd.metadata = Metadata {
        command_id: String::new(),
        command_type: "Dö \"it\"".into(),
        correlation_id: "corr".into(),
        causation_id: String::new(),
        actor: None,
        traceparent: Some("00-ab-cd-01".into()),
        extensions: Vec::new(),
    };
    log().append(odd).unwrap();
    let mut close = request("closed-1", Precondition::NoStream, "closing", 10, &["Shut"]);
    close.close = true;
    close.recorded_at = u64::MAX - 70_000_000;
    log().append(close).unwrap();
    submit_rejection(&mut log(), "closed-1", "no5");
    submit(&mut log(), "only-1", "no4", 11, |_| true).unwrap();
    let mut empty = log();
    assert_eq!(
        empty.claim_command("nothing", 7, "empty-1", 0),
        Ok(Claim::Fresh)
    );
    empty
        .record_outcome("empty-1", Head::default(), metadata("nothing"), None, NOW)
        .unwrap();
    submit(&mut log(), &long(), &"x".repeat(200), 12, |_| false).unwrap();
    for n in 0..20 {
        let request = request(
            "a-1",
            Precondition::Any,
            &format!("more-{n}"),
            20 + n,
            &["M"],
        );
        log().append(request).unwrap();
    }
    // Voids at the end, in a stream and in the log.
    dies("v-1");
    void();
}

/// Records a rejection where the stream stands, also a closed one.
fn submit_rejection<S: Slots>(log: &mut EventLog<S>, stream: &str, command_id: &str) {
    let head = log.load(stream, Head::default(), 1000).unwrap().head;
    log.claim_command(command_id, 7, stream, head.cursor)
        .unwrap();
    let rejection = Rejection {
        code: "too-late".into(),
        message: "It is \"closed\".".into(),
        details: Some("{\"n\": 1.0}".into()),
    };
    log.record_outcome(stream, head, metadata(command_id), Some(rejection), NOW)
        .unwrap();
}
