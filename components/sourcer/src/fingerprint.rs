//! The fingerprint of a command. Two commands under one id are the same command if they have the same type
//! and equal payloads.
//!
//! A client that sends a command again may format the same JSON differently: with other white space, another
//! order of an object's members, other escapes in strings, or another notation of a number. None of these
//! differences changes the fingerprint. Numbers are compared as decimals and not as floating-point numbers,
//! so different large integers stay different. Payloads that are not JSON are compared byte by byte.

use crate::annals::es::types::Command;

/// Upper limit of nesting. JSON that is nested deeper is compared byte by byte.
const DEEPEST: u32 = 100;

/// The fingerprint of a command's type and content.
pub fn of(command: &Command) -> u64 {
    let json = is_json(&command.content_type).then(|| json(&command.payload));
    match json.flatten() {
        Some(content) => {
            Hash::new()
                .bytes(command.command_type.as_bytes())
                .bytes(&[0xff])
                .number(content)
                .0
        }
        None => of_bytes(command),
    }
}

/// The fingerprint of a command's type and bytes. Claims that earlier versions wrote hold this one for JSON
/// commands too.
pub fn of_bytes(command: &Command) -> u64 {
    Hash::new()
        .bytes(command.command_type.as_bytes())
        .bytes(&[0xff])
        .bytes(&command.payload)
        .bytes(&[0xff])
        .0
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    let suffix = essence.len().saturating_sub("+json".len());
    essence.eq_ignore_ascii_case("application/json")
        || essence
            .get(suffix..)
            .is_some_and(|suffix| suffix.eq_ignore_ascii_case("+json"))
}

/// A hash of the value of a JSON text, or `None` if the text is not JSON.
fn json(text: &[u8]) -> Option<u64> {
    let mut reader = Reader {
        rest: std::str::from_utf8(text).ok()?.as_bytes(),
    };
    let hash = reader.value(0)?;
    reader.space();
    reader.rest.is_empty().then_some(hash)
}

/// 64-bit FNV-1a. Its functions are not inlined: a payload is read once, and inlining would cost 8 KB.
#[derive(Clone, Copy)]
struct Hash(u64);

impl Hash {
    fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    fn byte(self, byte: u8) -> Self {
        Self((self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    }

    #[inline(never)]
    fn bytes(self, bytes: &[u8]) -> Self {
        bytes.iter().fold(self, |hash, byte| hash.byte(*byte))
    }

    fn number(self, number: u64) -> Self {
        Self(Self(self.0.rotate_left(5) ^ number).spread())
    }

    /// Mixes the bits of the hash (the finalizer of SplitMix64), so that a sum of hashes is as good as one
    /// hash.
    fn spread(self) -> u64 {
        let mut hash = self.0;
        hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        hash ^ (hash >> 31)
    }
}

/// Reads JSON (RFC 8259). Every function returns `None` if the text is not JSON.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn value(&mut self, depth: u32) -> Option<u64> {
        self.space();
        match *self.rest.first()? {
            b'{' if depth < DEEPEST => self.object(depth),
            b'[' if depth < DEEPEST => self.array(depth),
            b'"' => self.text(Hash::new().byte(b'"')),
            b'-' | b'0'..=b'9' => self.decimal(),
            _ => ["null", "true", "false"]
                .into_iter()
                .find(|word| self.rest.starts_with(word.as_bytes()))
                .map(|word| {
                    self.rest = &self.rest[word.len()..];
                    Hash::new().bytes(word.as_bytes()).0
                }),
        }
    }

    /// Hashes an object. The sum over its members does not depend on their order.
    fn object(&mut self, depth: u32) -> Option<u64> {
        self.take(b'{')?;
        let (mut sum, mut count) = (0_u64, 0);
        self.space();
        while self.rest.first() != Some(&b'}') {
            if count > 0 {
                self.take(b',')?;
                self.space();
            }
            let name = self.text(Hash::new())?;
            self.space();
            self.take(b':')?;
            let value = self.value(depth + 1)?;
            sum = sum.wrapping_add(Hash::new().number(name).number(value).spread());
            count += 1;
            self.space();
        }
        self.take(b'}')?;
        Some(Hash::new().byte(b'{').number(sum).number(count).0)
    }

    fn array(&mut self, depth: u32) -> Option<u64> {
        self.take(b'[')?;
        let (mut hash, mut count) = (Hash::new().byte(b'['), 0);
        self.space();
        while self.rest.first() != Some(&b']') {
            if count > 0 {
                self.take(b',')?;
            }
            hash = hash.number(self.value(depth + 1)?);
            count += 1;
            self.space();
        }
        self.take(b']')?;
        Some(hash.number(count).0)
    }

    /// Hashes the characters of a string, independent of their escapes.
    fn text(&mut self, mut hash: Hash) -> Option<u64> {
        self.take(b'"')?;
        loop {
            let byte = self.next()?;
            let escaped = match byte {
                b'"' => return Some(hash.0),
                b'\\' => self.next()?,
                0..b' ' => return None,
                byte => {
                    hash = hash.byte(byte);
                    continue;
                }
            };
            let character = match escaped {
                b'"' | b'\\' | b'/' => u32::from(escaped),
                b'b' => 0x08,
                b'f' => 0x0c,
                b'n' => 0x0a,
                b'r' => 0x0d,
                b't' => 0x09,
                b'u' => self.unicode()?,
                _ => return None,
            };
            hash = match char::from_u32(character) {
                Some(character) => hash.bytes(character.encode_utf8(&mut [0; 4]).as_bytes()),
                // Half of a surrogate pair, marked by a byte that does not occur in UTF-8.
                None => hash.byte(0xff).number(character.into()),
            };
        }
    }

    /// Reads the digits of `\u`: a character, or half of a surrogate pair.
    fn unicode(&mut self) -> Option<u32> {
        let high = self.hex()?;
        let paired = matches!(high, 0xd800..0xdc00) && self.rest.starts_with(b"\\u");
        if !paired {
            return Some(high);
        }
        let behind = self.rest;
        self.rest = &self.rest[2..];
        match self.hex()? {
            low @ 0xdc00..0xe000 => Some(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00)),
            _ => {
                self.rest = behind;
                Some(high)
            }
        }
    }

    fn hex(&mut self) -> Option<u32> {
        (0..4).try_fold(0, |number, _| {
            let digit = char::from(self.next()?).to_digit(16)?;
            Some(number << 4 | digit)
        })
    }

    /// Hashes a decimal in its normal form: digits without leading and trailing zeros, and a power of ten.
    fn decimal(&mut self) -> Option<u64> {
        let negative = self.take(b'-').is_some();
        let whole = self.digits();
        if whole.is_empty() || (whole.len() > 1 && whole[0] == b'0') {
            return None;
        }
        let fraction = match self.take(b'.') {
            Some(()) => Some(self.digits()).filter(|digits| !digits.is_empty())?,
            None => &[],
        };
        let mut power = 0;
        if let Some(b'e' | b'E') = self.rest.first() {
            self.next()?;
            let minus = self.take(b'-').is_some();
            if !minus {
                let _ = self.take(b'+');
            }
            let digits = std::str::from_utf8(self.digits()).ok()?;
            let number: i64 = digits.parse().ok()?;
            power = if minus { -number } else { number };
        }
        let digits = || whole.iter().chain(fraction);
        let zeros = digits().take_while(|digit| **digit == b'0').count();
        let trailing = digits().rev().take_while(|digit| **digit == b'0').count();
        let all = whole.len() + fraction.len();
        if zeros == all {
            return Some(Hash::new().bytes(b"0").0);
        }
        let power = power
            .checked_sub(i64::try_from(fraction.len()).ok()?)?
            .checked_add(i64::try_from(trailing).ok()?)?;
        let hash = Hash::new().byte(if negative { b'-' } else { b'+' });
        let hash = digits()
            .skip(zeros)
            .take(all - zeros - trailing)
            .fold(hash, |hash, digit| hash.byte(*digit));
        Some(hash.byte(b'e').number(power.cast_unsigned()).0)
    }

    #[inline(never)]
    fn digits(&mut self) -> &'a [u8] {
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_digit());
        let (digits, rest) = self.rest.split_at(count.count());
        self.rest = rest;
        digits
    }

    #[inline(never)]
    fn space(&mut self) {
        let count = self
            .rest
            .iter()
            .take_while(|byte| b" \t\n\r".contains(byte));
        self.rest = &self.rest[count.count()..];
    }

    #[inline(never)]
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    #[inline(never)]
    fn take(&mut self, wanted: u8) -> Option<()> {
        let rest = self.rest.strip_prefix(&[wanted])?;
        self.rest = rest;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_json(payload: &str) -> u64 {
        of(&command("application/json", payload.as_bytes()))
    }

    fn command(content_type: &str, payload: &[u8]) -> Command {
        Command {
            id: "id".into(),
            command_type: "Count".into(),
            content_type: content_type.into(),
            payload: payload.into(),
        }
    }

    #[test]
    fn json_in_another_layout_is_the_same() {
        for (one, other) in [
            (
                r#"{"a":1,"b":[true,null]}"#,
                "{\n  \"b\" : [ true , null ],\r\n\t\"a\": 1 }\n",
            ),
            (
                r#"{"a":{"b":1,"c":2},"d":3}"#,
                r#"{"d":3,"a":{"c":2,"b":1}}"#,
            ),
            (r#""Aé/😀""#, r#""\u0041\u00E9\/\ud83d\uDE00""#),
            (
                r#"{"a":"\n\t\"\\"}"#,
                r#"{"\u0061":"\u000a\u0009\u0022\u005c"}"#,
            ),
            ("1", "1.0"),
            ("100", "1e2"),
            ("100", "1.00E+2"),
            ("0.01", "1e-2"),
            ("0", "-0.00e7"),
            ("-12.5", "-125e-1"),
            ("[]", " [ ] "),
            ("{}", "{ }"),
        ] {
            assert!(json(one.as_bytes()).is_some(), "{one}");
            assert_eq!(of_json(one), of_json(other), "{one} and {other}");
        }
    }

    #[test]
    fn json_that_says_something_else_is_another() {
        let all = [
            "null",
            "true",
            "false",
            "\"\"",
            "\"null\"",
            "[]",
            "{}",
            "[[]]",
            "[{}]",
            "[null]",
            "0",
            "\"0\"",
            "1",
            "-1",
            "10",
            "0.1",
            "1e400",
            "1e401",
            "9007199254740992",
            "9007199254740993",
            "18446744073709551615",
            "0.1000000000000000055511151231257827",
            "[1,2]",
            "[2,1]",
            "[[1],2]",
            "[1,[2]]",
            r#"{"a":1}"#,
            r#"{"a":2}"#,
            r#"{"b":1}"#,
            r#"{"a":1,"b":2}"#,
            r#"{"a":2,"b":1}"#,
            r#"{"a":{"b":2}}"#,
            r#"{"a":null}"#,
            r#"{"a":"1"}"#,
            r#"["a",1]"#,
            r#""\ud83d""#,
            r#""\ude00""#,
            r#""\ud83dx""#,
            r#""😀""#,
            r#""a""#,
            r#""A""#,
            r#"" a""#,
        ];
        for (at, one) in all.iter().enumerate() {
            assert!(json(one.as_bytes()).is_some(), "{one}");
            for other in &all[at + 1..] {
                assert_ne!(of_json(one), of_json(other), "{one} and {other}");
            }
        }
    }

    #[test]
    fn values_that_change_places_are_seen() {
        // Integers with similar hashes, in all pairs of members.
        for a in 0..40 {
            for b in 0..a {
                let one = format!(r#"{{"x":{a},"y":{b}}}"#);
                let other = format!(r#"{{"x":{b},"y":{a}}}"#);
                assert_ne!(of_json(&one), of_json(&other), "{one}");
            }
        }
    }

    #[test]
    fn what_is_no_json_is_compared_byte_by_byte() {
        let deep = format!("{}{}", "[".repeat(101), "]".repeat(101));
        for text in [
            "",
            "nul",
            "01",
            "1.",
            ".5",
            "+1",
            "1e",
            "-",
            "\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\n\"",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{\"a\"}",
            "{\"a\":1,}",
            "{a:1}",
            "{} {}",
            "[1",
            "'a'",
            "1e99999999999999999999",
            &deep,
        ] {
            assert_eq!(json(text.as_bytes()), None, "{text}");
            let command = command("application/json", text.as_bytes());
            assert_eq!(of(&command), of_bytes(&command));
            assert_ne!(of_json(text), of_json(&format!("{text} ")));
        }
        let deepest = format!("{}{}", "[".repeat(100), "]".repeat(100));
        assert!(json(deepest.as_bytes()).is_some());
        assert_eq!(json(b"\"\xff\""), None);
        let plain = |payload| of(&command("text/plain", payload));
        assert_ne!(plain(b"{}"), plain(b"{ }"));
    }

    #[test]
    fn media_types_of_json_are_known() {
        for (content_type, expected) in [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/vnd.shop.order+json", true),
            ("application/vnd.shop.order+JSON;v=1", true),
            ("application/jsonl", false),
            ("text/plain", false),
            ("", false),
        ] {
            assert_eq!(is_json(content_type), expected, "{content_type}");
        }
    }
}
