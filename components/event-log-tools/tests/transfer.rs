//! Export and import: the new store answers what the old one does.
#![allow(clippy::unwrap_used)]

mod common;
use std::cell::Cell;
use std::fmt::Write as _;

use annals_event_log::*;
use annals_event_log_tools::{self as tools, ExportError, ImportError, Imported, Importer, Resume};
use common::as_files::AsFiles;
use common::busy::*;
use common::*;

fn settings(prefix: &str) -> Settings {
    Settings {
        prefix: prefix.into(),
        ..Settings::default()
    }
}

fn busy() -> MemorySlots {
    let slots = MemorySlots::new();
    fill_busy(&slots, &settings(""));
    slots
}

fn copy(slots: &MemorySlots) -> MemorySlots {
    let copy = MemorySlots::new();
    for (key, value) in slots.dump() {
        copy.put(&key, &value).unwrap();
    }
    copy
}

fn export_from(slots: &MemorySlots, prefix: &str, before: &[u8]) -> Vec<u8> {
    let from = tools::resume(before).unwrap();
    let mut lines = before[..from.bytes as usize].to_vec();
    tools::export(
        slots,
        prefix,
        "/test",
        &from,
        &mut |bytes| {
            lines.extend_from_slice(bytes);
            Ok(())
        },
        &mut |_| {},
    )
    .unwrap();
    lines
}

fn export(slots: &MemorySlots) -> Vec<u8> {
    export_from(slots, "", b"")
}

fn import<S: Slots>(slots: S, prefix: &str, lines: &[u8]) -> Result<Imported, ImportError> {
    let mut importer = Importer::new(slots, prefix).unwrap();
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        importer.line(line)?;
    }
    importer.finish()
}

/// What a store answers to everything that can be asked of it.
fn answers(slots: &MemorySlots, settings: &Settings) -> String {
    let mut out = String::new();
    let slots = copy(slots);
    let mut log = EventLog::open(&slots, settings).unwrap();
    for limit in [1, 3, 1000] {
        let mut after = 0;
        loop {
            let page = log
                .read_log(after, limit, &LogFilter::default(), u64::MAX)
                .unwrap();
            writeln!(out, "log {limit} {after}: {page:?}").unwrap();
            after = page.next;
            if page.end {
                break;
            }
        }
    }
    for stream in busy_streams() {
        for after in [0, 1, 2, 5] {
            writeln!(
                out,
                "{stream} {after}: {:?}",
                log.read_stream(&stream, after, 3)
            )
            .unwrap();
            writeln!(
                out,
                "{stream} back {after}: {:?}",
                log.read_stream_backward(&stream, (after > 0).then_some(after), 2)
            )
            .unwrap();
        }
        // Voids behind the last commit are not told.
        let (events, head) = load_all(&mut log, &stream, 2);
        writeln!(out, "{stream}: {events:?} {} {}", head.version, head.closed).unwrap();
    }
    for (id, stream) in busy_commands() {
        writeln!(out, "{id}: {:?}", log.find_outcome(&id, &stream, 0)).unwrap();
        let again = log.claim_command(&id, 7, &stream, 0).unwrap();
        assert!(matches!(again, Claim::Done(_)), "{id}: {again:?}");
        writeln!(out, "{id} again: {again:?}").unwrap();
        assert_eq!(log.claim_command(&id, 8, &stream, 0), Ok(Claim::Mismatch));
        assert_eq!(log.claim_command(&id, 7, "q-1", 0), Ok(Claim::Mismatch));
    }
    out
}

#[test]
fn an_imported_store_answers_what_the_source_does() {
    let source = busy();
    let before = source.dump();
    let lines = export(&source);
    assert_eq!(source.dump(), before, "an export only reads");
    for prefix in ["", "tenant/1"] {
        let target = MemorySlots::new();
        let imported = import(&target, prefix, &lines).unwrap();
        assert_eq!(imported.outcomes, 6);
        assert_eq!(
            imported.events,
            log_all(&mut open(&copy(&source)), 100, LATER).len() as u64
        );
        pretty_assert(
            &answers(&source, &settings("")),
            &answers(&target, &settings(prefix)),
        );
        assert_eq!(
            export_from(&target, prefix, b""),
            lines,
            "and exports the same"
        );
    }
}

fn pretty_assert(left: &str, right: &str) {
    for (left, right) in left.lines().zip(right.lines()) {
        assert_eq!(left, right);
    }
    assert_eq!(left.len(), right.len());
}

#[test]
fn slots_that_were_drawn_and_not_used_are_passed() {
    let slots = MemorySlots::with_conditional();
    let append = |slots: &MemorySlots, seed| {
        let request = request("a-1", Precondition::Any, "", seed, &["E"]);
        open(slots).append(request).unwrap().position
    };
    let mut positions = vec![append(&slots, 1)];
    for _ in 0..3 {
        slots.draw("a.log-counter", 0).unwrap();
    }
    positions.push(append(&slots, 2));
    let target = MemorySlots::with_conditional();
    import(&target, "", &export(&slots)).unwrap();
    let imported = log_all(&mut open(&target), 10, NOW);
    let there: Vec<_> = imported.iter().map(|event| event.position).collect();
    assert_eq!(there, positions);
    // The imported store has no counter, and goes on behind its end.
    assert!(append(&target, 3) > positions[1]);
}

#[test]
fn a_log_of_several_partitions_keeps_its_order() {
    let divided = |prefix: &str| Settings {
        partitions: 4,
        ..settings(prefix)
    };
    let (source, target) = (MemorySlots::new(), MemorySlots::new());
    fill_busy(&source, &divided(""));
    let lines = export(&source);
    import(&target, "x", &lines).unwrap();
    pretty_assert(
        &answers(&source, &divided("")),
        &answers(&target, &divided("x")),
    );
    assert_eq!(export_from(&target, "x", b""), lines);
    // It cannot go where the log is divided otherwise.
    let other = MemorySlots::new();
    fill(&mut open(&other), "other-1", &[1]);
    let before = other.dump();
    let result = import(&other, "", &lines);
    assert!(
        matches!(&result, Err(ImportError::Different { key, .. }) if key == "a.store"),
        "{result:?}"
    );
    assert_eq!(other.dump(), before);
    let half = String::from_utf8(lines).unwrap();
    let mixed = half.replacen("\"logpartitions\":4", "\"logpartitions\":2", 1);
    let result = import(MemorySlots::new(), "", mixed.as_bytes());
    assert!(
        matches!(result, Err(ImportError::Malformed { .. })),
        "{result:?}"
    );
}

#[test]
fn partitions_that_had_nothing_to_say_are_passed() {
    let divided = Settings {
        partitions: 4,
        ..settings("")
    };
    let source = MemorySlots::new();
    let mut log = EventLog::open(&source, &divided).unwrap();
    fill(&mut log, "a-1", &[1, 1, 1]);
    let lines = export(&source);
    assert_eq!(lines.iter().filter(|byte| **byte == b'\n').count(), 4);
    // Who comes late comes after them: what was exported is passed.
    for stream in ["b-1", "c-1", "d-1", "e-1", "f-1"] {
        fill(&mut log, stream, &[1]);
    }
    assert!(export_from(&source, "", &lines) == export(&source));
}

#[test]
fn a_store_that_is_listed_in_no_order_and_by_digests_exports_the_same() {
    let source = busy();
    let long = format!("b-{}", "é".repeat(25));
    sourcer::submit(&mut open(&source), &long, "long-no", 60, |_| true).unwrap();
    let mut lines = Vec::new();
    tools::export(
        &AsFiles(&source),
        "",
        "/test",
        &Resume::default(),
        &mut |bytes| {
            lines.extend_from_slice(bytes);
            Ok(())
        },
        &mut |_| {},
    )
    .unwrap();
    assert!(lines == export(&source));
    assert!(String::from_utf8(lines).unwrap().contains("long-no"));
}

#[test]
fn what_is_appended_during_an_export_is_not_in_it() {
    let source = busy();
    let before = export(&source);
    let mut lines = Vec::new();
    let mut appended = false;
    tools::export(
        &source,
        "",
        "/test",
        &Resume::default(),
        &mut |bytes| {
            lines.extend_from_slice(bytes);
            if !std::mem::replace(&mut appended, true) {
                let mut log = open(&source);
                sourcer::submit(&mut log, "only-1", "late", 90, |_| false).unwrap();
                sourcer::submit(&mut log, "only-1", "late-no", 91, |_| true).unwrap();
            }
            Ok(())
        },
        &mut |_| {},
    )
    .unwrap();
    assert!(
        lines == before,
        "neither the commit nor the outcome after it"
    );
}

#[test]
fn slots_of_the_new_store_hold_the_same_bytes() {
    let source = busy();
    let target = MemorySlots::new();
    import(&target, "", &export(&source)).unwrap();
    let (source, target) = (source.dump(), target.dump());
    for (key, value) in &target {
        if !key.contains(".log.") {
            assert_eq!(source.get(key), Some(value), "{key}");
        }
    }
    let refs = |dump: &std::collections::BTreeMap<String, Vec<u8>>| {
        dump.keys().filter(|key| key.contains(".log.")).count()
    };
    assert_eq!(refs(&source), refs(&target), "as long a log");
}

#[test]
fn a_second_import_writes_nothing() {
    let lines = export(&busy());
    let target = MemorySlots::new();
    let first = import(&target, "", &lines).unwrap();
    let before = target.dump();
    assert_eq!(first.written, before.len() as u64);
    let second = import(Dying::new(&target, ""), "", &lines).unwrap();
    assert_eq!(
        second,
        Imported {
            written: 0,
            ..first
        }
    );
    assert_eq!(target.dump(), before);
}

/// Fails at the operation with a given number, and at all after it; the operation itself may have
/// taken effect.
struct Killed<'a> {
    slots: &'a MemorySlots,
    at: u64,
    takes_effect: bool,
    count: Cell<u64>,
}

impl Killed<'_> {
    fn run<T>(&self, operation: impl FnOnce() -> Result<T, SlotError>) -> Result<T, SlotError> {
        let now = self.count.replace(self.count.get() + 1);
        if now < self.at {
            return operation();
        }
        if now == self.at && self.takes_effect {
            operation()?;
        }
        Err(SlotError::Unavailable("killed".into()))
    }
}

impl Slots for Killed<'_> {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, SlotError> {
        self.run(|| self.slots.get(key))
    }
    fn create(&self, key: &str, value: &[u8]) -> Result<Creation, SlotError> {
        self.run(|| self.slots.create(key, value))
    }
    fn put(&self, key: &str, value: &[u8]) -> Result<(), SlotError> {
        self.run(|| self.slots.put(key, value))
    }
    fn delete(&self, key: &str) -> Result<(), SlotError> {
        self.run(|| self.slots.delete(key))
    }
}

#[test]
fn an_import_that_is_killed_anywhere_goes_on_when_it_is_run_again() {
    let lines = export(&busy());
    let whole = MemorySlots::new();
    import(&whole, "", &lines).unwrap();
    for takes_effect in [false, true] {
        let mut at = 0;
        loop {
            let target = MemorySlots::new();
            let killed = Killed {
                slots: &target,
                at,
                takes_effect,
                count: Cell::new(0),
            };
            let first = import(&killed, "", &lines);
            // Somebody looks at what is there so far.
            for event in log_all(&mut open(&target), 3, u64::MAX) {
                assert!(open(&target).read_stream(&event.stream, 0, 1).is_ok());
            }
            import(&target, "", &lines).unwrap();
            assert!(target.dump() == whole.dump(), "killed at {at}");
            if first.is_ok() {
                break;
            }
            at += 1;
        }
        assert!(at > 150, "every operation was tried: {at}");
    }
}

#[test]
fn an_export_that_is_cut_anywhere_goes_on_to_the_same_lines() {
    let source = busy();
    let lines = export(&source);
    for cut in (0..lines.len()).step_by(97).chain([lines.len()]) {
        assert!(
            export_from(&source, "", &lines[..cut]) == lines,
            "cut at {cut}"
        );
    }
}

#[test]
fn an_export_goes_on_with_what_was_appended_since() {
    let source = busy();
    let early = export(&source);
    sourcer::submit(&mut open(&source), "only-1", "later", 70, |_| false).unwrap();
    sourcer::submit(&mut open(&source), "a-1", "no-later", 71, |_| true).unwrap();
    let late = export_from(&source, "", &early);
    assert!(late == export(&source), "as if it were written at once");
    assert!(late.len() > early.len());
    // And so does the import of it.
    let (grown, fresh) = (MemorySlots::new(), MemorySlots::new());
    import(&grown, "", &early).unwrap();
    import(&grown, "", &late).unwrap();
    import(&fresh, "", &late).unwrap();
    assert!(grown.dump() == fresh.dump());
}

#[test]
fn lines_of_another_store_are_not_continued() {
    let (one, other) = (busy(), MemorySlots::new());
    fill(&mut open(&other), "z-1", &[1; 60]);
    let from = tools::resume(&export(&one)[..]).unwrap();
    let result = tools::export(&other, "", "/", &from, &mut |_| Ok(()), &mut |_| {});
    assert!(
        matches!(result, Err(ExportError::AnotherStore { .. })),
        "{result:?}"
    );
    assert!(tools::resume(&b"{\"hello\":1}\n"[..]).is_err());
    assert_eq!(tools::resume(&b"torn"[..]).unwrap(), Resume::default());
}

#[test]
fn a_writer_that_wakes_up_during_an_export_is_noticed() {
    let slots = busy();
    let dead = Dying::new(&slots, ".stream");
    let request = request("w-1", Precondition::Any, "", 5, &["E"]);
    assert!(open(&dead).append(request).is_err());
    let woken = Cell::new(false);
    let result = tools::export(
        &slots,
        "",
        "/",
        &Resume::default(),
        &mut |bytes| {
            // The log was passed: these are the streams' ends.
            let ends = String::from_utf8_lossy(bytes).contains("\"subject\":\"empty-1\"");
            if ends && !woken.replace(true) {
                log_all(&mut open(&slots), 1000, LATER);
            }
            Ok(())
        },
        &mut |_| {},
    );
    assert!(
        woken.get() && matches!(result, Err(ExportError::Changed(_))),
        "{result:?}"
    );
}

#[test]
fn a_target_with_something_else_is_named_and_left_as_it_is() {
    let lines = export(&busy());
    let whole = MemorySlots::new();
    import(&whole, "", &lines).unwrap();
    for (key, value) in whole.dump() {
        // The foreign value alone; then the half of the store that is imported before it.
        let target = MemorySlots::new();
        let mut other = value.clone();
        *other.last_mut().unwrap() ^= 1;
        target.put(&key, &other).unwrap();
        match import(&target, "", &lines) {
            Err(ImportError::Different { key: named, line }) => {
                assert_eq!(named, key);
                assert!(line > 0);
            }
            // A slot in front of another is read, and found to be damaged.
            Err(ImportError::Store { source, .. }) => {
                assert!(source.to_string().contains(&key), "{key}: {source}");
            }
            result => panic!("{key}: {result:?}"),
        }
        assert_eq!(target.get(&key), Ok(Some(other)));
        // What was written before is whole: every commit has its ref.
        let mut errors = Vec::new();
        target.delete(&key).unwrap();
        let mut found = |finding: tools::Finding| {
            if finding.kind == tools::Kind::Error {
                errors.push(finding);
            }
        };
        tools::verify(&target, None, &mut found, &mut |_| {}).unwrap();
        assert!(
            errors
                .iter()
                .all(|error| error.key == key || error.what.contains(&key)),
            "{key}: {errors:?}"
        );
    }
}

type Change = Box<dyn Fn(&str) -> String>;

#[test]
fn malformed_lines_are_told_by_their_number() {
    let lines = String::from_utf8(export(&busy())).unwrap();
    let lines: Vec<&str> = lines.lines().collect();
    let first_event = lines
        .iter()
        .position(|l| l.contains("\"commitsize\":2"))
        .unwrap();
    let spoil = |number: usize, with: &dyn Fn(&str) -> String| {
        let spoilt: Vec<String> = (lines.iter().enumerate())
            .map(|(i, line)| {
                if i == number {
                    with(line)
                } else {
                    (*line).to_owned()
                }
            })
            .collect();
        import(MemorySlots::new(), "", spoilt.join("\n").as_bytes())
    };
    let replace = |from: &'static str, to: &'static str| {
        move |line: &str| {
            assert!(line.contains(from), "{line}");
            line.replacen(from, to, 1)
        }
    };
    let changes: Vec<Change> = vec![
        Box::new(|_| "{".into()),
        Box::new(|_| "[]".into()),
        Box::new(replace(
            "\"specversion\":\"1.0\"",
            "\"specversion\":\"0.3\"",
        )),
        Box::new(replace("\"commitsize\":2", "\"commitsize\":0")),
        Box::new(replace("\"commitsize\":2", "\"more\":2")),
        Box::new(replace("\"streamslot\":\"", "\"streamslot\":\"9")),
        Box::new(replace(
            "\"streamversion\":\"1\"",
            "\"streamversion\":\"3\"",
        )),
        Box::new(replace(
            "\"streamversion\":\"1\"",
            "\"streamversion\":\"01\"",
        )),
        Box::new(replace("\"streamversion\":\"1\"", "\"streamversion\":-1")),
        Box::new(replace("\"position\":\"", "\"position\":\"1")),
        Box::new(replace("\"subject\":\"", "\"subject\":\"X")),
        Box::new(replace(
            "\"claimfingerprint\":\"",
            "\"claimfingerprint\":\"x",
        )),
        Box::new(replace("\"time\":\"2", "\"time\":\"x")),
        Box::new(replace("\"id\":\"", "\"id\":\"g")),
        Box::new(|line| line.replace("\"commandtype\":\"Do\",", "")),
        Box::new(|line| line.replace("data_base64\":\"", "data_base64\":\"?")),
    ];
    for (n, change) in changes.iter().enumerate() {
        match spoil(first_event, change) {
            Err(ImportError::Malformed { line, .. }) => {
                // What does not fit the store shows when the commit is whole.
                let commit = first_event as u64 + 1..=first_event as u64 + 2;
                assert!(commit.contains(&line), "change {n}: line {line}");
            }
            result => panic!("change {n}: {result:?}"),
        }
    }
    // Any line that is left out is missed, there or at the end.
    for left_out in 0..lines.len() {
        let rest: Vec<&str> = (lines.iter().enumerate())
            .filter(|(i, _)| *i != left_out)
            .map(|(_, line)| *line)
            .collect();
        let result = import(MemorySlots::new(), "", rest.join("\n").as_bytes());
        assert!(
            matches!(
                result,
                Err(ImportError::Malformed { .. } | ImportError::Unfinished(_))
            ),
            "without line {}: {result:?}",
            left_out + 1
        );
    }
}

/// As earlier versions wrote them.
fn with_numbers(export: &str) -> String {
    let mut text = export.to_owned();
    for attribute in [
        "streamversion",
        "position",
        "streamslot",
        "streamvoids",
        "claimcursor",
        "timems",
        "reflects",
    ] {
        let name = format!("\"{attribute}\":\"");
        while let Some(at) = text.find(&name) {
            let start = at + name.len() - 1;
            let end = start + 1 + text[start + 1..].find('"').unwrap();
            let number = text[start + 1..end].to_owned();
            text.replace_range(start..=end, &number);
        }
    }
    text
}

#[test]
fn numbers_of_64_bits_are_texts_and_read_either_way() {
    let source = busy();
    let text = String::from_utf8(export(&source)).unwrap();
    let numbers = with_numbers(&text);
    for attribute in ["streamversion", "position", "streamslot", "claimcursor"] {
        assert!(text.contains(&format!("\"{attribute}\":\"")), "{attribute}");
        assert!(
            !numbers.contains(&format!("\"{attribute}\":\"")),
            "{attribute}"
        );
    }
    let imported = |lines: &str| {
        let target = MemorySlots::new();
        import(&target, "", lines.as_bytes()).unwrap();
        target.dump()
    };
    assert_eq!(imported(&numbers), imported(&text));
}

/// A request whose event has tags and whose command has extension attributes.
fn tagged(stream: &str, command: &str, seed: u64) -> AppendRequest {
    let mut request = request(stream, Precondition::Any, command, seed, &["E", "F"]);
    request.events[0].tags = ["order:1", "a b", "100%", "%20", "ünï", " "]
        .map(String::from)
        .to_vec();
    let attributes = [
        ("tenant", "a \"b\"\n"),
        ("position", "left"),
        ("extposition", "right"),
        ("extensions", ""),
        ("tags", "x"),
        ("ext", "e"),
        ("0", "0"),
    ];
    request.metadata.extensions = attributes
        .map(|(name, value)| (name.into(), value.into()))
        .to_vec();
    request
}

#[test]
fn tags_and_extension_attributes_come_over() {
    let slots = busy();
    let mut log = open(&slots);
    log.append(tagged("t-1", "", 77)).unwrap();
    let head = log.load("t-1", Head::default(), 10).unwrap().head;
    let metadata = Metadata {
        extensions: tagged("t-1", "", 0).metadata.extensions,
        ..metadata("rejected")
    };
    log.record_outcome("t-1", head, metadata, None, NOW)
        .unwrap();
    let lines = export(&slots);
    let text = String::from_utf8(lines.clone()).unwrap();
    let line = text.lines().find(|line| line.contains("\"t-1\"")).unwrap();
    for part in [
        r#""tags":"order:1 a%20b 100%25 %2520 ünï %20""#,
        r#""extensions":"tenant extposition extextposition extextensions exttags extext 0""#,
        r#""tenant":"a \"b\"\n""#,
        r#""extposition":"left""#,
    ] {
        assert!(line.contains(part), "no {part} in {line}");
    }
    let there = MemorySlots::new();
    import(&there, "", &lines).unwrap();
    assert_eq!(
        answers(&there, &settings("")),
        answers(&slots, &settings(""))
    );
    let keys = |key: &String| key.contains(".stream.t-1.");
    let of = |slots: &MemorySlots| {
        slots
            .dump()
            .into_iter()
            .filter(|(key, _)| keys(key))
            .collect::<Vec<_>>()
    };
    assert_eq!(of(&there), of(&slots));
    assert_eq!(of(&there).len(), 2);
    assert_eq!(export(&there), lines);
    // An export of it goes on, too.
    log.append(tagged("t-1", "", 78)).unwrap();
    assert_eq!(export_from(&slots, "", &lines), export(&slots));
}

#[test]
fn attributes_that_no_export_writes_are_refused() {
    let slots = MemorySlots::new();
    open(&slots).append(tagged("t-1", "", 1)).unwrap();
    let lines = String::from_utf8(export(&slots)).unwrap();
    for (from, to, why) in [
        (
            "\"tenant\":",
            "\"tenants\":",
            "lists an extension \"tenant\"",
        ),
        ("tenant ext", "ext", "tenant"),
        ("\"0\":\"0\"", "\"0\":0", "extension 0"),
        ("100%25", "100%", "tags"),
        (
            "\"exttags\":\"x\"",
            "\"exttags\":\"x\",\"exttags\":\"y\"",
            "comes twice",
        ),
        ("exttags extext 0", "exttags extext 0 0", "comes twice"),
    ] {
        let wrong = lines.replacen(from, to, 1);
        assert_ne!(wrong, lines);
        let error = import(MemorySlots::new(), "", wrong.as_bytes()).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
}

/// A line as version 0.1.0 has written it, before there were tags and extension attributes.
const OLD: &str = r#"{"specversion":"1.0","id":"0123456789abcdef0123456789abcdef-0","source":"/test","type":"E","subject":"a-1","time":"2023-11-14T22:13:20.000Z","datacontenttype":"application/json","data":{},"streamversion":"1","position":"1024","commandid":"","correlationid":"","causationid":"","schemaversion":1,"commandtype":"","streamslot":"1","commitsize":1}
{"specversion":"1.0","id":"end","source":"/test","type":"annals.end.v1","datacontenttype":"application/json","data":{"logend":1,"logpartitions":1,"commits":1,"events":1,"outcomes":0,"rows":0,"checkpoints":0}}
"#;

#[test]
fn lines_from_before_there_were_tags_give_records_of_version_1() {
    let slots = MemorySlots::new();
    import(&slots, "", OLD.as_bytes()).unwrap();
    let commit = slots.get("a.stream.a-1.0000000000000001").unwrap().unwrap();
    assert_eq!(commit[..3], [0xA5, 2, 1]);
    assert_eq!(read_all(&mut open(&slots), "a-1", 9).len(), 1);
    assert_eq!(String::from_utf8(export(&slots)).unwrap(), OLD);
}

#[test]
fn an_export_leaves_nothing_of_a_newer_release_out() {
    let slots = busy();
    let mut log = open(&slots);
    log.save_checkpoint(&"h".repeat(161), checkpoint(1, 1, 0))
        .unwrap();
    log.put_row(&"v".repeat(161), row("k", "x", 1), 0).unwrap();
    log.put_row("v", row("k", "x", 1), 0).unwrap();
    for (key, value) in slots.dump() {
        if key.contains("hint") || key.contains("head") {
            continue;
        }
        let newer = copy(&slots);
        newer
            .put(&key, &fuzzing::seal(value[1], 9, &value[7..]))
            .unwrap();
        let export = |slots: &dyn Fn() -> Result<(), ExportError>| slots();
        let none = Resume::default();
        let plain = export(&|| {
            tools::export(&newer, "", "/x", &none, &mut |_| Ok(()), &mut |_| {}).map(drop)
        });
        let files = export(&|| {
            tools::export(
                &AsFiles(&newer),
                "",
                "/x",
                &none,
                &mut |_| Ok(()),
                &mut |_| {},
            )
            .map(drop)
        });
        for refused in [plain, files] {
            assert!(
                matches!(&refused, Err(ExportError::Store(StoreError::Newer { .. }))),
                "{key}: {refused:?}"
            );
        }
    }
}
