//! Finds the point at which an unfinished export can continue.

use std::io::{self, BufRead};

use crate::attributes::Apart;
use crate::line::Line;
use annals_event_log::MAX_EVENTS;

/// The point at which an export continues. The default is the beginning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resume {
    /// Number of bytes of the file to keep. The export rewrites the rest.
    pub bytes: u64,
    /// Lines in these bytes.
    pub lines: u64,
    /// The log slot of the last commit in these bytes; 0 if there is none.
    pub log_slot: u64,
    /// The id of that commit's last event.
    pub last_id: Option<String>,
    /// Commits in these bytes.
    pub commits: u64,
    /// Events in these bytes.
    pub events: u64,
    /// Outcomes in these bytes.
    pub outcomes: u64,
}

/// The reason why an earlier export cannot be continued.
#[derive(Debug, thiserror::Error)]
pub enum ResumeError {
    /// The file cannot be read.
    #[error("the lines that are there cannot be read: {0}")]
    Read(#[from] io::Error),
    /// The file is not an export.
    #[error("line {line} is not a line of an export: {what}; give another file")]
    Foreign {
        /// The line's number, from 1.
        line: u64,
        /// The reason.
        what: String,
    },
}

/// Finds the end of the last complete commit in the lines of an earlier export. The next export rewrites everything
/// after it: a torn last line, the events of an incomplete commit, and outcomes without a later commit.
///
/// # Errors
/// [`ResumeError::Read`] if the lines cannot be read, [`ResumeError::Foreign`] if a complete line is not a line of an
/// export.
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
