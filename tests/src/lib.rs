//! The shared code of whole-system tests, the demo and the benchmarks: real hosts, real clients.
//!
//! # Layout
//!
//! - [`tools`]: finds the binaries that tests run.
//! - [`app`]: composes applications with the real `annals` binary.
//! - [`server`]: starts, kills and restarts real hosts on free ports of loopback.
//! - [`client`]: an HTTP client that retries through a crash of the server.
//! - [`bank`]: plays the bank's commands and compares everything with the oracle.
//! - [`transfers`]: transfers between the bank's accounts, and the checks of the reactions' results.
//! - [`mixed`]: a bank in service, with commands, reads, transfers and a live reader at once.
//! - [`hostile`]: hostile clients, and plain commands beside them.
//! - [`development`]: runs `annals run`.
//! - [`files`]: the files of a store over the filesystem.
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
