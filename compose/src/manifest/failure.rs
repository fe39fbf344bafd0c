//! `on-failure`: how the dispatcher treats events on which a reaction fails.

use super::duration::{milliseconds, no_duration};
use crate::problem::nearest;
use serde::Deserialize;

/// `on-failure` of a handler. Missing keys have the values of [`FailurePolicy::default`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct OnFailure {
    attempts: Option<u32>,
    backoff: Option<String>,
    max_backoff: Option<String>,
    then: Option<String>,
}

/// How the dispatcher treats an event on which a reaction fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailurePolicy {
    /// Number of attempts for an event, 1 or more.
    pub attempts: u32,
    /// Milliseconds before the second attempt. Each further attempt doubles them.
    pub backoff: u32,
    /// Maximum delay between attempts, in milliseconds.
    pub max_backoff: u32,
    /// The action after the last attempt.
    pub then: LastResort,
}

/// The action after a reaction's last failed attempt for an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastResort {
    /// The event becomes a dead letter, and the reaction continues.
    Park,
    /// The event is skipped.
    Skip,
    /// The reaction stops at the event.
    Stop,
}

const LAST_RESORTS: &[&str] = &["park", "skip", "stop"];

impl Default for FailurePolicy {
    fn default() -> Self {
        Self {
            attempts: 8,
            backoff: 250,
            max_backoff: 60_000,
            then: LastResort::Park,
        }
    }
}

/// A problem of one key of a policy.
pub struct Wrong {
    /// The key.
    pub key: &'static str,
    /// The problem.
    pub what: String,
    /// The remedy.
    pub remedy: String,
}

impl OnFailure {
    /// The policy with defaults for missing keys.
    ///
    /// # Errors
    ///
    /// All problems of the policy.
    pub fn policy(&self) -> Result<FailurePolicy, Vec<Wrong>> {
        let mut policy = FailurePolicy::default();
        let mut found = Vec::new();
        let mut wrong = |key, (what, remedy): (String, String)| {
            found.push(Wrong { key, what, remedy });
        };
        let mut legal = true;
        if let Some(attempts) = self.attempts {
            policy.attempts = attempts;
            if attempts == 0 {
                legal = false;
                wrong(
                    "attempts",
                    (
                        "`on-failure.attempts = 0` is not possible".into(),
                        "an event is tried at least once: set it to 1 or more".into(),
                    ),
                );
            }
        }
        for (key, text, place) in [
            ("backoff", &self.backoff, &mut policy.backoff),
            ("max-backoff", &self.max_backoff, &mut policy.max_backoff),
        ] {
            if let Some(text) = text {
                match milliseconds(text) {
                    Some(given) => *place = given,
                    None => {
                        legal = false;
                        wrong(key, no_duration(&format!("on-failure.{key}"), text));
                    }
                }
            }
        }
        if legal && policy.backoff > policy.max_backoff {
            wrong(
                "backoff",
                (
                    format!(
                        "`on-failure.backoff` is longer than `max-backoff`, which is {} ms",
                        policy.max_backoff
                    ),
                    "set `max-backoff` to at least as much".into(),
                ),
            );
        }
        if let Some(then) = &self.then {
            policy.then = match then.as_str() {
                "park" => LastResort::Park,
                "skip" => LastResort::Skip,
                "stop" => LastResort::Stop,
                other => {
                    wrong(
                        "then",
                        (
                            format!("`on-failure.then = \"{other}\"` is not known"),
                            match nearest(other, LAST_RESORTS.iter().copied()) {
                                Some(near) => format!("did you mean \"{near}\"?"),
                                None => "set it to \"park\", \"skip\" or \"stop\"".into(),
                            },
                        ),
                    );
                    policy.then
                }
            };
        }
        if found.is_empty() {
            Ok(policy)
        } else {
            Err(found)
        }
    }
}
