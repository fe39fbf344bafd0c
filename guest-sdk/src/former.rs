//! Deprecation warnings that the compiler does not give by itself. The compiler does not warn a user who implements a
//! deprecated item. `export!` calls these functions, so that the user is warned.

use crate::{Decider, Notifier};

/// Selects the deprecated functions if `GIVEN` is true: the user has set a deprecated constant.
pub struct Given<const GIVEN: bool>;

impl Given<false> {
    pub const fn snapshot_every() {}
    pub const fn lanes() {}
}

impl Given<true> {
    #[deprecated(
        note = "`SNAPSHOT_EVERY` is a bare number: write `const SNAPSHOTS: Snapshots = Snapshots::Every(n);`"
    )]
    pub const fn snapshot_every() {}

    #[deprecated(note = "`LANES` is called `CONCURRENCY`")]
    pub const fn lanes() {}
}

#[must_use]
#[allow(deprecated)]
pub const fn snapshot_every<D: Decider>() -> bool {
    D::SNAPSHOT_EVERY != 0
}

#[must_use]
#[allow(deprecated)]
pub const fn lanes<N: Notifier>() -> bool {
    N::LANES != 1
}

/// The deprecated syntax `export!(Account, projector Balances)`.
#[deprecated(
    note = "handlers are listed by kind: `export! { deciders: [..], projectors: [..], process_managers: [..], notifiers: [..] }`"
)]
pub const fn export_by_words() {}
