//! Explores what writers and readers of one store can do to each other: every order of their
//! reads and writes, with crashes, failures and lost or late answers in between.
//!
//! The actors run the library's own code. Every operation on the slots is a point at which the
//! explorer decides who goes on, and what becomes of the operation.
//!
//! # How it works
//!
//! An actor is deterministic: what it asks for next follows from the answers that it was given. So
//! it needs no thread, and nothing of it must be kept but those answers. To learn what it does
//! after one more answer it is run again from its beginning, and its first question that has no
//! answer yet ends the run. Each local history is run once; all of them form a tree.
//!
//! A state of the whole is then a few numbers: each actor's node in its tree, the contents of the
//! store, writes that are still under way, and how many more faults may happen. Schedules that
//! differ only in the order of operations that do not affect each other end in equal states, and
//! equal states are explored once. That alone loses nothing. On top of it, an operation whose
//! answer can never change again (a slot exists, and slots never change) is done at once instead
//! of at every later point: see [`world`].
//!
//! The search goes breadth first, so a violation is told with a shortest schedule that leads to it.
//!
//! # Layout
//!
//! | module | job |
//! |---|---|
//! | `names` | numbers for keys, values and contents of the store |
//! | `actor` | runs an actor on recorded answers |
//! | `world` | states, and the steps between them: operations and faults |
//! | `search` | visits all states |
//! | `random` | long random schedules, for what is too large to be searched |
//! | `verdict` | what must be true at the end of every schedule |
//! | `programs` | what actors do |
//! | `histories` | the tests: small histories, searched |
//! | `chance` | the tests: larger ones, at random |
//! | `broken` | the tests of the explorer: adapters that break their promises are found out |
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;

mod actor;
mod broken;
mod chance;
mod histories;
mod names;
mod programs;
mod random;
mod search;
mod verdict;
mod world;
