//! What the derives implement: commands, events and rejections as the framework sees them.

use crate::{Codec, CodecError};

/// The commands of a decider. Derive it: [`Command`](derive@crate::Command).
pub trait Command: Sized {
    /// Names of all the types.
    const TYPES: &'static [&'static str];
    /// Those of them that process managers alone may send.
    const INTERNAL: &'static [&'static str] = &[];
    /// Encoding of the payloads.
    type Codec: Codec;

    /// The type's name, such as `OpenAccount`.
    fn command_type(&self) -> &'static str;

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
    /// All the types.
    const TYPES: &'static [EventType];
    /// Encoding of the payloads.
    type Codec: Codec;

    /// The type.
    fn event_type(&self) -> EventType;

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
