//! The traits that the derives implement: commands, events and rejections as the framework sees them.

use serde::{Serialize, de::DeserializeOwned};

use crate::{Codec, CodecError};

/// The commands of a decider. Derive this trait: [`Command`](derive@crate::Command).
pub trait Command: Sized {
    /// Names of all the types, in the order of the variants, followed by their former names.
    const TYPES: &'static [&'static str];
    /// Names from `TYPES` that only process managers may send.
    const INTERNAL: &'static [&'static str] = &[];
    /// The stream precondition of each of `TYPES`, in the same order. If empty, there are no preconditions.
    const PRECONDITIONS: &'static [Precondition] = &[];
    /// Whether [`Command::stream`] returns the subject of every command.
    const HAS_STREAM: bool = false;
    /// Encoding of the payloads.
    type Codec: Codec;

    /// The type's name, such as `OpenAccount`.
    fn command_type(&self) -> &'static str;

    /// Returns the id of the subject that the command is about, from the field that is marked `#[annals(stream)]`.
    /// Empty unless `HAS_STREAM`.
    fn stream(&self) -> String {
        String::new()
    }

    /// Encodes the payload.
    ///
    /// # Errors
    ///
    /// The codec cannot express the value.
    fn encode(&self) -> Result<Vec<u8>, CodecError>;

    /// Decodes a payload of the named type. Returns `None` if the type is not one of `TYPES`.
    ///
    /// # Errors
    ///
    /// The payload is not a valid command of this type.
    fn decode(command_type: &str, payload: &[u8]) -> Result<Option<Self>, CodecError>;
}

/// The events of a handler. Derive this trait: [`Event`](derive@crate::Event).
pub trait Event: Sized {
    /// All the types, in the order of the variants, followed by their former names.
    const TYPES: &'static [EventType];
    /// Former names, each with its present name.
    const FORMERLY: &'static [(&'static str, &'static str)] = &[];
    /// Encoding of the payloads.
    type Codec: Codec;

    /// Returns the type of this event.
    fn event_type(&self) -> EventType;

    /// Returns the tags of the event, each `name:value`, from the fields that are marked `#[annals(tag)]`.
    fn tags(&self) -> Vec<String> {
        Vec::new()
    }

    /// Encodes the payload.
    ///
    /// # Errors
    ///
    /// The codec cannot express the value.
    fn encode(&self) -> Result<Vec<u8>, CodecError>;

    /// Decodes a payload of the named type. Returns `None` if the type is not one of `TYPES`.
    ///
    /// # Errors
    ///
    /// The payload is not a valid event of this type.
    fn decode(event_type: &str, payload: &[u8]) -> Result<Option<Self>, CodecError>;
}

/// A type of event, and the version of its payload's schema. Versions count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventType {
    /// The type's name, such as `AccountOpened`.
    pub name: &'static str,
    /// The newest schema version that the handler reads, and the version that it writes.
    pub version: u32,
}

/// A struct that is one type of event. Annotate it with [`annals::event`](macro@crate::event).
///
/// A variant that holds the struct must not have its own attributes:
///
/// ```compile_fail,E0080
/// #[annals::event]
/// struct Deposited {
///     amount: i64,
/// }
///
/// #[derive(annals::Event)]
/// enum Seen {
///     #[annals(version = 2)] // that is for the struct to say
///     Deposited(Deposited),
/// }
/// ```
///
/// Two variants must not have the same type name:
///
/// ```compile_fail,E0080
/// # #[annals::event] struct Deposited { amount: i64 }
/// #[annals::event(formerly = ["Deposited"])]
/// struct PaidIn {
///     amount: i64,
/// }
///
/// #[derive(annals::Event)]
/// enum Seen {
///     Deposited(Deposited),
///     PaidIn(PaidIn),
/// }
/// ```
pub trait EventData: Serialize + DeserializeOwned {
    /// The type's name and the version of its schema.
    const TYPE: EventType;
    /// Former names of the type.
    const FORMERLY: &'static [&'static str] = &[];

    /// Tags of the event, each `name:value`.
    fn tags(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A struct that is one type of command. Annotate it with [`annals::command`](macro@crate::command).
///
/// The struct identifies its subject by a field that implements `Display`:
///
/// ```compile_fail,E0277
/// #[annals::command]
/// struct Deposit {
///     #[annals(stream)]
///     account: Vec<u8>, // cannot be the id of a stream
///     amount: i64,
/// }
/// ```
///
/// If one command of an enum identifies its subject, all of them must:
///
/// ```compile_fail,E0080
/// # #[annals::command] struct Deposit { #[annals(stream)] account: u32 }
/// #[annals::data]
/// struct Withdraw {
///     account: u32,
/// }
///
/// #[derive(annals::Command)]
/// enum AccountCommand {
///     Deposit(Deposit),
///     Withdraw(Withdraw), // missing: annals::command in place of annals::data
/// }
/// ```
pub trait CommandData: Serialize + DeserializeOwned {
    /// The type's name.
    const TYPE: &'static str;
    /// Former names of the type.
    const FORMERLY: &'static [&'static str] = &[];
    /// Whether only process managers may send the command.
    const INTERNAL: bool = false;
    /// The precondition that the stream must meet.
    const PRECONDITION: Precondition = Precondition::Any;

    /// Returns the id of the subject that the command is about.
    fn stream(&self) -> String;
}

/// A condition that a stream must meet before a command is decided. The framework checks it before `decide`, and
/// answers an unmet condition itself, without a rejection of the domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precondition {
    /// No condition.
    #[default]
    Any,
    /// The stream has no events.
    NoStream,
    /// The stream has at least one event.
    StreamExists,
}

/// The domain's reasons to refuse a command. Derive this trait: [`Rejection`](derive@crate::Rejection).
pub trait Rejection {
    /// Returns a stable name in kebab-case. Callers branch on it.
    fn code(&self) -> &'static str;

    /// Returns an explanation for people.
    fn message(&self) -> String;

    /// Returns a JSON value for programs, or `None`.
    fn details(&self) -> Option<String>;
}

/// For deciders that never reject a command.
impl Rejection for std::convert::Infallible {
    fn code(&self) -> &'static str {
        match *self {}
    }

    fn message(&self) -> String {
        match *self {}
    }

    fn details(&self) -> Option<String> {
        match *self {}
    }
}
