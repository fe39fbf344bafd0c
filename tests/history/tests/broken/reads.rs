//! Broken stores: stale and torn reads.

use std::collections::HashMap;
use std::sync::Arc;

use annals_event_log::*;
use annals_history::check::Kind;
use annals_store_conformance::{Backend, Native, Store};

use super::twist::{AUDIT, Every, Twist, Twisted};
use super::{caught, options, settings};

fn twisted<T: Twist + Default + 'static>(name: &'static str) -> impl Backend {
    let inner = Native::new("memory", Arc::new(MemorySlots::new()), settings());
    Twisted {
        inner,
        name,
        twist: T::default,
    }
}

/// A store that takes the end of a stream from a cache, and refreshes it once in eight reads.
#[derive(Default)]
struct Cached {
    versions: HashMap<String, u64>,
    every: Every,
}

impl Twist for Cached {
    fn read(
        &mut self,
        store: &mut dyn Store,
        stream: &str,
        after: u64,
        limit: u32,
    ) -> Result<Option<StreamPage>, StoreError> {
        let page = store.read_stream(stream, after, limit)?;
        let Some(mut page) = page.filter(|_| limit < AUDIT) else {
            return store.read_stream(stream, after, limit);
        };
        if page.end && (self.every.nth(8) || !self.versions.contains_key(stream)) {
            self.versions.insert(stream.to_owned(), page.version);
        }
        if let Some(cached) = self
            .versions
            .get(stream)
            .filter(|cached| **cached < page.version)
        {
            page.events.retain(|event| event.version <= *cached);
            page.version = *cached;
            page.end = true;
        }
        Ok(Some(page))
    }
}

#[test]
fn a_reader_that_reads_from_a_cache_is_caught() {
    caught(&twisted::<Cached>("cached"), &options(), &[Kind::StaleRead]);
}

/// A store that shows the first events of a commit before the last one.
#[derive(Default)]
struct Torn;
impl Twist for Torn {
    fn read(
        &mut self,
        store: &mut dyn Store,
        stream: &str,
        after: u64,
        limit: u32,
    ) -> Result<Option<StreamPage>, StoreError> {
        let mut found = store.read_stream(stream, after, limit)?;
        if let Some(page) = &mut found
            && limit < AUDIT
            && page.end
            && let [.., a, b] = page.events.as_slice()
            && a.position + 1 == b.position
        {
            page.version -= 1;
            page.events.pop();
        }
        Ok(found)
    }
}

#[test]
fn a_reader_that_shows_a_part_of_a_commit_is_caught() {
    caught(&twisted::<Torn>("torn"), &options(), &[Kind::NotAtomic]);
}

/// A store that denies the end of commands that have ended.
#[derive(Default)]
struct Forgets;
impl Twist for Forgets {
    fn claim(
        &mut self,
        store: &mut dyn Store,
        command: &str,
        fingerprint: u64,
        stream: &str,
        cursor: u64,
    ) -> Result<Claim, StoreError> {
        Ok(
            match store.claim_command(command, fingerprint, stream, cursor)? {
                Claim::Done(_) => Claim::Pending,
                other => other,
            },
        )
    }
}

#[test]
fn a_store_that_forgets_outcomes_is_caught() {
    let kinds = [
        Kind::OutcomeForgotten,
        Kind::TookEffectTwice,
        Kind::AnswersDisagree,
    ];
    caught(&twisted::<Forgets>("forgets outcomes"), &options(), &kinds);
}
