//! Whole-system tests on real hosts. Run them with `cargo xtask test`, which provides the hosts.

mod bad_handlers;
mod bank;
mod http;
mod many_handlers;
mod racing;
mod refusals;
mod snapshots;
mod stranger;
mod support;
mod transfer;
