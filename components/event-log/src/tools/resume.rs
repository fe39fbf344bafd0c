//! Where an unfinished export stopped.

use std::io::{self, BufRead};

use crate::model::MAX_EVENTS;
use crate::tools::attributes::Apart;
use crate::tools::line::Line;

/// Where to go on. The default: at the beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resume {
    /// Bytes to keep; what follows them is written anew.
    pub bytes: u64,
    /// Lines in them.
    pub lines: u64,
    /// The log slot of the last commit in them; 0 if there is none.
    pub log_slot: u64,
    /// The id of its last event.
    pub last_id: Option<String>,
    /// Commits in them.
    pub commits: u64,
    /// Events in them.
    pub events: u64,
    /// Outcomes in them.
    pub outcomes: u64,
}

/// Why the lines that are there cannot be continued.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// They cannot be read.
    #[error("the lines that are there cannot be read: {0}")]
    Read(#[from] io::Error),
    /// They are no export.
    #[error("line {line} is not a line of an export: {what}; give another file")]
    Foreign {
        /// Which line.
        line: u64,
        /// What is wrong with it.
        what: String,
    },
}

/// Finds the end of the last commit that is there as a whole. A torn last line, the events of a
/// commit that is not whole, and outcomes without a commit after them will come again.
///
/// # Errors
/// [`ResumeError::Foreign`] if a whole line is no line of an export.
pub fn resume(mut lines: impl BufRead) -> Result<Resume, ResumeError> {
    let mut at = Resume::default();
    let mut whole = Resume::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        let bytes = lines.read_until(b'\n', &mut line)?;
        if !line.ends_with(b"\n") {
            return Ok(whole);
        }
        at.bytes += bytes as u64;
        at.lines += 1;
        let number = at.lines;
        let foreign = |what: String| ResumeError::Foreign { line: number, what };
        let apart = Apart::of(&line).map_err(foreign)?;
        let parsed: Line<'_> = serde_json::from_slice(apart.rest(&line))
            .map_err(|error| foreign(error.to_string()))?;
        let Some(position) = parsed.position else {
            at.outcomes += u64::from(parsed.streamslot.is_some());
            continue;
        };
        at.events += 1;
        let (_, index) = parsed.commit_id().map_err(foreign)?;
        if index + 1 == u64::from(parsed.commitsize.unwrap_or(0)) {
            at.commits += 1;
            at.log_slot = position / MAX_EVENTS as u64;
            at.last_id = Some(parsed.id.into_owned());
            whole = at.clone();
        }
    }
}
