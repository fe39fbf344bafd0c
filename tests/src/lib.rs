//! What whole-system tests, the demo and the benchmarks share: real hosts, real clients.
//!
//! # Layout
//!
//! - [`tools`]: where the binaries are that tests run.
//! - [`app`]: composes applications with the real `annals` binary.
//! - [`server`]: starts, kills and restarts real hosts on free ports of loopback.
//! - [`client`]: an HTTP client that keeps trying through a crash.
//! - [`bank`]: plays the bank's commands and compares everything with the oracle.
//! - [`transfers`]: transfers between the bank's accounts, and what the reactions make of them.
//! - [`mixed`]: a bank in service, with commands, reads, transfers and a live reader at once.
//! - [`hostile`]: clients that harm, and plain commands beside them.
//! - [`development`]: `annals run` at work.
//! - [`files`]: what a store over files consists of.
//! - [`mailbox`]: a server that notifiers post to.

pub mod app;
pub mod bank;
pub mod client;
pub mod development;
pub mod files;
pub mod hostile;
pub mod mailbox;
pub mod mixed;
pub mod server;
pub mod tools;
pub mod transfers;
