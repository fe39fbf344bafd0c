//! The encoding of the records that the dispatcher stores in rows and checkpoints: one byte with the format's
//! version, then postcard.

use serde::{Deserialize, Serialize};

/// First byte of every record that this version writes: the version of the encoding.
pub const FORMAT: u8 = 2;
/// The previous version of the encoding. Its records lack the fields that were later appended to the structs.
pub const FORMER: u8 = 1;
/// Number of zero bytes that the decoder appends to a record of the former version. postcard decodes zeros as
/// the default values of the missing fields.
const FORMER_PADDING_BYTES: usize = 16;

/// Encodes a value.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    // postcard fails only for sequences of unknown length, and no record has one.
    postcard::to_extend(value, vec![FORMAT]).unwrap_or_default()
}

/// Decodes the first field of a record and ignores the fields after it.
///
/// # Errors
/// A description of the defect, if the bytes are no record of the current format.
pub fn first<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, String> {
    match bytes {
        [FORMAT, body @ ..] => {
            let taken = postcard::take_from_bytes(body);
            taken
                .map(|(first, _)| first)
                .map_err(|error| error.to_string())
        }
        _ => Err(format!("the record does not have format {FORMAT}")),
    }
}

/// Decodes a record. An empty slice decodes to the default value.
///
/// # Errors
/// A description of the defect, if the format is unknown or the bytes are no record of this type.
pub fn decode<T: Default + for<'a> Deserialize<'a>>(bytes: &[u8]) -> Result<T, String> {
    match bytes {
        [] => Ok(T::default()),
        [FORMAT, body @ ..] => postcard::from_bytes(body).map_err(|error| error.to_string()),
        [FORMER, body @ ..] => {
            let completed = [body, &[0; FORMER_PADDING_BYTES]].concat();
            postcard::from_bytes(&completed).map_err(|error| error.to_string())
        }
        [format, ..] => Err(format!(
            "the record has format {format}; this version reads formats {FORMER} and {FORMAT}"
        )),
    }
}
