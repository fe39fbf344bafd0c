//! A store of valid records, some of its values replaced by arbitrary ones; then every read. What
//! it answers does not matter: it must not panic, and must end.
#![no_main]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::sync::LazyLock;

use annals_event_log::*;
use arbitrary::Arbitrary;

/// The golden files: every kind of record, one file a key.
static STORE: LazyLock<BTreeMap<String, Vec<u8>>> = LazyLock::new(|| {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden");
    let files = std::fs::read_dir(golden).expect("the golden files");
    files
        .map(|file| file.expect("a golden file").path())
        .map(|path| {
            let key = path.file_name().expect("a name").to_string_lossy();
            (key.into_owned(), std::fs::read(&path).expect("its value"))
        })
        .collect()
});

/// Reads of one operation, at most: a probe over all numbers takes 130, a log page thousands.
const READ_LIMIT: u32 = 20_000;

#[derive(Arbitrary, Debug)]
enum Value {
    /// Nothing but bytes.
    Raw(Vec<u8>),
    /// With a header that is right.
    Sealed { kind: u8, version: u8, body: Vec<u8> },
    /// Its own body with one byte replaced, under a right header.
    Patched { at: u16, byte: u8 },
    /// Its own body with one number (or length) replaced, under a right header.
    Number { at: u16, number: u64 },
    /// That of another key.
    Moved(u16),
    /// The slot does not exist.
    Absent,
}

#[derive(Arbitrary, Debug)]
struct Damage {
    key: u16,
    /// Added to the key's number: a slot that should not be there.
    further: u8,
    value: Value,
}

struct Damaged {
    values: RefCell<BTreeMap<String, Vec<u8>>>,
    reads: Cell<u32>,
}

impl Slots for Damaged {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        self.reads.set(self.reads.get() + 1);
        assert!(self.reads.get() < READ_LIMIT, "it does not end");
        Ok(self.values.borrow().get(key).cloned())
    }
    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        if self.get(key)?.is_some() {
            return Ok(Creation::Exists);
        }
        self.put(key, value).map(|()| Creation::Created)
    }
    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
        self.values.borrow_mut().insert(key.into(), value.into());
        Ok(())
    }
    fn delete(&self, key: &str) -> Result<(), SlotError> {
        self.values.borrow_mut().remove(key);
        Ok(())
    }
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

fn damaged(damages: &[Damage]) -> Damaged {
    let mut values = STORE.clone();
    let keys: Vec<&String> = STORE.keys().collect();
    let pick = |n: u16| keys[usize::from(n) % keys.len()];
    for damage in damages {
        let key = pick(damage.key);
        let old = &STORE[key];
        let value = match &damage.value {
            Value::Raw(bytes) => Some(bytes.clone()),
            Value::Sealed {
                kind,
                version,
                body,
            } => Some(fuzzing::seal(kind % 18, version % 4, body)),
            Value::Patched { at, byte } => {
                let mut body = old[7..].to_vec();
                let at = usize::from(*at) % body.len();
                body[at] = *byte;
                Some(fuzzing::seal(old[1], old[2], &body))
            }
            Value::Number { at, number } => {
                let body = &old[7..];
                let (before, rest) = body.split_at(usize::from(*at) % body.len());
                let length = rest.iter().take_while(|byte| **byte >= 0x80).count() + 1;
                let after = rest.get(length..).unwrap_or_default();
                Some(fuzzing::seal(
                    old[1],
                    old[2],
                    &[before, &varint(*number), after].concat(),
                ))
            }
            Value::Moved(other) => Some(STORE[pick(*other)].clone()),
            Value::Absent => None,
        };
        let place = match key.rsplit_once('.') {
            Some((root, number)) if damage.further > 0 && number.len() == 16 => {
                let number = u64::from_str_radix(number, 16).expect("hex");
                // The last numbers there are, too.
                let number = match damage.further {
                    255 => u64::MAX,
                    254 => u64::MAX - 1,
                    further => number + u64::from(further),
                };
                format!("{root}.{number:016x}")
            }
            _ => key.clone(),
        };
        match value {
            Some(value) => values.insert(place, value),
            None => values.remove(&place),
        };
    }
    Damaged {
        values: RefCell::new(values),
        reads: Cell::new(0),
    }
}

const ACCOUNT: &str = "account-Ünïcode 1";
const NOW: u64 = 1_700_000_000_000;

/// Every read, in one instance that remembers what it met.
fn read(slots: &Damaged) {
    let settings = Settings {
        prefix: "tenant/1".into(),
        ..Settings::default()
    };
    let mut log = EventLog::open(slots, &settings).expect("legal settings");
    let fresh = || slots.reads.set(0);
    let long = format!("account-{}", "/".repeat(120));
    let _ = log.health();
    for stream in [ACCOUNT, &long, "ghost-1", "many-1"] {
        for decider in ["teller", "other"] {
            fresh();
            let _ = log.load_snapshot(stream, decider);
        }
        let mut head = Head::default();
        for _ in 0..50 {
            fresh();
            match log.load(stream, head, 2) {
                Ok(page) if !page.end => head = page.head,
                _ => break,
            }
        }
        for version in [0, 1, 2, 17, u64::MAX] {
            fresh();
            let _ = log.read_stream(stream, version, 3);
            fresh();
            let _ = log.read_stream_backward(stream, Some(version), 3);
        }
        fresh();
        let _ = log.read_stream_backward(stream, None, 3);
        // Asks where the stream stands.
        fresh();
        let _ = log.append(AppendRequest {
            stream: stream.into(),
            expected: Precondition::Any,
            cursor: None,
            events: Vec::new(),
            close: false,
            metadata: metadata(),
            recorded_at: NOW,
            seed: 0,
            claim: None,
        });
        for command in ["c/1", "c/2", "c/4", &"c".repeat(200)] {
            fresh();
            let _ = log.find_outcome(command, stream, 0);
            let _ = log.find_outcome(command, stream, u64::MAX);
            let _ = log.claim_command(command, 1, stream, 0);
        }
    }
    for now in [NOW, NOW + 60_000, 0, u64::MAX] {
        let mut after = 0;
        for _ in 0..50 {
            fresh();
            match log.read_log(after, 2, &LogFilter::default(), now) {
                Ok(page) if !page.end => {
                    assert!(page.next > after, "a page leads further");
                    after = page.next;
                }
                _ => break,
            }
        }
        fresh();
        let _ = log.read_log(u64::MAX, 2, &LogFilter::default(), now);
    }
    for handler in ["balances/Ünï", &"h".repeat(161)] {
        fresh();
        let _ = log.load_checkpoint(handler);
    }
    for view in ["balances", "many", &"v".repeat(161)] {
        for key in ["ann/1", "bob", "k", "k00"] {
            fresh();
            let _ = log.get_row(view, key);
        }
        fresh();
        if let Ok(page) = log.scan_rows(view, None, 2) {
            assert!(page.end || !page.rows.is_empty(), "a page leads further");
        }
    }
}

fn metadata() -> Metadata {
    Metadata::default()
}

libfuzzer_sys::fuzz_target!(|damages: Vec<Damage>| {
    read(&damaged(damages.get(..12).unwrap_or(&damages)));
});
