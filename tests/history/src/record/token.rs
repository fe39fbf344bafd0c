//! Every submitted event has a token in its payload that identifies the operation that submitted it. So a reader can
//! find an event's submission, whatever the store did to its id, version or stream.

use annals_event_log::{Event, NewEvent, RecordedEvent};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::OperationId;

const TYPES: [&str; 4] = ["Opened", "Raised", "Lowered", "Noted"];
const DIGITS: usize = 16;

/// Identifies a submitted event: its operation, and its index in the submission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(u64);

impl Token {
    /// The token of an event.
    #[must_use]
    pub fn new(operation: OperationId, event: u16) -> Self {
        Self(
            u64::from(operation.client) << 48 | u64::from(operation.index) << 16 | u64::from(event),
        )
    }

    /// The operation that submitted the event.
    #[must_use]
    pub fn operation(self) -> OperationId {
        OperationId {
            client: (self.0 >> 48) as u16,
            index: (self.0 >> 16) as u32,
        }
    }

    /// Index of the event in its submission, from 0.
    #[must_use]
    pub fn event(self) -> u16 {
        self.0 as u16
    }

    /// The token in a payload, if it is one of ours.
    #[must_use]
    pub fn of(payload: &[u8]) -> Option<Self> {
        let digits = payload.get(1..=DIGITS)?;
        let text = std::str::from_utf8(digits).ok()?;
        u64::from_str_radix(text, 16).ok().map(Self)
    }
}

/// The event with this token. Payloads differ in length.
#[must_use]
pub fn new_event(token: Token) -> NewEvent {
    let Token(number) = token;
    let padding = (token.operation().index as usize * 7 + usize::from(token.event())) % 60;
    NewEvent {
        event_type: TYPES[padding % TYPES.len()].to_owned(),
        schema_version: 1 + (padding % 3) as u32,
        content_type: "application/json".to_owned(),
        payload: format!("\"{number:016x}{}\"", ".".repeat(padding)).into_bytes(),
        tags: Vec::new(),
    }
}

/// Fields, each with its length before it: no two lists of fields give the same bytes.
struct Fields(Sha256);

impl Fields {
    fn number(mut self, number: u64) -> Self {
        self.0.update(number.to_le_bytes());
        self
    }

    fn bytes(self, bytes: &[u8]) -> Self {
        let mut this = self.number(bytes.len() as u64);
        this.0.update(bytes);
        this
    }

    fn option(self, text: Option<&str>) -> Self {
        match text {
            None => self.number(0),
            Some(text) => self.number(1).bytes(text.as_bytes()),
        }
    }

    fn list<T>(self, items: &[T], each: impl Fn(Self, &T) -> Self) -> Self {
        items.iter().fold(self.number(items.len() as u64), each)
    }

    fn end(self) -> u64 {
        let digest = self.0.finalize();
        digest
            .iter()
            .take(8)
            .fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

/// Digest of all data of a recorded event.
#[must_use]
pub fn digest(event: &RecordedEvent) -> u64 {
    let metadata = &event.metadata;
    Fields(Sha256::new())
        .bytes(event.id.as_bytes())
        .bytes(event.stream.as_bytes())
        .number(event.version)
        .number(event.position)
        .number(event.recorded_at)
        .bytes(event.event_type.as_bytes())
        .number(u64::from(event.schema_version))
        .bytes(event.content_type.as_bytes())
        .bytes(&event.payload)
        .bytes(metadata.command_id.as_bytes())
        .bytes(metadata.command_type.as_bytes())
        .bytes(metadata.correlation_id.as_bytes())
        .bytes(metadata.causation_id.as_bytes())
        .option(metadata.actor.as_deref())
        .option(metadata.traceparent.as_deref())
        .list(&metadata.extensions, |this, (name, value)| {
            this.bytes(name.as_bytes()).bytes(value.as_bytes())
        })
        .list(&event.tags, |this, tag| this.bytes(tag.as_bytes()))
        .end()
}

/// Digest of the data that a load returns for an event.
#[must_use]
pub fn lean_digest(event: &Event) -> u64 {
    Fields(Sha256::new())
        .number(event.version)
        .bytes(event.event_type.as_bytes())
        .number(u64::from(event.schema_version))
        .bytes(event.content_type.as_bytes())
        .bytes(&event.payload)
        .end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payload_leads_back_to_its_operation() {
        for (client, index, event) in [(0, 0, 0), (11, 70_000, 3), (u16::MAX, u32::MAX, u16::MAX)] {
            let operation = OperationId { client, index };
            let token = Token::new(operation, event);
            assert_eq!((token.operation(), token.event()), (operation, event));
            assert_eq!(Token::of(&new_event(token).payload), Some(token));
        }
        assert_eq!(Token::of(b"\"a stranger's payload, long enough\""), None);
        assert_eq!(Token::of(b""), None);
    }
}
