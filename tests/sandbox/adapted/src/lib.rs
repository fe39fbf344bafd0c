//! A decider that tries what a decider must not, built for another target.

use tries::Tries;

annals::export!(Tries);
