//! The encoding of what the dispatcher keeps in rows and checkpoints.

use serde::{Deserialize, Serialize};

/// First byte of what is stored: the version of the encoding.
pub const FORMAT: u8 = 2;
/// The version before it, whose records lack fields at their ends.
pub const FORMER: u8 = 1;
/// Bytes of zeros for the fields that a record of the former version lacks: zeros are the defaults of their types.
const LACKED: usize = 16;

/// Encodes a value.
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    // Lengths of lists are always known, so encoding cannot fail.
    postcard::to_extend(value, vec![FORMAT]).unwrap_or_default()
}

/// Decodes the first field of a record, and nothing after it.
///
/// # Errors
/// Why not.
pub fn first<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, String> {
    match bytes {
        [FORMAT, body @ ..] => {
            let taken = postcard::take_from_bytes(body);
            taken
                .map(|(first, _)| first)
                .map_err(|error| error.to_string())
        }
        _ => Err(format!("its format is not {FORMAT}")),
    }
}

/// Decodes it; no bytes at all are the default.
///
/// # Errors
/// Why not.
pub fn decode<T: Default + for<'a> Deserialize<'a>>(bytes: &[u8]) -> Result<T, String> {
    match bytes {
        [] => Ok(T::default()),
        [FORMAT, body @ ..] => postcard::from_bytes(body).map_err(|error| error.to_string()),
        [FORMER, body @ ..] => {
            let completed = [body, &[0; LACKED]].concat();
            postcard::from_bytes(&completed).map_err(|error| error.to_string())
        }
        [format, ..] => Err(format!(
            "it has format {format}, this version knows {FORMER} and {FORMAT}"
        )),
    }
}
