//! The dispatcher: the application behind one interface. It takes commands to the sourcer, delivers
//! events to reactions, and answers queries from the store.
//!
//! # Layout
//!
//! - [`app`]: commands and queries, passed on
//! - [`views`]: what projectors derived, for those who ask
//! - [`administration`]: the state of reactions, and what operators do about it
//! - [`delivery`]: the deliveries themselves
//! - [`catalogue`]: which reactions there are
//! - [`letters`]: what was put aside
//! - [`ports`]: what deliveries need of the world; [`outside`]: the same, as imports
#![allow(missing_docs, reason = "generated bindings")]

mod administration;
mod app;
mod catalogue;
mod delivery;
mod letters;
mod outside;
mod ports;
mod views;

wit_bindgen::generate!({
    path: "../../wit",
    world: "dispatcher",
    generate_all,
});

use annals::es::event_store::StoreError;
use annals::es::{notifiers, process_managers, projectors, settings};
use catalogue::Reaction;
use delivery::Engine;
use exports::annals::es::delivery::{DeliveryError, Guest, Pumped};
use outside::Outside;
use std::cell::OnceCell;
use std::rc::Rc;

struct Dispatcher;

thread_local! {
    /// What an instance knows of the application, which never changes.
    static REACTIONS: OnceCell<Rc<[Reaction]>> = const { OnceCell::new() };
    /// Milliseconds of deliveries after an answer.
    static BUDGET: OnceCell<u32> = const { OnceCell::new() };
}

/// All reactions of the application.
fn reactions() -> Rc<[Reaction]> {
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
fn names(reactions: &[Reaction]) -> Vec<String> {
    reactions
        .iter()
        .map(|reaction| reaction.name.clone())
        .collect()
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

export!(Dispatcher);
