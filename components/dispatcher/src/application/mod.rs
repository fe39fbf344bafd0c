//! What the store knows of the application, and whether what is about to run may follow it.
//!
//! The record of the application names its deciders, reactions and views as they ran last. It lies in a chain of checkpoints
//! of its own, so two instances that start at once cannot both replace it. Every instance compares it
//! with itself before it touches the store. It records what may change. It refuses what would deliver history again, lose a
//! reaction silently, use a dropped name again, or run code older than the events: unless the manifest or
//! an operator says that this is meant.
//!
//! # Keys
//!
//! A reaction keeps its progress, rows, processes and command ids under a key: the first name that it had. `formerly` gives
//! it another name and leaves the key as it is, so a rename copies nothing. A name that was dropped keeps its key for ever;
//! a new reaction of that name gets a key of its own.

mod compare;
mod record;
#[cfg(test)]
mod tests;

use crate::annals::es::reaction_store::{Checkpoint, WriteError};
use crate::annals::es::types::StoreError;
use crate::encoding;
use crate::exports::annals::es::application::{self as exports, StartError};
pub use compare::{Change, Description, Plan, compare};
pub use record::{Decider, Reaction, Record};

/// Name of the chain of checkpoints; no reaction can have it.
pub const CHAIN: &str = "~application";
/// Applications that may run beside each other on one store without each replacing the other's digest.
const DIGESTS: usize = 4;

/// Why an application may not run on a store.
#[derive(Debug)]
pub enum Refused {
    Because(Vec<Change>),
    Store(StoreError),
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Refused> for StoreError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Store(error) => error,
            Refused::Because(changes) => Self::Refused(explain(&changes)),
        }
    }
}

/// All changes that are not allowed, each with what to do.
pub fn explain(changes: &[Change]) -> String {
    let each = changes
        .iter()
        .map(|change| format!("{}: {}; {}", change.id, change.what, change.remedy));
    let each: Vec<String> = each.collect();
    format!(
        "this application may not run on this store: {}",
        each.join(". ")
    )
}

/// The record, as it lies in its checkpoint.
pub fn decode(checkpoint: Option<Checkpoint>) -> Result<(Option<Record>, u64), StoreError> {
    let Some(checkpoint) = checkpoint else {
        return Ok((None, 0));
    };
    let record = encoding::decode(&checkpoint.state).map_err(|reason| {
        StoreError::Corrupt(format!("the record of the application: {reason}"))
    })?;
    Ok((Some(record), checkpoint.revision))
}

/// Was an application of this digest compared with the record? Then it may run, and the record says all of it.
pub fn is_compared(checkpoint: Option<&Checkpoint>, digest: &str) -> bool {
    let digests = checkpoint.map(|checkpoint| encoding::first::<Vec<&str>>(&checkpoint.state));
    digests.is_some_and(|digests| digests.is_ok_and(|digests| digests.contains(&digest)))
}

/// The checkpoint that follows a revision.
pub fn encode(record: &Record, revision: u64) -> Checkpoint {
    Checkpoint {
        position: 0,
        generation: 0,
        revision,
        state: encoding::encode(record),
    }
}

/// Compares, and records what may change, until nobody else is faster. `prepare` does what must be done before a plan is
/// recorded; it may find more that is not allowed. Answers the record, and what changed, for people.
pub fn open(
    digest: &str,
    description: impl FnOnce() -> Description,
    accepted: &[String],
    load: impl Fn() -> Result<Option<Checkpoint>, StoreError>,
    save: impl Fn(&Checkpoint) -> Result<(), WriteError>,
    known: impl Fn(&str) -> Result<bool, StoreError>,
    prepare: impl Fn(&mut Plan) -> Result<(), StoreError>,
) -> Result<(Record, Vec<String>), Refused> {
    let mut checkpoint = load()?;
    if is_compared(checkpoint.as_ref(), digest)
        && let (Some(record), _) = decode(checkpoint.clone())?
    {
        return Ok((record, Vec::new()));
    }
    let description = description();
    loop {
        let (stored, revision) = decode(checkpoint)?;
        let mut plan = compare(stored.as_ref(), &description, accepted, &known)?;
        plan.record.digests = vec![digest.into()];
        if let Some(stored) = stored
            && plan.refused.is_empty()
            && plan.record.same(&stored)
        {
            let others = stored.digests.into_iter().filter(|one| one != digest);
            plan.record.digests.extend(others);
            plan.record.digests.truncate(DIGESTS);
            // Where the digest cannot be recorded, the next instance compares, too.
            let _ = save(&encode(&plan.record, revision));
            return Ok((plan.record, Vec::new()));
        }
        if plan.refused.is_empty() {
            prepare(&mut plan)?;
        }
        if !plan.refused.is_empty() {
            return Err(Refused::Because(plan.refused));
        }
        match save(&encode(&plan.record, revision)) {
            Ok(()) => return Ok((plan.record, plan.told)),
            Err(WriteError::Stale) => checkpoint = load()?,
            Err(WriteError::Store(error)) => return Err(error.into()),
        }
    }
}

impl From<Refused> for StartError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Store(error) => Self::Store(error),
            Refused::Because(changes) => {
                Self::Refused(changes.into_iter().map(Into::into).collect())
            }
        }
    }
}

impl From<Change> for exports::Change {
    fn from(Change { id, what, remedy }: Change) -> Self {
        Self { id, what, remedy }
    }
}
