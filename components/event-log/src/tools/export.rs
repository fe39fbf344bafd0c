//! A store to lines: all that is needed to build another one whose reads answer the same.
//!
//! Commits come in log order, each after the outcomes that lie in front of it in its stream; then
//! the outcomes at the streams' ends; then what reactions keep: every row of every view, and how far
//! every handler is; then one last line that says how many there were. What comes
//! between two commits depends on the store alone, not on what was written out before: that is
//! what lets an export go on where another one stopped, also when the store has grown meanwhile.
//!
//! Rows come before checkpoints, so that whoever uses a half imported store derives again what is
//! missing: rows know what they reflect. Both are as they stand when the export ends, so nothing
//! of an earlier export is kept of them.
//!
//! Not written: voids, dead refs, hints and snapshots. Voids and dead refs show as numbers that are
//! left out.

use std::collections::BTreeMap;

use crate::error::StoreError;
use crate::keys::Keys;
use crate::log::{EventLog, Settings};
use crate::model::MAX_EVENTS;
use crate::name::StreamName;
use crate::records::{self, ClaimRecord, Commit, LogRecord, StreamRecord};
use crate::tools::line::{self, At, EndData};
use crate::tools::listing::{Content, content, partitions};
use crate::tools::verify::Progress;
use crate::tools::{Listing, Resume};

const PER_COMMIT: u64 = MAX_EVENTS as u64;
/// Streams whose last commit is remembered, to save a look at it.
const REMEMBERED: usize = 4096;

/// Why an export stopped.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store cannot be read.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The lines cannot be written.
    #[error("the lines cannot be written: {0}")]
    Write(#[from] std::io::Error),
    /// A line cannot be made.
    #[error("a line cannot be made: {0}")]
    Line(#[from] serde_json::Error),
    /// The lines that are there are not of this store.
    #[error("line {line} does not come from this store, or the store was changed since: {what}")]
    AnotherStore {
        /// Which line.
        line: u64,
        /// What differs.
        what: String,
    },
    /// Somebody wrote to the store.
    #[error(
        "the store was written to while it was exported (log slot {0} was open and is not any more): stop the host, and export into a new file"
    )]
    Changed(u64),
}

/// What was written, what was there before included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Exported {
    pub commits: u64,
    pub events: u64,
    pub outcomes: u64,
    pub rows: u64,
    pub checkpoints: u64,
}

/// Writes a store out, from where earlier lines end. Nobody may write to the store meanwhile. Only
/// reads, except that in a log of several partitions it passes absent slots as every reader
/// does: by skips.
///
/// `source` is the events' CloudEvents source, a URI reference.
///
/// # Errors
/// See [`ExportError`].
pub fn export<S: Listing>(
    slots: &S,
    prefix: &str,
    source: &str,
    from: &Resume,
    write: &mut dyn FnMut(&[u8]) -> std::io::Result<()>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Exported, ExportError> {
    let partitions = partitions(slots, &Keys::new(prefix, 1))?.unwrap_or(1);
    let settings = Settings {
        prefix: prefix.to_owned(),
        partitions,
        ..Settings::default()
    };
    let log = EventLog::open(slots, &settings)?;
    let mut export = Export {
        log,
        partitions,
        source,
        write,
        count: Exported {
            commits: from.commits,
            events: from.events,
            outcomes: from.outcomes,
            rows: 0,
            checkpoints: 0,
        },
        last: BTreeMap::new(),
        buffer: Vec::new(),
    };
    export.check(from)?;
    let content = content(slots, &export.log.keys)?;
    let end = content.log_end;
    let mut pending = Vec::new();
    for index in from.log_slot + 1..=end {
        if !export.log_slot(index)? {
            pending.push(index);
        }
        progress(Progress {
            done: index,
            total: end,
        });
    }
    export.ends(&content)?;
    export.reactions(&content)?;
    for index in pending {
        if export.leads_to(index)?.is_some() {
            return Err(ExportError::Changed(index));
        }
    }
    let Exported {
        commits,
        events,
        outcomes,
        rows,
        checkpoints,
    } = export.count;
    let last = EndData {
        logend: end,
        logpartitions: partitions,
        commits,
        events,
        outcomes,
        rows,
        checkpoints,
    };
    line::end(&mut export.buffer, source, last)?;
    export.flush()?;
    Ok(export.count)
}

/// The commit that a log slot leads to, and its slot; nothing if it is dead.
type Led = Option<(u64, Commit)>;

struct Export<'a, S> {
    log: EventLog<&'a S>,
    partitions: u32,
    source: &'a str,
    write: &'a mut dyn FnMut(&[u8]) -> std::io::Result<()>,
    count: Exported,
    /// Slots of streams up to which everything was written.
    last: BTreeMap<String, u64>,
    buffer: Vec<u8>,
}

impl<S: Listing> Export<'_, S> {
    /// The earlier lines must tell of this very store.
    fn check(&self, from: &Resume) -> Result<(), ExportError> {
        let Some(id) = &from.last_id else {
            return Ok(());
        };
        let line = from.lines;
        let there = self.log.read_log_slot(from.log_slot)?.is_some();
        let commit = match there {
            true => self.leads_to(from.log_slot)?,
            false => None,
        };
        let what = match commit {
            Some(Some((_, commit))) => {
                let last = commit.events.len().saturating_sub(1) as u64;
                if Commit::event_id(&commit.id, last) == *id {
                    return Ok(());
                }
                "another commit lies at its position"
            }
            _ => "no commit lies at its position",
        };
        Err(ExportError::AnotherStore {
            line,
            what: what.into(),
        })
    }

    /// What a log slot leads to: nothing while that is not decided.
    fn leads_to(&self, index: u64) -> Result<Option<Led>, StoreError> {
        let key = self.log.keys.log(index);
        let claim = match self.log.read_log_slot(index)? {
            Some(LogRecord::Ref(claim)) => claim,
            Some(LogRecord::Skip(_)) => return Ok(Some(None)),
            None if self.log.skip(index)? => return self.leads_to(index),
            None => return Err(StoreError::corrupt(&key, "it is absent")),
        };
        let stream = StreamName::parse(&claim.stream)
            .map_err(|error| StoreError::corrupt(&key, error.to_string()))?;
        Ok(self.log.read_slot(stream, claim.slot)?.map(|record| {
            let commit = record.into_commit().filter(|commit| {
                commit.id == claim.commit && commit.position == index * PER_COMMIT
            });
            commit.map(|commit| (claim.slot, commit))
        }))
    }

    /// Writes what a log slot leads to; `false` if its writer is slow or died.
    fn log_slot(&mut self, index: u64) -> Result<bool, ExportError> {
        let (slot, commit) = match self.leads_to(index)? {
            Some(Some(led)) => led,
            Some(None) => return Ok(true),
            None => return Ok(false),
        };
        let stream = StreamName::parse(&commit.stream)?;
        let before = match self.last.get(stream.as_str()) {
            Some(before) => *before,
            None => self.last_commit(stream, slot - 1)?,
        };
        let at = At {
            slot,
            voids: self.outcomes(stream, before, slot)?,
            partitions: self.partitions,
        };
        let owner = self.claim(stream, &commit.metadata.command_id, slot)?;
        line::commit(&mut self.buffer, self.source, at, &commit, owner.as_ref())?;
        self.count.commits += 1;
        self.count.events += commit.events.len() as u64;
        if self.last.len() >= REMEMBERED {
            self.last.clear();
        }
        self.last.insert(commit.stream, slot);
        self.flush()?;
        Ok(true)
    }

    /// The last slot with a commit, at or before this one; 0 if there is none.
    fn last_commit(&self, stream: StreamName<'_>, mut slot: u64) -> Result<u64, StoreError> {
        while slot > 0 && !matches!(self.record(stream, slot)?, StreamRecord::Commit(_)) {
            slot -= 1;
        }
        Ok(slot)
    }

    fn record(&self, stream: StreamName<'_>, slot: u64) -> Result<StreamRecord, StoreError> {
        self.log
            .read_slot(stream, slot)?
            .ok_or_else(|| StoreError::corrupt(&self.log.keys.slot(stream, slot), "it is absent"))
    }

    /// Writes the outcomes between two slots. Returns how many voids come after the last of them.
    fn outcomes(
        &mut self,
        stream: StreamName<'_>,
        after: u64,
        before: u64,
    ) -> Result<u64, ExportError> {
        let mut voids = 0;
        for slot in after + 1..before {
            let outcome = match self.record(stream, slot)? {
                StreamRecord::Outcome(outcome) => outcome,
                StreamRecord::Void(_) => {
                    voids += 1;
                    continue;
                }
                StreamRecord::Commit(_) => {
                    let key = self.log.keys.slot(stream, slot);
                    return Err(StoreError::corrupt(&key, "the log does not lead here").into());
                }
            };
            let claim = self.claim(stream, &outcome.metadata.command_id, slot)?;
            let at = At {
                slot,
                voids,
                partitions: self.partitions,
            };
            line::outcome(&mut self.buffer, self.source, at, &outcome, claim.as_ref())?;
            voids = 0;
            self.count.outcomes += 1;
            self.flush()?;
        }
        Ok(voids)
    }

    /// Writes the outcomes after each stream's last commit, or its last one that the log held when
    /// the export began.
    fn ends(&mut self, content: &Content) -> Result<(), ExportError> {
        for name in &content.streams {
            let stream = StreamName::parse(name)?;
            let mut behind = self.log.tail(stream)?.cursor + 1;
            let mut slot = behind - 1;
            loop {
                slot = self.last_commit(stream, slot)?;
                if slot == 0 {
                    break;
                }
                match self.record(stream, slot)? {
                    StreamRecord::Commit(commit)
                        if commit.position / PER_COMMIT > content.log_end =>
                    {
                        behind = slot;
                        slot -= 1;
                    }
                    _ => break,
                }
            }
            self.outcomes(stream, slot, behind)?;
        }
        Ok(())
    }

    /// Writes what reactions keep.
    fn reactions(&mut self, content: &Content) -> Result<(), ExportError> {
        for view in &content.views {
            if self.log.is_dropped(view)? {
                continue;
            }
            for key in self.log.listed(view)? {
                let (place, row) = self.log.place_row(view, &key)?;
                // Listed and never put, or nothing but what a repair wrote.
                if place.position == 0 {
                    continue;
                }
                let (out, position) = (&mut self.buffer, place.position);
                line::row(out, self.source, view, &key, position, row.as_ref())?;
                self.count.rows += 1;
                self.flush()?;
            }
        }
        for handler in &content.handlers {
            if let Some(checkpoint) = self.log.load_checkpoint(handler)? {
                line::checkpoint(&mut self.buffer, self.source, handler, &checkpoint)?;
                self.count.checkpoints += 1;
                self.flush()?;
            }
        }
        Ok(())
    }

    /// The claim under which a command ended in this slot.
    fn claim(
        &self,
        stream: StreamName<'_>,
        command_id: &str,
        slot: u64,
    ) -> Result<Option<ClaimRecord>, StoreError> {
        if command_id.is_empty() {
            return Ok(None);
        }
        let key = self.log.keys.command(command_id);
        let Some(bytes) = self.log.get(&key)? else {
            return Ok(None);
        };
        let claim: ClaimRecord = records::decode(&key, &bytes)?;
        let ours = claim.command_id == command_id
            && claim.stream == stream.as_str()
            && claim.cursor < slot;
        Ok(ours.then_some(claim))
    }

    fn flush(&mut self) -> Result<(), ExportError> {
        (self.write)(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}
