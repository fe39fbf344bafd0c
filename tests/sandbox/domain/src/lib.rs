//! Deciders that use the standard library within the sandbox's limits, and beyond them. They use only `std`, as a
//! domain's own code or one of its dependencies may do.

mod modest;
mod trying;

pub use modest::Modest;
pub use trying::Trying;
