//! The header `Prefer` (RFC 7240), as far as the host must know it: a guest that waits on its
//! client's behalf needs the time for it.

use std::time::Duration;

use hyper::HeaderMap;

/// The longest wait that counts.
const LONGEST: Duration = Duration::from_secs(60);

/// How long the client wants the guest to wait.
pub fn wait(headers: &HeaderMap) -> Duration {
    let seconds = headers
        .get_all("prefer")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split([',', ';']))
        .filter_map(|preference| preference.split_once('='))
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("wait"))
        .filter_map(|(_, value)| value.trim().trim_matches('"').parse::<u32>().ok())
        .max();
    seconds.map_or(Duration::ZERO, |seconds| {
        Duration::from_secs(seconds.into()).min(LONGEST)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_of_all_waits_counts_up_to_a_minute() {
        let wait = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("prefer", hyper::header::HeaderValue::from_static(value));
            }
            wait(&headers).as_secs()
        };
        assert_eq!(wait(&[]), 0);
        assert_eq!(wait(&["respond-async, Wait = \"7\"", "wait=5"]), 7);
        assert_eq!(wait(&["wait=3600"]), 60);
        assert_eq!(wait(&["wait=soon, await=9"]), 0);
    }
}
