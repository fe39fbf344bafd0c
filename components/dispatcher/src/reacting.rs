//! The delivery interface, and the reactions of this instance.

use crate::Dispatcher;
use crate::annals::es::reaction_store::Checkpoint;
use crate::annals::es::types::StoreError;
use crate::annals::framework::{settings, sourcing};
use crate::application::{self, Refused};
use crate::catalogue::{self, Reaction};
use crate::delivery::Engine;
use crate::exports::annals::es::delivery::{DeliveryError, Guest, Pumped, Reached};
use crate::outside::Outside;
use crate::ports::{Ports, ReactionStore as _};
use crate::{begun, describe};
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

thread_local! {
    /// The application's reactions. Set once the application may run on its store.
    static REACTIONS: OnceCell<Rc<[Reaction]>> = const { OnceCell::new() };
    /// The store's record of the application. Set if the record contains the application's digest, which
    /// means that the application may run.
    static RECORDED: RefCell<Option<Checkpoint>> = const { RefCell::new(None) };
    /// Time budget of the deliveries after an answer, in milliseconds.
    static BUDGET: OnceCell<u32> = const { OnceCell::new() };
}

/// The reactions of the application. The first call of an instance compares the application with the store's
/// record.
pub fn reactions() -> Result<Rc<[Reaction]>, StoreError> {
    if let Some(known) = REACTIONS.with(|known| known.get().cloned()) {
        return Ok(known);
    }
    Ok(open(&[])?.0)
}

/// Ensures that the application may run on this store. A reaction that starts "now" starts before the first
/// command that the application executes with this reaction.
///
/// If the record contains the application's digest, this function does not build the catalogue of reactions:
/// most instances that execute a command end before they deliver.
pub fn begin() -> Result<(), StoreError> {
    let known = REACTIONS.with(|known| known.get().is_some());
    if known || RECORDED.with_borrow(Option::is_some) {
        return Ok(());
    }
    let recorded = Outside.load_checkpoint(application::CHAIN)?;
    if application::is_compared(recorded.as_ref(), &settings::application()) {
        RECORDED.set(recorded);
        return Ok(());
    }
    reactions().map(|_| ())
}

/// Compares the application with the store's record of it. Returns the reactions, and a description of each
/// change.
pub fn open(accept: &[String]) -> Result<(Rc<[Reaction]>, Vec<String>), Refused> {
    let settings = settings::get();
    let reactions = catalogue::reactions(&settings, describe::reactions());
    let (record, _) = application::decode(RECORDED.take())?;
    let (record, notices) = match record {
        Some(record) => (record, Vec::new()),
        None => begun::open(
            &Outside,
            &settings::application(),
            || describe::application(&settings, &describe::reactions()),
            &reactions,
            accept,
        )?,
    };
    let reactions: Rc<[Reaction]> = begun::with_keys(reactions, &record).into();
    let known = REACTIONS.with(|known| known.get_or_init(|| reactions).clone());
    Ok((known, notices))
}

/// Compares the application with the store's record of it. Returns a description of each change.
pub fn start(accept: &[String]) -> Result<Vec<String>, Refused> {
    Ok(open(accept)?.1)
}

/// Names of the reactions, for answers about an unknown reaction.
pub fn names(reactions: &[Reaction]) -> Vec<String> {
    reactions
        .iter()
        .map(|reaction| reaction.name.clone())
        .collect()
}

/// How far a reaction is.
pub fn progress<P: Ports>(
    engine: &Engine<'_, P>,
    reaction: &Reaction,
) -> Result<Reached, StoreError> {
    let reached = engine.reached(reaction)?;
    Ok(Reached {
        reaction: reaction.name.clone(),
        position: reached.position,
        due: reached.due,
    })
}

impl Guest for Dispatcher {
    fn pump(reaction: Option<String>, budget: u32) -> Result<Pumped, DeliveryError> {
        let reactions = reactions().map_err(DeliveryError::Store)?;
        let engine = Engine::new(&Outside, &reactions);
        let only = match &reaction {
            None => None,
            Some(name) => Some(
                engine
                    .reaction(name)
                    .ok_or_else(|| DeliveryError::UnknownReaction(names(&reactions)))?,
            ),
        };
        let pumped = engine
            .pump(only, budget.into())
            .map_err(DeliveryError::Store)?;
        Ok(Pumped {
            delivered: pumped.delivered,
            more: pumped.more,
            next: pumped.next,
        })
    }

    fn progress() -> Result<Vec<Reached>, StoreError> {
        let reactions = reactions()?;
        let engine = Engine::new(&Outside, &reactions);
        let progress = |reaction| progress(&engine, reaction);
        reactions.iter().map(progress).collect()
    }

    fn after_answer() {
        sourcing::after_answer();
        let budget = BUDGET.with(|known| *known.get_or_init(|| settings::get().delivery_budget));
        if budget == 0 {
            return;
        }
        // The failing function has logged the error, and no caller waits for this result.
        let Ok(reactions) = reactions() else {
            return;
        };
        if !reactions.is_empty() {
            Engine::new(&Outside, &reactions).after_answer(budget.into());
        }
    }

    fn wait(position: u64, timeout: u32) -> Result<Vec<String>, StoreError> {
        let reactions = reactions()?;
        Engine::new(&Outside, &reactions).wait(position, timeout.into())
    }
}
