//! Numbers of 64 bits in lines. An export writes them as text, since integers of CloudEvents have 32 bits. An import
//! also accepts JSON numbers, which earlier releases wrote.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serializer};

pub fn serialize<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    deserializer
        .deserialize_any(Number)
        .map(|Either(number)| number)
}

/// The same encoding for an optional attribute.
pub mod optional {
    use super::{Deserialize, Deserializer, Either, Serializer};

    pub fn serialize<S: Serializer>(
        number: &Option<u64>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match number {
            Some(number) => serializer.collect_str(number),
            None => serializer.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<u64>, D::Error> {
        let number = Option::<Either>::deserialize(deserializer)?;
        Ok(number.map(|Either(number)| number))
    }
}

struct Either(u64);

impl<'de> Deserialize<'de> for Either {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Number)
    }
}

struct Number;

impl Visitor<'_> for Number {
    type Value = Either;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a whole number from 0 on, as text or not")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Either, E> {
        Ok(Either(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Either, E> {
        // Accept only the canonical text: no leading zeros, no sign.
        match text.parse::<u64>() {
            Ok(number) if number.to_string() == text => Ok(Either(number)),
            _ => Err(E::invalid_value(serde::de::Unexpected::Str(text), &self)),
        }
    }
}
