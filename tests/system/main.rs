//! Whole-system tests on real hosts. Run them with `cargo xtask test`, which provides the hosts.

mod bad_handlers;
mod bank;
mod first_steps;
mod http;
mod imports;
mod increment;
mod instructions;
mod jco;
mod languages;
mod live;
mod many_handlers;
mod own_parts;
mod plain;
mod process_managers;
mod racing;
mod reactions;
mod read_side;
mod refusals;
mod rfc;
mod sandbox;
mod snapshots;
mod spin;
mod store_conformance;
mod stranger;
mod support;
mod transfer;
