//! Type-erased notifiers.

use super::{check_event_types, decode_recorded, names};
use crate::wire::{Fault, ReactionDescriptor, Recorded};
use crate::{Delivery, Event, Notifier, name};

/// All notifiers of a component, in the order of `export!`.
pub trait Notifiers: 'static {
    const TABLE: &'static [NotifierEntry];
}

/// The functions of one notifier.
pub struct NotifierEntry {
    pub describe: fn() -> ReactionDescriptor,
    pub notify: fn(&Recorded, u32) -> Result<Delivery, Fault>,
}

impl NotifierEntry {
    #[must_use]
    pub const fn of<N: Notifier>() -> Self {
        check_notifier::<N>();
        Self {
            describe: describe::<N>,
            notify: notify::<N>,
        }
    }
}

/// Checks the notifier's constants at compile time.
pub const fn check_notifier<N: Notifier>() {
    assert!(
        name::is_reaction(N::NAME),
        "NAME must be 1 to 64 letters, digits, `-` or `_`"
    );
    assert!(N::CONCURRENCY > 0, "CONCURRENCY must be at least 1");
    check_event_types(<N::Event as Event>::TYPES);
}

fn describe<N: Notifier>() -> ReactionDescriptor {
    ReactionDescriptor {
        name: N::NAME.to_owned(),
        // A notifier has no derived data to rebuild, so it has no versions.
        version: 1,
        event_types: names::<N::Event>(),
        emits: Vec::new(),
        views: Vec::new(),
        from: N::FROM,
        concurrency: N::CONCURRENCY,
        schemas: <N::Event as Event>::TYPES,
    }
}

fn notify<N: Notifier>(recorded: &Recorded, attempt: u32) -> Result<Delivery, Fault> {
    let who = || format!("the notifier {}", N::NAME);
    Ok(match decode_recorded::<N::Event>(recorded, who)? {
        Some(event) => N::notify(&event, &recorded.about, attempt),
        None => Delivery::Done,
    })
}
