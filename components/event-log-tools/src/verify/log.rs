//! Verifies the log, one slot after the other.

use super::scan::Home;
use super::walk::Step;
use super::{PUT_BACK, Walk};
use crate::Listing;
use annals_event_log::LogSlot;
use annals_event_log::StoreError;
use annals_event_log::StreamName;
use annals_event_log::internals::{decode_counter, partition_of};
use annals_event_log::records::{LogRecord, StreamRecord};

impl<S: Listing> Walk<'_, S> {
    pub(super) fn log(&mut self, home: &Home) -> Result<(), StoreError> {
        let partitions = u64::from(home.partitions);
        let rows = home.logs.get(&home.partitions).into_iter().flatten();
        for (partition, extent) in (1u64..).zip(rows) {
            let index = |row: u64| (row - 1) * partitions + partition;
            let counter = home.keys.log_counter((partition - 1) as u32);
            let drawn = match self.get(&counter)? {
                // The walk through standalone records reports a damaged counter.
                Some(bytes) => decode_counter(&counter, &bytes).unwrap_or(0),
                None => 0,
            };
            self.row_with_gaps(
                *extent,
                drawn,
                |row| home.keys.log(index(row).into()),
                |walk, step| {
                    walk.summary.log_slots += 1;
                    walk.follow(home, index(step.number).into(), &step)
                },
            )?;
        }
        Ok(())
    }

    fn follow(&mut self, home: &Home, index: LogSlot, step: &Step) -> Result<(), StoreError> {
        let claim = match LogRecord::decode(&step.key, index, &step.bytes) {
            Ok(LogRecord::Ref(claim)) => claim,
            Ok(LogRecord::Skip(_)) => {
                self.summary.skips += 1;
                return Ok(());
            }
            Err(error) => {
                self.corrupt(&step.key, &error, PUT_BACK);
                return Ok(());
            }
        };
        let stream = match StreamName::parse(&claim.stream) {
            Ok(stream) if claim.slot.get() > 0 => stream,
            _ => {
                let what = format!("it leads to slot {} of {:?}", claim.slot, claim.stream);
                self.error(&step.key, what, PUT_BACK);
                return Ok(());
            }
        };
        let partition = u64::from(partition_of(stream, home.partitions));
        if partition != (index.get() - 1) % u64::from(home.partitions) {
            let what = format!("{stream} belongs to partition {partition}, not here");
            self.error(&step.key, what, PUT_BACK);
        }
        let slot = home.keys.slot(stream, claim.slot);
        let Some(bytes) = self.get(&slot)? else {
            let before = home
                .keys
                .slot(stream, claim.slot.before().unwrap_or_default());
            if claim.slot.get() > 1 && self.get(&before)?.is_none() {
                let what = format!("it leads to {slot}, and {before} is absent too");
                self.error(&step.key, what, PUT_BACK);
            } else {
                self.summary.pending_refs += 1;
                self.pending(
                    &step.key,
                    format!("its writer has not created {slot}: it is slow, or died"),
                );
            }
            return Ok(());
        };
        match StreamRecord::decode(&slot, &claim.stream, &bytes) {
            Ok(StreamRecord::Commit(commit))
                if commit.id == claim.commit && commit.position == index.first_position() => {}
            Ok(_) => self.summary.dead_refs += 1,
            // The walk through the stream reports this damage.
            Err(_) => {}
        }
        Ok(())
    }
}
