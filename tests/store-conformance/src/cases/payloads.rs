//! Reads return the written data: payloads, metadata, ids and times.

use std::collections::BTreeSet;

use annals_event_log::Precondition::{self, Any};
use annals_event_log::{AppendRequest, Metadata, NewEvent};

use crate::case::Case;
use crate::reading;
use crate::scene::{Scene, append, event, metadata, now};

pub(super) const CASES: &[Case] = &[
    Case::new(
        "payloads.every-byte",
        "a payload is bytes: every value, and what is no UTF-8",
        every_byte,
    ),
    Case::new("payloads.empty", "an empty payload is a payload", empty),
    Case::new(
        "payloads.one-mebibyte",
        "payloads of 1 MiB, alone and two in a commit",
        one_mebibyte,
    ),
    Case::new(
        "payloads.many-in-one-commit",
        "1000 events of different payloads in one commit, read in pages",
        many_in_one_commit,
    ),
    Case::new(
        "payloads.many-large-commits",
        "20 commits of 200 KiB each: pages end, nothing is left out",
        many_large_commits,
    ),
    Case::new(
        "payloads.type-and-media-type",
        "types, schema versions and media types of any text",
        types,
    ),
    Case::new(
        "metadata.as-given",
        "all metadata comes back exactly; nothing is not the empty text",
        metadata_as_given,
    ),
    Case::new(
        "metadata.for-every-event-of-a-commit",
        "every event carries the metadata of its own commit",
        metadata_of_every_event,
    ),
    Case::new(
        "ids.unique",
        "ids of events are unique, also for equal requests",
        ids_unique,
    ),
    Case::new(
        "time.never-goes-back",
        "within a stream time never goes back, also when the caller's clock does",
        time_never_goes_back,
    ),
    Case::new(
        "time.as-given",
        "a time that does not go back is recorded as given",
        time_as_given,
    ),
];

fn holding(payload: Vec<u8>) -> NewEvent {
    NewEvent {
        payload,
        content_type: "application/octet-stream".into(),
        ..event("Payload")
    }
}

/// Appends the commits and reads them back by every read function.
#[track_caller]
fn round_trip(scene: &Scene<'_>, commits: &[Vec<NewEvent>]) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    let start = scene.end_of_log(store);
    for events in commits {
        let request = AppendRequest {
            events: events.clone(),
            ..scene.request(&stream, Any, &[])
        };
        append(store, request);
    }
    let all: Vec<&NewEvent> = commits.iter().flatten().collect();
    let store = &mut scene.connect();
    let found = reading::stream(store, &stream);
    assert_eq!(found.len(), all.len());
    for (found, given) in found.iter().zip(all) {
        assert!(
            found.payload == given.payload,
            "a payload of {} bytes came back as another of {}",
            given.payload.len(),
            found.payload.len()
        );
        assert_eq!(
            (&found.event_type, found.schema_version, &found.content_type),
            (&given.event_type, given.schema_version, &given.content_type)
        );
    }
    let backward = reading::stream_before(store, &stream, None, 500);
    assert!(backward.iter().rev().eq(&found), "backward");
    let (folded, _) = reading::fold(store, &stream);
    assert!(
        folded.into_iter().eq(found.iter().map(reading::lean)),
        "folding"
    );
    let log = reading::log(store, start, &reading::of_categories(&[scene.category()]));
    assert!(log == found, "the log");
}

fn every_byte(scene: &Scene<'_>) {
    let bytes: Vec<u8> = (0..=255).collect();
    let mut commits: Vec<_> = bytes
        .chunks(64)
        .map(|part| vec![holding(part.into())])
        .collect();
    commits.push(bytes.iter().map(|byte| holding(vec![*byte])).collect());
    commits.push(vec![holding(bytes)]);
    for wrong in [
        &b"\xc3\x28"[..],
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"a\0b",
        b"\r\n",
    ] {
        commits.push(vec![holding(wrong.into())]);
    }
    round_trip(scene, &commits);
}

fn empty(scene: &Scene<'_>) {
    let (empty, some) = (holding(vec![]), holding(b"x".into()));
    round_trip(
        scene,
        &[vec![empty.clone()], vec![some, empty.clone(), empty]],
    );
}

fn noise(length: usize, seed: u32) -> Vec<u8> {
    let mut state = seed | 1;
    let next = || {
        // xorshift32 (Marsaglia, 2003): bytes that no compressor can shrink.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()[1]
    };
    std::iter::repeat_with(next).take(length).collect()
}

fn one_mebibyte(scene: &Scene<'_>) {
    let large = |seed| holding(noise(1 << 20, seed));
    round_trip(
        scene,
        &[vec![large(1)], vec![large(2), large(3)], vec![large(4)]],
    );
}

fn many_in_one_commit(scene: &Scene<'_>) {
    let events = (0..1000u32)
        .map(|n| holding(noise(n as usize % 40, n)))
        .collect();
    round_trip(
        scene,
        &[vec![holding(vec![1])], events, vec![holding(vec![2])]],
    );
}

fn many_large_commits(scene: &Scene<'_>) {
    let commits: Vec<_> = (0..20)
        .map(|n| vec![holding(noise(200 << 10, n))])
        .collect();
    round_trip(scene, &commits);
}

fn types(scene: &Scene<'_>) {
    let long = "L".repeat(1000);
    let texts = [
        "",
        "A",
        "with space",
        "Ünïcode",
        "a.b/c-d",
        "日本語",
        "\0",
        &long,
    ];
    let versions = [0, 1, u32::MAX, 7, 1, 2, 3, 4];
    let events = texts
        .iter()
        .zip(versions)
        .map(|(text, schema_version)| NewEvent {
            event_type: text.to_string(),
            schema_version,
            content_type: text.chars().rev().collect(),
            payload: vec![],
            tags: Vec::new(),
        });
    round_trip(scene, &[events.collect()]);
}

fn metadata_as_given(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    let texts = [
        None,
        Some(""),
        Some("ann"),
        Some("Ünïcode 日本語 🦀"),
        Some("\0\n\t"),
        Some(" "),
    ];
    let mut given = Vec::new();
    for (number, actor) in texts.iter().enumerate() {
        let text = actor.unwrap_or_default();
        given.push(Metadata {
            command_id: scene.name(&format!("{number}{text}")),
            command_type: format!("Do{text}"),
            correlation_id: text.to_owned(),
            causation_id: format!("c{text}"),
            actor: actor.map(str::to_owned),
            traceparent: texts[texts.len() - 1 - number].map(str::to_owned),
            extensions: Vec::new(),
        });
    }
    // The metadata of an append without a command.
    given.push(Metadata::default());
    for metadata in &given {
        let request = AppendRequest {
            metadata: metadata.clone(),
            ..scene.request(&stream, Any, &["E"])
        };
        append(store, request);
    }
    let found = reading::stream(&mut scene.connect(), &stream);
    let found: Vec<_> = found.into_iter().map(|event| event.metadata).collect();
    assert_eq!(found, given);
}

fn metadata_of_every_event(scene: &Scene<'_>) {
    let (store, stream) = (&mut scene.connect(), scene.stream("1"));
    let commands = ["x", "y", "z"].map(|id| scene.name(id));
    for id in &commands {
        let request = AppendRequest {
            metadata: metadata(id),
            ..scene.request(&stream, Any, &["A", "B", "C"])
        };
        append(store, request);
    }
    let found = reading::stream(store, &stream);
    assert_eq!(found.len(), 9);
    for (commit, id) in found.chunks(3).zip(&commands) {
        assert!(commit.iter().all(|event| event.metadata == metadata(id)));
    }
}

fn ids_unique(scene: &Scene<'_>) {
    let streams = ["1", "2"].map(|id| scene.stream(id));
    let equal = scene.request("", Precondition::Any, &["A", "B", "C"]);
    let mut told = Vec::new();
    for _ in 0..5 {
        let store = &mut scene.connect();
        for stream in &streams {
            let request = AppendRequest {
                stream: stream.clone(),
                // Only appends with a command id are deduplicated.
                metadata: Metadata::default(),
                ..equal.clone()
            };
            told.extend(append(store, request).events.into_iter().map(|e| e.id));
        }
    }
    let found = streams.map(|stream| reading::stream(&mut scene.connect(), &stream));
    let found: Vec<String> = found.into_iter().flatten().map(|event| event.id).collect();
    for ids in [told, found] {
        let unique: BTreeSet<&String> = ids.iter().collect();
        assert_eq!((ids.len(), unique.len()), (30, 30), "{ids:?}");
        assert!(unique.iter().all(|id| !id.is_empty()));
    }
}

#[track_caller]
fn recorded(scene: &Scene<'_>, times: &[u64]) -> Vec<u64> {
    let stream = scene.stream("1");
    let store = &mut scene.connect();
    for time in times {
        let request = AppendRequest {
            recorded_at: *time,
            ..scene.request(&stream, Any, &["A", "B"])
        };
        append(store, request);
    }
    let found = reading::stream(store, &stream);
    found.iter().map(|event| event.recorded_at).collect()
}

fn time_never_goes_back(scene: &Scene<'_>) {
    let now = now();
    let given = [
        now,
        now - 1,
        now + 10,
        now - 3_600_000,
        0,
        now + 10,
        now + 11,
    ];
    let found = recorded(scene, &given);
    assert!(found.is_sorted(), "{found:?}");
    assert!(
        found.iter().all(|time| (now..=now + 11).contains(time)),
        "times are among those given: {found:?}"
    );
}

fn time_as_given(scene: &Scene<'_>) {
    let now = now();
    let found = recorded(scene, &[now - 5, now, now, now + 1]);
    assert_eq!(
        found,
        [now - 5, now - 5, now, now, now, now, now + 1, now + 1]
    );
}
