//! Exports a store to lines. An import of these lines builds a store whose reads return the same results.
//!
//! An export writes the commits in log order, each after the outcomes that precede it in its stream. Then it writes the
//! outcomes at the streams' ends, every row of every view, every handler's checkpoint, and one last line with the
//! counts. The lines between two commits depend only on the store, not on the lines written before. So an export can
//! continue an earlier one, even if the store has grown meanwhile.
//!
//! Rows precede checkpoints. So a host that runs on a partially imported store delivers the missing events again, and
//! rows ignore events that they already reflect. Rows and checkpoints are those at the end of the export, so a
//! continued export keeps no rows or checkpoints of an earlier one.
//!
//! An export does not write voids, dead refs, hints and snapshots. Voids and dead refs appear as gaps in the slot
//! numbers.

use std::collections::BTreeMap;

use crate::line::{self, At, EndData};
use crate::listing::{Content, content, partitions};
use crate::verify::Progress;
use crate::{Listing, Resume};
use annals_event_log::StoreError;
use annals_event_log::internals::{Keys, List, Log, Reactions, Store, Streams, is_dropped};
use annals_event_log::records::{self, ClaimRecord, Commit, LogRecord, StreamRecord};
use annals_event_log::{LogSlot, Slot, StreamName};

/// Maximum number of streams for which the export caches the slot of the last commit, to save reads.
const MAX_REMEMBERED: usize = 4096;

/// The reason why an export stopped.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store cannot be read.
    #[error("{0}")]
    Store(#[from] StoreError),
    /// The lines cannot be written.
    #[error("the lines cannot be written: {0}")]
    Write(#[from] std::io::Error),
    /// A line cannot be encoded.
    #[error("a line cannot be made: {0}")]
    Line(#[from] serde_json::Error),
    /// The earlier lines come from another store.
    #[error("line {line} does not come from this store, or the store was changed since: {what}")]
    AnotherStore {
        /// The line's number, from 1.
        line: u64,
        /// The difference.
        what: String,
    },
    /// A writer has written to the store during the export.
    #[error(
        "the store was written to while it was exported (log slot {0} was open and is not any more): stop the host, and export into a new file"
    )]
    Changed(u64),
}

/// Counts of the exported lines, including the lines of a continued export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Exported {
    pub commits: u64,
    pub events: u64,
    pub outcomes: u64,
    pub rows: u64,
    pub checkpoints: u64,
}

/// Exports a store, from the end of the earlier lines. No one may write to the store during the export. The export only
/// reads, with one exception: it fills absent slots before the log's end with skips, as every reader does. A log has such
/// slots if it has several partitions, or if writers have drawn slots.
///
/// `source` is the events' CloudEvents source, a URI reference.
///
/// # Errors
/// [`ExportError::Store`] if the store cannot be read, has damage, or has records of a newer release;
/// [`ExportError::AnotherStore`] if the earlier lines come from another store; [`ExportError::Changed`] if a writer has
/// written during the export; [`ExportError::Write`] and [`ExportError::Line`] if lines cannot be written.
pub fn export<S: Listing>(
    slots: &S,
    prefix: &str,
    source: &str,
    from: &Resume,
    write: &mut dyn FnMut(&[u8]) -> std::io::Result<()>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Exported, ExportError> {
    let partitions = partitions(slots, &Keys::new(prefix, 1))?.unwrap_or(1);
    let mut export = Export {
        store: Store::new(slots, Keys::new(prefix, partitions)),
        streams: Streams::default(),
        // An infinite grace period: an export writes no voids, so it never presumes a writer dead.
        log: Log::new(partitions, u64::MAX),
        reactions: Reactions::default(),
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
    let content = content(slots, export.store.keys())?;
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
        if export.leads_to(index.into())?.is_some() {
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

/// The commit to which a log slot refers, and the commit's slot; `None` if the ref is dead.
type Led = Option<(Slot, Commit)>;

struct Export<'a, S> {
    store: Store<&'a S>,
    streams: Streams,
    log: Log,
    reactions: Reactions,
    partitions: u32,
    source: &'a str,
    write: &'a mut dyn FnMut(&[u8]) -> std::io::Result<()>,
    count: Exported,
    /// For each stream, the slot up to which the export has written all records.
    last: BTreeMap<String, u64>,
    buffer: Vec<u8>,
}

impl<S: Listing> Export<'_, S> {
    /// Checks that the earlier lines come from this store.
    fn check(&mut self, from: &Resume) -> Result<(), ExportError> {
        let Some(id) = &from.last_id else {
            return Ok(());
        };
        let line = from.lines;
        let there = self.store.read_log_slot(from.log_slot.into())?.is_some();
        let commit = match there {
            true => self.leads_to(from.log_slot.into())?,
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

    /// The commit to which a log slot refers; `None` while the referenced slot is absent.
    fn leads_to(&mut self, index: LogSlot) -> Result<Option<Led>, StoreError> {
        let key = self.store.keys().log(index);
        let claim = match self.store.read_log_slot(index)? {
            Some(LogRecord::Ref(claim)) => claim,
            Some(LogRecord::Skip(_)) => return Ok(Some(None)),
            None if self.log.skip(&self.store, index)? => return self.leads_to(index),
            None => return Err(StoreError::corrupt(&key, "it is absent")),
        };
        let stream = StreamName::parse(&claim.stream)
            .map_err(|error| StoreError::corrupt(&key, error.to_string()))?;
        Ok(self.store.read_slot(stream, claim.slot)?.map(|record| {
            let commit = record.into_commit().filter(|commit| {
                commit.id == claim.commit && commit.position == index.first_position()
            });
            commit.map(|commit| (claim.slot, commit))
        }))
    }

    /// Writes the commit to which a log slot refers. Returns `false` if the commit's slot is absent, because the writer
    /// is slow or dead.
    fn log_slot(&mut self, index: u64) -> Result<bool, ExportError> {
        let (slot, commit) = match self.leads_to(index.into())? {
            Some(Some((slot, commit))) => (slot.get(), commit),
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
        if self.last.len() >= MAX_REMEMBERED {
            self.last.clear();
        }
        self.last.insert(commit.stream, slot);
        self.flush()?;
        Ok(true)
    }

    /// Finds the last slot with a commit, at or before this one; 0 if there is none.
    fn last_commit(&self, stream: StreamName<'_>, mut slot: u64) -> Result<u64, StoreError> {
        while slot > 0 && !matches!(self.record(stream, slot)?, StreamRecord::Commit(_)) {
            slot -= 1;
        }
        Ok(slot)
    }

    fn record(&self, stream: StreamName<'_>, slot: u64) -> Result<StreamRecord, StoreError> {
        let slot = Slot::from(slot);
        self.store.read_slot(stream, slot)?.ok_or_else(|| {
            StoreError::corrupt(&self.store.keys().slot(stream, slot), "it is absent")
        })
    }

    /// Writes the outcomes between two slots. Returns the number of voids after the last outcome.
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
                    let key = self.store.keys().slot(stream, slot.into());
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

    /// Writes the outcomes after each stream's last commit. The last commit is the last one that the log contained when
    /// the export began.
    fn ends(&mut self, content: &Content) -> Result<(), ExportError> {
        for name in &content.streams {
            let stream = StreamName::parse(name)?;
            let mut behind = self.streams.tail(&self.store, stream)?.cursor.get() + 1;
            let mut slot = behind - 1;
            loop {
                slot = self.last_commit(stream, slot)?;
                if slot == 0 {
                    break;
                }
                match self.record(stream, slot)? {
                    StreamRecord::Commit(commit)
                        if commit.position.log_slot().get() > content.log_end =>
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

    /// Writes rows and checkpoints.
    fn reactions(&mut self, content: &Content) -> Result<(), ExportError> {
        for view in &content.views {
            if is_dropped(&self.store, view)? {
                continue;
            }
            for key in List::of(&self.store, view)? {
                let (place, row) = self.reactions.place_row(&self.store, view, &key)?;
                // Skip the key: a writer listed it and never created the row, or a repair wrote the row.
                let position = place.position.get();
                if position == 0 {
                    continue;
                }
                let out = &mut self.buffer;
                line::row(out, self.source, view, &key, position, row.as_ref())?;
                self.count.rows += 1;
                self.flush()?;
            }
        }
        for handler in &content.handlers {
            if let Some(checkpoint) = self.reactions.checkpoints.load(&self.store, handler)? {
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
        let key = self.store.keys().command(command_id);
        let Some(bytes) = self.store.get(&key)? else {
            return Ok(None);
        };
        let claim: ClaimRecord = records::decode(&key, &bytes)?;
        let ours = claim.command_id == command_id
            && claim.stream == stream.as_str()
            && claim.cursor.get() < slot;
        Ok(ours.then_some(claim))
    }

    fn flush(&mut self) -> Result<(), ExportError> {
        (self.write)(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}
