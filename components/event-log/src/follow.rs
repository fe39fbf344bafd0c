//! Reads the log in order, and decides the slots of writers that died.

use crate::error::StoreError;
use crate::log::{EventLog, PAGE_BYTES, PER_COMMIT, Written};
use crate::model::{LogFilter, LogPage};
use crate::name::StreamName;
use crate::records::{self, After, Commit, LogRecord, Ref, StreamRecord, Void};
use crate::slots::Slots;

/// Log slots that one page looks at, at most: a page without events still ends.
const PAGE_SLOTS: u32 = 1024;
/// Milliseconds that a writer's clock may be ahead. A ref from further ahead is as good as old:
/// taking it for young would hold up the log until that time comes.
const CLOCKS_APART: u64 = 60_000;

/// What a ref leads to.
enum Followed {
    Deliver(Box<Commit>),
    Pass,
    /// Its writer may be about to write.
    Wait,
}

impl<S: Slots> EventLog<S> {
    /// Events of the whole log after a position, those that a filter wants. Ends after `limit`
    /// events (at least one is read), when the payloads reach about 1 MiB, or when many commits
    /// were passed; `now` is in milliseconds since the epoch.
    ///
    /// Whoever has passed a position never later finds an event at or before it.
    ///
    /// # Errors
    /// What the store says.
    pub fn read_log(
        &mut self,
        after: u64,
        limit: u32,
        filter: &LogFilter,
        now: u64,
    ) -> Result<LogPage, StoreError> {
        let limit = limit.max(1) as usize;
        let mut page = LogPage {
            events: Vec::new(),
            next: after,
            end: false,
        };
        let mut bytes = 0;
        // A position that the caller has read is level already; one that an append told need not be.
        self.level(after / PER_COMMIT)?;
        for _ in 0..PAGE_SLOTS {
            // A position that is the last possible one of its commit leads to the next commit.
            let index = (page.next.saturating_add(1) / PER_COMMIT).max(1);
            let followed = match self.read_log_slot(index)? {
                Some(LogRecord::Ref(claim)) => self.follow(index, &claim, now)?,
                Some(LogRecord::Skip(_)) => Followed::Pass,
                None if self.skip(index)? => continue,
                None => {
                    if index == 1 {
                        self.check_store()?;
                    }
                    Followed::Wait
                }
            };
            match followed {
                Followed::Wait => {
                    page.end = true;
                    break;
                }
                Followed::Pass => {}
                Followed::Deliver(commit) => {
                    let passed = page.next;
                    for event in commit
                        .recorded()
                        .skip_while(|event| event.position <= passed)
                    {
                        if page.events.len() >= limit || bytes >= PAGE_BYTES {
                            return Ok(page);
                        }
                        page.next = event.position;
                        if filter.wants(&event.event_type, &event.stream, &event.tags) {
                            bytes += event.payload.len();
                            page.events.push(event);
                        }
                    }
                }
            }
            page.next = index * PER_COMMIT + (PER_COMMIT - 1);
            if page.events.len() >= limit || bytes >= PAGE_BYTES {
                break;
            }
        }
        Ok(page)
    }

    /// Finds out what a ref leads to, for good.
    fn follow(&self, index: u64, claim: &Ref, now: u64) -> Result<Followed, StoreError> {
        let stream = StreamName::parse(&claim.stream)
            .map_err(|error| StoreError::corrupt(&self.keys.log(index), error.to_string()))?;
        let mut found = self.read_slot(stream, claim.slot)?;
        if found.is_none() {
            let latest = claim.claimed_at.saturating_add(self.grace_ms);
            if now <= latest && claim.claimed_at <= now.saturating_add(CLOCKS_APART) {
                return Ok(Followed::Wait);
            }
            self.void(index, claim, stream)?;
            // Whoever created the slot decided.
            found = self.read_slot(stream, claim.slot)?;
        }
        Ok(match found {
            // The position is compared too: a ref that came late, after its writer had taken
            // another one for the same commit, is dead.
            Some(StreamRecord::Commit(commit))
                if commit.id == claim.commit && commit.position == index * PER_COMMIT =>
            {
                Followed::Deliver(Box::new(commit))
            }
            Some(StreamRecord::Commit(commit)) => {
                self.check_passed(index, claim, stream, &commit)?;
                Followed::Pass
            }
            Some(_) => Followed::Pass,
            None => Followed::Wait,
        })
    }

    /// Takes a slot from a writer that seems dead. If it lives after all, it meets the void, and
    /// goes on to the next slot or has a conflict.
    fn void(&self, index: u64, claim: &Ref, stream: StreamName<'_>) -> Result<(), StoreError> {
        let after = match claim.slot {
            0 => {
                return Err(StoreError::corrupt(
                    &self.keys.log(index),
                    "it leads to slot 0",
                ));
            }
            1 => After::default(),
            slot => match self.read_slot(stream, slot - 1)? {
                Some(before) => before.after(),
                // Nobody claims a slot before having seen the one in front of it.
                None => {
                    let reason = format!(
                        "it leads to slot {slot} of {stream}, and the slot before is absent"
                    );
                    return Err(StoreError::corrupt(&self.keys.log(index), reason));
                }
            },
        };
        let void = records::encode(&Void {
            stream: claim.stream.clone(),
            after,
        })?;
        match self.create(&self.keys.slot(stream, claim.slot), &void) {
            Ok(Written::Ours | Written::Taken) => Ok(()),
            // The next reader tries again.
            Err(StoreError::InDoubt(why)) => Err(StoreError::Unavailable(why)),
            Err(error) => Err(error),
        }
    }

    /// A ref is passed because of a commit that has another one. That one must lead to where the
    /// commit lies, or else one of the three is not in its place, and events would be lost.
    fn check_passed(
        &self,
        index: u64,
        claim: &Ref,
        stream: StreamName<'_>,
        commit: &Commit,
    ) -> Result<(), StoreError> {
        let own = commit.position / PER_COMMIT;
        let led = match self.read_log_slot(own)? {
            Some(LogRecord::Ref(own)) => {
                own.commit == commit.id && own.slot == claim.slot && own.stream == claim.stream
            }
            Some(LogRecord::Skip(_)) | None => false,
        };
        if led {
            return Ok(());
        }
        Err(if commit.id == claim.commit {
            let reason = format!("its commit says that log slot {own} leads to it");
            StoreError::corrupt(&self.keys.log(index), reason)
        } else {
            let reason = format!("it says that log slot {own} leads to it, and that does not");
            StoreError::corrupt(&self.keys.slot(stream, claim.slot), reason)
        })
    }
}
