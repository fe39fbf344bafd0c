//! Names of streams and ids of commands: every legal name is distinct from all others.

use annals_event_log::Precondition::{Any, NoStream};
use annals_event_log::{Claim, Head, MAX_STREAM_BYTES, Snapshot};

use crate::case::Case;
use crate::reading;
use crate::scene::{Scene, append, assert_append_invalid, assert_invalid};

pub(super) const CASES: &[Case] = &[
    Case::new(
        "names.every-printable-character",
        "every printable ASCII character may stand in a stream's id",
        every_printable_character,
    ),
    Case::new(
        "names.unicode",
        "ids are UTF-8 of any script, and are not normalized",
        unicode,
    ),
    Case::new(
        "names.look-alikes",
        "names that an escape or a file system could confuse are different streams",
        look_alikes,
    ),
    Case::new(
        "names.longest",
        "a name of 128 bytes is legal, and told apart from its neighbours",
        longest,
    ),
    Case::new(
        "names.categories",
        "categories are [a-z][a-z0-9_]* and end at the first `-`",
        categories,
    ),
    Case::new(
        "names.illegal",
        "illegal names are invalid in every call, and nothing is written",
        illegal,
    ),
    Case::new(
        "names.command-ids",
        "command ids of any shape are told apart",
        command_ids,
    ),
];

/// Asserts that all of these are distinct streams: each is new, and has only its own event.
#[track_caller]
fn apart(scene: &Scene<'_>, streams: &[String]) {
    let store = &mut scene.connect();
    for name in streams {
        append(store, scene.request(name, NoStream, &[name]));
    }
    let store = &mut scene.connect();
    for name in streams {
        let found = reading::stream(store, name);
        assert_eq!(found.len(), 1, "{name:?}");
        assert_eq!((&found[0].stream, &found[0].event_type), (name, name));
    }
}

fn every_printable_character(scene: &Scene<'_>) {
    let printable = || (b' '..=b'~').map(char::from);
    let mut streams: Vec<_> = printable().map(|c| scene.stream(&c.to_string())).collect();
    streams.push(scene.stream(&printable().collect::<String>()));
    apart(scene, &streams);
}

fn unicode(scene: &Scene<'_>) {
    let ids = [
        "Ünïcode",
        "ü",
        "u\u{308}",
        "Ü",
        "日本語",
        "🦀",
        "ß",
        "ss",
        "ſ",
        "İ",
        "ı",
        "\u{a0}",
        "\u{200b}",
        "\u{feff}",
        "\u{10ffff}",
        "عربي",
    ];
    apart(scene, &ids.map(|id| scene.stream(id)));
}

fn look_alikes(scene: &Scene<'_>) {
    let ids = [
        "x",
        "X",
        "x.",
        "x=2E",
        "x=2e",
        "x%2E",
        "x=",
        "x=3D",
        "x..",
        ".x",
        ".",
        "..",
        "../x",
        "x/",
        "x/y",
        "x\\y",
        "x:y",
        "x*",
        "x?",
        "x ",
        " x",
        "x~",
        "x\"",
        "'x'",
        "x|y",
        "con",
        "nul",
        "x.tmp",
        "-x",
        "x-",
        "--x",
        "x_y",
        "x__y",
        "0",
        "00",
        "x.1",
        "x.01",
        "x.0000000000000001",
        "$x",
        "#x",
        "x@y",
        "x\u{7f9}",
        "{x}",
        "<x>",
        "x&y",
        "x+y",
        "x%20y",
        "x y",
    ];
    apart(scene, &ids.map(|id| scene.stream(id)));
}

fn longest(scene: &Scene<'_>) {
    let fill = |unit: &str, end: &str| {
        let mut name = scene.stream("");
        while name.len() + unit.len() + end.len() <= MAX_STREAM_BYTES {
            name.push_str(unit);
        }
        while name.len() + end.len() < MAX_STREAM_BYTES {
            name.push('x');
        }
        name + end
    };
    let mut streams = Vec::new();
    for unit in ["a", "A", "=", ".", "/", "é", "日", "🦀", "=2E"] {
        streams.extend(["", "1", "2", "=", "."].map(|end| fill(unit, end)));
    }
    streams.sort();
    streams.dedup();
    assert!(streams.iter().all(|name| name.len() == MAX_STREAM_BYTES));
    let shorter: Vec<_> = ["a", "="]
        .map(|unit| fill(unit, "")[..127].to_owned())
        .into();
    streams.extend(shorter);
    apart(scene, &streams);
    let too_long = fill("a", "") + "a";
    let request = scene.request(&too_long, Any, &["E"]);
    assert_append_invalid(scene.connect().append(request), "a name of 129 bytes");
}

fn categories(scene: &Scene<'_>) {
    let token = scene.category();
    let streams: Vec<_> = ["-1", "_-1", "_a-1", "0-1", "a-1", "--1", "-a-1", "_0_-1"]
        .map(|rest| format!("{token}{rest}"))
        .into();
    apart(scene, &streams);
}

fn illegal(scene: &Scene<'_>) {
    let store = &mut scene.connect();
    let token = scene.category();
    let names = [
        String::new(),
        token.to_owned(),
        "-".to_owned(),
        format!("{token}-"),
        "-1".to_owned(),
        format!("{}-1", token.to_uppercase()),
        format!("0{token}-1"),
        format!("_{token}-1"),
        format!("{token}.x-1"),
        format!("{token}/x-1"),
        format!("{token} -1"),
        format!(" {token}-1"),
        format!("{token}é-1"),
        format!("{token}-\0"),
        format!("{token}-a\nb"),
        format!("{token}-a\tb"),
        format!("{token}-\u{1b}[0m"),
        format!("{token}-\u{7f}"),
        format!("{token}-\u{85}"),
        format!("{token}-{}", "x".repeat(MAX_STREAM_BYTES)),
    ];
    let head = Head::default();
    for name in &names {
        let what = &format!("the name {name:?}");
        assert_append_invalid(store.append(scene.request(name, Any, &["E"])), what);
        assert_append_invalid(store.append(scene.request(name, Any, &[])), what);
        assert_invalid(store.read_stream(name, 0, 10), what);
        assert_invalid(store.read_stream_backward(name, None, 10), what);
        assert_invalid(store.load(name, head, 10), what);
        let command = scene.name("command");
        assert_invalid(store.claim_command(&command, 1, name, 0), what);
        assert_invalid(store.find_outcome(&command, name, 0), what);
        let metadata = crate::scene::metadata(&command);
        assert_append_invalid(store.record_outcome(name, head, metadata, None, 1), what);
        assert_invalid(store.load_snapshot(name, "decider"), what);
        assert_invalid(store.delete_snapshot(name, "decider"), what);
        let snapshot = Snapshot {
            state: vec![],
            state_version: 1,
            head,
        };
        assert_invalid(store.save_snapshot(name, "decider", snapshot), what);
    }
}

fn command_ids(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    let long = "x".repeat(900);
    let ids = [
        "a", "A", "a.b", "a=2Eb", "a=2eb", "a/b", "a\\b", "..", " ", "a ", "é", "e\u{301}", "a\nb",
        "a\0b", "🦀", &long, "a-1", "=", "==",
    ];
    let ids = ids.map(|id| scene.name(id));
    for id in &ids {
        let claim = store.claim_command(id, 1, &stream, 0);
        assert_eq!(claim, Ok(Claim::Fresh), "{id:?}");
    }
    for id in &ids {
        let claim = scene.connect().claim_command(id, 1, &stream, 0);
        assert_eq!(claim, Ok(Claim::Pending), "{id:?}");
    }
    let claim = store.claim_command(&scene.name(&(long + "x")), 1, &stream, 0);
    assert_eq!(claim, Ok(Claim::Fresh), "one byte longer");
}
