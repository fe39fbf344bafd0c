//! The log, ref after ref.

use super::survey::Home;
use super::walk::Step;
use super::{PUT_BACK, Walk};
use crate::error::StoreError;
use crate::model::MAX_EVENTS;
use crate::name::StreamName;
use crate::record::{self, Ref, StreamRecord};
use crate::tools::Listing;

impl<S: Listing> Walk<'_, S> {
    pub(super) fn log(&mut self, home: &Home) -> Result<(), StoreError> {
        self.row(
            home.log,
            |index| home.keys.log(index),
            |walk, step| {
                walk.summary.log_slots += 1;
                walk.follow(home, &step)
            },
        )
    }

    fn follow(&mut self, home: &Home, step: &Step) -> Result<(), StoreError> {
        let claim: Ref = match record::decode(&step.key, &step.bytes) {
            Ok(claim) => claim,
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
                if commit.id == claim.commit
                    && commit.position / MAX_EVENTS as u64 == step.number => {}
            Ok(_) => self.summary.dead_refs += 1,
            // The walk through the stream reports it.
            Err(_) => {}
        }
        Ok(())
    }
}
