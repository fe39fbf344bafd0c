//! Former ways to say things that the compiler cannot tell of by itself: whoever implements a deprecated item
//! is not warned. `export!` asks for them, so that they are.

use crate::{Decider, Notifier};

/// Whether something deprecated is given.
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

/// `export!(Account, projector Balances)`.
#[deprecated(
    note = "handlers are listed by kind: `export! { deciders: [..], projectors: [..], process_managers: [..], notifiers: [..] }`"
)]
pub const fn export_by_words() {}
