//! Durations in the manifest.

/// Parses a duration such as `250ms`, `2s`, `1m` or `1h` into milliseconds.
pub fn milliseconds(text: &str) -> Option<u32> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let factor = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.parse::<u32>().ok()?.checked_mul(factor)
}

/// The problem and the remedy for a text that is not a duration.
pub fn no_duration(key: &str, text: &str) -> (String, String) {
    (
        format!("`{key} = \"{text}\"` is not a duration"),
        "give a whole number and its unit, such as \"250ms\", \"2s\", \"1m\" or \"1h\"".into(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        let given = [
            "0ms",
            "250ms",
            "2s",
            "1m",
            "1h",
            "1d",
            "s",
            "",
            "5",
            "4294967295s",
        ];
        let read = given.map(milliseconds);
        let expected = [
            Some(0),
            Some(250),
            Some(2000),
            Some(60_000),
            Some(3_600_000),
        ];
        assert_eq!(read[..5], expected);
        assert!(read[5..].iter().all(Option::is_none), "{read:?}");
    }
}
