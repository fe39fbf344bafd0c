//! Reads the log in order, and writes voids into the slots of dead writers.

use super::ahead::{Ahead, stream_slot};
use super::tails::{Absent, Tails};
use crate::error::StoreError;
use crate::limits::PAGE_BYTES;
use crate::model::{LogFilter, LogPage};
use crate::name::StreamName;
use crate::numbers::{LogSlot, Position};
use crate::records::{self, After, Commit, LogRecord, Ref, StreamRecord, Void};
use crate::slots::Slots;
use crate::store::Store;

/// Maximum log slots that one page reads, so that a page without events also ends.
const SLOTS_PER_PAGE: u32 = 1024;
/// Maximum milliseconds by which a writer's clock may be ahead of the reader's. A ref from further in the future counts
/// as old. Otherwise every reader would wait at it until that time.
const MAX_CLOCK_SKEW_MS: u64 = 60_000;

/// The result of following a ref.
enum Followed {
    Deliver(Box<Commit>),
    /// The ref is dead.
    Pass,
    /// The writer may be about to create its commit.
    Wait,
}

/// Follows refs to their commits.
#[derive(Debug)]
pub struct Follower {
    /// Grace period in milliseconds. The writer of an older ref without a commit is presumed dead.
    grace_ms: u64,
}

impl Follower {
    pub fn new(grace_ms: u64) -> Self {
        Self { grace_ms }
    }

    /// Reads events after a position that match a filter.
    pub fn read<S: Slots>(
        &self,
        store: &Store<S>,
        tails: &mut Tails,
        after: Position,
        limit: u32,
        filter: &LogFilter,
        now: u64,
    ) -> Result<LogPage, StoreError> {
        let limit = limit.max(1) as usize;
        let mut page = LogPage {
            events: Vec::new(),
            next: after.get(),
            end: false,
        };
        let mut bytes = 0;
        let mut ahead = Ahead::default();
        for _ in 0..SLOTS_PER_PAGE {
            // After the last possible position of a slot, the next position belongs to the next slot.
            let next = Position::from(page.next).next().log_slot();
            let slot = next.max(LogSlot::from(1));
            let (record, read) = ahead.log_slot(store, slot, limit - page.events.len())?;
            let followed = match record {
                Some(LogRecord::Ref(claim)) => self.follow(store, slot, &claim, read, now)?,
                Some(LogRecord::Skip(_)) => Followed::Pass,
                None => match tails.pass_absent(store, slot, |time| self.is_old(time, now))? {
                    Absent::Filled => {
                        ahead.clear();
                        continue;
                    }
                    Absent::Pending => Followed::Wait,
                    Absent::End => {
                        if slot.get() == 1 {
                            tails.division().check(store)?;
                        }
                        Followed::Wait
                    }
                },
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
            page.next = slot.last_position().get();
            if page.events.len() >= limit || bytes >= PAGE_BYTES {
                break;
            }
        }
        Ok(page)
    }

    /// Whether a writer that claimed a slot at this time is presumed dead.
    fn is_old(&self, claimed_at: u64, now: u64) -> bool {
        now > claimed_at.saturating_add(self.grace_ms)
            || claimed_at > now.saturating_add(MAX_CLOCK_SKEW_MS)
    }

    /// Follows a ref to its slot. `Deliver` and `Pass` are final. `read` has the bytes of the slot, if they were read.
    fn follow<S: Slots>(
        &self,
        store: &Store<S>,
        at: LogSlot,
        claim: &Ref,
        read: Option<Vec<u8>>,
        now: u64,
    ) -> Result<Followed, StoreError> {
        let stream = StreamName::parse(&claim.stream)
            .map_err(|error| StoreError::corrupt(&store.keys().log(at), error.to_string()))?;
        let mut found = stream_slot(store, stream, claim.slot, read)?;
        if found.is_none() {
            if !self.is_old(claim.claimed_at, now) {
                return Ok(Followed::Wait);
            }
            void(store, at, claim, stream)?;
            // The slot now holds the void or the writer's commit, whichever was created first.
            found = store.read_slot(stream, claim.slot)?;
        }
        Ok(match found {
            // A writer may create a late ref for a commit that already has another ref, so the reader also compares the
            // position.
            Some(StreamRecord::Commit(commit))
                if commit.id == claim.commit && commit.position == at.first_position() =>
            {
                Followed::Deliver(Box::new(commit))
            }
            Some(StreamRecord::Commit(commit)) => {
                check_passed(store, at, claim, stream, &commit)?;
                Followed::Pass
            }
            Some(_) => Followed::Pass,
            None => Followed::Wait,
        })
    }
}

/// Writes a void into a stream's slot whose writer is presumed dead. If the writer is alive, it finds the void and
/// tries the next slot or gets a conflict.
fn void<S: Slots>(
    store: &Store<S>,
    at: LogSlot,
    claim: &Ref,
    stream: StreamName<'_>,
) -> Result<(), StoreError> {
    let after = match claim.slot.before() {
        None => {
            return Err(StoreError::corrupt(
                &store.keys().log(at),
                "it leads to slot 0",
            ));
        }
        Some(before) if before.get() == 0 => After::default(),
        Some(before) => match store.read_slot(stream, before)? {
            Some(before) => before.after(),
            // A writer claims a slot only after it has seen that the slot before it exists.
            None => {
                let reason = format!(
                    "it leads to slot {} of {stream}, and the slot before is absent",
                    claim.slot
                );
                return Err(StoreError::corrupt(&store.keys().log(at), reason));
            }
        },
    };
    let void = records::encode(&Void {
        stream: claim.stream.clone(),
        after,
    })?;
    // After a failure the next reader tries again.
    store
        .create_retriable(&store.keys().slot(stream, claim.slot), &void)
        .map(|_| ())
}

/// Checks the commit that makes a ref dead: the log slot that the commit names must refer back to the commit. Otherwise
/// the ref, the commit or that log slot is damaged, and passing the ref would lose events.
fn check_passed<S: Slots>(
    store: &Store<S>,
    at: LogSlot,
    claim: &Ref,
    stream: StreamName<'_>,
    commit: &Commit,
) -> Result<(), StoreError> {
    let own = commit.position.log_slot();
    let leads_back = match store.read_log_slot(own)? {
        Some(LogRecord::Ref(own)) => {
            own.commit == commit.id && own.slot == claim.slot && own.stream == claim.stream
        }
        Some(LogRecord::Skip(_)) | None => false,
    };
    if leads_back {
        return Ok(());
    }
    Err(if commit.id == claim.commit {
        let reason = format!("its commit says that log slot {own} leads to it");
        StoreError::corrupt(&store.keys().log(at), reason)
    } else {
        let reason = format!("it says that log slot {own} leads to it, and that does not");
        StoreError::corrupt(&store.keys().slot(stream, claim.slot), reason)
    })
}
