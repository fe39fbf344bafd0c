//! Fakes of the event store and of the deciders. The store keeps its streams in memory, and a test can let
//! another writer act before a write.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::annals::es::event_store::{Appended, Outcome, Snapshot};
use crate::annals::es::types::Rejection;

/// A slot of a stream.
#[derive(Clone)]
pub struct Slot {
    pub command_id: String,
    /// Types of the slot's events.
    pub events: Vec<String>,
    pub rejection: Option<Rejection>,
    pub close: bool,
}

/// Action of another writer, before a write.
type Other = Box<dyn FnOnce(&mut World)>;

#[derive(Default)]
pub struct World {
    pub streams: BTreeMap<String, Vec<Slot>>,
    /// Fingerprint, stream and cursor by command id.
    claims: BTreeMap<String, (u64, String, u64)>,
    pub before_writes: Vec<Other>,
    /// Decisions have an event that their decider does not declare.
    pub decides_amiss: bool,
    /// Number of events that each decision was based on.
    pub decided_on: Vec<u64>,
    /// Number of reads.
    pub loads: u32,
    /// Number of claims in a step of their own.
    pub claim_calls: u32,
    /// Snapshots by stream.
    pub snapshots: BTreeMap<String, Snapshot>,
}

thread_local! {
    static WORLD: RefCell<World> = RefCell::default();
}

pub fn with<T>(act: impl FnOnce(&mut World) -> T) -> T {
    WORLD.with_borrow_mut(act)
}

/// The present time, the same in all tests.
pub fn now() -> u64 {
    1_700_000_000_000
}

/// Random numbers, all the same.
pub fn randoms<const COUNT: usize>() -> [u64; COUNT] {
    [7; COUNT]
}

impl World {
    pub fn version(&self, stream: &str) -> u64 {
        let slots = self.streams.get(stream).into_iter().flatten();
        slots.map(|slot| slot.events.len() as u64).sum()
    }

    pub fn slots(&mut self, stream: &str) -> &mut Vec<Slot> {
        self.streams.entry(stream.to_owned()).or_default()
    }

    /// Appends an event as another writer.
    pub fn push(&mut self, stream: &str, command_id: &str) {
        self.slots(stream).push(Slot {
            command_id: command_id.into(),
            events: vec!["Added".into()],
            rejection: None,
            close: false,
        });
    }

    fn outcome(&self, id: &str, stream: &str, cursor: u64) -> Option<Outcome> {
        let slots = self.streams.get(stream)?;
        let index = (cursor as usize..slots.len()).find(|n| slots[*n].command_id == id)?;
        let slot = &slots[index];
        Some(match &slot.rejection {
            Some(rejection) => Outcome::Rejected(rejection.clone()),
            None => Outcome::Accepted(Appended {
                version: slots[..=index]
                    .iter()
                    .map(|slot| slot.events.len() as u64)
                    .sum(),
                position: 0,
                cursor: index as u64 + 1,
                events: Vec::new(),
            }),
        })
    }

    fn closed(&self, stream: &str) -> bool {
        let mut slots = self.streams.get(stream).into_iter().flatten();
        slots.any(|slot| slot.close)
    }
}

/// The functions of the contract's `event-store` that the sourcer calls.
pub mod event_store {
    use super::{Slot, with};
    use crate::annals::es::event_store::{
        AppendError, AppendRequest, Appended, Claim, Conflict, Head, Outcome, Page, Snapshot,
        StoreError,
    };
    use crate::annals::es::types::{Event, Metadata, Precondition, Rejection};

    pub fn load(stream: &str, after: Head, _limit: u32) -> Result<Page, StoreError> {
        with(|world| {
            world.loads += 1;
            let slots = world.streams.get(stream).cloned().unwrap_or_default();
            let rest = slots.iter().skip(after.cursor as usize);
            let events: Vec<Event> = (after.version + 1..)
                .zip(rest.flat_map(|slot| &slot.events))
                .map(|(version, event_type)| Event {
                    version,
                    event_type: event_type.clone(),
                    schema_version: 1,
                    content_type: String::new(),
                    payload: Vec::new(),
                })
                .collect();
            let head = Head {
                cursor: slots.len() as u64,
                version: world.version(stream),
                closed: world.closed(stream),
            };
            let end = true;
            Ok(Page { events, head, end })
        })
    }

    pub fn claim_command(
        id: &str,
        fingerprint: u64,
        stream: &str,
        cursor: u64,
    ) -> Result<Claim, StoreError> {
        with(|world| {
            world.claim_calls += 1;
            let claim = (fingerprint, stream.to_owned(), cursor);
            let Some(known) = world.claims.get(id) else {
                world.claims.insert(id.to_owned(), claim);
                return Ok(Claim::Fresh);
            };
            if (known.0, &*known.1) != (fingerprint, stream) {
                return Ok(Claim::Mismatch);
            }
            let outcome = world.outcome(id, stream, known.2);
            Ok(outcome.map_or(Claim::Pending, Claim::Done))
        })
    }

    pub fn find_outcome(
        id: &str,
        stream: &str,
        cursor: u64,
    ) -> Result<Option<Outcome>, StoreError> {
        with(|world| Ok(world.outcome(id, stream, cursor)))
    }

    /// Competes for the slot after the cursor.
    fn write(stream: &str, cursor: u64, slot: Slot) -> Result<Appended, AppendError> {
        with(|world| {
            if !world.before_writes.is_empty() {
                let other = world.before_writes.remove(0);
                other(world);
            }
            if world.slots(stream).len() as u64 != cursor {
                let actual = world.version(stream);
                let expected = Precondition::At(actual);
                return Err(AppendError::Conflict(Conflict { expected, actual }));
            }
            world.slots(stream).push(slot);
            Ok(Appended {
                version: world.version(stream),
                position: 1024 * (cursor + 1),
                cursor: cursor + 1,
                events: Vec::new(),
            })
        })
    }

    pub fn append(request: &AppendRequest) -> Result<Appended, AppendError> {
        let id = &request.metadata.command_id;
        let cursor = request.cursor.unwrap_or_default();
        if request.claim.is_some() && with(|world| world.claims.contains_key(id)) {
            return Err(AppendError::Claimed);
        }
        let slot = Slot {
            command_id: request.metadata.command_id.clone(),
            events: request
                .events
                .iter()
                .map(|event| event.event_type.clone())
                .collect(),
            rejection: None,
            close: request.close,
        };
        let appended = write(&request.stream, cursor, slot)?;
        if let Some(fingerprint) = request.claim {
            let claim = (fingerprint, request.stream.clone(), cursor);
            with(|world| world.claims.insert(id.clone(), claim));
        }
        Ok(appended)
    }

    pub fn record_outcome(
        stream: &str,
        at: Head,
        metadata: &Metadata,
        reason: Option<&Rejection>,
        _recorded_at: u64,
    ) -> Result<(), AppendError> {
        let slot = Slot {
            command_id: metadata.command_id.clone(),
            events: Vec::new(),
            rejection: reason.cloned(),
            close: false,
        };
        write(stream, at.cursor, slot).map(|_| ())
    }

    pub fn load_snapshot(stream: &str, _: &str) -> Result<Option<Snapshot>, StoreError> {
        with(|world| Ok(world.snapshots.get(stream).cloned()))
    }

    pub fn save_snapshot(stream: &str, _: &str, snapshot: &Snapshot) -> Result<(), StoreError> {
        with(|world| world.snapshots.insert(stream.to_owned(), snapshot.clone()));
        Ok(())
    }
}

/// Two deciders whose payload names the stream; the second one takes snapshots.
pub mod deciders {
    use std::cell::Cell;

    use super::with;
    use crate::annals::es::types::{
        Command, CommandSpec, Context, DecideError, DeciderDescriptor, Decision, Event, Fault,
        NewEvent, Precondition, Rejection,
    };

    pub fn describe() -> Vec<DeciderDescriptor> {
        let command = |command_type: &str, precondition| CommandSpec {
            command_type: command_type.into(),
            precondition,
            schema: None,
            internal: command_type == "Settle",
        };
        let decider = |name: &str, category: &str, commands, snapshot_every| DeciderDescriptor {
            name: name.into(),
            version: "1".into(),
            category: category.into(),
            commands,
            emits: vec!["Added".into(), "Broken".into()],
            folds: Vec::new(),
            snapshot_every,
            state_version: 1,
            schemas: Vec::new(),
            annotations: Vec::new(),
        };
        let double = vec![
            command("Open", Precondition::NoStream),
            command("Add", Precondition::Any),
            command("Close", Precondition::Any),
            command("Break", Precondition::Any),
            command("Refuse", Precondition::NoStream),
            command("Settle", Precondition::Any),
        ];
        let counter = vec![
            command("Count", Precondition::Any),
            command("Count.Refuse", Precondition::Any),
            command("Count.Break", Precondition::Any),
        ];
        vec![
            decider("double", "a", double, 0),
            decider("counter", "c", counter, 10),
        ]
    }

    pub fn stream_id(index: u32, command: &Command) -> Result<String, DecideError> {
        let category = ["a", "c"][index as usize];
        let id = String::from_utf8_lossy(&command.payload);
        Ok(format!("{category}-{}", id.trim()))
    }

    /// A session. Its state is the number of events that it has folded.
    #[derive(Default)]
    pub struct Session(Cell<u64>);

    impl Session {
        pub fn new(_: u32) -> Self {
            Self::default()
        }

        pub fn restore(_: u32, state: &[u8]) -> Result<Self, Fault> {
            let state = state.try_into().expect("as it was given");
            Ok(Self(Cell::new(u64::from_le_bytes(state))))
        }

        pub fn evolve(&self, events: &[Event]) -> Result<(), Fault> {
            for event in events {
                assert_eq!(event.version, self.0.get() + 1, "one after the other");
                self.0.set(event.version);
            }
            match events.iter().any(|event| event.event_type == "Broken") {
                true => Err(Fault {
                    message: "broken".into(),
                }),
                false => Ok(()),
            }
        }

        pub fn decide(
            &self,
            events: &[Event],
            command: &Command,
            _: &Context,
        ) -> Result<Decision, DecideError> {
            self.evolve(events).map_err(DecideError::Failed)?;
            with(|world| world.decided_on.push(self.0.get()));
            if command.command_type.ends_with("Refuse") {
                return Err(DecideError::Rejected(Rejection {
                    code: "no".into(),
                    message: String::new(),
                    details: None,
                }));
            }
            let event = NewEvent {
                event_type: match command.command_type.ends_with("Break") {
                    _ if with(|world| world.decides_amiss) => "Unknown".into(),
                    true => "Broken".into(),
                    false => "Added".into(),
                },
                schema_version: 1,
                content_type: String::new(),
                payload: Vec::new(),
                tags: Vec::new(),
            };
            Ok(Decision {
                events: vec![event],
                close: command.command_type == "Close",
            })
        }

        pub fn snapshot(&self) -> Option<Vec<u8>> {
            Some(self.0.get().to_le_bytes().into())
        }
    }
}
