//! Round trips: every test encodes and decodes its commands, events, rows and states.

use crate::wire::NewEvent;
use crate::{Codec, Command, Event, Json};
use serde::{Serialize, de::DeserializeOwned};

#[track_caller]
pub(super) fn encode_event<E: Event>(event: &E) -> NewEvent {
    let event_type = event.event_type();
    let payload = match event.encode() {
        Ok(payload) => payload,
        Err(error) => panic!("{} cannot be encoded: {error}", event_type.name),
    };
    let again = match E::decode(event_type.name, &payload) {
        Ok(Some(again)) => again.encode(),
        Ok(None) => panic!("{} is not among the TYPES of its own enum", event_type.name),
        Err(error) => panic!(
            "{} cannot be decoded: {error}\n  {}",
            event_type.name,
            text(&payload)
        ),
    };
    assert_same_bytes(event_type.name, &payload, again.ok().as_deref());
    NewEvent {
        event_type,
        content_type: E::Codec::CONTENT_TYPE,
        payload,
        tags: event.tags(),
    }
}

#[track_caller]
pub(super) fn encode_command<C: Command>(command: &C) -> Vec<u8> {
    let payload = match command.encode() {
        Ok(payload) => payload,
        Err(error) => panic!("{} cannot be encoded: {error}", command.command_type()),
    };
    assert_command_survives::<C>(command.command_type(), &payload);
    payload
}

/// Checks that a command's payload decodes, and encodes to the same bytes again.
#[track_caller]
pub(super) fn assert_command_survives<C: Command>(command_type: &str, payload: &[u8]) {
    let again = match C::decode(command_type, payload) {
        Ok(Some(again)) => again.encode(),
        Ok(None) => panic!("{command_type} is not among the TYPES of its own enum"),
        Err(error) => panic!(
            "{command_type} cannot be decoded: {error}\n  {}",
            text(payload)
        ),
    };
    assert_same_bytes(command_type, payload, again.ok().as_deref());
}

/// Checks that a row or a state decodes, and encodes to the same bytes again.
#[track_caller]
pub(super) fn assert_survives<T: Serialize + DeserializeOwned>(name: &str, value: &[u8]) {
    match Json::decode::<T>(value) {
        Ok(again) => assert_same_bytes(name, value, Json::encode(&again).ok().as_deref()),
        Err(error) => panic!("{name} cannot be decoded: {error}\n  {}", text(value)),
    }
}

/// Encodes a row or a state that a test expects.
#[track_caller]
pub(super) fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    match Json::encode(value) {
        Ok(value) => value,
        Err(error) => panic!("what is expected cannot be encoded: {error}"),
    }
}

#[track_caller]
fn assert_same_bytes(name: &str, before: &[u8], after: Option<&[u8]>) {
    assert!(
        after == Some(before),
        "{name} does not survive its encoding\n  before: {}\n  after:  {}",
        text(before),
        text(after.unwrap_or_default()),
    );
}

pub(super) fn text(payload: &[u8]) -> String {
    String::from_utf8_lossy(payload).into_owned()
}
