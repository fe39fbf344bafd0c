//! Looks after whole stores: finds damage, writes them out, reads them in.
//!
//! The only code that lists keys. What these tools report of a store holds while nobody writes to it. They read and write
//! the records of [`annals_event_log`] directly, so the two crates have the same version.
//!
//! # Layout
//!
//! | module | job |
//! |---|---|
//! | `listing` | what a store must offer beside [`Slots`](annals_event_log::Slots) |
//! | `layout` | what each key is for: one table |
//! | [`verify`] | walks everything and reports what is wrong |
//! | `line` | one line of an export, as a CloudEvent |
//! | `attributes` | its tags and extension attributes |
//! | `number` | its numbers of 64 bits |
//! | [`export`] | a store to lines |
//! | `resume` | where an unfinished export stopped |
//! | [`import`] | lines to a store |

#![deny(missing_docs)]
#![forbid(unsafe_code)]

mod attributes;
pub mod export;
pub mod import;
mod layout;
mod line;
mod listing;
mod number;
mod resume;
pub mod verify;

pub use export::{ExportError, Exported, export};
pub use import::{ImportError, Imported, Importer};
pub use listing::{Listed, Listing};
pub use resume::{Resume, ResumeError, resume};
pub use verify::{Finding, Kind, Progress, Summary, verify};
