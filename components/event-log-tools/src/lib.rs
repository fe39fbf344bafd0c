//! Tools for whole stores: verify, export and import.
//!
//! Only this crate lists keys. The reports of these tools are exact if no one writes to the store meanwhile. The tools
//! read and write the records of [`annals_event_log`] directly, so the two crates have the same version.
//!
//! # Layout
//!
//! | module | job |
//! |---|---|
//! | `listing` | the listing of a store's keys, beside [`Slots`](annals_event_log::Slots) |
//! | `layout` | parses keys: one table of all kinds of keys |
//! | [`verify`] | reads all records and reports damage |
//! | `line` | one line of an export, as a CloudEvent |
//! | `attributes` | the tags and extension attributes of a line |
//! | `number` | the 64-bit numbers of a line |
//! | [`export`] | exports a store to lines |
//! | `resume` | finds the point at which an unfinished export can continue |
//! | [`import`] | imports lines into a store |

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
