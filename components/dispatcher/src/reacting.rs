//! The application's reactions, and when events are delivered to them.

use crate::Dispatcher;
use crate::annals::es::event_store::StoreError;
use crate::annals::es::{settings, sourcer};
use crate::application::Refused;
use crate::catalogue::{self, Reaction};
use crate::delivery::Engine;
use crate::exports::annals::es::delivery::{DeliveryError, Guest, Pumped, Reached};
use crate::outside::Outside;
use crate::{begun, describe};
use std::cell::OnceCell;
use std::rc::Rc;

thread_local! {
    /// What an instance knows of the application, once it may run on its store.
    static REACTIONS: OnceCell<Rc<[Reaction]>> = const { OnceCell::new() };
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
pub fn begin() -> Result<(), StoreError> {
    reactions().map(|_| ())
}

/// Compares the application with what the store knows of it; answers also what changed.
pub fn open(accept: &[String]) -> Result<(Rc<[Reaction]>, Vec<String>), Refused> {
    let settings = settings::get();
    let described = describe::reactions();
    let description = describe::application(&settings, &described);
    let reactions = catalogue::reactions(&settings, described);
    let (reactions, told) = begun::open(&Outside, &description, reactions, accept)?;
    let reactions: Rc<[Reaction]> = reactions.into();
    let known = REACTIONS.with(|known| known.get_or_init(|| reactions).clone());
    Ok((known, told))
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
        sourcer::after_answer();
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
