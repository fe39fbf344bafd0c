//! The log, ref after ref.

use super::survey::Home;
use super::walk::Step;
use super::{PUT_BACK, Walk};
use crate::error::StoreError;
use crate::model::MAX_EVENTS;
use crate::name::StreamName;
use crate::records::{LogRecord, StreamRecord};
use crate::tail::partition_of;
use crate::tools::Listing;

impl<S: Listing> Walk<'_, S> {
    pub(super) fn log(&mut self, home: &Home) -> Result<(), StoreError> {
        let partitions = u64::from(home.partitions);
        let rows = home.logs.get(&home.partitions).into_iter().flatten();
        for (partition, extent) in (1u64..).zip(rows) {
            let index = |row: u64| (row - 1) * partitions + partition;
            self.row(
                *extent,
                |row| home.keys.log(index(row)),
                |walk, step| {
                    walk.summary.log_slots += 1;
                    walk.follow(home, index(step.number), &step)
                },
            )?;
        }
        Ok(())
    }

    fn follow(&mut self, home: &Home, index: u64, step: &Step) -> Result<(), StoreError> {
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
            Ok(stream) if claim.slot > 0 => stream,
            _ => {
                let what = format!("it leads to slot {} of {:?}", claim.slot, claim.stream);
                self.error(&step.key, what, PUT_BACK);
                return Ok(());
            }
        };
        let partition = u64::from(partition_of(stream, home.partitions));
        if partition != (index - 1) % u64::from(home.partitions) {
            let what = format!("{stream} belongs to partition {partition}, not here");
            self.error(&step.key, what, PUT_BACK);
        }
        let slot = home.keys.slot(stream, claim.slot);
        let Some(bytes) = self.get(&slot)? else {
            let before = home.keys.slot(stream, claim.slot - 1);
            if claim.slot > 1 && self.get(&before)?.is_none() {
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
                if commit.id == claim.commit && commit.position == index * MAX_EVENTS as u64 => {}
            Ok(_) => self.summary.dead_refs += 1,
            // The walk through the stream reports it.
            Err(_) => {}
        }
        Ok(())
    }
}
