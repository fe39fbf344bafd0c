//! What the derives implement: commands, events and rejections as the framework sees them.

use serde::{Serialize, de::DeserializeOwned};

use crate::{Codec, CodecError};

/// The commands of a decider. Derive it: [`Command`](derive@crate::Command).
pub trait Command: Sized {
    /// Names of all the types, in the order of the variants; then their former names.
    const TYPES: &'static [&'static str];
    /// Those of them that process managers alone may send.
    const INTERNAL: &'static [&'static str] = &[];
    /// What each of `TYPES` demands of its stream, in the same order; empty: nothing.
    const PRECONDITIONS: &'static [Precondition] = &[];
    /// Does every command tell by [`Command::stream`] which subject it is about?
    const HAS_STREAM: bool = false;
    /// Encoding of the payloads.
    type Codec: Codec;

    /// The type's name, such as `OpenAccount`.
    fn command_type(&self) -> &'static str;

    /// The id of the subject that it is about, of the field that is marked `#[annals(stream)]`. Empty unless
    /// `HAS_STREAM`.
    fn stream(&self) -> String {
        String::new()
    }

    /// The payload.
    ///
    /// # Errors
    ///
    /// A value that the codec cannot express.
    fn encode(&self) -> Result<Vec<u8>, CodecError>;

    /// Decodes a payload of the named type; nothing if it is not one of `TYPES`.
    ///
    /// # Errors
    ///
    /// A payload that is no such command.
    fn decode(command_type: &str, payload: &[u8]) -> Result<Option<Self>, CodecError>;
}

/// The events of a decider. Derive it: [`Event`](derive@crate::Event).
pub trait Event: Sized {
    /// All the types, in the order of the variants; then their former names.
    const TYPES: &'static [EventType];
    /// Former names, each with the present one.
    const FORMERLY: &'static [(&'static str, &'static str)] = &[];
    /// Encoding of the payloads.
    type Codec: Codec;

    /// The type.
    fn event_type(&self) -> EventType;

    /// Tags of the event, each `name:value`, of the fields that are marked `#[annals(tag)]`.
    fn tags(&self) -> Vec<String> {
        Vec::new()
    }

    /// The payload.
    ///
    /// # Errors
    ///
    /// A value that the codec cannot express.
    fn encode(&self) -> Result<Vec<u8>, CodecError>;

    /// Decodes a payload of the named type; nothing if it is not one of `TYPES`.
    ///
    /// # Errors
    ///
    /// A payload that is no such event.
    fn decode(event_type: &str, payload: &[u8]) -> Result<Option<Self>, CodecError>;
}

/// A type of event, and the version of its payload's schema, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventType {
    /// The type's name, such as `AccountOpened`.
    pub name: &'static str,
    /// The newest version that is understood, and the one that is written.
    pub version: u32,
}

/// A struct that is one type of event. Write [`annals::event`](macro@crate::event) on it.
///
/// A variant that holds the struct says nothing of its own:
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
/// and no two variants are of one type:
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
    /// Names that the type had before.
    const FORMERLY: &'static [&'static str] = &[];

    /// Tags of the event, each `name:value`.
    fn tags(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A struct that is one type of command. Write [`annals::command`](macro@crate::command) on it.
///
/// It says which subject it is about, by a field that can be displayed:
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
/// Where one command of an enum says that, all do:
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
    /// Names that the type had before.
    const FORMERLY: &'static [&'static str] = &[];
    /// May process managers alone send it?
    const INTERNAL: bool = false;
    /// What it demands of its stream.
    const PRECONDITION: Precondition = Precondition::Any;

    /// The id of the subject that it is about.
    fn stream(&self) -> String;
}

/// What must be true of a stream for a command to be decided. It is checked before `decide` and
/// answered by the framework, not by a rejection of the domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precondition {
    /// Nothing.
    #[default]
    Any,
    /// It has no events.
    NoStream,
    /// It has at least one event.
    StreamExists,
}

/// Why the domain says no. Derive it: [`Rejection`](derive@crate::Rejection).
pub trait Rejection {
    /// A stable name in kebab-case. Callers branch on it.
    fn code(&self) -> &'static str;

    /// An explanation for people.
    fn message(&self) -> String;

    /// A JSON value for programs, or nothing.
    fn details(&self) -> Option<String>;
}

/// For deciders that never say no.
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
