//! Type-erased deciders.

use std::any::Any;

use super::decode;
use crate::name::{self, same};
use crate::wire::{
    Descriptor, Failure, Fault, NewEvent, RawCommand, RawDecision, RawEvent, Refusal,
};
use crate::{Codec, CodecError, Command, Context, Decider, Event, Rejection, Snapshots};

/// All deciders of a component, in the order of `export!`.
pub trait Deciders: 'static {
    /// Version of the crate that exports the deciders.
    const VERSION: &'static str;
    const TABLE: &'static [Entry];
}

/// The functions of one decider.
pub struct Entry {
    pub describe: fn() -> Descriptor,
    /// Decodes a command.
    pub prepare: fn(RawCommand<'_>) -> Result<Prepared, Failure>,
    /// Returns the stream of a command that this decider has prepared.
    pub stream_of: fn(&Prepared) -> Result<String, Failure>,
    pub open: fn() -> Box<dyn Session>,
    pub restore: fn(&[u8]) -> Restored,
}

impl Entry {
    #[must_use]
    pub const fn of<D: Decider>() -> Self {
        check::<D>();
        Self {
            describe: describe::<D>,
            prepare: prepare::<D>,
            stream_of: stream_of::<D>,
            open: || {
                Box::new(Fold::<D> {
                    state: D::initial(),
                    broken: None,
                })
            },
            restore: restore::<D>,
        }
    }
}

/// A decoded command, of the type `Decider::Command`.
pub type Prepared = Box<dyn Any>;

type Restored = Result<Box<dyn Session>, Fault>;

/// The state of one decider for one stream.
pub trait Session {
    /// Folds a page of events. After a fault the state is lost, and every later call returns that fault.
    fn evolve(&mut self, events: &mut dyn Iterator<Item = RawEvent<'_>>) -> Result<(), Fault>;
    fn prepare(&self, command: RawCommand<'_>) -> Result<Prepared, Failure>;
    fn decide_prepared(&self, command: Prepared, context: &Context)
    -> Result<RawDecision, Failure>;
    fn decide(&self, command: RawCommand<'_>, context: &Context) -> Result<RawDecision, Failure> {
        self.decide_prepared(self.prepare(command)?, context)
    }
    /// Returns `None` if the state is lost or JSON cannot express it.
    fn snapshot(&self) -> Option<Vec<u8>>;
}

/// Checks the decider's constants at compile time.
pub const fn check<D: Decider>() {
    assert!(
        name::is_category(D::CATEGORY),
        "CATEGORY must be a lower-case letter followed by lower-case letters, digits or `_`"
    );
    assert!(
        !matches!(D::SNAPSHOTS, Snapshots::Every(0)),
        "there is no snapshot every 0 events: write Snapshots::Never, or leave SNAPSHOTS out"
    );
    let mut i = 0;
    while i < D::EMITS.len() {
        let mut known = false;
        let mut j = 0;
        while j < <D::Event as Event>::TYPES.len() {
            known |= same(D::EMITS[i], <D::Event as Event>::TYPES[j].name);
            j += 1;
        }
        assert!(
            known,
            "EMITS names a type that the decider's Event does not have"
        );
        i += 1;
    }
}

// `Decider::precondition` is deprecated. Its default returns the preconditions that the derive declares.
#[allow(deprecated)]
fn describe<D: Decider>() -> Descriptor {
    let folds: Vec<_> = <D::Event as Event>::TYPES
        .iter()
        .map(|event| event.name)
        .collect();
    Descriptor {
        name: name_of::<D>(),
        category: D::CATEGORY,
        commands: <D::Command as Command>::TYPES
            .iter()
            .map(|&command| (command, D::precondition(command)))
            .collect(),
        internal: <D::Command as Command>::INTERNAL,
        emits: if D::EMITS.is_empty() {
            folds.clone()
        } else {
            emits::<D>()
        },
        folds,
        snapshot_every: D::SNAPSHOTS.every(),
        state_version: D::STATE_VERSION,
        schemas: <D::Event as Event>::TYPES,
    }
}

/// Returns the types that the decider emits, with their former names: a reaction that subscribes to a former name
/// receives them too.
fn emits<D: Decider>() -> Vec<&'static str> {
    let formerly = <D::Event as Event>::FORMERLY.iter();
    let formerly = formerly.filter(|(_, present)| D::EMITS.contains(present));
    let mut emits = D::EMITS.to_vec();
    emits.extend(formerly.map(|(former, _)| former));
    emits
}

fn name_of<D: Decider>() -> String {
    name::of::<D>(D::NAME)
}

fn prepare<D: Decider>(command: RawCommand<'_>) -> Result<Prepared, Failure> {
    Ok(Box::new(decode_command::<D>(command)?))
}

fn stream_of<D: Decider>(command: &Prepared) -> Result<String, Failure> {
    let Some(command) = command.downcast_ref::<D::Command>() else {
        return Err(foreign::<D>());
    };
    name::stream(D::CATEGORY, &D::stream_id(command))
        .map_err(|message| Failure::Malformed(CodecError { message, at: None }))
}

/// The fault for a command that another decider has prepared: a mistake of the caller.
fn foreign<D: Decider>() -> Failure {
    fault::<D>("the command was prepared by another decider").into()
}

fn decode_command<D: Decider>(command: RawCommand<'_>) -> Result<D::Command, Failure> {
    let RawCommand {
        command_type,
        content_type,
        payload,
    } = command;
    // An unknown command type is a mistake of the router. It is reported below, before any mistake of the command's
    // sender.
    let known = <D::Command as Command>::TYPES.contains(&command_type);
    if known && !<D::Command as Command>::Codec::accepts(content_type) {
        let expected = <D::Command as Command>::Codec::CONTENT_TYPE;
        let message = format!("{command_type} is sent as {expected}, not as {content_type}");
        return Err(Failure::Malformed(CodecError { message, at: None }));
    }
    D::Command::decode(command_type, payload)
        .map_err(Failure::Malformed)?
        .ok_or_else(|| {
            Failure::Failed(Fault(format!(
                "the decider {} has no command {command_type}",
                name_of::<D>()
            )))
        })
}

fn restore<D: Decider>(state: &[u8]) -> Restored {
    match serde_json::from_slice(state) {
        Ok(state) => Ok(Box::new(Fold::<D> {
            state,
            broken: None,
        })),
        Err(error) => Err(Fault(format!(
            "snapshot of the decider {}: {error}",
            name_of::<D>()
        ))),
    }
}

struct Fold<D: Decider> {
    state: D::State,
    /// The first fault, set when an event could not be folded. `state` then lacks that event and must not be used.
    broken: Option<Fault>,
}

impl<D: Decider> Fold<D> {
    fn fold(&mut self, event: RawEvent<'_>) -> Result<(), String> {
        let RawEvent {
            event_type,
            schema_version,
            content_type,
            payload,
            ..
        } = event;
        if let Some(event) = decode::<D::Event>(event_type, schema_version, content_type, payload)?
        {
            D::evolve(&mut self.state, &event);
        }
        Ok(())
    }

    fn intact(&self) -> Result<(), Fault> {
        self.broken.clone().map_or(Ok(()), Err)
    }
}

impl<D: Decider> Session for Fold<D> {
    fn evolve(&mut self, events: &mut dyn Iterator<Item = RawEvent<'_>>) -> Result<(), Fault> {
        self.intact()?;
        for event in events {
            if let Err(reason) = self.fold(event) {
                let RawEvent {
                    event_type,
                    schema_version,
                    version,
                    ..
                } = event;
                self.broken = Some(Fault(format!(
                    "the decider {} cannot fold {event_type} (schema {schema_version}) at version {version}: {reason}",
                    name_of::<D>(),
                )));
                break;
            }
        }
        self.intact()
    }

    fn prepare(&self, command: RawCommand<'_>) -> Result<Prepared, Failure> {
        prepare::<D>(command)
    }

    fn decide_prepared(
        &self,
        command: Prepared,
        context: &Context,
    ) -> Result<RawDecision, Failure> {
        self.intact()?;
        let command = command
            .downcast::<D::Command>()
            .map_err(|_| foreign::<D>())?;
        let decision = D::decide(&self.state, *command, context).map_err(|rejection| {
            Failure::Rejected(Refusal {
                code: rejection.code(),
                message: rejection.message(),
                details: rejection.details(),
            })
        })?;
        let (events, close) = decision.into_parts();
        if close && events.is_empty() {
            return Err(fault::<D>("a decision without events cannot close its stream").into());
        }
        let events = events
            .iter()
            .map(encode_event::<D>)
            .collect::<Result<_, _>>()?;
        Ok(RawDecision { events, close })
    }

    fn snapshot(&self) -> Option<Vec<u8>> {
        self.intact().ok()?;
        serde_json::to_vec(&self.state).ok()
    }
}

fn encode_event<D: Decider>(event: &D::Event) -> Result<NewEvent, Fault> {
    let event_type = event.event_type();
    if !D::EMITS.is_empty() && !D::EMITS.contains(&event_type.name) {
        return Err(fault::<D>(&format!(
            "{} is not among its EMITS",
            event_type.name
        )));
    }
    match event.encode() {
        Ok(payload) => Ok(NewEvent {
            event_type,
            content_type: <D::Event as Event>::Codec::CONTENT_TYPE,
            payload,
            tags: event.tags(),
        }),
        Err(error) => Err(fault::<D>(&format!(
            "{} cannot be encoded: {error}",
            event_type.name
        ))),
    }
}

fn fault<D: Decider>(what: &str) -> Fault {
    Fault(format!("the decider {}: {what}", name_of::<D>()))
}
