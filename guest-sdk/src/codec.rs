//! Codecs: encode values as payloads, and decode them.

use serde::{Serialize, de::DeserializeOwned};

/// An encoding of payloads. The default is [`Json`]; an enum selects another codec with `#[annals(codec =
/// "path::to::MyCodec")]`.
pub trait Codec {
    /// Media type of the encoded payloads.
    const CONTENT_TYPE: &'static str;

    /// Whether `decode` can read this media type.
    fn accepts(content_type: &str) -> bool;

    /// Encodes a payload.
    ///
    /// # Errors
    ///
    /// The encoding cannot express the value.
    fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, CodecError>;

    /// Decodes a payload.
    ///
    /// # Errors
    ///
    /// The bytes are not a valid encoding of the type. The error gives the location of the mistake.
    fn decode<T: DeserializeOwned>(payload: &[u8]) -> Result<T, CodecError>;

    /// Adds the location to a failure of `decode` on the same payload. The framework calls this for commands only:
    /// their senders need the location, and each type needs extra code for it.
    #[must_use]
    fn locate<T: DeserializeOwned>(payload: &[u8], error: CodecError) -> CodecError {
        let _ = payload;
        error
    }
}

/// The reason why a payload could not be encoded or decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodecError {
    /// Description of the mistake.
    pub message: String,
    /// Location of the mistake, such as `line 1 column 17` with the path of the field.
    pub at: Option<String>,
}

impl std::fmt::Display for CodecError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.at {
            Some(at) => write!(f, "{} at {at}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for CodecError {}

/// JSON (RFC 8259). It reads `application/json`, every `+json` type, and payloads without a media type.
pub struct Json;

impl Codec for Json {
    const CONTENT_TYPE: &'static str = "application/json";

    fn accepts(content_type: &str) -> bool {
        if content_type == Self::CONTENT_TYPE {
            return true;
        }
        let essence = content_type.split(';').next().unwrap_or("").trim();
        essence.is_empty()
            || essence.eq_ignore_ascii_case(Self::CONTENT_TYPE)
            || essence.len() > 5
                && essence.as_bytes()[essence.len() - 5..].eq_ignore_ascii_case(b"+json")
    }

    fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, CodecError> {
        serde_json::to_vec(value).map_err(|error| CodecError {
            message: error.to_string(),
            at: None,
        })
    }

    fn decode<T: DeserializeOwned>(payload: &[u8]) -> Result<T, CodecError> {
        serde_json::from_slice(payload).map_err(|error| place_apart(&error))
    }

    /// Adds the path of the field.
    fn locate<T: DeserializeOwned>(payload: &[u8], error: CodecError) -> CodecError {
        let mut again = serde_json::Deserializer::from_slice(payload);
        // Trailing bytes after the value have no path, and `again` does not read them.
        let Err(traced) = serde_path_to_error::deserialize::<_, T>(&mut again) else {
            return error;
        };
        let path = traced.path().to_string();
        if path == "." {
            return error;
        }
        let at = error.at.map_or_else(String::new, |place| place + ", ");
        CodecError {
            message: error.message,
            at: Some(format!("{at}field {path}")),
        }
    }
}

/// Separates message and location: serde_json puts the location at the end of the message.
fn place_apart(error: &serde_json::Error) -> CodecError {
    let place = format!("line {} column {}", error.line(), error.column());
    let text = error.to_string();
    match text
        .strip_suffix(&place)
        .and_then(|text| text.strip_suffix(" at "))
    {
        Some(message) => CodecError {
            message: message.to_owned(),
            at: Some(place),
        },
        None => CodecError {
            message: text,
            at: None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_recognised_by_its_media_type() {
        for yes in [
            "",
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/vnd.bank+json",
        ] {
            assert!(Json::accepts(yes), "{yes}");
        }
        for no in [
            "text/plain",
            "application/cbor",
            "application/x-www-form-urlencoded",
            "+json",
            "é+jso",
        ] {
            assert!(!Json::accepts(no), "{no}");
        }
    }

    #[test]
    fn errors_say_where() {
        type Numbers = std::collections::BTreeMap<String, u8>;
        let payload = b"{\n \"a\": 1, \"b\": \"x\"}";
        let wrong = Json::decode::<Numbers>(payload).expect_err("a string is no number");
        assert_eq!(wrong.message, "invalid type: string \"x\", expected u8");
        assert_eq!(wrong.at.as_deref(), Some("line 2 column 17"));
        assert_eq!(
            Json::locate::<Numbers>(payload, wrong).at.as_deref(),
            Some("line 2 column 17, field b")
        );
        assert!(Json::decode::<u8>(b"1 1").is_err(), "trailing bytes");
        assert!(Json::decode::<String>(b"\"\xff\"").is_err(), "not UTF-8");
    }
}
