//! Exports the table of notifiers as the interface `notifiers`.

use super::{begin, lookup};
use crate::erased::Notifiers;

wit_bindgen::generate!({
    world: "notifier",
    path: "wit",
    pub_export_macro: true,
    export_macro_name: "export_world",
    default_bindings_module: "annals::__private::bindings::notifiers",
    with: { "annals:es/types@0.2.0": crate::bindings::deciders::annals::es::types },
});

use exports::annals::es::notifiers::{Delivery, Fault, Guest, ReactionDescriptor, RecordedEvent};

impl<T: Notifiers> Guest for T {
    fn describe() -> Vec<ReactionDescriptor> {
        begin();
        T::TABLE
            .iter()
            .map(|entry| (entry.describe)().into())
            .collect()
    }

    fn notify(notifier: u32, event: RecordedEvent, attempt: u32) -> Result<Delivery, Fault> {
        let entry = lookup(T::TABLE, notifier, "notifier")?;
        Ok((entry.notify)(&event.into(), attempt)?.into())
    }
}

impl From<crate::Delivery> for Delivery {
    fn from(delivery: crate::Delivery) -> Self {
        match delivery {
            crate::Delivery::Done => Self::Done,
            crate::Delivery::RetryAfter(pause) => {
                Self::RetryAfter(u64::try_from(pause.as_millis()).unwrap_or(u64::MAX))
            }
            crate::Delivery::Reject(reason) => Self::Reject(reason),
        }
    }
}
