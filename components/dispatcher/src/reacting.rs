//! The application's reactions, and when events are delivered to them.

use crate::Dispatcher;
use crate::annals::es::reaction_store::Checkpoint;
use crate::annals::es::types::StoreError;
use crate::annals::framework::{settings, sourcing};
use crate::application::{self, Refused};
use crate::catalogue::{self, Reaction};
use crate::delivery::Engine;
use crate::exports::annals::es::delivery::{DeliveryError, Guest, Pumped, Reached};
use crate::outside::Outside;
use crate::ports::ReactionStore as _;
use crate::{begun, describe};
use std::cell::{OnceCell, RefCell};
use std::rc::Rc;

thread_local! {
    /// What an instance knows of the application, once it may run on its store.
    static REACTIONS: OnceCell<Rc<[Reaction]>> = const { OnceCell::new() };
    /// The store's record of the application, once it says that the application may run.
    static RECORDED: RefCell<Option<Checkpoint>> = const { RefCell::new(None) };
    /// Milliseconds of deliveries after an answer.
    static BUDGET: OnceCell<u32> = const { OnceCell::new() };
}

/// All reactions of the application, which may run on its store.
pub fn reactions() -> Result<Rc<[Reaction]>, StoreError> {
    if let Some(known) = REACTIONS.with(|known| known.get().cloned()) {
        return Ok(known);
    }
    Ok(open(&[])?.0)
}

/// The application may run on this store. A reaction that starts "now" starts before the first command that the
/// application takes with it.
///
/// Where the record has the application's digest, its reactions are not looked at: most instances that take a command
/// end before they deliver.
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

/// Compares the application with what the store knows of it; answers also what changed.
pub fn open(accept: &[String]) -> Result<(Rc<[Reaction]>, Vec<String>), Refused> {
    let settings = settings::get();
    let reactions = catalogue::reactions(&settings, describe::reactions());
    let (record, _) = application::decode(RECORDED.take())?;
    let (record, told) = match record {
        Some(record) => (record, Vec::new()),
        None => begun::open(
            &Outside,
            &settings::application(),
            || describe::application(&settings, &describe::reactions()),
            &reactions,
            accept,
        )?,
    };
    let reactions: Rc<[Reaction]> = begun::keyed(reactions, &record).into();
    let known = REACTIONS.with(|known| known.get_or_init(|| reactions).clone());
    Ok((known, told))
}

/// Does the same; answers what changed.
pub fn start(accept: &[String]) -> Result<Vec<String>, Refused> {
    Ok(open(accept)?.1)
}

/// Names of the known reactions.
pub fn names(reactions: &[Reaction]) -> Vec<String> {
    reactions
        .iter()
        .map(|reaction| reaction.name.clone())
        .collect()
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
        let reached = |reaction: &Reaction| {
            let reached = engine.reached(reaction)?;
            Ok(Reached {
                reaction: reaction.name.clone(),
                position: reached.position,
                due: reached.due,
            })
        };
        reactions.iter().map(reached).collect()
    }

    fn after_answer() {
        sourcing::after_answer();
        let budget = BUDGET.with(|known| *known.get_or_init(|| settings::get().delivery_budget));
        if budget == 0 {
            return;
        }
        // What went wrong was said where it did, and nobody waits for it.
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
