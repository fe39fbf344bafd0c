//! Many writers and an impatient reader at once.
#![allow(clippy::unwrap_used)]

mod common;
use std::sync::atomic::{AtomicUsize, Ordering};

use annals_event_log::*;
use common::sourcer::{check_once, submit};
use common::*;

const WRITERS: u64 = 8;
const COMMANDS: u64 = 40;

#[test]
fn writers_of_one_hot_stream_and_a_reader_agree() {
    let slots = empty_slots();
    let running = AtomicUsize::new(WRITERS as usize);
    let mut followed = Vec::new();
    let told = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..WRITERS)
            .map(|writer| {
                let (slots, running) = (&slots, &running);
                scope.spawn(move || {
                    let mut log = open(slots);
                    let told: Vec<_> = (0..COMMANDS)
                        .map(|n| {
                            // Every command is submitted by two writers.
                            let id = format!("c{}-{n}", writer / 2);
                            let told =
                                submit(&mut log, "a-hot", &id, writer * 1000 + n, |v| v % 5 == 4)
                                    .unwrap();
                            (id, told)
                        })
                        .collect();
                    running.fetch_sub(1, Ordering::SeqCst);
                    told
                })
            })
            .collect();
        // Takes every pending writer for dead at once.
        let impatient = Settings {
            grace_ms: 0,
            ..Settings::default()
        };
        let mut log = EventLog::open(&slots, &impatient).unwrap();
        let mut after = 0;
        loop {
            let last = running.load(Ordering::SeqCst) == 0;
            let page = log
                .read_log(after, 10, &LogFilter::default(), LATER)
                .unwrap();
            followed.extend(page.events);
            after = page.next;
            if page.end {
                if last {
                    break;
                }
                std::thread::yield_now();
            }
        }
        writers
            .into_iter()
            .flat_map(|writer| writer.join().unwrap())
            .collect::<Vec<_>>()
    });
    assert_eq!(told.len() as u64, WRITERS * COMMANDS);
    let all = check(&slots, &["a-hot"]);
    assert_eq!(
        followed, all,
        "a reader on the way saw everything, once, in order"
    );
    for (id, told) in &told {
        check_once(&slots, "a-hot", id, told);
    }
}

#[test]
fn writers_of_many_streams_share_one_log() {
    let slots = empty_slots();
    let streams: Vec<String> = (0..WRITERS).map(|n| format!("a-{n}")).collect();
    std::thread::scope(|scope| {
        for stream in &streams {
            let slots = &slots;
            scope.spawn(move || {
                for n in 0..COMMANDS {
                    // A fresh log every time, as on a host with an instance per request.
                    submit(
                        &mut open(slots),
                        stream,
                        &format!("{stream}-{n}"),
                        n,
                        |_| false,
                    )
                    .unwrap();
                }
            });
        }
    });
    let names: Vec<&str> = streams.iter().map(String::as_str).collect();
    assert_eq!(check(&slots, &names).len() as u64, WRITERS * COMMANDS * 2);
}
