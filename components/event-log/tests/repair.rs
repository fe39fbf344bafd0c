//! Slots whose creator died halfway, in a store that has such a state.
#![allow(clippy::unwrap_used)]

mod common;

use std::cell::RefCell;
use std::collections::BTreeSet;

use annals_event_log::*;
use common::*;

/// Creation takes two steps; of some slots only the first was done.
#[derive(Default)]
struct TwoSteps {
    slots: MemorySlots,
    begun: RefCell<BTreeSet<String>>,
}

impl TwoSteps {
    fn begin(&self, key: &str) {
        self.begun.borrow_mut().insert(key.to_owned());
    }
}

impl Slots for TwoSteps {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        self.slots.get(key)
    }

    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        if self.get(key)?.is_none() && self.begun.borrow().contains(key) {
            return Err(SlotError::InDoubt(format!("{key} was begun")));
        }
        self.slots.create(key, value)
    }

    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
        self.slots.put(key, value)
    }

    fn delete(&self, key: &str) -> Result<(), SlotError> {
        self.slots.delete(key)
    }

    fn settle(&self, key: &str, value: &[u8]) -> Result<Settled, SlotError> {
        if self.get(key)?.is_some() {
            return Ok(Settled::Decided);
        }
        if !self.begun.borrow().contains(key) {
            return Ok(Settled::Untouched);
        }
        self.put(key, value).map(|()| Settled::Written)
    }
}

fn log_slot(index: u64) -> String {
    format!("a.log.{index:016x}")
}

fn append<S: Slots>(
    log: &mut EventLog<S>,
    stream: &str,
    id: &str,
) -> Result<Appended, AppendError> {
    let mut request = request(stream, Precondition::Any, id, 7, &["Happened"]);
    request.recorded_at = LATER;
    log.append(request)
}

#[test]
fn a_log_slot_whose_creator_died_stops_appends_by_name_until_it_is_repaired() {
    for begun_at in [1, 4] {
        let slots = TwoSteps::default();
        let mut log = open(&slots);
        fill(&mut log, "account-1", &vec![1; begun_at as usize - 1]);
        let key = log_slot(begun_at);
        slots.begin(&key);

        let stopped = append(&mut log, "account-1", "c").unwrap_err();
        let AppendError::Store(StoreError::Unavailable(why)) = stopped else {
            panic!("{stopped:?}");
        };
        assert!(why.contains(&key), "{why}");

        assert_eq!(log.repair(&key, None), Ok(Settled::Written));
        append(&mut log, "account-1", "c").unwrap();
        assert_eq!(check(&slots, &["account-1"]).len() as u64, begun_at);
        assert_eq!(log.repair(&key, None), Ok(Settled::Decided));
    }
}

#[test]
fn a_stream_slot_whose_creator_died_stops_the_stream_and_the_log_until_it_is_repaired() {
    for begun_at in [1, 3] {
        let slots = TwoSteps::default();
        let mut log = open(&slots);
        fill(&mut log, "account-1", &vec![2; begun_at as usize - 1]);
        let key = format!("a.stream.account-1.{begun_at:016x}");
        slots.begin(&key);

        let stopped = append(&mut log, "account-1", "dies").unwrap_err();
        assert!(
            matches!(&stopped, AppendError::Store(StoreError::InDoubt(why)) if why.contains(&key)),
            "{stopped:?}"
        );
        append(&mut log, "account-2", "c").unwrap();
        let position = (begun_at - 1) * 1024 + 2;
        let stopped = log
            .read_log(position, 9, &LogFilter::default(), LATER + 60_000)
            .unwrap_err();
        assert!(
            matches!(&stopped, StoreError::Unavailable(why) if why.contains(&key)),
            "{stopped:?}"
        );

        assert_eq!(log.repair(&key, None), Ok(Settled::Written));
        let version = append(&mut log, "account-1", "c").unwrap().version;
        assert_eq!(version, (begun_at - 1) * 2 + 1);
        check(&slots, &["account-1", "account-2"]);
    }
}

#[test]
fn a_command_id_whose_claim_died_takes_effect_once_after_the_repair() {
    let slots = TwoSteps::default();
    let mut log = open(&slots);
    fill(&mut log, "account-1", &[1, 1]);
    slots.begin("a.command.the=20id");
    let stopped = log.claim_command("the id", 1, "account-1", 2).unwrap_err();
    assert!(matches!(&stopped, StoreError::Unavailable(why) if why.contains("the=20id")));

    assert_eq!(log.repair("a.command.the=20id", None), Ok(Settled::Written));
    assert_eq!(
        log.claim_command("the id", 1, "account-1", 2),
        Ok(Claim::Pending)
    );
    let first = append(&mut log, "account-1", "the id").unwrap();
    fill(&mut log, "account-1", &[1]);
    // The second attempt has read the stream up to its end; the outcome lies before that.
    assert_eq!(
        log.claim_command("the id", 1, "account-1", 4),
        Ok(Claim::Done(Outcome::Accepted(first)))
    );
}

#[test]
fn a_store_whose_first_record_died_is_repaired() {
    let slots = TwoSteps::default();
    let mut log = open(&slots);
    slots.begin("a.store");
    let stopped = append(&mut log, "account-1", "c").unwrap_err();
    assert!(
        matches!(&stopped, AppendError::Store(StoreError::Unavailable(why)) if why.contains("a.store")),
        "{stopped:?}"
    );
    assert!(log.repair("aother.store", None).is_err());
    assert_eq!(log.repair("a.store", None), Ok(Settled::Written));
    append(&mut log, "account-1", "c").unwrap();
    check(&slots, &["account-1"]);
}

#[test]
fn what_nobody_has_begun_is_left_alone() {
    let slots = TwoSteps::default();
    let mut log = open(&slots);
    fill(&mut log, "account-1", &[1]);
    let before = slots.slots.dump();
    for key in [
        &log_slot(2),
        "a.stream.account-1.0000000000000002",
        "a.command.c",
    ] {
        assert_eq!(log.repair(key, None), Ok(Settled::Untouched), "{key}");
    }
    assert_eq!(log.repair(&log_slot(1), None), Ok(Settled::Decided));
    assert_eq!(slots.slots.dump(), before);
}

#[test]
fn only_slots_of_this_store_without_a_gap_before_them_are_repaired() {
    let slots = TwoSteps::default();
    let mut log = open(&slots);
    fill(&mut log, "account-1", &[1]);
    let keys = [
        "",
        "a",
        "a.log",
        "a.log.xyz",
        "a.log.0000000000000000",
        "a.log.2",
        "a.log.0000000000000003",
        "aother.log.0000000000000002",
        "c.log.0000000000000002",
        "a.log-hint",
        "a.head.account-1",
        "a.snapshot.00",
        "a.stream.account-1.0000000000000000",
        "a.stream.account-1.0000000000000003",
        "a.stream.account=2d1.0000000000000002",
        "a.stream.noname.0000000000000001",
        "a.stream.account-=FF.0000000000000001",
        "a.stream.account-=F.0000000000000001",
    ];
    for key in keys {
        slots.begin(key);
        let refused = log.repair(key, None);
        assert!(
            matches!(refused, Err(StoreError::Invalid(_))),
            "{key}: {refused:?}"
        );
    }
}

#[test]
fn a_key_that_holds_a_hash_is_repaired_by_its_name() {
    let slots = TwoSteps::default();
    let mut log = open(&slots);
    let stream = format!("account-{}", "ä".repeat(60));
    fill(&mut log, &stream, &[1]);
    let last = slots
        .slots
        .dump()
        .into_keys()
        .find(|key| key.contains("stream-sha256"));
    let key = last
        .unwrap()
        .replace("0000000000000001", "0000000000000002");
    slots.begin(&key);
    for name in [None, Some("account-1"), Some("")] {
        let refused = log.repair(&key, name);
        assert!(
            matches!(refused, Err(StoreError::Invalid(_))),
            "{name:?}: {refused:?}"
        );
    }
    assert_eq!(log.repair(&key, Some(&stream)), Ok(Settled::Written));
    append(&mut log, &stream, "c").unwrap();
    check(&slots, &[&stream]);
}

/// A key of a chain whose creation was begun, and the call that met it.
fn names_key(error: &StoreError, key: &str) {
    assert!(
        matches!(error, StoreError::Unavailable(why) | StoreError::InDoubt(why) if why.contains(key)),
        "{error:?}"
    );
}

fn store_error(error: WriteError) -> StoreError {
    match error {
        WriteError::Store(error) => error,
        WriteError::Stale => panic!("stale"),
    }
}

#[test]
fn a_checkpoint_whose_creator_died_is_as_before_after_the_repair() {
    let long = "h".repeat(200);
    for (handler, name) in [("h", None), (&*long, Some(&*long))] {
        for before in 0..3 {
            let slots = TwoSteps::default();
            let mut log = open(&slots);
            for revision in 0..before {
                let next = checkpoint(revision + 7, 1, revision);
                log.save_checkpoint(handler, next).unwrap();
            }
            let stored = log.load_checkpoint(handler).unwrap();
            let first = match slots.slots.dump().into_keys().next() {
                Some(key) => key.rsplit_once('.').unwrap().0.to_owned(),
                None if name.is_some() => continue,
                None => "a.checkpoint.h".into(),
            };
            let key = format!("{first}.{:016x}", before + 1);
            slots.begin(&key);
            let next = checkpoint(20, 1, before);
            let died = log.save_checkpoint(handler, next.clone()).unwrap_err();
            names_key(&store_error(died), &key);

            assert_eq!(log.repair(&key, name), Ok(Settled::Written));
            for log in [&mut log, &mut open(&slots)] {
                let now = log.load_checkpoint(handler).unwrap();
                let what = |it: &Option<Checkpoint>| it.clone().map(|it| (it.position, it.state));
                assert_eq!(what(&now), what(&stored), "{before} before");
            }
            let revision = match log.load_checkpoint(handler).unwrap() {
                Some(now) => now.revision,
                None => 0,
            };
            let next = Checkpoint { revision, ..next };
            assert_eq!(log.save_checkpoint(handler, next.clone()), Ok(()));
            assert_eq!(
                open(&slots).save_checkpoint(handler, next),
                Err(WriteError::Stale)
            );
            let found = open(&slots).load_checkpoint(handler).unwrap().unwrap();
            assert_eq!(found.position, 20);
            assert_eq!(log.repair(&key, name), Ok(Settled::Decided));
            if before > 0 {
                let first = format!("{first}.{:016x}", 1);
                assert_eq!(log.repair(&first, name), Ok(Settled::Decided));
            }
        }
    }
}

#[test]
fn a_row_whose_creator_died_is_as_before_after_the_repair() {
    let long = "k/l".repeat(100);
    let named = format!("v/w/{long}");
    for (row_key, name) in [("k", None), (&*long, Some(&*named))] {
        for before in 0..4 {
            let slots = TwoSteps::default();
            let mut log = open(&slots);
            for position in 1..=before {
                let seen = position - 1;
                match position {
                    3 => log.delete_row("v/w", row_key, seen, position).unwrap(),
                    _ => log
                        .put_row("v/w", row(row_key, "x", position), seen)
                        .unwrap(),
                }
            }
            let stored = log.get_row("v/w", row_key).unwrap();
            // The writer would have listed the row first.
            let probe = empty_slots();
            open(&probe)
                .put_row("v/w", row(row_key, "x", 1), 0)
                .unwrap();
            let first = probe.dump().into_keys().find(|key| key.contains(".row"));
            let key = first.unwrap();
            let key = format!("{}.{:016x}", key.rsplit_once('.').unwrap().0, before + 1);
            slots.begin(&key);
            let seen = stored.as_ref().map_or(0, |row| row.position);
            let died = log.put_row("v/w", row(row_key, "y", 9), seen).unwrap_err();
            names_key(&store_error(died), &key);

            assert_eq!(
                log.repair(&key, name),
                Ok(Settled::Written),
                "{before} before"
            );
            for log in [&mut log, &mut open(&slots)] {
                assert_eq!(log.get_row("v/w", row_key), Ok(stored.clone()));
                let page = log.scan_rows("v/w", None, 10).unwrap();
                assert_eq!(page.rows, Vec::from_iter(stored.clone()));
            }
            let late = open(&slots).put_row("v/w", row(row_key, "y", before), seen);
            assert!(late.is_err(), "positions still do not go back");
            assert_eq!(log.put_row("v/w", row(row_key, "y", 9), seen), Ok(()));
            let found = open(&slots).get_row("v/w", row_key).unwrap();
            assert_eq!(found, Some(row(row_key, "y", 9)));
            assert_eq!(log.repair(&key, name), Ok(Settled::Decided));
        }
    }
}

#[test]
fn a_list_of_rows_whose_writer_died_goes_on_after_the_repair() {
    for before in 0..3 {
        let slots = TwoSteps::default();
        let mut log = open(&slots);
        let keys: Vec<String> = (0..before).map(|n| format!("k{n}")).collect();
        for key in &keys {
            log.put_row("v", row(key, "x", 1), 0).unwrap();
        }
        let key = format!("a.view.v.{:016x}", before + 1);
        slots.begin(&key);
        let died = log.put_row("v", row("new", "x", 1), 0).unwrap_err();
        names_key(&store_error(died), &key);
        assert_eq!(log.repair(&key, None), Ok(Settled::Written));
        log.put_row("v", row("new", "x", 1), 0).unwrap();
        let page = open(&slots).scan_rows("v", None, 10).unwrap();
        assert_eq!(page.rows.len(), keys.len() + 1);
        assert_eq!(log.drop_rows("v", 10), Ok(true));
        assert_eq!(slots.slots.dump().len(), 1, "the mark");
    }
    let slots = TwoSteps::default();
    let mut log = open(&slots);
    slots.begin("a.view-dropped.v");
    names_key(&log.drop_rows("v", 1).unwrap_err(), "a.view-dropped.v");
    assert_eq!(log.repair("a.view-dropped.v", None), Ok(Settled::Written));
    assert_eq!(log.drop_rows("v", 1), Ok(true));
}

#[test]
fn of_what_reactions_keep_only_what_may_have_been_begun_is_repaired() {
    let slots = TwoSteps::default();
    let mut log = open(&slots);
    log.put_row("v", row("k", "x", 1), 0).unwrap();
    for key in [
        "a.checkpoint.h.0000000000000000",
        "a.checkpoint.h.0000000000000002",
        "a.checkpoint.h",
        "a.checkpoint-sha256.00.0000000000000001",
        "a.row.v.k.0000000000000003",
        "a.row.v.l.0000000000000002",
        "a.row.v.0000000000000001",
        "a.row-sha256.00.0000000000000001",
        "a.view.v.0000000000000003",
        "a.view.v.0000000000000000",
        "a.view-head.v",
        "aother.view.v.0000000000000002",
    ] {
        slots.begin(key);
        for name in [None, Some("v/k")] {
            let refused = log.repair(key, name);
            assert!(
                matches!(refused, Err(StoreError::Invalid(_))),
                "{key}: {refused:?}"
            );
        }
    }
    for key in ["a.row.v.k.0000000000000002", "a.view.v.0000000000000002"] {
        assert_eq!(log.repair(key, None), Ok(Settled::Untouched), "{key}");
    }
    assert_eq!(
        log.repair("a.row.v.k.0000000000000001", None),
        Ok(Settled::Decided)
    );
}

#[test]
fn records_of_a_newer_release_are_neither_replaced_nor_built_upon() {
    let slots = empty_slots();
    let mut log = open(&slots);
    log.append(request("a-1", Precondition::Any, "c", 1, &["E"]))
        .unwrap();
    log.claim_command("c", 7, "a-1", 0).unwrap();
    log.save_checkpoint("h", checkpoint(1, 1, 0)).unwrap();
    log.put_row("v", row("k", "x", 1), 0).unwrap();
    // A counter is text.
    slots.delete("a.log-counter").unwrap();
    for (key, value) in slots.dump() {
        let newer = fuzzing::seal(value[1], 9, &value[7..]);
        slots.put(&key, &newer).unwrap();
    }
    let before = slots.dump();
    for key in before.keys() {
        assert_eq!(
            open(&slots).repair(key, None),
            Ok(Settled::Decided),
            "{key}"
        );
        let Some((front, "0000000000000001")) = key.rsplit_once('.') else {
            continue;
        };
        let next = format!("{front}.0000000000000002");
        let refused = open(&slots).repair(&next, None);
        assert!(
            matches!(&refused, Err(StoreError::Newer { key: at, .. }) if at == key),
            "{next}: {refused:?}"
        );
    }
    assert_eq!(slots.dump(), before);
}
