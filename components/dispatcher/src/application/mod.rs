//! The store's record of the application, and the decision whether the application that is about to run may
//! follow it.
//!
//! The record names the deciders, reactions and views of the application that ran last. It is stored in a
//! chain of checkpoints of its own, so of two instances that start at once only one can replace it. Every
//! instance compares itself with the record before it touches the store. The instance records a permitted
//! change. It refuses a change that would deliver history again, silently drop a reaction, reuse a dropped
//! name, or run code older than the events, unless the manifest declares the change or an operator accepts
//! it.
//!
//! # Keys
//!
//! A reaction stores its progress, rows, processes and command ids under a key: the first name that the
//! reaction had. `formerly` gives the reaction another name and leaves the key as it is, so a rename copies
//! nothing. A dropped name keeps its key for ever; a new reaction of that name gets a key of its own.

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

/// Name of the chain of checkpoints. `~` is not allowed in names, so no reaction can have it.
pub const CHAIN: &str = "~application";
/// Number of digests in a record. As many deployments can run beside each other on one store without
/// replacing each other's digest.
const MAX_DIGESTS: usize = 4;

/// The reason why an application may not run on a store.
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

/// Describes all refused changes, each with its remedy.
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

/// Decodes the record and its revision from the checkpoint.
pub fn decode(checkpoint: Option<Checkpoint>) -> Result<(Option<Record>, u64), StoreError> {
    let Some(checkpoint) = checkpoint else {
        return Ok((None, 0));
    };
    let record = encoding::decode(&checkpoint.state).map_err(|reason| {
        StoreError::Corrupt(format!("the record of the application: {reason}"))
    })?;
    Ok((Some(record), checkpoint.revision))
}

/// Whether an application with this digest has been compared with the record. If so, the application may run,
/// and the record describes it completely.
pub fn is_compared(checkpoint: Option<&Checkpoint>, digest: &str) -> bool {
    let digests = checkpoint.map(|checkpoint| encoding::first::<Vec<&str>>(&checkpoint.state));
    digests.is_some_and(|digests| digests.is_ok_and(|digests| digests.contains(&digest)))
}

/// Encodes the record as the checkpoint that replaces `revision`.
pub fn encode(record: &Record, revision: u64) -> Checkpoint {
    Checkpoint {
        position: 0,
        generation: 0,
        revision,
        state: encoding::encode(record),
    }
}

/// Compares the application with the record and stores the new record. Repeats the comparison if another
/// instance has replaced the record meanwhile. `prepare` carries out the parts of the plan that must precede
/// the record, and may add refused changes. Returns the record, and a description of each change for
/// operators.
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
            plan.record.digests.truncate(MAX_DIGESTS);
            // Ignore the error: without the digest, the next instance compares again.
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
            Ok(()) => return Ok((plan.record, plan.notices)),
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
