//! Imports the gaps between log slots, the store's record, and the last line.

use crate::line::{EndData, Line};
use annals_event_log::MAX_PARTITIONS;
use annals_event_log::Slots;
use annals_event_log::internals::Keys;
use annals_event_log::records::{Skip, StoreRecord};

use super::values::Value;
use super::{ImportError, Imported, Importer};

/// Maximum gap in log slots between two commits. A larger gap counts as damage.
const MAX_LEFT_OUT: u64 = 1 << 20;

impl<S: Slots> Importer<S> {
    pub(super) fn end(&mut self, line: &Line<'_>) -> Result<(), ImportError> {
        let data = self.has(line.data, "data")?;
        let end: EndData =
            serde_json::from_str(data.get()).map_err(|error| self.malformed(error.to_string()))?;
        let Imported {
            commits,
            events,
            outcomes,
            rows,
            checkpoints,
            ..
        } = self.count;
        if (end.rows, end.checkpoints) != (rows, checkpoints) {
            return Err(self.malformed(format!(
                "the export wrote {} rows and {} checkpoints, and {rows} and {checkpoints} came",
                end.rows, end.checkpoints
            )));
        }
        if (end.commits, end.events, end.outcomes) != (commits, events, outcomes) {
            return Err(self.malformed(format!(
                "the export wrote {} commits, {} events and {} outcomes, and {commits}, {events} \
                 and {outcomes} came",
                end.commits, end.events, end.outcomes
            )));
        }
        // Readers of the source store have passed these slots, so fill them: no new commit may use them.
        let behind = end.logend.saturating_add(1);
        if end.logend > 0 {
            let store = self.divided(end.logpartitions)?;
            let store = self.absent(store)?;
            self.leave_out(behind, false)?;
            self.create(store)?;
            self.leave_out(behind, true)?;
        }
        self.ended = true;
        Ok(())
    }

    /// Returns the store's record at the first line, and nothing later. All lines must have the same number of
    /// partitions.
    pub(super) fn divided(&mut self, partitions: u32) -> Result<Vec<Value>, ImportError> {
        if !(1..=MAX_PARTITIONS).contains(&partitions)
            || self.partitions.is_some_and(|first| first != partitions)
        {
            return Err(self.malformed("its logpartitions fit no store, or another one"));
        }
        if self.partitions.is_some() {
            return Ok(Vec::new());
        }
        self.partitions = Some(partitions);
        self.keys = Keys::new(&self.prefix, partitions);
        let store = self.keys.store();
        Ok(vec![self.value(store, &StoreRecord { partitions })?])
    }

    /// Writes skips into the log slots between the last commit and this slot. Without `write`, only checks that these
    /// slots have no other values.
    pub(super) fn leave_out(&mut self, before: u64, write: bool) -> Result<(), ImportError> {
        if before - self.log_slot.min(before) > MAX_LEFT_OUT {
            return Err(self.malformed("lines are missing before it: its position is too far away"));
        }
        for index in self.log_slot + 1..before {
            let value = self.value(
                self.keys.log(index.into()),
                &Skip {
                    index: index.into(),
                },
            )?;
            let absent = self.absent([value])?;
            if write {
                self.create(absent)?;
            }
        }
        Ok(())
    }
}
