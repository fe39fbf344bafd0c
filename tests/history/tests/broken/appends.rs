//! Broken stores: preconditions, atomicity, effects.

use std::sync::Arc;

use annals_event_log::*;
use annals_history::check::Kind;
use annals_store_conformance::{Backend, Native, Store};

use super::twist::{Every, Twist, Twisted};
use super::{caught, options, settings};

fn memory() -> impl Backend {
    Native::new("memory", Arc::new(MemorySlots::new()), settings())
}

fn twisted<T: Twist + Default + 'static>(name: &'static str) -> impl Backend {
    Twisted {
        inner: memory(),
        name,
        twist: T::default,
    }
}

type Result<T> = std::result::Result<T, AppendError>;

#[derive(Default)]
struct IgnoresExpected;
impl Twist for IgnoresExpected {
    fn append(&mut self, store: &mut dyn Store, request: AppendRequest) -> Result<Appended> {
        if !request.metadata.command_id.is_empty() {
            return store.append(request);
        }
        store.append(AppendRequest {
            expected: Precondition::Any,
            cursor: None,
            ..request
        })
    }
}

#[test]
fn a_store_that_ignores_the_expected_version_is_caught() {
    caught(
        &twisted::<IgnoresExpected>("ignores"),
        &options(),
        &[Kind::PreconditionIgnored],
    );
}

#[derive(Default)]
struct AppliesTwice(Every);
impl Twist for AppliesTwice {
    fn append(&mut self, store: &mut dyn Store, request: AppendRequest) -> Result<Appended> {
        let appended = store.append(request.clone())?;
        if self.0.nth(10) && !request.events.is_empty() && !request.close {
            let again = AppendRequest {
                expected: Precondition::Any,
                cursor: None,
                seed: request.seed + 1,
                ..request
            };
            store.append(again).ok();
        }
        Ok(appended)
    }
}

#[test]
fn a_store_that_applies_an_append_twice_is_caught() {
    caught(
        &twisted::<AppliesTwice>("twice"),
        &options(),
        &[Kind::TookEffectTwice],
    );
}

#[derive(Default)]
struct ForgetsClaims;
impl Twist for ForgetsClaims {
    fn claim(
        &mut self,
        store: &mut dyn Store,
        c: &str,
        f: u64,
        s: &str,
        cursor: u64,
    ) -> std::result::Result<Claim, StoreError> {
        store.claim_command(c, f, s, cursor).map(|_| Claim::Fresh)
    }
}

#[test]
fn a_store_that_forgets_claims_is_caught() {
    let kinds = [
        Kind::TookEffectTwice,
        Kind::WrongClaim,
        Kind::OutcomeForgotten,
        Kind::AnswersDisagree,
    ];
    caught(&twisted::<ForgetsClaims>("forgets"), &options(), &kinds);
}

/// A store that appends without the claim.
#[derive(Default)]
struct LeavesClaimsOut;
impl Twist for LeavesClaimsOut {
    fn append(&mut self, store: &mut dyn Store, request: AppendRequest) -> Result<Appended> {
        store.append(AppendRequest {
            claim: None,
            ..request
        })
    }
}

#[test]
fn a_store_that_leaves_out_the_claim_of_an_append_is_caught() {
    let kinds = [
        Kind::TookEffectTwice,
        Kind::WrongClaim,
        Kind::OutcomeForgotten,
        Kind::AnswersDisagree,
    ];
    let store = twisted::<LeavesClaimsOut>("leaves claims out");
    caught(&store, &options(), &kinds);
}

/// A store that appends the halves of a commit one after the other.
#[derive(Default)]
struct Splits;
impl Twist for Splits {
    fn append(&mut self, store: &mut dyn Store, mut request: AppendRequest) -> Result<Appended> {
        if request.events.len() < 2 {
            return store.append(request);
        }
        let rest = request.events.split_off(request.events.len() / 2);
        let close = std::mem::take(&mut request.close);
        let half = store.append(request.clone())?;
        let rest = AppendRequest {
            expected: Precondition::Any,
            cursor: None,
            events: rest,
            close,
            seed: request.seed + 1,
            claim: None,
            ..request
        };
        let whole = store.append(rest)?;
        let events = half.events.into_iter().chain(whole.events).collect();
        Ok(Appended { events, ..whole })
    }
}

#[test]
fn a_store_that_writes_a_commit_in_parts_is_caught() {
    // A repeated query returns the first half alone.
    let kinds = [Kind::NotAtomic, Kind::AnswersDisagree];
    caught(&twisted::<Splits>("splits"), &options(), &kinds);
}

/// A store that answers `Unavailable` after it has written.
#[derive(Default)]
struct Denies(Every);
impl Twist for Denies {
    fn append(&mut self, store: &mut dyn Store, request: AppendRequest) -> Result<Appended> {
        let empty = request.events.is_empty();
        let appended = store.append(request)?;
        if self.0.nth(10) && !empty {
            return Err(StoreError::Unavailable("as if".into()).into());
        }
        Ok(appended)
    }
}

#[test]
fn a_store_that_denies_what_it_has_written_is_caught() {
    caught(
        &twisted::<Denies>("denies"),
        &options(),
        &[Kind::RefusedTookEffect],
    );
}

/// A store that writes an event of its own.
#[derive(Default)]
struct Invents(Every);
impl Twist for Invents {
    fn append(&mut self, store: &mut dyn Store, request: AppendRequest) -> Result<Appended> {
        if self.0.nth(20) {
            let mut own = AppendRequest {
                expected: Precondition::Any,
                cursor: None,
                ..request.clone()
            };
            own.metadata.command_id.clear();
            own.close = false;
            own.seed += 1;
            own.events = vec![NewEvent {
                event_type: "Invented".into(),
                schema_version: 1,
                content_type: "text/plain".into(),
                payload: b"never submitted by anybody".to_vec(),
                tags: Vec::new(),
            }];
            store.append(own).ok();
        }
        store.append(request)
    }
}

#[test]
fn a_store_that_invents_events_is_caught() {
    caught(&twisted::<Invents>("invents"), &options(), &[Kind::Phantom]);
}

/// A store that acknowledges an append without writing it, but returns the correct head of the stream.
#[derive(Default)]
struct Pretends(Every);
impl Twist for Pretends {
    fn append(&mut self, store: &mut dyn Store, request: AppendRequest) -> Result<Appended> {
        let plain = request.metadata.command_id.is_empty() && !request.events.is_empty();
        if !plain || !self.0.nth(20) {
            return store.append(request);
        }
        let head = store.load(&request.stream, Head::default(), u32::MAX)?.head;
        let ids = request.events.iter().map(|event| RecordedId {
            id: "00-0".into(),
            event_type: event.event_type.clone(),
            version: head.version,
        });
        Ok(Appended {
            version: head.version,
            position: 1024,
            cursor: head.cursor,
            events: ids.collect(),
        })
    }
}

#[test]
fn a_store_that_acknowledges_what_it_does_not_write_is_caught() {
    caught(
        &twisted::<Pretends>("pretends"),
        &options(),
        &[Kind::LostCommit],
    );
}

#[derive(Default)]
struct Changes(Every);
impl Twist for Changes {
    fn append(&mut self, store: &mut dyn Store, mut request: AppendRequest) -> Result<Appended> {
        if let (true, Some(event)) = (self.0.nth(20), request.events.first_mut()) {
            event.payload.push(b' ');
        }
        store.append(request)
    }
}

#[test]
fn a_store_that_changes_payloads_is_caught() {
    caught(&twisted::<Changes>("changes"), &options(), &[Kind::Altered]);
}
