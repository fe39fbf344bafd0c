//! The dispatcher of an application without reactions. [`crate::Dispatcher`] with reactions would give the
//! same answers for such an application, with one exception: dead letters. This build does not read the dead
//! letters of reactions that a former version of the application had. They reappear once the application has
//! reactions again.

use crate::annals::es::types::RecordedEvent;
use crate::annals::es::types::StoreError;
use crate::annals::es::{event_store, reaction_store};
use crate::annals::framework::{settings, sourcing};
use crate::application::{self, Refused};
use crate::exports::annals::es::administration::{
    AdminError, DeadLetter, DeadLetterPage, Guest as Administration, Process, ProcessPage,
    ReactionStatus, RepairOutcome, Retried,
};
use crate::exports::annals::es::delivery::{DeliveryError, Guest as Delivery, Pumped, Reached};
use crate::exports::annals::es::views::{Guest as Views, KeyRange, QueryError, RowPage, StoredRow};
use crate::{Dispatcher, describe};
use std::cell::Cell;

thread_local! {
    static BEGUN: Cell<bool> = const { Cell::new(false) };
}

/// Ensures that the application may run on this store. The first call of an instance compares the application
/// with the store's record.
pub fn begin() -> Result<(), StoreError> {
    if !BEGUN.get() {
        open(&[])?;
    }
    Ok(())
}

/// Compares the application with the store's record of it. Returns a description of each change.
pub fn open(accept: &[String]) -> Result<Vec<String>, Refused> {
    let (_, notices) = application::open(
        &settings::application(),
        || describe::application(&settings::get(), &describe::reactions()),
        accept,
        || reaction_store::load_checkpoint(application::CHAIN),
        |next| reaction_store::save_checkpoint(application::CHAIN, next),
        |_| Ok(false),
        |_| Ok(()),
    )?;
    BEGUN.set(true);
    Ok(notices)
}

const UNKNOWN_VIEW: QueryError = QueryError::UnknownView(Vec::new());
const UNKNOWN_REACTION: AdminError = AdminError::UnknownReaction(Vec::new());

impl Views for Dispatcher {
    fn get(_: String, _: String) -> Result<Option<StoredRow>, QueryError> {
        Err(UNKNOWN_VIEW)
    }

    fn scan(_: String, _: KeyRange, _: u32) -> Result<RowPage, QueryError> {
        Err(UNKNOWN_VIEW)
    }

    fn progress(_: String) -> Result<Reached, QueryError> {
        Err(UNKNOWN_VIEW)
    }
}

impl Delivery for Dispatcher {
    fn pump(reaction: Option<String>, _: u32) -> Result<Pumped, DeliveryError> {
        match reaction {
            Some(_) => Err(DeliveryError::UnknownReaction(Vec::new())),
            None => Ok(Pumped {
                delivered: 0,
                more: false,
                next: None,
            }),
        }
    }

    fn progress() -> Result<Vec<Reached>, StoreError> {
        Ok(Vec::new())
    }

    fn after_answer() {
        sourcing::after_answer();
    }

    fn wait(_: u64, _: u32) -> Result<Vec<String>, StoreError> {
        Ok(Vec::new())
    }
}

impl Administration for Dispatcher {
    fn repair(key: String, name: Option<String>) -> Result<RepairOutcome, StoreError> {
        event_store::repair(&key, name.as_deref())
    }

    fn reactions() -> Result<Vec<ReactionStatus>, StoreError> {
        Ok(Vec::new())
    }

    fn reaction(_: String) -> Result<ReactionStatus, AdminError> {
        Err(UNKNOWN_REACTION)
    }

    fn rebuild(_: String) -> Result<u32, AdminError> {
        Err(UNKNOWN_REACTION)
    }

    fn resume(_: String) -> Result<(), AdminError> {
        Err(UNKNOWN_REACTION)
    }

    fn processes(_: String, _: Option<String>, _: u32) -> Result<ProcessPage, AdminError> {
        Err(UNKNOWN_REACTION)
    }

    fn find_process(_: String, _: String) -> Result<Process, AdminError> {
        Err(UNKNOWN_REACTION)
    }

    fn drop_generation(_: String, _: u32) -> Result<(), AdminError> {
        Err(UNKNOWN_REACTION)
    }

    fn dead_letters(_: Option<String>, _: u32) -> Result<DeadLetterPage, StoreError> {
        Ok(DeadLetterPage {
            dead_letters: Vec::new(),
            next: None,
            end: true,
        })
    }

    fn inspect(_: String) -> Result<(DeadLetter, RecordedEvent), AdminError> {
        Err(AdminError::UnknownDeadLetter)
    }

    fn retry(_: String) -> Result<Retried, AdminError> {
        Err(AdminError::UnknownDeadLetter)
    }

    fn skip(_: String) -> Result<(), AdminError> {
        Err(AdminError::UnknownDeadLetter)
    }
}
