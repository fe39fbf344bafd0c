//! Deciders that use the standard library as far as they may, and further. All of it is plain `std`: what a
//! domain's own code or one of its dependencies may do.

mod modest;
mod trying;

pub use modest::Modest;
pub use trying::Trying;
