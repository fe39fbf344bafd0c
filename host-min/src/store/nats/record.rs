//! The content of messages: one byte that tells how the key came to its value, and the value.

use bytes::Bytes;

use crate::store::KvError;

/// How a message changed its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The key never had a value.
    Created,
    /// The key had been deleted. Other keys may have been created in the same step.
    Revived,
    /// The key may have had a value. No other key changed in the same step.
    Replaced,
    /// The key has no value any more. No other key changed in the same step.
    Deleted,
}

impl Change {
    const ALL: [Self; 4] = [Self::Created, Self::Revived, Self::Replaced, Self::Deleted];

    fn tag(self) -> u8 {
        match self {
            Self::Created => b'+',
            Self::Revived => b'*',
            Self::Replaced => b'=',
            Self::Deleted => b'-',
        }
    }
}

/// The content of a message.
pub fn encode(change: Change, value: &[u8]) -> Vec<u8> {
    let mut payload = Vec::with_capacity(value.len() + 1);
    payload.push(change.tag());
    payload.extend_from_slice(value);
    payload
}

/// Reads the content of a message.
///
/// # Errors
/// [`KvError::Unavailable`] if this host did not write it.
pub fn decode(mut payload: Bytes) -> Result<(Change, Bytes), KvError> {
    let known = |tag: &u8| Change::ALL.into_iter().find(|change| change.tag() == *tag);
    let Some(change) = payload.first().and_then(known) else {
        return Err(KvError::Unavailable(
            "the stream contains a message that annals-host did not write".into(),
        ));
    };
    Ok((change, payload.split_off(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_read_back_and_others_are_errors() {
        for change in Change::ALL {
            let payload = Bytes::from(encode(change, b"value"));
            assert_eq!(decode(payload), Ok((change, Bytes::from_static(b"value"))));
        }
        for other in ["", "value"] {
            assert!(decode(Bytes::from(other)).is_err());
        }
    }
}
