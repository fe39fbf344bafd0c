//! Tags of events and extension attributes of commands.

use annals_event_log::Precondition::{Any, At};
use annals_event_log::{
    AppendRequest, LogFilter, MAX_EXTENSION_BYTES, MAX_EXTENSION_NAME_BYTES, MAX_EXTENSIONS,
    MAX_TAG_BYTES, MAX_TAGS, Metadata, RecordedEvent,
};

use crate::case::Case;
use crate::reading;
use crate::scene::{Connection, Scene, append, assert_append_invalid, event, later, metadata, now};

pub(super) const CASES: &[Case] = &[
    Case::new(
        "tags.as-given",
        "the tags of each event come back in their order; no tags are no tags",
        tags_as_given,
    ),
    Case::new(
        "tags.limits",
        "64 tags of 256 bytes are allowed; more, longer, empty ones and control characters are not",
        tag_limits,
    ),
    Case::new(
        "log.filter-by-tag",
        "events that have at least one of the wanted tags and no others",
        filter_by_tag,
    ),
    Case::new(
        "metadata.extensions-as-given",
        "extension attributes come back in their order with every event of a commit",
        extensions_as_given,
    ),
    Case::new(
        "metadata.extension-limits",
        "64 attributes of 4096 bytes are allowed; more, longer and other names are not",
        extension_limits,
    ),
];

/// A request whose events have these tags.
fn tagged(scene: &Scene<'_>, stream: &str, tags: &[&[&str]]) -> AppendRequest {
    let events = tags.iter().zip(0..).map(|(tags, number)| {
        let mut event = event(&format!("E{number}"));
        event.tags = tags.iter().map(ToString::to_string).collect();
        event
    });
    AppendRequest {
        events: events.collect(),
        ..scene.request(stream, Any, &[])
    }
}

/// All events of a stream. All read functions must agree on them.
#[track_caller]
fn read(scene: &Scene<'_>, start: u64, stream: &str) -> Vec<RecordedEvent> {
    let store = &mut scene.connect();
    let found = reading::stream(store, stream);
    let backward = reading::stream_before(store, stream, None, 500);
    assert!(backward.iter().rev().eq(&found), "backward");
    let log = reading::log(store, start, &reading::of_categories(&[scene.category()]));
    let log: Vec<_> = log
        .into_iter()
        .filter(|event| event.stream == stream)
        .collect();
    reading::assert_same(&log, &found, "the log");
    found
}

fn tags_as_given(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    let start = scene.end_of_log(store);
    let long = "t".repeat(MAX_TAG_BYTES);
    let given: [&[&str]; 6] = [
        &["order:1"],
        &[],
        &["z", "a", "z"],
        &["Ünïcode", "日本語", "with space", "100%", "%20", " "],
        &[&long],
        &["order:1", "customer:7"],
    ];
    append(store, tagged(scene, &stream, &given[..4]));
    append(store, tagged(scene, &stream, &given[4..]));
    let found = read(scene, start, &stream);
    let found: Vec<_> = found.iter().map(|event| event.tags.as_slice()).collect();
    assert_eq!(found, given);
}

fn tag_limits(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    let (longest, longer) = ("t".repeat(MAX_TAG_BYTES), "t".repeat(MAX_TAG_BYTES + 1));
    let most = vec!["t"; MAX_TAGS];
    let more = vec!["t"; MAX_TAGS + 1];
    let wrong: [&[&str]; 6] = [&more, &[&longer], &[""], &["a\nb"], &["\0"], &["\u{85}"]];
    for tags in wrong {
        let refused = store.append(tagged(scene, &stream, &[&["fine"], tags]));
        assert_append_invalid(refused, &format!("{tags:?}"));
    }
    append(store, tagged(scene, &stream, &[&most, &[&longest]]));
    assert_eq!(reading::stream(store, &stream).len(), 2);
}

fn filter_by_tag(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    let start = scene.end_of_log(store);
    let tags: [&[&str]; 5] = [&["a"], &["b", "a"], &[], &["c"], &["aa", "A"]];
    append(store, tagged(scene, &stream, &tags));
    let types = |store: &mut Connection, tags: &[&str], event_types: &[&str], limit| {
        let filter = LogFilter {
            tags: tags.iter().map(ToString::to_string).collect(),
            event_types: event_types.iter().map(ToString::to_string).collect(),
            ..reading::of_categories(&[scene.category()])
        };
        let (found, _) = reading::log_at(store, start, limit, &filter, later());
        let types: Vec<_> = found.into_iter().map(|event| event.event_type).collect();
        types.join(" ").replace("Start ", "")
    };
    for limit in [1, 500] {
        assert_eq!(types(store, &["a"], &[], limit), "E0 E1");
        assert_eq!(types(store, &["a", "c"], &[], limit), "E0 E1 E3");
        assert_eq!(types(store, &["b", "none"], &[], limit), "E1");
        assert_eq!(types(store, &["a"], &["E1", "E4"], limit), "E1");
        assert_eq!(types(store, &["none"], &[], limit), "");
        assert_eq!(types(store, &[], &[], limit), "E0 E1 E2 E3 E4");
    }
}

/// A command with these extension attributes.
fn extended(scene: &Scene<'_>, id: &str, extensions: &[(&str, &str)]) -> Metadata {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Metadata {
        extensions: extensions.iter().map(owned).collect(),
        ..metadata(&scene.name(id))
    }
}

fn extensions_as_given(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    let start = scene.end_of_log(store);
    let (name, value) = (
        "n".repeat(MAX_EXTENSION_NAME_BYTES),
        "v".repeat(MAX_EXTENSION_BYTES),
    );
    let given = [
        extended(scene, "0", &[]),
        extended(
            scene,
            "1",
            &[("tenant", "a"), ("region", ""), ("0", "Ünïcode\n\0")],
        ),
        extended(scene, "2", &[(&name, &value)]),
        // These names have another meaning elsewhere.
        extended(
            scene,
            "3",
            &[("position", "p"), ("id", "i"), ("ext", "e"), ("extid", "x")],
        ),
    ];
    for metadata in &given {
        let request = AppendRequest {
            metadata: metadata.clone(),
            ..scene.request(&stream, Any, &["A", "B"])
        };
        append(store, request);
    }
    let found = read(scene, start, &stream);
    let found: Vec<_> = found.chunks(2).collect();
    assert_eq!(found.len(), given.len());
    for (commit, given) in found.iter().zip(&given) {
        assert!(
            commit.iter().all(|event| event.metadata == *given),
            "{commit:?}"
        );
    }
}

fn extension_limits(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    let head = {
        scene.append(store, &stream, &["E"]);
        reading::fold(store, &stream).1
    };
    let names: Vec<String> = (0..=MAX_EXTENSIONS).map(|n| format!("n{n}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (&**name, "")).collect();
    let (name, value) = (
        "n".repeat(MAX_EXTENSION_NAME_BYTES + 1),
        "v".repeat(MAX_EXTENSION_BYTES + 1),
    );
    let wrong: [&[(&str, &str)]; 8] = [
        &many,
        &[(&name, "")],
        &[("n", &value)],
        &[("", "v")],
        &[("Upper", "v")],
        &[("under_score", "v")],
        &[("ü", "v")],
        &[("twice", "v"), ("twice", "w")],
    ];
    for (extensions, number) in wrong.into_iter().zip(0..) {
        let metadata = extended(scene, &format!("w{number}"), extensions);
        let outcome = store.record_outcome(&stream, head, metadata.clone(), None, now());
        assert_append_invalid(outcome, &format!("the outcome of {extensions:?}"));
        let refused = store.append(AppendRequest {
            metadata,
            ..scene.request(&stream, At(1), &["E"])
        });
        assert_append_invalid(refused, &format!("{extensions:?}"));
    }
    let most = extended(scene, "most", &many[1..]);
    let outcome = store.record_outcome(&stream, head, most, None, now());
    assert_eq!(outcome, Ok(()));
}
