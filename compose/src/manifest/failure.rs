//! `on-failure`: what becomes of events that a reaction fails on.

use super::duration::{milliseconds, no_duration};
use crate::problem::nearest;
use serde::Deserialize;

/// `on-failure` of a handler. What is left out is as in [`FailurePolicy::default`].
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct OnFailure {
    attempts: Option<u32>,
    backoff: Option<String>,
    max_backoff: Option<String>,
    then: Option<String>,
}

/// What becomes of an event that a reaction fails on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailurePolicy {
    /// How often an event is tried, at least once.
    pub attempts: u32,
    /// Milliseconds before the second attempt; doubled for each one after it.
    pub backoff: u32,
    /// The longest pause between attempts, in milliseconds.
    pub max_backoff: u32,
    /// What is done after the last attempt.
    pub then: LastResort,
}

/// What becomes of an event that a reaction failed on for the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastResort {
    /// It is put aside, and the reaction goes on.
    Park,
    /// It is passed over.
    Skip,
    /// The reaction stops there.
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

/// What is wrong with one key of a policy.
pub struct Wrong {
    /// The key.
    pub key: &'static str,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

impl OnFailure {
    /// The policy, with defaults filled in.
    ///
    /// # Errors
    ///
    /// All that is wrong with it.
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
