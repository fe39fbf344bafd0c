//! The application's reactions, and when events are delivered to them.

use crate::Dispatcher;
use crate::annals::es::event_store::StoreError;
use crate::annals::es::types::ReactionDescriptor;
use crate::annals::es::{notifiers, process_managers, projectors, settings, sourcer};
use crate::catalogue::{self, Reaction};
use crate::delivery::Engine;
use crate::exports::annals::es::delivery::{DeliveryError, Guest, Pumped};
use crate::outside::Outside;
use std::cell::{Cell, OnceCell};
use std::rc::Rc;

thread_local! {
    /// What an instance knows of the application, which never changes.
    static REACTIONS: OnceCell<Rc<[Reaction]>> = const { OnceCell::new() };
    /// Milliseconds of deliveries after an answer.
    static BUDGET: OnceCell<u32> = const { OnceCell::new() };
    static BEGUN: Cell<bool> = const { Cell::new(false) };
}

/// All reactions of the application.
pub fn reactions() -> Rc<[Reaction]> {
    REACTIONS.with(|known| {
        let reactions = known.get_or_init(|| {
            catalogue::reactions(
                &settings::get(),
                projectors::describe(),
                process_managers::describe(),
                notifiers::describe(),
            )
            .into()
        });
        reactions.clone()
    })
}

/// Names of the known reactions.
pub fn names(reactions: &[Reaction]) -> Vec<String> {
    reactions
        .iter()
        .map(|reaction| reaction.name.clone())
        .collect()
}

/// What projectors, process managers and notifiers say of themselves.
pub fn described() -> [Vec<ReactionDescriptor>; 3] {
    [
        projectors::describe(),
        process_managers::describe(),
        notifiers::describe(),
    ]
}

/// A reaction that starts "now" starts before the first command that the application takes with it.
pub fn begin() -> Result<(), StoreError> {
    if BEGUN.get() {
        return Ok(());
    }
    let reactions = reactions();
    let engine = Engine::new(&Outside, &reactions);
    for reaction in reactions.iter().filter(|reaction| reaction.from_now) {
        engine.control(reaction)?;
    }
    BEGUN.set(true);
    Ok(())
}

impl Guest for Dispatcher {
    fn pump(reaction: Option<String>, budget: u32) -> Result<Pumped, DeliveryError> {
        let reactions = reactions();
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

    fn after_answer() {
        sourcer::after_answer();
        let budget = BUDGET.with(|known| *known.get_or_init(|| settings::get().delivery_budget));
        if budget == 0 {
            return;
        }
        let reactions = reactions();
        if !reactions.is_empty() {
            // The engine has said what went wrong, and nobody else waits for it.
            let _ = Engine::new(&Outside, &reactions).pump(None, budget.into());
        }
    }

    fn wait(position: u64, timeout: u32) -> Result<Vec<String>, StoreError> {
        let reactions = reactions();
        Engine::new(&Outside, &reactions).wait(position, timeout.into())
    }
}
