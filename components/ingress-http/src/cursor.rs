//! Cursors: places in the log that clients store.
//!
//! A client may resume from a cursor that the log does not contain: after a restore from a backup, or when
//! the address leads to another store. It would wait in silence, and later miss every event up to that
//! position. So a position beyond the log's end is an error. The id of a streamed message also identifies the
//! last event that the client received. This distinguishes a position in another log from the same position
//! in this one.
//!
//! A message id is `{position}.{mark}`, where the mark is a prefix of the id of the event at that position. A
//! position that was reached without an event has the id `{position}.{mark}.{position of the event}`.

use crate::annals::es::event_reader::{self, LogFilter, LogPage};
use crate::annals::es::types::RecordedEvent;
use crate::application;
use crate::problem::Problem;
use crate::request::digits;
use std::fmt;

/// Number of characters of an event's id in a mark. These characters are random.
const MARK_CHARACTERS: usize = 8;

/// The last event that a client received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    position: u64,
    mark: String,
}

impl Anchor {
    pub fn of(event: &RecordedEvent) -> Self {
        Self {
            position: event.position,
            mark: event.id.chars().take(MARK_CHARACTERS).collect(),
        }
    }
}

/// A position in the log, and the last event that the client received before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub position: u64,
    pub anchor: Option<Anchor>,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.position)?;
        let Some(anchor) = &self.anchor else {
            return Ok(());
        };
        write!(f, ".{}", anchor.mark)?;
        match anchor.position == self.position {
            true => Ok(()),
            false => write!(f, ".{}", anchor.position),
        }
    }
}

impl Cursor {
    /// Parses the id of a message, or a bare position.
    pub fn parse(id: &str) -> Option<Self> {
        let mut parts = id.split('.');
        let position = digits(parts.next()?)?;
        let anchor = match (parts.next(), parts.next(), parts.next()) {
            (None, ..) => None,
            (Some(mark), at, None) if is_mark(mark) => Some(Anchor {
                position: at.map_or(Some(position), digits)?,
                mark: mark.to_owned(),
            }),
            _ => return None,
        };
        Some(Self { position, anchor })
    }

    /// Checks that this log contains the last event that the client received.
    ///
    /// # Errors
    /// `unknown-position` if the event is from another log.
    pub fn check_anchor(&self) -> Result<(), Problem> {
        let Some(anchor) = &self.anchor else {
            return Ok(());
        };
        let all = LogFilter {
            event_types: Vec::new(),
            categories: Vec::new(),
            tags: Vec::new(),
        };
        let before = anchor.position.saturating_sub(1);
        let page = application::read_log(before, 1, &all).map_err(Problem::store)?;
        match page.events.first().map(Anchor::of).as_ref() == Some(anchor) {
            true => Ok(()),
            false => Err(unknown(
                self.position,
                event_reader::log_end().map_err(Problem::store)?,
            )),
        }
    }
}

/// Checks that the position that a page was read from is in the log.
///
/// # Errors
/// `unknown-position` if the position is beyond the log's end.
pub fn check_end(after: u64, page: &LogPage) -> Result<(), Problem> {
    if after == 0 || !page.events.is_empty() || !page.end {
        return Ok(());
    }
    match event_reader::log_end().map_err(Problem::store)? {
        end if after > end => Err(unknown(after, end)),
        _ => Ok(()),
    }
}

fn unknown(after: u64, end: u64) -> Problem {
    Problem::new(
        409,
        "unknown-position",
        "The log does not contain this position",
        format!(
            "The log ends at {end}. The position {after} belongs to another log, such as the log before a restore. Read from the start (`after=0`), or continue at the end (`after={end}`)."
        ),
    )
    .with("after", after)
    .with("end", end)
}

fn is_mark(text: &str) -> bool {
    text.len() == MARK_CHARACTERS && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let anchor = |position| Anchor {
            position,
            mark: "01ab89ef".into(),
        };
        for (id, position, anchor) in [
            ("7", 7, None),
            ("7.01ab89ef", 7, Some(anchor(7))),
            ("9.01ab89ef.7", 9, Some(anchor(7))),
        ] {
            let cursor = Cursor { position, anchor };
            assert_eq!(Cursor::parse(id).as_ref(), Some(&cursor), "{id}");
            assert_eq!(cursor.to_string(), id);
        }
    }

    #[test]
    fn nothing_else_is_read() {
        for id in [
            "",
            "x",
            "-1",
            "1.5",
            "7 8",
            "7.",
            "7.01ab89ef.",
            "7.01ab89ef.x",
            "7.01ab89ef.7.7",
            "7.01ab-9ef",
        ] {
            assert_eq!(Cursor::parse(id), None, "{id}");
        }
    }
}
