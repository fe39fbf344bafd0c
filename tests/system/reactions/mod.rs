//! Reactions to events on real hosts: projectors, process managers, notifiers.

mod failures;
mod looking_up;
mod rebuilding;
mod statements;
mod subscriptions;
mod transfers;
