//! Runs clients, readers and kills together.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use annals_store_conformance::Backend;

use super::client::Client;
use super::{Options, Plans, audit, killer, reader};
use crate::record::{Clock, History, Operation, Recorder, Run};

/// Runs the clients, the readers and the killer against a store. Then it reads the final contents.
///
/// # Panics
/// If a client panics.
pub fn run(backend: &dyn Backend, options: &Options) -> History {
    let streams = options.stream_names();
    let clock = Clock::default();
    let (done, stopped) = (AtomicU32::new(0), AtomicBool::new(false));
    let began = Instant::now();
    let deadline = began + Duration::from_secs(options.seconds.into());
    let random = |of: u64| fastrand::Rng::with_seed(options.seed.wrapping_add(of << 40));
    let connect =
        |client: u16| Recorder::new(backend.connect(&options.prefix), &clock, client, &streams);

    let (mut clients, kills) = std::thread::scope(|scope| {
        let (done, stopped) = (&done, &stopped);
        let share = options.operations / u32::from(options.clients.max(1));
        let mut numbers = 0u16..;
        let mut number = || numbers.next().unwrap_or_default();
        let mut writers = Vec::new();
        for _ in 0..options.clients {
            let client = number();
            let store = connect(client);
            writers.push(scope.spawn(move || {
                let mut it = Client::new(store, client, options.seed, options.patience);
                for plan in Plans::new(options, client).take(share as usize) {
                    if Instant::now() > deadline {
                        break;
                    }
                    it.carry_out(&plan);
                    done.fetch_add(1, Ordering::SeqCst);
                }
                it.into_recorder().into_operations()
            }));
        }
        let mut readers = Vec::new();
        for reader in 0..options.log_readers {
            let client = number();
            let mut store = connect(client);
            let random = random(u64::from(client));
            let categories = if reader % 3 == 2 {
                vec!["a".to_owned()]
            } else {
                Vec::new()
            };
            readers.push(scope.spawn(move || {
                reader::follow(&mut store, &categories, stopped, random, options.patience);
                store.into_operations()
            }));
        }
        for _ in 0..options.stream_readers {
            let client = number();
            let mut store = connect(client);
            let random = random(u64::from(client));
            let streams = streams.len() as u32;
            readers.push(scope.spawn(move || {
                reader::browse(&mut store, streams, stopped, random);
                store.into_operations()
            }));
        }
        let operations = share * u32::from(options.clients);
        let killer = scope.spawn(move || {
            killer::kill(
                backend,
                options.kills,
                operations,
                done,
                stopped,
                random(0xFFFF),
            )
        });
        let mut clients: Vec<Vec<Operation>> = Vec::new();
        for writer in writers {
            clients.push(joined(writer));
        }
        stopped.store(true, Ordering::SeqCst);
        for reader in readers {
            clients.push(joined(reader));
        }
        (clients, joined(killer))
    });
    let milliseconds = began.elapsed().as_millis() as u64;

    let mut asker = connect(clients.len() as u16);
    audit::ask(&mut asker, &clients, options.patience);
    clients.push(asker.into_operations());
    let last = audit::read(
        &mut *backend.connect(&options.prefix),
        &streams,
        options.patience,
    );
    History {
        run: Run {
            backend: backend.name(),
            workload: options.workload.to_string(),
            partitions: backend.partitions(),
            seed: options.seed,
            kills,
            milliseconds,
        },
        streams,
        clients,
        last,
    }
}

fn joined<T>(thread: std::thread::ScopedJoinHandle<'_, T>) -> T {
    match thread.join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}
