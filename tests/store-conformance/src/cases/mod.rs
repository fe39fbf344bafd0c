//! The cases. A new case goes into the file of its subject, and into that file's `CASES`.

use crate::case::Case;

mod append;
mod commands;
mod concurrency;
mod crash;
mod dropping;
mod log;
mod log_end;
mod long_streams;
mod names;
mod payloads;
mod prefixes;
mod reactions;
mod read;
mod snapshots;
mod tags;

/// All cases.
pub(crate) const ALL: &[&[Case]] = &[
    append::CASES,
    read::CASES,
    names::CASES,
    payloads::CASES,
    tags::CASES,
    log::CASES,
    log_end::CASES,
    commands::CASES,
    snapshots::CASES,
    reactions::CASES,
    dropping::CASES,
    prefixes::CASES,
    concurrency::CASES,
    long_streams::CASES,
    crash::CASES,
];
