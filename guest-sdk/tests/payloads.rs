//! What the derives make of variants.

use annals::{Codec, CodecError, Command, Context, Event, EventType, Rejection};

#[annals::data]
#[derive(Debug, PartialEq)]
struct Inner {
    a: u8,
    b: Option<String>,
}

#[derive(Event, Debug, PartialEq)]
#[annals(rename_all = "camelCase")]
enum Fact {
    Fields {
        some_field: u8,
        #[serde(rename = "kind")]
        r#type: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        tags: Vec<String>,
    },
    Newtype(Inner),
    Unit,
    #[annals(type = "fact.named/v2", version = 2)]
    Named {},
}

#[track_caller]
fn both_ways(fact: &Fact, name: &str, payload: &str) {
    assert_eq!(fact.event_type().name, name);
    assert_eq!(
        String::from_utf8(fact.encode().expect("encodable")).expect("UTF-8"),
        payload
    );
    assert_eq!(
        Fact::decode(name, payload.as_bytes())
            .expect("decodable")
            .as_ref(),
        Some(fact)
    );
}

#[test]
fn variants_are_the_json_of_their_fields() {
    both_ways(
        &Fact::Fields {
            some_field: 1,
            r#type: "é\"".into(),
            tags: vec![],
        },
        "Fields",
        r#"{"someField":1,"kind":"é\""}"#,
    );
    both_ways(
        &Fact::Newtype(Inner { a: 1, b: None }),
        "Newtype",
        r#"{"a":1,"b":null}"#,
    );
    both_ways(&Fact::Unit, "Unit", "{}");
    both_ways(&Fact::Named {}, "fact.named/v2", "{}");
    assert_eq!(
        Fact::TYPES[3],
        EventType {
            name: "fact.named/v2",
            version: 2
        }
    );
}

#[test]
fn types_that_are_not_named_are_not_looked_at() {
    assert_eq!(Fact::decode("Named", b"\xff").expect("passed over"), None);
}

#[test]
fn wrong_payloads_are_errors() {
    for (name, payload) in [
        ("Unit", ""),
        ("Unit", "1"),
        ("Newtype", "{}"),
        ("Fields", r#"{"some_field":1,"kind":""}"#),
    ] {
        assert!(
            Fact::decode(name, payload.as_bytes()).is_err(),
            "{name} {payload}"
        );
    }
}

/// One number as two bytes, big-endian.
struct Short;

impl Codec for Short {
    const CONTENT_TYPE: &'static str = "application/x-short";

    fn accepts(content_type: &str) -> bool {
        content_type == Self::CONTENT_TYPE
    }

    fn encode<T: annals::serde::Serialize>(value: &T) -> Result<Vec<u8>, CodecError> {
        let json = String::from_utf8(annals::Json::encode(value)?).expect("JSON is UTF-8");
        let number: u16 = json.parse().map_err(|_| CodecError {
            message: "no number".into(),
            at: None,
        })?;
        Ok(number.to_be_bytes().to_vec())
    }

    fn decode<T: annals::serde::de::DeserializeOwned>(payload: &[u8]) -> Result<T, CodecError> {
        match payload {
            &[high, low] => {
                annals::Json::decode(u16::from_be_bytes([high, low]).to_string().as_bytes())
            }
            _ => Err(CodecError {
                message: "two bytes are expected".into(),
                at: None,
            }),
        }
    }
}

#[derive(Command)]
#[annals(codec = "Short")]
enum Brief {
    Set(u16),
}

#[test]
fn an_enum_may_name_its_codec() {
    assert_eq!(
        <Brief as Command>::Codec::CONTENT_TYPE,
        "application/x-short"
    );
    assert_eq!(Brief::Set(258).encode().expect("encodable"), [1, 2]);
    assert!(matches!(
        Brief::decode("Set", &[1, 2]),
        Ok(Some(Brief::Set(258)))
    ));
    assert!(Brief::decode("Set", b"258").is_err());
}

#[derive(Rejection)]
enum No {
    HTTPGone,
    #[annals(code = "else", message = "{0:?} of {{}}")]
    Other(Inner),
    #[annals(message = "{b}, then {a}")]
    Fields {
        a: u8,
        b: &'static str,
    },
}

#[test]
fn rejections_are_code_message_and_details() {
    let of = |no: No| (no.code(), no.message(), no.details());
    assert_eq!(of(No::HTTPGone), ("http-gone", "http gone".into(), None));
    assert_eq!(
        of(No::Other(Inner { a: 1, b: None })),
        (
            "else",
            "Inner { a: 1, b: None } of {}".into(),
            Some(r#"{"a":1,"b":null}"#.into())
        )
    );
    assert_eq!(
        of(No::Fields { a: 1, b: "x" }),
        (
            "fields",
            "x, then 1".into(),
            Some(r#"{"a":1,"b":"x"}"#.into())
        )
    );
}

#[derive(Event, Command, Rejection)]
enum Never {}

#[test]
fn enums_may_be_empty() {
    assert!(<Never as Event>::TYPES.is_empty() && <Never as Command>::TYPES.is_empty());
    assert!(
        <Never as Event>::decode("x", b"{}")
            .expect("passed over")
            .is_none()
    );
}

#[test]
fn randomness_is_the_seed_s() {
    let context = |seed| Context {
        now: 0,
        seed,
        command_id: String::new(),
        actor: None,
        extensions: Vec::new(),
    };
    // The reference values of SplitMix64 for the seed 1234567.
    let mut random = context(1_234_567).random();
    assert_eq!(
        (random.next_u64(), random.next_u64()),
        (6_457_827_717_110_365_317, 3_203_168_211_198_807_973)
    );
    assert_eq!(context(1).random().id(), context(1).random().id());
    assert_ne!(context(1).random().id(), context(2).random().id());
    let mut random = context(1_234_567).random();
    let mut bytes = [0; 11];
    rand_core::Rng::fill_bytes(&mut random, &mut bytes);
    assert_eq!(bytes[..8], 6_457_827_717_110_365_317_u64.to_le_bytes());
    assert_eq!(bytes[8..], 3_203_168_211_198_807_973_u64.to_le_bytes()[..3]);
    assert_eq!(
        rand_core::Rng::next_u32(&mut context(1_234_567).random()),
        (6_457_827_717_110_365_317_u64 >> 32) as u32
    );
    let mut random = context(3).random();
    assert!((0..1000).all(|_| random.below(6) < 6) && random.below(0) == 0);
}
